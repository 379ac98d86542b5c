"""A figure held against a limit: the end that counts against it, and both in words."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.facts import Fact, Kind
from schema.metrics import Unit
from schema.requirements import Requirement
from schema.statements.subjects import as_stated, written
from schema.texts import Filling, Text

MOST_PLACES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How figures of one measure are written."""

    of: str  # what they rest on: `recall/now`
    unit: Unit
    unit_name: str = ""
    currency: str = "USD"
    base: int | None = None  # of shares: so many of every; None: shares are percentages
    as_given: bool = False  # figures keep the decimals that a person typed


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A figure with its 95 % interval, where there is one, and what it must reach."""

    value: Decimal
    low: Decimal | None
    high: Decimal | None
    at_least: Decimal | None
    at_most: Decimal | None

    @property
    def sound(self) -> bool:
        """Tell whether all of it are numbers."""
        return all(each.is_finite() for each in self._all)

    @property
    def ranged(self) -> bool:
        """Tell whether it is known how sure the figure is."""
        return self.low is not None and self.high is not None

    @property
    def limited(self) -> bool:
        """Tell whether it has to reach anything."""
        return self.at_least is not None or self.at_most is not None

    @property
    def lowest(self) -> Decimal:
        """Give the end that counts against a floor."""
        return self.value if self.low is None else min(self.low, self.value)

    @property
    def highest(self) -> Decimal:
        """Give the end that counts against a ceiling."""
        return self.value if self.high is None else max(self.high, self.value)

    @property
    def holds(self) -> bool:
        """Tell whether even the end that counts against it reaches the limit."""
        low = self.at_least is None or self.lowest >= self.at_least
        return low and (self.at_most is None or self.highest <= self.at_most)

    @property
    def _all(self) -> Iterable[Decimal]:
        return (each for each in (self.value, self.low, self.high) if each is not None)


def held(requirement: Requirement, value: Decimal, low: Decimal | None, high: Decimal | None) -> Held:
    """Hold a figure against a requirement's limits."""
    return Held(value=value, low=low, high=high, at_least=requirement.at_least, at_most=requirement.at_most)


def base_for(told: int | None, limits: Iterable[Decimal]) -> int | None:
    """Choose the base of shares at which every limit is a whole number; None where percentages say it better."""
    least, ends = told or facts.BASES[0], tuple(limits)
    if not all(ends):
        return None  # beside a limit of nought, a rounded end could look like nought too
    return next(
        (base for base in facts.BASES if base >= least and all(not each * base % 1 for each in ends)), None
    )


def limit(given: Held, scale: Scale, told: int | None) -> Text:
    """Say what is asked for: `at least 90`, `at most 5 in every 1,000`, `90 to 95`.

    told   the base that was said before; another one is said here
    """
    low, high = given.at_least, given.at_most
    if low is not None and high is not None:
        between = {"low": _stated(low, scale, scale.base), "high": _stated(high, scale, told)}
        return texts.fill("{low} to {high}", between)
    end = low if low is not None else high
    if end is None:
        return Text(())
    template = "at least {end}" if low is not None else "at most {end}"
    return texts.fill(template, {"end": _stated(end, scale, told)})


def span(given: Held, scale: Scale, told: int | None) -> Text:
    """Say the interval: `89 to 94`, `3.8 to 4.0 stars`; its ends are rounded outward, and never across a limit."""
    low = _end(given.lowest, scale, given.at_least, low=True)
    high = _end(given.highest, scale, given.at_most, low=False)
    number, _, unit = low.shown.partition(" ")
    if unit and high.shown.endswith(f" {unit}"):
        low = replace(low, shown=number)
    return texts.fill("{low} to {high}", {"low": low, "high": _in_every(high, scale, told)})


def with_limit(
    said: Text, given: Held, scale: Scale, *, word: Text, without: Text, told: int | None = None
) -> Text:
    """Add to what was said what is asked for, and how sure it is.

    word      what the limit is called
    without   said where nobody knows how sure it is
    told      the base that was said
    """
    parts = []
    if given.limited:
        parts.append(texts.fill("the {word} is {limit}", {"word": word, "limit": limit(given, scale, told)}))
        told = scale.base
    if given.ranged:
        ends: dict[str, Filling] = {"span": span(given, scale, told), "counts": _what_counts(given, scale)}
        parts.append(texts.fill("it could be {span}{counts}", ends))
    elif _looks_well(given, scale):
        exact = {"exact": value(given, replace(scale, base=None))}
        parts.append(texts.fill("exactly it is {exact}", exact))
    elif without:
        parts.append(without)
    return texts.fill("{said}.", {"said": texts.join((said, texts.join(parts, ", and ")), "; ")})


