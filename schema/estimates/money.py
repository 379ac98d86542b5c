"""What follows from counts and stated assumptions: money, staff time, and how far a chat got.

Intervals come from the counts; assumptions are held fixed. Source: METRICS.md 4.4 and (f) 5-7, 16.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from schema.estimates.counts import counts_of, total
from schema.estimates.values import (
    Assumptions,
    Estimate,
    amount,
    around,
    count,
    counted,
    empty,
    has,
    misshapen,
    needed,
    share,
)
from schema.metrics import Metric
from schema.readings import Confusion, Inputs, Measurement
from schema.statistics.certainty import Interval, wilson

ONE: Final = Decimal(1)
MINUTES_AN_HOUR: Final = 60
# What a source must at least give to a function that takes inputs.
INPUTS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "availability": ("down_minutes", "minutes"),
    "calibration_gap": ("cases", "happened", "stated"),
    "confirmed_resolution": ("confirmed", "conversations"),
    "containment": ("conversations", "handed_over"),
    "cost_per_answer": ("answers", "spend"),
    "cost_per_resolution": ("confirmed", "spend"),
    "error_budget_used": ("allowed_minutes", "bad_minutes"),
    "reopen": ("conversations", "handed_over", "reopened"),
    "support_savings": ("confirmed", "spend"),
    "wape": ("missed", "total"),
}


def loss_avoided_gross(_: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Give caught × (average loss + fee) × share truly prevented."""
    caught, flags = _flags(measurement)
    worth = _worth(assumptions)
    parts = {"caught": Decimal(caught), "flags": Decimal(flags)}
    return _priced(caught, flags, each=worth, parts=parts)


