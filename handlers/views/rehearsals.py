"""A rehearsal as lines for a terminal: the time where each thing happens, UTC, what, and what is unusual about it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Final

from schema.products import Product
from schema.rehearsals import Moment, What

COUNTED: Final = {
    What.POST: ("post", "posts"), What.DEADLINE: ("deadline", "deadlines"), What.ASK: ("ask", "asks"),
    What.REMIND: ("reminder at most", "reminders at most"), What.AWAY: ("absence", "absences"),
}  # fmt: skip


def rehearsal(found: Sequence[Moment], names: Mapping[str, str]) -> Iterator[str]:
    """Write a line each: the time where it happens, UTC, what, and what is unusual about it.

    names   of people and channels, by id
    """
    for each in found:
        utc = "" if each.zone.key == "UTC" else f" ({each.at.astimezone(UTC):%H:%M} UTC)"
        unusual = f"  ! {'; '.join(each.marks)}" if each.marks else ""
        yield f"{each.at.astimezone(each.zone):%Y-%m-%d %a %H:%M} {each.zone.key}{utc}: {_what(each, _name(each.who, names))}{unusual}"


def _name(id_: str, names: Mapping[str, str]) -> str:
    """Name somebody; of a group whose people nobody knows yet, all of them."""
    return f"{names[id_]} ({id_})" if id_ in names else f"everybody in {id_}" if id_.startswith("S") else id_


def _what(each: Moment, who: str) -> str:
    match each.what:
        case What.POST:
            return f"the standup of {each.product} is posted" + (f" in {who}" if who else "")
        case What.DEADLINE:
            return f"answers for {each.product} are due"
        case What.ASK:
            return f"{who} is asked for {each.product}"
        case What.REMIND:
            return f"{who} is reminded of {each.product}, if nothing came"
        case What.AWAY:
            return f"{who} is away, and not asked for {each.product}"


def idle(products: Iterable[Product]) -> Iterator[str]:
    """Name the products whose standups are paused."""
    for product in products:
        if product.standup is not None and product.standup.paused:
            yield f"The standup of {product.key} is paused, so nothing of it is listed."


def summed(found: Sequence[Moment]) -> str:
    """Say in a line how much there is, and how much of it is unusual."""
    counted = Counter(each.what for each in found)
    parts = [
        f"{counted[what]} {words[counted[what] != 1]}" for what, words in COUNTED.items() if counted[what]
    ]
    unusual = sum(bool(each.marks) for each in found)
    total = f"{', '.join(parts) or 'Nothing happens'}. "
    return total + (f"{unusual} with something to know, marked with !." if unusual else "Nothing unusual.")
