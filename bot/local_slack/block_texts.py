"""The smallest things of Block Kit: text objects, options, confirmation dialogs, and how a problem is told."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from bot.local_slack.values import Json

TEXT_MAX = 3000
OPTION_TEXT_MAX = 75
OPTION_VALUE_MAX = 150
OPTION_URL_MAX = 3000
OPTIONS_MAX = 100
PLACEHOLDER_MAX = 150
CONFIRM_MAX = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
TEXT_FIELDS = {"type", "text", "emoji", "verbatim"}
OPTION_FIELDS = {"text", "value", "description", "url"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why Slack would refuse, with the JSON pointer of the place."""

    pointer: str
    message: str
    code: str = "invalid_blocks"

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


Problems = Iterator[Problem]


def length(value: object, at: str, *, most: int, least: int = 0) -> Problems:
    """Check a bare string's length in characters."""
    if not isinstance(value, str):
        yield Problem(at, "must provide a string")
    elif len(value) < least:
        yield Problem(at, f"must be more than {least - 1} characters")
    elif len(value) > most:
        yield Problem(at, f"must be less than {most + 1} characters")


def count(values: object, at: str, *, most: int, least: int = 1, of: str = "items") -> Problems:
    if not isinstance(values, list):
        yield Problem(at, "must provide an array")
    elif len(values) < least:
        yield Problem(at, f"no fewer than {least} {of} allowed")
    elif len(values) > most:
        yield Problem(at, f"no more than {most} {of} allowed")


def optional(holder: Json, key: str, at: str, *, most: int) -> Problems:
    if holder.get(key) is not None:
        yield from length(holder[key], f"{at}/{key}", most=most)


def required(holder: Json, keys: Collection[str], at: str) -> Problems:
    for key in keys:
        if holder.get(key) is None:
            yield Problem(at, f"missing required field: {key}")


def only(holder: Json, keys: Collection[str], at: str) -> Problems:
    for key in holder:
        if key not in keys:
            yield Problem(at, f"invalid additional property: {key}")


def whole(value: object, at: str, *, most: int, least: int) -> Problems:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        yield Problem(at, f"must be a whole number from {least} to {most}")


def text(value: object, at: str, *, most: int = TEXT_MAX, plain: bool = False) -> Problems:
    """Check a text object, 1 to `most` characters."""
    if not isinstance(value, dict):
        yield Problem(at, "must provide an object")
        return
    kinds = ("plain_text",) if plain else ("plain_text", "mrkdwn")
    if value.get("type") not in kinds:
        yield Problem(f"{at}/type", f"must be one of: {', '.join(kinds)}")
    yield from only(value, TEXT_FIELDS, at)
    if value.get("type") == "mrkdwn" and "emoji" in value:
        yield Problem(at, "invalid additional property: emoji")
    if value.get("type") == "plain_text" and "verbatim" in value:
        yield Problem(at, "invalid additional property: verbatim")
    yield from length(value.get("text"), f"{at}/text", most=most, least=1)


def placeholder(holder: Json, at: str) -> Problems:
    if holder.get("placeholder") is not None:
        yield from text(holder["placeholder"], f"{at}/placeholder", most=PLACEHOLDER_MAX, plain=True)


def options(
    values: object,
    at: str,
    *,
    most: int = OPTIONS_MAX,
    least: int = 1,
    mrkdwn: bool = False,
    url: bool = False,
) -> Problems:
    """Check a list of options: `mrkdwn` where radio buttons and checkboxes allow it, `url` in an overflow menu."""
    yield from count(values, at, most=most, least=least, of="options")
    if isinstance(values, list):
        for place, one in enumerate(values):
            yield from option(one, f"{at}/{place}", mrkdwn=mrkdwn, url=url)


def option(value: object, at: str, *, mrkdwn: bool = False, url: bool = False) -> Problems:
    if not isinstance(value, dict):
        yield Problem(at, "must provide an object")
        return
    yield from only(value, OPTION_FIELDS, at)
    yield from text(value.get("text"), f"{at}/text", most=OPTION_TEXT_MAX, plain=not mrkdwn)
    yield from length(value.get("value"), f"{at}/value", most=OPTION_VALUE_MAX, least=1)
    if value.get("description") is not None:
        yield from text(value["description"], f"{at}/description", most=OPTION_TEXT_MAX, plain=not mrkdwn)
    if value.get("url") is not None:
        if not url:
            yield Problem(f"{at}/url", "only allowed in an overflow menu")
        yield from length(value["url"], f"{at}/url", most=OPTION_URL_MAX)


def option_groups(values: object, at: str) -> Problems:
    yield from count(values, at, most=OPTIONS_MAX, of="option groups")
    if isinstance(values, list):
        for place, group in enumerate(values):
            here = f"{at}/{place}"
            yield from text(group.get("label"), f"{here}/label", most=OPTION_TEXT_MAX, plain=True)
            yield from options(group.get("options"), f"{here}/options")


def confirm(holder: Json, at: str) -> Problems:
    dialog = holder.get("confirm")
    if dialog is None:
        return
    here = f"{at}/confirm"
    if not isinstance(dialog, dict):
        yield Problem(here, "must provide an object")
        return
    yield from only(dialog, {*CONFIRM_MAX, "style"}, here)
    if dialog.get("style") not in (None, "primary", "danger"):
        yield Problem(f"{here}/style", "must be one of: primary, danger")
    yield from required(dialog, ("title", "text"), here)
    for key, most in CONFIRM_MAX.items():
        if dialog.get(key) is not None:
            yield from text(dialog[key], f"{here}/{key}", most=most, plain=key != "text")


def repeated(holders: list[Json], key: str, at: str) -> Problems:
    """Refuse an id that stands twice."""
    seen: set[str] = set()
    for place, holder in enumerate(holders):
        value = holder.get(key) if isinstance(holder, dict) else None
        if value is None:
            continue
        if value in seen:
            yield Problem(f"{at}/{place}/{key}", f"{key} already exists: {value}")
        seen.add(value)
