"""What moved against a milestone or some periods ago, in the order in which it is told: losses first, the largest first."""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from schema.insights import counter_of
from schema.judgements import Compared
from schema.pages import Page
from schema.statements.subjects import told
from schema.verdicts import GAINS, LOSSES
from schema.verdicts import Kind as VerdictKind


class Weight(IntEnum):
    """What is told first."""

    LOSS = 0
    SMALL_LOSS = 1
    COST = 2  # a gain whose countermetric lost
    REST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One figure that moved over one longer time."""

    metric: str
    compared: Compared
    kind: VerdictKind  # as it is told
    weight: Weight

    @property
    def size(self) -> Decimal:
        """Give how many times over the change is one that matters."""
        verdict = self.compared.verdict
        return (
            abs(verdict.difference / verdict.matters)
            if verdict.difference and verdict.matters
            else Decimal(0)
        )


def moved_over_longer(page: Page) -> list[Moved]:
    """List what changed since a milestone or some periods ago, where that is asked for; outside the tested family.

    What was lost beside a gain in its own window belongs to it. Gains stand in the order that the product shows them in.
    """
    found: dict[tuple[str, str], Moved] = {}
    for key in page.product.shown:
        judgement = page.judged.get(key)
        for each in judgement.compared[1:] if judgement and judgement.now else ():
            if each.before is not None and each.verdict.kind in GAINS | LOSSES:
                for metric, compared in ((key, each), *_lost_beside(page, key, each)):
                    found.setdefault((metric, compared.comparison.key), _moved(page, metric, compared))
    return sorted(found.values(), key=_order)


def _order(moved: Moved) -> tuple[Weight, Decimal]:
    return moved.weight, -moved.size if moved.weight < Weight.COST else Decimal(0)


def _moved(page: Page, key: str, compared: Compared) -> Moved:
    kind = told(page.catalogue[key], compared.verdict.kind)
    weight = Weight.REST
    if kind in LOSSES:
        weight = Weight.LOSS if kind is VerdictKind.CLEAR_LOSS else Weight.SMALL_LOSS
    elif kind is VerdictKind.CLEAR_GAIN and _lost_beside(page, key, compared):
        weight = Weight.COST
    return Moved(metric=key, compared=compared, kind=kind, weight=weight)


def _lost_beside(page: Page, key: str, gain: Compared) -> tuple[tuple[str, Compared], ...]:
    window = gain.comparison.key
    counter, known = counter_of(page.catalogue[key], page.judged, window)
    against = page.judged[counter].against(window) if counter is not None and known else None
    lost = against is not None and against.verdict.kind in LOSSES and gain.verdict.kind in GAINS
    return ((counter, against),) if lost and counter and against else ()
