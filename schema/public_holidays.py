"""Public holidays and weekends of countries and their parts, by code: `DE`, `DE-BE`; never guessed from a time zone."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from types import MappingProxyType, ModuleType
from typing import Final

from schema.problems import nearest, quoted

WEEKEND: Final = frozenset({5, 6})  # as `date.weekday()` counts; where no country is known


def _library() -> ModuleType:
    """Give the library, which takes a tenth of a second to import: only for those who keep holidays."""
    import holidays  # noqa: PLC0415

    return holidays


@lru_cache(maxsize=1)
def _parts() -> Mapping[str, tuple[str, ...]]:
    return {
        country: tuple(parts)
        for country, parts in _library().list_supported_countries(include_aliases=False).items()
    }


def known(code: str) -> bool:
    """Tell whether the holidays behind a code are known; "" means that none are kept."""
    country, dash, part = code.partition("-")
    return not code or (country in _parts() and (not dash or part in _parts()[country]))


def nearest_code(code: str) -> str:
    """Say which code comes nearest to one that is not known."""
    country, _, part = code.strip().upper().replace("_", "-").partition("-")
    if known(f"{country}-{part}".rstrip("-")):
        return f"Did you mean {quoted(f'{country}-{part}'.rstrip('-'))}?"
    if country in _parts():
        parts = [f"{country}-{each}" for each in _parts()[country]]
        return nearest(f"{country}-{part}", [country, *parts], kind="codes")
    return "Write a country's two letters, and its part where that has holidays of its own: `DE` or `DE-BE`."


def name_of(day: date, code: str) -> str | None:
    """Give the name of a public holiday; None for any other day."""
    return _public(code, day.year).get(day) if code else None


def weekend(code: str) -> frozenset[int]:
    """Give the days of the week on which nobody works, as `date.weekday()` counts."""
    return _weekend(code) if code else WEEKEND


@lru_cache(maxsize=512)
def _public(code: str, year: int) -> Mapping[date, str]:
    country, _, part = code.partition("-")
    # the library would take its language from this machine
    found = _library().country_holidays(country, subdiv=part or None, years=year, language="en_US")
    return MappingProxyType(dict(found))


@lru_cache(maxsize=64)
def _weekend(code: str) -> frozenset[int]:
    country, _, part = code.partition("-")
    return frozenset(_library().country_holidays(country, subdiv=part or None).weekend)
