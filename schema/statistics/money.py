"""Money that rests on counts and on stated assumptions: fraud, and support.

Amounts are in one currency, whichever the assumptions are in. Source: METRICS.md 4.4 and (f) 5-7.
"""

from dataclasses import dataclass

from schema.statistics.certainty import Interval, wilson
from schema.statistics.figures import demand_amounts, demand_counts, demand_shares, demand_some


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudAssumptions:
    """What somebody owns and may change."""

    average_loss: float  # money per case let through
    fee: float  # money on top of it, per case
    prevented_share: float  # of stopped cases, how many would truly have been lost, 0–1
    review_cost: float  # money per alert
    friction_cost: float  # money per good customer stopped

    def __post_init__(self) -> None:
        demand_amounts(
            average_loss=self.average_loss,
            fee=self.fee,
            review_cost=self.review_cost,
            friction_cost=self.friction_cost,
        )
        demand_shares(prevented_share=self.prevented_share)

    @property
    def worth(self) -> float:
        """Give what one true alert prevents."""
        return (self.average_loss + self.fee) * self.prevented_share


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudMoney:
    """What a period's alerts came to, in the assumptions' currency."""

    gross: float
    review: float
    friction: float
    net: float
    missed: float


def fraud_money(tp: int, fp: int, fn: int, assumptions: FraudAssumptions) -> FraudMoney:
    """Give gross, costs, net and missed money of a period's counts."""
    demand_counts(tp=tp, fp=fp, fn=fn)
    gross = tp * assumptions.worth
    review = (tp + fp) * assumptions.review_cost
    friction = fp * assumptions.friction_cost
    return FraudMoney(
        gross=gross,
        review=review,
        friction=friction,
        net=gross - review - friction,
        missed=fn * (assumptions.average_loss + assumptions.fee),
    )


def break_even_precision(assumptions: FraudAssumptions) -> float:
    """Give the precision at which alerts just pay for themselves; above 1 they never do.

    raises   ValueError when an alert neither prevents nor disturbs anything
    """
    stake = assumptions.worth + assumptions.friction_cost
    if not stake:
        raise ValueError("Alerts prevent nothing and disturb nobody, so no precision breaks even.")
    return (assumptions.review_cost + assumptions.friction_cost) / stake


def net_interval(tp: int, fp: int, assumptions: FraudAssumptions, *, confidence: float = 0.95) -> Interval:
    """Give the net over Wilson's interval of the precision; costs and alerts are held fixed."""
    alerts = tp + fp
    precision = wilson(tp, alerts, confidence)
    ends = [_net_at(share, alerts, assumptions) for share in (precision.low, precision.high)]
    return Interval(low=min(ends), high=max(ends))


def friction_flip(
    current: tuple[int, int], other: tuple[int, int], assumptions: FraudAssumptions
) -> float | None:
    """Give the friction cost at which moving the limit stops, or starts, to pay.

    current, other   (true alerts, false alerts) at either limit
    returns          None when no friction cost of 0 or more turns the answer
    source           METRICS.md (f) 6
    """
    demand_counts(tp=current[0], fp=current[1], other_tp=other[0], other_fp=other[1])
    true, false = other[0] - current[0], other[1] - current[1]
    if not false:
        return None
    flip = (true * assumptions.worth - (true + false) * assumptions.review_cost) / false
    return flip if flip >= 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """A period of an assistant's chats; a property raises ValueError where its denominator is 0.

    A chat that was not handed over was confirmed as solved, or its customer left silently.
    """

    chats: int
    handed_over: int
    confirmed: int
    silent: int
    reopened: int  # of those not handed over
    spend: float  # money, model fees
    human_cost: float  # money per ticket that a person solves

    def __post_init__(self) -> None:
        demand_counts(
            handed_over=self.handed_over,
            confirmed=self.confirmed,
            silent=self.silent,
            reopened=self.reopened,
        )
        demand_some(chats=self.chats)
        demand_amounts(spend=self.spend, human_cost=self.human_cost)
        if self.handed_over + self.confirmed + self.silent > self.chats:
            raise ValueError("More chats ended than there were.")
        if self.reopened > self.contained:
            raise ValueError("More chats reopened than were contained.")

    @property
    def contained(self) -> int:
        return self.chats - self.handed_over

    @property
    def containment(self) -> float:
        return self.contained / self.chats

    @property
    def confirmed_share(self) -> float:
        return self.confirmed / self.chats

    @property
    def assumed_share(self) -> float:
        return self.silent / self.chats

    @property
    def reopen_rate(self) -> float:
        return _each(self.reopened, self.contained, "contained chats")

    @property
    def confirmed_interval(self) -> Interval:
        return wilson(self.confirmed, self.chats)

    @property
    def most_resolved(self) -> int:
        """Give confirmed + silent - reopened, never below 0."""
        return max(0, self.confirmed + self.silent - self.reopened)

    @property
    def least_resolved(self) -> int:
        """Give the confirmed chats, or fewer where more came back than left silently."""
        return min(self.confirmed, self.most_resolved)

    @property
    def resolved_range(self) -> Interval:
        """Give the lowest and highest share of chats that may have been solved."""
        return Interval(low=self.least_resolved / self.chats, high=self.most_resolved / self.chats)

    @property
    def savings_range(self) -> Interval:
        """Give the money saved, from least to most resolved, less the spend."""
        return Interval(
            low=self.least_resolved * self.human_cost - self.spend,
            high=self.most_resolved * self.human_cost - self.spend,
        )

    @property
    def cost_per_confirmed(self) -> float:
        return _each(self.spend, self.confirmed, "confirmed chats")

    @property
    def cost_per_contained(self) -> float:
        return _each(self.spend, self.contained, "contained chats")


def _net_at(precision: float, alerts: int, assumptions: FraudAssumptions) -> float:
    stopped_wrongly = (1 - precision) * alerts * assumptions.friction_cost
    return precision * alerts * assumptions.worth - alerts * assumptions.review_cost - stopped_wrongly


def _each(amount: float, count: int, what: str) -> float:
    if not count:
        raise ValueError(f"There are no {what}.")
    return amount / count