def missed_loss(_: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Give missed × (average loss + fee); a proportion is missed of known positives."""
    missed, positives = counts_of(measurement, lambda c: (c.fn, c.tp + c.fn))
    _some(measurement, positives)
    each = needed(assumptions, "average_loss") + needed(assumptions, "fee")
    return _priced(missed, positives, each=each, parts={"missed": Decimal(missed)})


def false_block_cost(_: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Give wrong flags × friction cost; a proportion is wrong flags of flags."""
    wrong, flags = counts_of(measurement, lambda c: (c.fp, c.tp + c.fp))
    _some(measurement, flags)
    parts = {"false_alarms": Decimal(wrong)}
    return _priced(wrong, flags, each=needed(assumptions, "friction_cost"), parts=parts)


def review_hours(_: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Give flags × minutes of a review, in hours; a proportion is flags of cases."""
    flags, cases = counts_of(measurement, lambda c: (c.tp + c.fp, total(c)))
    _some(measurement, cases)
    hours = needed(assumptions, "minutes_per_review") / MINUTES_AN_HOUR
    return _priced(flags, cases, each=hours, parts={"flags": Decimal(flags)})


def net_benefit(_: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Give gross less reviews and friction, over the precision's interval, and where it would be nothing."""
    caught, flags = _flags(measurement)
    worth, review, friction = _worth(assumptions), *_costs(assumptions)
    value = caught * worth - flags * review - (flags - caught) * friction
    parts = _net_parts(caught, flags, assumptions)
    if not flags:
        return Estimate(value=value, low=value, high=value, n=0, method="Wilson", parts=parts)
    ends = wilson(caught, flags)
    fixed = -flags * (review + friction)
    low, high = around(value - fixed, ends, times=flags * (worth + friction))
    tested = _net_ends(caught, flags - caught, gain=worth - review, cost=review + friction)
    return Estimate(
        value=value, low=low + fixed, high=high + fixed, n=flags, method="Wilson", parts=parts, tested=tested
    )


def _net_ends(right: int, wrong: int, *, gain: Decimal, cost: Decimal) -> tuple[Decimal, Decimal]:
    """Give the ends of right × gain - wrong × cost when both counts may vary (square and add)."""
    value = right * gain - wrong * cost
    fewer, more = counted(right)
    least, most = counted(wrong)
    down, up = (right - fewer) * gain, (more - right) * gain
    if gain < 0:
        down, up = -up, -down
    below = (down**2 + ((most - wrong) * cost) ** 2).sqrt()
    above = (up**2 + ((wrong - least) * cost) ** 2).sqrt()
    return value - below, value + above


def containment(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the share that did not reach staff, split into confirmed and assumed where that is known."""
    if not isinstance(measurement, Inputs):
        return share(*counts_of(measurement, _no_table), of="conversations")
    conversations = count(measurement, "conversations")
    contained = _contained(metric, measurement)
    parts: dict[str, Decimal] = {}
    if conversations and has(measurement, "confirmed"):
        parts["confirmed"] = Decimal(count(measurement, "confirmed")) / conversations
        parts["assumed"] = Decimal(contained) / conversations - parts["confirmed"]
    return share(contained, conversations, of="conversations", parts=parts)


def confirmed_resolution(_: Metric, measurement: Measurement, __: Assumptions) -> Estimate:
    """Give the confirmed share, and as `low_end` and `high_end` what the true one lies between."""
    if not isinstance(measurement, Inputs):
        return share(*counts_of(measurement, _no_table), of="conversations")
    conversations, confirmed = count(measurement, "conversations"), count(measurement, "confirmed")
    _fits(confirmed, conversations)
    parts: dict[str, Decimal] = {}
    if conversations and has(measurement, "silent", "reopened"):
        least, top = _resolved(measurement)
        parts = {"low_end": Decimal(least) / conversations, "high_end": Decimal(top) / conversations}
    return share(confirmed, conversations, of="conversations", parts=parts)


def reopen(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the share of contained conversations that came back."""
    if not isinstance(measurement, Inputs):
        return share(*counts_of(measurement, _no_table), of="conversations that did not reach staff")
    contained, back = _contained(metric, measurement), count(measurement, "reopened")
    _fits(back, contained)
    return share(back, contained, of="conversations that did not reach staff")


def cost_per_resolution(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give spend per confirmed fix; `low_end` counts everybody who did not reach staff."""
    inputs = _inputs(metric, measurement)
    spend, confirmed = amount(inputs, "spend"), count(inputs, "confirmed")
    if not confirmed:
        raise empty("confirmed fixes")
    value, parts = spend / confirmed, dict[str, Decimal]()
    if has(inputs, "conversations", "handed_over") and (contained := _contained(metric, inputs)):
        parts["low_end"] = spend / contained
    fewest, most = counted(confirmed)
    tested = (spend / most, spend / fewest)
    if not has(inputs, "conversations"):
        return Estimate(value=value, n=confirmed, parts=parts, tested=tested)
    conversations = count(inputs, "conversations")
    _fits(confirmed, conversations)
    ends = wilson(confirmed, conversations)
    each = float(spend / conversations)
    low, high = around(value, Interval(low=each / ends.high, high=each / ends.low))
    return Estimate(value=value, low=low, high=high, n=confirmed, method="Wilson", parts=parts, tested=tested)


def support_savings(metric: Metric, measurement: Measurement, assumptions: Assumptions) -> Estimate:
    """Give what confirmed fixes saved; `high_end` also counts silent exits less those that came back."""
    inputs = _inputs(metric, measurement)
    spend, confirmed = amount(inputs, "spend"), count(inputs, "confirmed")
    ticket = needed(assumptions, "ticket_cost")
    value, parts = confirmed * ticket - spend, dict[str, Decimal]()
    if has(inputs, "silent", "reopened"):
        least, top = _resolved(inputs)
        parts = {"low_end": least * ticket - spend, "high_end": top * ticket - spend}
    if ticket:
        parts["break_even_resolutions"] = spend / ticket
    fewest, most = counted(confirmed)
    tested = (fewest * ticket - spend, most * ticket - spend)
    if not has(inputs, "conversations") or not count(inputs, "conversations"):
        return Estimate(value=value, n=confirmed, parts=parts, tested=tested)
    conversations = count(inputs, "conversations")
    _fits(confirmed, conversations)
    low, high = around(confirmed * ticket, wilson(confirmed, conversations), times=conversations * ticket)
    return Estimate(
        value=value, low=low - spend, high=high - spend, n=conversations, method="Wilson", parts=parts,
        tested=tested,
    )  # fmt: skip


def quotient(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Divide one input by another, without an interval: spend by answers, misses by volume."""
    if not isinstance(measurement, Inputs):
        raise misshapen(f"{metric.name} takes named inputs.")
    over, under = QUOTIENTS[metric.function]
    whole = amount(measurement, under)
    if not whole:
        raise empty(under.replace("_", " "))
    part = amount(measurement, over)
    return Estimate(value=part / whole, n=_cases(whole), parts={over: part, under: whole})


def availability(metric: Metric, measurement: Measurement, _: Assumptions) -> Estimate:
    """Give the share of good checks; minutes hang together, so they have no interval."""
    if not isinstance(measurement, Inputs):
        return share(*counts_of(measurement, _no_table), of="checks")
    minutes, down = amount(measurement, "minutes"), amount(measurement, "down_minutes")
    if not minutes:
        raise empty("minutes")
    if down > minutes:
        raise misshapen(f"{metric.name} was given more minutes of outage than minutes.")
    return Estimate(
        value=ONE - down / minutes, n=_cases(minutes), parts={"down_minutes": down, "minutes": minutes}
    )


QUOTIENTS: Final[Mapping[str, tuple[str, str]]] = {
    "cost_per_answer": ("spend", "answers"),
    "error_budget_used": ("bad_minutes", "allowed_minutes"),
    "wape": ("missed", "total"),
}


def _flags(measurement: Measurement) -> tuple[int, int]:
    caught, flags = counts_of(measurement, lambda c: (c.tp, c.tp + c.fp))
    _some(measurement, flags)
    return caught, flags


def _some(measurement: Measurement, cases: int) -> None:
    """Refuse a period without any case; one in which only nothing was flagged has an honest nought."""
    if not (total(measurement) if isinstance(measurement, Confusion) else cases):
        raise empty("cases")


def _worth(assumptions: Assumptions) -> Decimal:
    """Give what one caught case prevents."""
    loss = needed(assumptions, "average_loss") + needed(assumptions, "fee")
    return loss * needed(assumptions, "prevented_share")


def _costs(assumptions: Assumptions) -> tuple[Decimal, Decimal]:
    return needed(assumptions, "review_cost"), needed(assumptions, "friction_cost")


def _priced(hits: int, cases: int, *, each: Decimal, parts: Mapping[str, Decimal]) -> Estimate:
    value = hits * each
    if not cases:
        return Estimate(value=value, low=value, high=value, n=0, method="Wilson", parts=parts)
    low, high = around(value, wilson(hits, cases), times=cases * each)
    fewest, most = counted(hits)
    return Estimate(
        value=value, low=low, high=high, n=cases, method="Wilson", parts=parts,
        tested=(fewest * each, most * each),
    )  # fmt: skip


def _net_parts(caught: int, flags: int, assumptions: Assumptions) -> dict[str, Decimal]:
    """Name what the net is made of, and each assumption's value at which it would be nothing."""
    worth, review, friction = _worth(assumptions), *_costs(assumptions)
    wrong = flags - caught
    parts = {
        "gross": caught * worth,
        "review_total": flags * review,
        "friction_total": wrong * friction,
        "caught": Decimal(caught),
        "flags": Decimal(flags),
        "false_alarms": Decimal(wrong),
    }
    if worth + friction:
        parts["break_even"] = (review + friction) / (worth + friction)
    flips = {
        "flip_friction_cost": _over(caught * worth - flags * review, Decimal(wrong)),
        "flip_review_cost": _over(caught * worth - wrong * friction, Decimal(flags)),
        "flip_average_loss": _flip_loss(caught, parts["review_total"] + parts["friction_total"], assumptions),
    }
    return parts | {name: flip for name, flip in flips.items() if flip is not None and flip >= 0}


def _flip_loss(caught: int, costs: Decimal, assumptions: Assumptions) -> Decimal | None:
    each = _over(costs, caught * needed(assumptions, "prevented_share"))
    return None if each is None else each - needed(assumptions, "fee")


def _over(part: Decimal, whole: Decimal) -> Decimal | None:
    return part / whole if whole else None


def _inputs(metric: Metric, measurement: Measurement) -> Inputs:
    if not isinstance(measurement, Inputs):
        raise misshapen(f"{metric.name} takes named inputs.")
    return measurement


def _no_table(_: Confusion) -> tuple[int, int]:
    raise misshapen("A table of right and wrong decisions does not say this.")


def _contained(metric: Metric, inputs: Inputs) -> int:
    conversations, handed_over = count(inputs, "conversations"), count(inputs, "handed_over")
    if handed_over > conversations:
        raise misshapen(f"{metric.name} was given more hand-overs than conversations.")
    return conversations - handed_over


def _resolved(inputs: Inputs) -> tuple[int, int]:
    """Give the fewest and the largest number of conversations that may have been solved."""
    confirmed = count(inputs, "confirmed")
    top = max(0, confirmed + count(inputs, "silent") - count(inputs, "reopened"))
    return min(confirmed, top), top


def _fits(part: int, whole: int) -> None:
    if part > whole:
        raise misshapen("A part is larger than its whole.")


def _cases(value: Decimal) -> int | None:
    return int(value) if value % 1 == 0 else None
