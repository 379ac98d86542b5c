"""Roles as people call them, in sentences."""

from collections.abc import Iterable, Mapping
from typing import Final

from schema.products import Role

ROLE_WORDS: Final[Mapping[str, str]] = {
    Role.PM: "product management",
    Role.ML: "data science",
    Role.ENG: "engineering",
    Role.SRE: "operations",
    Role.UX: "design",
    Role.SEC: "security",
    Role.PRIV: "privacy",
    Role.LEG: "legal",
    Role.RAI: "responsible AI",
    Role.SUP: "support",
    Role.FIN: "finance",
    Role.EXEC: "management",
}
_OTHERS: Final = {"owner": "the product's owner", "admins": "an admin"}


def any_of(roles: Iterable[str]) -> str:
    """Name roles as alternatives: `legal or responsible AI`."""
    return _joined([ROLE_WORDS[role] for role in dict.fromkeys(roles)], "or")


def all_of(roles: Iterable[str]) -> str:
    """Name roles one after another, a role as often as it stands there: `legal and 2 people of data science`."""
    listed = list(roles)
    counted = {role: listed.count(role) for role in listed}
    return _joined([_times(ROLE_WORDS[role], count) for role, count in counted.items()], "and")


def somebody(holders: Iterable[str]) -> str:
    """Name who holds a right: `the product's owner, or somebody from legal`."""
    roles = [role for role in Role if role.value in set(holders)]
    named = [words for holder, words in _OTHERS.items() if holder in set(holders)]
    if len(roles) == len(Role):
        return _joined([*named, "anybody with a role"], "or")
    return _joined([*named, *([f"somebody from {any_of(roles)}"] if roles else [])], "or")


def _times(word: str, count: int) -> str:
    return word if count == 1 else f"{count} people of {word}"


def _joined(words: list[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"
