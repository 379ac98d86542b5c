"""Judgements: computed once for a period and what it rests on, and kept, so that brief, digest and card agree."""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session

from handlers.services import Services, Snapshot
from integrations.store import judgements as stored
from integrations.store.errors import StoreError
from integrations.store.judgements import StoredJudgement
from schema.judgements import Compared, Judgement, body_of, verdict_of
from schema.periods import Period
from schema.products import Previous, Product
from schema.readings import Reading

log = logging.getLogger(__name__)

LOOKED_BACK: Final = 4  # closed periods whose verdicts make a repeat less worth saying
PREVIOUS: Final = Previous().key


def digest_of(product: Product, definitions: Mapping[str, str], readings: Iterable[Reading]) -> str:
    """Give the sha256 of all that a product's verdicts rest on: its configuration, definitions and readings; hex."""
    what = {
        "metrics": {key: each.model_dump(mode="json") for key, each in product.metrics.items()},
        "assumptions": {key: each.model_dump(mode="json") for key, each in product.assumptions.items()},
        "milestones": [each.model_dump(mode="json") for each in product.milestones],
        "definitions": dict(definitions),
        "readings": sorted(
            [each.metric, each.group, each.period.start.isoformat(), each.receipt.query_digest,
             each.receipt.definition, each.revision]
            for each in readings
        ),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()


async def settled(
    services: Services, snapshot: Snapshot, product: Product, *, period: Period, judged: Mapping[str, Judgement],
    digest: str,
) -> dict[str, Judgement]:  # fmt: skip
    """Take the verdicts that are kept for the same inputs; keep those that are new."""
    known = await services.store.read(
        lambda session: stored.newest(session, snapshot.workspace, product=product.key, period=period)
    )
    same = {(each.metric, each.comparison): each for each in known if each.inputs_digest == digest}
    taken = {key: _with_kept(each, same) for key, each in judged.items()}
    fresh = [
        StoredJudgement(
            product=product.key, period=period, metric=key, comparison=compared.comparison.key,
            inputs_digest=digest, body=body_of(compared.verdict), judged_at=services.now(),
        )
        for key, each in taken.items()
        for compared in each.compared
        if (key, compared.comparison.key) not in same
    ]  # fmt: skip
    if fresh:
        await _keep(services, snapshot, fresh)
    return taken


async def _keep(services: Services, snapshot: Snapshot, fresh: list[StoredJudgement]) -> None:
    try:
        await services.store.write(lambda session: stored.keep(session, snapshot.workspace, fresh))
    except StoreError as error:  # the verdicts can be computed again; a reader need not wait for the database
        log.warning("judgements_not_kept", extra={"reason": str(error)})


def _with_kept(judgement: Judgement, kept: Mapping[tuple[str, str], StoredJudgement]) -> Judgement:
    return replace(
        judgement, compared=tuple(_kept(judgement.metric, each, kept) for each in judgement.compared)
    )


def _kept(metric: str, compared: Compared, kept: Mapping[tuple[str, str], StoredJudgement]) -> Compared:
    found = kept.get((metric, compared.comparison.key))
    return compared if found is None else replace(compared, verdict=verdict_of(found.body))


async def repeats(
    services: Services,
    snapshot: Snapshot,
    product: Product,
    *,
    period: Period,
    judged: Mapping[str, Judgement],
) -> dict[str, int]:
    """Count for how many closed periods before this one each metric had the verdict that it has now."""
    earlier = list(reversed(product.calendar.back(period, LOOKED_BACK + 1)))[1:]

    def look(session: Session) -> list[dict[str, str]]:
        return [
            _kinds(stored.newest(session, snapshot.workspace, product=product.key, period=each))
            for each in earlier
        ]

    before = await services.store.read(look)
    return {
        key: _run(each.verdict.kind.value, [kinds.get(key) for kinds in before])
        for key, each in judged.items()
    }


def _kinds(kept: Iterable[StoredJudgement]) -> dict[str, str]:
    return {each.metric: str(each.body["kind"]) for each in kept if each.comparison == PREVIOUS}


def _run(kind: str, before: list[str | None]) -> int:
    for count, each in enumerate(before):
        if each != kind:
            return count
    return len(before)