def _looks_well(given: Held, scale: Scale) -> bool:
    """Tell whether a figure fails though what is shown of it would pass."""
    base = scale.base
    seen = (
        _read(_short(given.value, scale), scale)
        if base is None
        else Decimal(facts.per(given.value, base)) / base
    )
    return not given.holds and replace(given, value=seen, low=None, high=None).holds


def _what_counts(given: Held, scale: Scale) -> str:
    """Say which end fails where the figure itself seems to pass."""
    if not _looks_well(given, scale):
        return ""
    low = given.at_least is not None and given.lowest < given.at_least
    return f", of which the {'low' if low else 'high'} end counts"


def count_of(given: Held, scale: Scale) -> Fact | None:
    """Count a share of the base of its limit; None where that hides some, or on which side of the limit it lies."""
    base, value = scale.base, given.value
    if base is None:
        return None
    exact, shown = value * base, facts.per(value, base)
    hides = (not shown and exact > 0) or (shown == base and exact < base)
    ends = [end * base for end in (given.at_least, given.at_most) if end is not None]
    if hides or any((exact >= end, exact <= end) != (shown >= end, shown <= end) for end in ends):
        return None
    return _fact(scale, "level", value, f"{shown:,}", base=base)


def value(given: Held, scale: Scale) -> Fact:
    """Write a figure by itself, on its own side of each limit."""
    end = given.at_least if given.at_least is not None else given.at_most
    return _fact(
        scale, "level", given.value, _on_its_side(given.value, scale, end, low=given.at_least is not None)
    )


def _stated(value: Decimal, scale: Scale, told: int | None) -> Filling:
    if scale.unit is Unit.SHARE and scale.base is not None:
        count = f"{int(value * scale.base):,}"
        return _in_every(_fact(scale, "limit", value, count, base=scale.base), scale, told)
    return _fact(scale, "limit", value, _as_stated(value, scale))


def _as_stated(value: Decimal, scale: Scale) -> str:
    return as_stated(value, scale.unit, scale.unit_name, currency=scale.currency)


def _end(value: Decimal, scale: Scale, limit_of_it: Decimal | None, *, low: bool) -> Fact:
    function = "low" if low else "high"
    if scale.unit is Unit.SHARE and scale.base is not None:
        shown = f"{facts.outward(value, scale.base, low=low):,}"
        return _fact(scale, function, value, shown, base=scale.base)
    return _fact(scale, function, value, _on_its_side(value, scale, limit_of_it, low=low))


def _on_its_side(value: Decimal, scale: Scale, limit_of_it: Decimal | None, *, low: bool) -> str:
    """Write a figure so that what is shown lies on the same side of its limit as the figure itself."""
    if limit_of_it is None or value == limit_of_it:
        return _short(value, scale)
    short = _short(value, scale)
    if _kept(value, limit_of_it, _read(short, scale), low=low):
        return short
    for places in range(MOST_PLACES):
        rounded = facts.rounded(value, places)
        if _kept(value, limit_of_it, rounded, low=low):
            return _as_stated(rounded, scale)
    return _as_stated(value, scale)


def _short(value: Decimal, scale: Scale) -> str:
    if scale.as_given:
        return _as_stated(value, scale)
    return written(value, scale.unit, scale.unit_name, currency=scale.currency)


def _kept(value: Decimal, end: Decimal, shown: Decimal, *, low: bool) -> bool:
    return (value >= end) is (shown >= end) if low else (value <= end) is (shown <= end)


def _read(text: str, scale: Scale) -> Decimal:
    found = facts.FIGURE.search(text)
    figure = Decimal(found[0].replace(",", "")) if found else Decimal(0)
    signed = -figure if text.startswith("-") else figure
    return signed / facts.HUNDRED if scale.unit is Unit.SHARE else signed


def in_every(count: Filling, scale: Scale) -> Filling:
    """Say of how many a share is counted."""
    return _in_every(count, scale, None)


def _in_every(count: Filling, scale: Scale, told: int | None) -> Filling:
    if scale.unit is not Unit.SHARE or scale.base is None or scale.base == told:
        return count
    base = Fact(
        of=scale.of, function="base", kind=Kind.BASE, value=Decimal(scale.base), shown=f"{scale.base:,}"
    )
    return texts.fill("{count} in every {base}", {"count": count, "base": base})


def _fact(scale: Scale, function: str, value: Decimal, shown: str, *, base: int = 1) -> Fact:
    if function == "limit":
        return Fact(of="limit", function="constant", kind=Kind.CONSTANT, value=value, shown=shown, base=base)
    kind = Kind.PER if base > 1 else Kind.LEVEL
    return Fact(
        of=scale.of, function=function, kind=kind, value=value, shown=shown, unit=scale.unit.value, base=base
    )
