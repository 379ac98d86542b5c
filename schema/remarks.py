"""What is said beside a metric's own statement, with the only values that its figures may have."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from schema import facts
from schema.facts import Fact, Kind
from schema.metrics import Audience, Metric
from schema.statements import levels
from schema.texts import Text
from schema.wording.claims import Place
from schema.wording.rules import Claim, broken


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A few sentences beside a statement."""

    text: Text
    table: Mapping[Place, Sequence[Decimal]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Tell whether there is anything to read."""
        return bool(self.text)


SILENT: Final = Remark(text=Text(()))


def remark(text: Text, figures: Iterable[Fact]) -> Remark:
    """Hold a text to its figures; each stands in the table of values as often as it is given."""
    table: dict[Place, list[Decimal]] = {}
    for each in figures:
        if each.value is not None:
            table.setdefault((each.of, each.function, each.group), []).append(each.value)
    return Remark(text=text, table=table)


def check(told: Remark, metric: Metric, audience: Audience) -> tuple[int, ...]:
    """List the wording rules that a remark breaks; its caveats stand in the statement before it."""
    return broken(claim_of(told, metric, audience), explanation=True)


def claim_of(told: Remark, metric: Metric, audience: Audience) -> Claim:
    """Gather what a remark may lean on."""
    return Claim(text=told.text, audience=audience, metric=metric, table=told.table, estimated=False)


def place(key: str) -> str:
    """Name what a figure beside a metric's statement rests on."""
    return f"{key}/beside"


def per(key: str, function: str, value: Decimal, base: int) -> Fact:
    """Show a share as so many of every base."""
    return Fact(
        of=place(key), function=function, kind=Kind.PER, value=value, unit="per", base=base,
        shown=f"{facts.per(value, base):,}",
    )  # fmt: skip


def base_figure(key: str, base: int) -> Fact:
    """Show a base itself."""
    return levels.figure(place(key), "base", Kind.BASE, Decimal(base), shown=f"{base:,}")


def more_or_fewer(key: str, function: str, value: Decimal, base: int, *, count: int | None = None) -> Fact:
    """Show a difference of shares in words: `18 fewer`.

    count   what is shown, where rounding half up would not add up
    """
    count = facts.per(value, base) if count is None else count
    shown = facts.LEVEL if count == 0 else f"{abs(count):,} {'more' if count > 0 else 'fewer'}"
    return levels.figure(place(key), function, Kind.CHANGE, value, shown=shown, base=base)


def counted(key: str, function: str, value: int) -> Fact:
    """Show counted things."""
    return levels.figure(place(key), function, Kind.COUNT, Decimal(value), shown=f"{value:,}")


def points(key: str, function: str, value: Decimal, places: int) -> Fact:
    """Show a difference of shares in points."""
    shown = facts.points(value, places)
    return levels.figure(place(key), function, Kind.CHANGE, value, shown=shown, unit="points")


def percent(key: str, function: str, value: Decimal) -> Fact:
    """Show a share as a percentage."""
    return levels.figure(place(key), function, Kind.LEVEL, value, shown=facts.percent(value), unit="share")
