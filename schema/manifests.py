"""What exactly goes out: code, model, prompt, configuration and data, each pinned to something that cannot move."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from schema.attempts import Code, Declined
from schema.ledger import digest
from schema.plain_values import unsafe

NONE: Final = "none"  # said of a part that does not exist, such as the prompt of a classifier
LONGEST: Final = 200  # characters of one part
MOST_DATA: Final = 50
PARTS: Final = ("code", "model", "model_version", "prompt", "configuration", "data")
MOVING: Final = frozenset(
    """
    latest newest current stable main master trunk head dev devel develop development test testing stage staging
    prod production live nightly canary edge beta alpha snapshot next default champion challenger best release
    rolling
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
_BRANCHES: Final = ("refs/heads/", "heads/", "origin/", "upstream/", "feature/", "feat/", "fix/", "bugfix/", "hotfix/", "release/", "users/", "dependabot/")  # fmt: skip
_DIGEST: Final = re.compile(r"(?:^|[@:/])(?:sha\d+:)?[0-9a-f]{32,128}$")
_RANGE: Final = re.compile(r"[\^~<>=*|,!?$%{}\[\]]|\.x\b|\bx\.|\+$|\.\.")
_WORDS: Final = {
    "code": "the code",
    "model": "the model",
    "model_version": "the model's version",
    "prompt": "the prompt",
    "configuration": "the configuration",
    "data": "the data",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one revision would send out; made by `pinned`, which refuses what moves."""

    code: str
    model: str  # a name; its version is beside it
    model_version: str
    prompt: str
    configuration: str
    data: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Name it by its content: sha256 hex."""
        return digest({"muster-manifest": 1, **self._plain})

    @property
    def parts(self) -> Mapping[str, str]:
        """Give each part as one line."""
        return {**{name: getattr(self, name) for name in PARTS[:-1]}, "data": ", ".join(self.data)}

    @property
    def _plain(self) -> dict[str, str | list[str]]:
        return {**{name: getattr(self, name) for name in PARTS[:-1]}, "data": list(self.data)}


def pinned(parts: Mapping[str, str | tuple[str, ...] | list[str]]) -> Manifest:
    """Make a manifest of what a person or a pipeline said; data may be one line with commas."""
    unknown = sorted(set(parts) - set(PARTS))
    if unknown:
        raise Declined(Code.MANIFEST, f"A manifest has no part “{unknown[0]}”; it has {', '.join(PARTS)}.")
    given = {name: _one(name, parts.get(name, "")) for name in PARTS[:-1]}
    if given["code"] == NONE:
        raise Declined(Code.MANIFEST, "Every launch runs some code; give its commit.")
    if (given["model"] == NONE) != (given["model_version"] == NONE):
        raise Declined(Code.MANIFEST, "Give a model and its version, or “none” for both.")
    return Manifest(**given, data=_data(parts.get("data", "")))


def _data(given: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    listed = given.split(",") if isinstance(given, str) else given
    found = sorted({_one("data", each) for each in listed})
    if len(found) > MOST_DATA:
        raise Declined(Code.MANIFEST, "That is too much data to list; give one digest of a list of them.")
    if NONE in found and len(found) > 1:
        raise Declined(Code.MANIFEST, "The data says “none” beside something; leave one of them out.")
    return tuple(found)


def _one(name: str, given: object) -> str:
    text = unicodedata.normalize("NFKC", given).strip() if isinstance(given, str) else ""
    if not text:
        raise Declined(Code.MANIFEST, f"Say what {_WORDS[name]} is, or “none” where there is none.")
    if len(text) > LONGEST or unsafe(text) or re.search(r"\s", text):
        raise Declined(
            Code.MANIFEST, f"Name {_WORDS[name]} in one short word without spaces, such as a hash."
        )
    if any(unicodedata.category(each) == "Cf" for each in text):
        raise Declined(Code.MANIFEST, f"Type {_WORDS[name]} by hand; it holds a character that nobody sees.")
    if text.casefold() == NONE:
        return NONE
    moves = _moving_name(text) if name == "model" else moving(text)
    if moves:
        raise Declined(
            Code.MOVING,
            f"“{text}” can mean something else tomorrow; pin {_WORDS[name]} by a hash, a version or a date.",
        )
    return text


def moving(text: str) -> bool:
    """Tell whether a name may mean something else tomorrow: a branch, an alias, a range, or no version at all."""
    low = text.casefold()
    if _DIGEST.search(low):
        return False  # `repo:latest@sha256:…` is pinned by its end
    return (
        _moving_name(text)
        or low.startswith(_BRANCHES)
        or _RANGE.search(low) is not None
        or not any(each.isdigit() for each in low)
    )


def _moving_name(text: str) -> bool:
    words = re.split(r"[/:@\-_.]", text.casefold())
    return words[-1] in MOVING or _RANGE.search(text.casefold()) is not None
