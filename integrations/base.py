"""What every source of numbers is asked and answers, and the one place where its troubles become blanks.

IntegrationError
├── NotAuthorised     → forbidden
├── RateLimited       → rate_limited
├── NotFound          → not_found
├── Empty             → empty
├── NotANumber        → nan
├── Truncated         → truncated
├── Incomplete        → partial
├── Unavailable       → source_error
└── UnexpectedAnswer  → source_error
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from integrations.faults import new_reference
from schema.periods import Period
from schema.readings import SHAPE_OF, BlankReason, Measurement, Shape
from schema.sources import AnyQuery

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Who was asked, and what; both are shown to people."""

    source: str  # the source's name in muster.yaml
    asked: str  # such as `GET /api/v1/query` or `the query`


class IntegrationError(Exception):
    """A source did not give a usable answer; the text names source and call, never a token, never a body."""

    def __init__(self, call: Call, what: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{call.source}, {call.asked}: {what}")
        self.retry_after_s = retry_after_s  # how long the source asks us to wait, where it does


class NotAuthorised(IntegrationError):  # noqa: N818 - named for what happened
    """The source knows us not, or not for this."""


class RateLimited(IntegrationError):  # noqa: N818 - as above
    """The source asks us to come back later."""


class Unavailable(IntegrationError):  # noqa: N818 - as above
    """The source is down, slow, or broke off."""


class UnexpectedAnswer(IntegrationError):  # noqa: N818 - as above
    """The source answered what we cannot read as what was asked."""


class NotFound(IntegrationError):  # noqa: N818 - as above
    """The source knows no such experiment, series, table or address."""


class Empty(IntegrationError):  # noqa: N818 - as above
    """The source holds nothing for what was asked, and knows why; else an answer without measurements says it."""


class NotANumber(IntegrationError):  # noqa: N818 - as above
    """The source answered NaN or an infinity."""


class Truncated(IntegrationError):  # noqa: N818 - as above
    """The source has more than it gave, so that no sum over it is true."""


class Incomplete(IntegrationError):  # noqa: N818 - as above
    """The source says itself that data are missing from its answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source gave for one period; no measurements means that nothing happened in it."""

    measurements: Mapping[str, Measurement]  # by group; WHOLE when ungrouped
    sample: int  # rows, runs or points that were read
    newest_at: datetime | None = None  # newest complete record, where the source says


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why there is no answer."""

    reason: BlankReason
    detail: str  # one plain sentence
    newest_at: datetime | None = None  # with `stale`: how far the data reach


class Connector(Protocol):
    """One configured source."""

    async def read(self, query: AnyQuery, period: Period) -> Answer:
        """Ask for one period; raises IntegrationError."""

    async def probe(self) -> str:
        """Reach the source and say in one line what was found; raises IntegrationError."""

    async def close(self) -> None:
        """Let go of connections."""


REASONS: Mapping[type[IntegrationError], BlankReason] = {
    NotAuthorised: BlankReason.FORBIDDEN,
    RateLimited: BlankReason.RATE_LIMITED,
    NotFound: BlankReason.NOT_FOUND,
    Empty: BlankReason.EMPTY,
    NotANumber: BlankReason.NAN,
    Truncated: BlankReason.TRUNCATED,
    Incomplete: BlankReason.PARTIAL,
    Unavailable: BlankReason.SOURCE_ERROR,
    UnexpectedAnswer: BlankReason.SOURCE_ERROR,
}


async def fetch(
    connector: Connector, query: AnyQuery, period: Period, *, timeout_s: float
) -> Answer | Trouble:
    """Ask a source for one period; every trouble becomes the reason of a blank, a defect of ours too."""
    try:
        async with asyncio.timeout(timeout_s):
            # what is raised comes back as a value: one source's defect must not cost the other sources their lines
            [found] = await asyncio.gather(connector.read(query, period), return_exceptions=True)
    except TimeoutError:
        detail = f"{query.source} did not answer within {timeout_s:g} s."
        return Trouble(reason=BlankReason.SOURCE_ERROR, detail=detail)
    if isinstance(found, IntegrationError):
        return Trouble(reason=REASONS[type(found)], detail=f"{found}.")
    if isinstance(found, TimeoutError | asyncio.CancelledError):
        return unanswered(query)
    if isinstance(found, BaseException):
        return _defect(found, query)
    return _trouble(found, query, period) or found


def unanswered(query: AnyQuery) -> Trouble:
    """Say that a question was given up."""
    return Trouble(reason=BlankReason.SOURCE_ERROR, detail=f"The question to {query.source} broke off.")


def _defect(error: BaseException, query: AnyQuery) -> Trouble:
    reference = new_reference()
    log.error("source_failed", exc_info=error, extra={"source": query.source, "reference": reference})
    detail = f"A fault in Muster kept it from reading {query.source}; the log has it as {reference}."
    return Trouble(reason=BlankReason.SOURCE_ERROR, detail=detail)


def _trouble(answer: Answer, query: AnyQuery, period: Period) -> Trouble | None:
    return _stale(answer, query, period) or _empty(answer, query) or _misshapen(answer, query)


def _stale(answer: Answer, query: AnyQuery, period: Period) -> Trouble | None:
    if query.stale_after_h is None or (answer.newest_at is None and not answer.measurements):
        return None
    if answer.newest_at is None:
        detail = (
            f"{query.source} does not say how far its data reach, so that stale_after_h cannot be checked."
        )
        return Trouble(reason=BlankReason.SOURCE_ERROR, detail=detail)
    if answer.newest_at >= period.end - timedelta(hours=query.stale_after_h):
        return None
    reach = f"{answer.newest_at:%Y-%m-%d %H:%M} UTC"
    detail = (
        f"The newest record of {query.source} is from {reach}, more than {query.stale_after_h:g} h too old."
    )
    return Trouble(reason=BlankReason.STALE, detail=detail, newest_at=answer.newest_at)


def _empty(answer: Answer, query: AnyQuery) -> Trouble | None:
    if answer.measurements:
        return None
    detail = f"{query.source} holds nothing for this period."
    return Trouble(reason=BlankReason.EMPTY, detail=detail, newest_at=answer.newest_at)


def _misshapen(answer: Answer, query: AnyQuery) -> Trouble | None:
    shapes = {SHAPE_OF[type(measurement)] for measurement in answer.measurements.values()}
    # a share made of estimated counts arrives as a bare value (prometheus.py)
    allowed = {query.shape} | ({Shape.BARE} if query.shape is Shape.PROPORTION else set())
    if shapes <= allowed:
        return None
    detail = f"{query.source} gave {', '.join(sorted(shapes))} where {query.shape} was asked."
    return Trouble(reason=BlankReason.SOURCE_ERROR, detail=detail)
