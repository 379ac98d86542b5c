"""Wording rules 1 to 10 and 27: figures come from slots, are shown as they are and add up."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schema.facts import FEWER, FIGURE, Fact, Kind, shows
from schema.metrics import Audience, Unit
from schema.wording.claims import Place, Read, Rule
from schema.wording.words import AVERAGED, NO_NUMBER, ONE_IN, Sign

MONEY_DIGITS: Final = 3


def _typed(read: Read) -> bool:
    return Sign.TYPED in read.signs


def _not_in_the_table(read: Read) -> bool:
    """Find a figure that its reading does not give: of the wrong window, group or metric, or of none."""
    table = read.claim.table
    if table is None:
        return False
    seen: dict[Place, int] = {}
    for fact in read.facts:
        if fact.value is None or fact.function in UNTABLED or not fact.of.endswith(TABLED):
            continue
        place = (fact.of, fact.function, fact.group)
        values = table.get(place, ())
        turn = seen.get(place, 0)
        seen[place] = turn + 1
        if not values or fact.value != values[min(turn, len(values) - 1)]:
            return True
    return False


TABLED: Final = ("/now", "/before", "/change", "/beside")
UNTABLED: Final = frozenset({"base", "rest"})  # rules 6 and 7 hold these


def _without_unit(read: Read) -> bool:
    return Sign.PERCENT in read.signs or not all(map(_prints_its_unit, read.facts))


def _prints_its_unit(fact: Fact) -> bool:
    if fact.value is None or fact.kind in UNITLESS or fact.shown == "level":
        return True
    if fact.unit == Unit.MONEY.value:
        return bool(CURRENCY.search(fact.shown))
    wanted = UNIT_MARKS.get(fact.unit)
    return wanted is None or wanted in fact.shown


UNITLESS: Final = frozenset({Kind.COUNT, Kind.BASE, Kind.CHANCE, Kind.CONSTANT, Kind.PER})
CURRENCY: Final = re.compile(r"[^\d\s.,+-]")
UNIT_MARKS: Final = {
    "points": "point",
    "percent": "%",
    Unit.SHARE.value: "%",
    Unit.SECONDS.value: "second",
    Unit.MINUTES.value: "minute",
    Unit.HOURS.value: "hour",
    Unit.MULTIPLE.value: "times",
}


def _shown_otherwise(read: Read) -> bool:
    return not all(map(shows, read.facts))


def _no_number(read: Read) -> bool:
    return any(fact.kind is not Kind.NAME and NO_NUMBER.search(fact.shown) for fact in read.facts)


def _does_not_add_up(read: Read) -> bool:
    """Find a count of the others, or a gap, that does not fit the counts beside it."""
    now = [fact for fact in read.facts if fact.kind in {Kind.PER, Kind.BASE} and fact.of.endswith("/now")]
    by_metric: dict[str, dict[str, list[Decimal]]] = {}
    for fact in now:
        shown = by_metric.setdefault(fact.of, {})
        shown.setdefault(fact.function, []).append(_whole(fact.shown))
    return not all(_adds_up(shown) for shown in by_metric.values())


def _adds_up(shown: Mapping[str, list[Decimal]]) -> bool:
    counts = shown.get("per", [])
    for rest in shown.get("rest", []):
        if not any(count + rest == base for count in counts for base in shown.get("base", [])):
            return False
    return all(len(counts) > 1 and counts[0] - counts[1] == gap for gap in shown.get("gap", []))


def _whole(shown: str) -> Decimal:
    digits = shown.replace(",", "")
    return Decimal(digits) if digits.isdecimal() else NO_COUNT


NO_COUNT: Final = Decimal(-1)  # adds up with nothing


def _mixed_bases(read: Read) -> bool:
    bases = {fact.value for fact in read.facts if fact.kind is Kind.BASE}
    metric = read.claim.metric
    if len(bases) > 1 and metric is not None and not metric.shown_as:
        return True
    if any(base not in POWERS for base in bases):
        return True
    counted = {Decimal(fact.base) for fact in read.facts if fact.kind is Kind.PER and fact.base > 1}
    if bases and not counted <= bases:
        return True
    if "1 in " not in read.shown:
        return False
    return any(int(found.replace(",", "")) not in POWERS for found in ONE_IN.findall(read.shown))


POWERS: Final = frozenset(10**exponent for exponent in range(1, 7))


def _too_exact_money(read: Read) -> bool:
    if read.claim.audience is not Audience.EXECUTIVE:
        return False
    metric = read.claim.metric
    rests_on_assumptions = metric is None or bool(metric.needs)
    return rests_on_assumptions and any(
        _significant_digits(fact.shown) > MONEY_DIGITS
        for fact in read.facts
        if fact.unit == Unit.MONEY.value and fact.kind in {Kind.LEVEL, Kind.CHANGE}
    )


def _significant_digits(shown: str) -> int:
    return len(re.sub(r"\D", "", shown.split(" ", maxsplit=1)[0]).strip("0"))


def _effects_do_not_add_up(read: Read) -> bool:
    """Find a split whose effects, as they are shown, are not the change, or whose smaller one is called most of it."""
    shown = {
        fact.function: _shown_amount(fact.shown)
        for fact in read.facts
        if fact.of.endswith("/beside") and fact.function in EFFECTS
    }
    said = MOSTLY.search(read.shown)
    if not shown:
        return said is not None
    if shown.keys() != EFFECTS or shown["mix"] + shown["rate"] != shown["change"]:
        return True
    larger = abs(shown["mix"]) - abs(shown["rate"])
    return said is not None and (larger < 0 if said[1] == "in the mix" else larger > 0)


MOSTLY: Final = re.compile(r"Most of the change.*? is (in the mix|within)")
EFFECTS: Final = frozenset({"mix", "rate", "change"})


def _shown_amount(shown: str) -> Decimal:
    found = FIGURE.search(shown)
    size = Decimal(found[0].replace(",", "")) if found is not None else Decimal(0)
    return -size if shown.startswith("-") or FEWER.search(shown) else size


def _averaged_percentile(read: Read) -> bool:
    return ("average" in read.said or "mean" in read.said) and bool(AVERAGED.search(read.shown))


def _hides_the_cut(read: Read) -> bool:
    return read.claim.truncated and "at least" not in read.shown


RULES: Final[Sequence[tuple[int, Rule]]] = (
    (1, _typed),
    (1, _not_in_the_table),
    (2, _without_unit),
    (3, _shown_otherwise),
    (4, _no_number),
    (6, _does_not_add_up),
    (7, _mixed_bases),
    (8, _too_exact_money),
    (9, _averaged_percentile),
    (10, _hides_the_cut),
    (27, _effects_do_not_add_up),
)
