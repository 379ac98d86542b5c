"""A text beside what it may lean on, and the same as a rule reads it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from schema.estimates.estimating import Estimate
from schema.metrics import Audience, Metric
from schema.texts import Text
from schema.verdicts import Verdict
from schema.wording.words import signs

PLAIN_READERS: Final = frozenset({Audience.EXECUTIVE, Audience.SUPPORT})

Place: TypeAlias = tuple[str, str, str]  # a figure's `of`, `function` and `group`


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A text with what it may lean on; what is absent may not be said.

    table    the only values that its figures may have, in reading order; None where nobody gathered them
    labels   the verdicts that it must name, in reading order, for readers who are told them by name
    """

    text: Text
    audience: Audience
    metric: Metric | None = None
    verdict: Verdict | None = None
    now: Estimate | None = None
    before: Estimate | None = None
    table: Mapping[Place, Sequence[Decimal]] | None = None
    labels: Sequence[str] | None = None
    experiment: bool = False  # the change rests on a controlled experiment
    periods: int = 0  # complete periods behind a superlative, a trend or a yearly figure
    truncated: bool = False
    partial: bool = False
    provisional: bool = False
    estimated: bool | None = None  # None: as the metric says
    baseline: bool = False  # the do-nothing baseline stands beside it
    source: str | None = None  # where the figures come from, which readers of the full text are told


class Read:
    """A claim as it is read: its words, its figures and what the words claim, each gathered once."""

    __slots__ = ("claim", "facts", "quiet", "said", "shown", "signs", "words")

    def __init__(self, claim: Claim) -> None:
        """Gather."""
        metric = claim.metric
        self.claim = claim
        self.words = claim.text.words
        self.shown = str(claim.text)
        self.facts = claim.text.facts
        self.signs = signs(self.words)
        self.said = self.shown.lower()
        self.quiet = metric is not None and claim.audience in PLAIN_READERS and _is_quiet(metric, claim.now)


def _is_quiet(metric: Metric, now: Estimate | None) -> bool:
    """Tell whether plain readers are told no figure, so that no caveat is owed."""
    alone = bool(metric.beside) and now is not None and metric.beside not in now.parts
    return metric.engineers_only or alone


Rule: TypeAlias = Callable[[Read], bool]
