"""Judgements: what was computed once for a period, so that brief, digest and card agree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from integrations.store.engine import lock
from integrations.store.tables import Found, table_of
from schema.periods import Period
from schema.tables.judgements import JudgementRow

JUDGEMENTS = table_of(JudgementRow)
J = JUDGEMENTS.c

Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJudgement:
    """One verdict on a metric, with the digest of all that it rests on."""

    product: str
    period: Period
    metric: str
    comparison: str  # such as `previous`, `target`, `since: retraining`
    inputs_digest: str  # sha256 hex
    body: Mapping[str, Any] = field(default_factory=dict)  # JSON; the caller's own form
    judged_at: datetime
    revision: int = 1  # rises when the same question is judged anew


def keep(session: Session, workspace: str, judgements: Iterable[StoredJudgement]) -> int:
    """Store what is new: another digest or another body than the newest; gives how many were added."""
    added = 0
    for product, period, group in _by_product_and_period(judgements):
        lock(session, "judgements", workspace, product)
        known = {_key(each): each for each in newest(session, workspace, product=product, period=period)}
        for judgement in group:
            before = known.get(_key(judgement))
            if before is not None and _same(before, judgement):
                continue
            new = replace(judgement, revision=before.revision + 1 if before else 1)
            known[_key(new)] = new
            session.execute(insert(JUDGEMENTS).values(_row(workspace, new)))
            added += 1
    return added


def newest(session: Session, workspace: str, *, product: str, period: Period) -> tuple[StoredJudgement, ...]:
    """Give the newest judgement of each metric and comparison of a product's period."""
    query = select(JUDGEMENTS).where(J.workspace == workspace, J.product == product)
    query = query.where(J.period_start == period.start, J.period_end == period.end)
    found: dict[Key, StoredJudgement] = {}
    for row in session.execute(query.order_by(J.metric, J.comparison, J.revision)):
        found[row.metric, row.comparison] = _judgement(row)
    return tuple(found.values())


def _by_product_and_period(
    judgements: Iterable[StoredJudgement],
) -> Iterable[tuple[str, Period, list[StoredJudgement]]]:
    groups: dict[tuple[str, Period], list[StoredJudgement]] = {}
    for judgement in judgements:
        groups.setdefault((judgement.product, judgement.period), []).append(judgement)
    return [(product, period, group) for (product, period), group in groups.items()]


def _key(judgement: StoredJudgement) -> Key:
    return (judgement.metric, judgement.comparison)


def _same(before: StoredJudgement, judgement: StoredJudgement) -> bool:
    return (before.inputs_digest, before.body) == (judgement.inputs_digest, judgement.body)


def _row(workspace: str, judgement: StoredJudgement) -> dict[str, Any]:
    return {
        "workspace": workspace,
        "product": judgement.product,
        "period_start": judgement.period.start,
        "period_end": judgement.period.end,
        "metric": judgement.metric,
        "comparison": judgement.comparison,
        "revision": judgement.revision,
        "inputs_digest": judgement.inputs_digest,
        "body": dict(judgement.body),
        "judged_at": judgement.judged_at,
    }


def _judgement(row: Found) -> StoredJudgement:
    return StoredJudgement(
        product=row.product,
        period=Period(start=row.period_start, end=row.period_end),
        metric=row.metric,
        comparison=row.comparison,
        inputs_digest=row.inputs_digest,
        body=row.body,
        judged_at=row.judged_at,
        revision=row.revision,
    )
