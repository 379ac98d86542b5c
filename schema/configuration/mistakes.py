"""The one place where pydantic's errors become sentences that a person may read."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from schema.problems import OURS, Findings, Path, nearest, quoted

Model = TypeVar("Model", bound=BaseModel)
Said: TypeAlias = tuple[str, str]  # what is wrong, what would work

_KINDS: Final[Mapping[type, str]] = {
    dict: "a mapping (`name: value` lines)",
    list: "a list",
    str: "text",
    bool: "yes or no (`true` or `false`)",
    int: "a whole number",
    float: "a number",
    type(None): "nothing",
}
_WANTED: Final[Mapping[str, str]] = {
    "string": "text; put it in quotes if it looks like a number",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "`true` or `false`",
    "dict": "a mapping (`name: value` lines)",
    "mapping": "a mapping (`name: value` lines)",
    "model": "a mapping (`name: value` lines)",
    "list": "a list",
    "tuple": "a list",
}


def read(model: type[Model], given: object, path: Path, findings: Findings) -> Model | None:
    """Read one part of the file; on failure note every mistake in it and give None."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        for where, (what, works) in sayings(model, given, error.errors(include_url=False)):
            findings.error((*path, *where), what, works)
        return None


def kind_of(value: object) -> str:
    """Name what stands there: text, a list, a number."""
    return _KINDS.get(type(value), "something else")


def sayings(model: type[BaseModel], given: object, errors: list[ErrorDetails]) -> Iterator[tuple[Path, Said]]:
    """Give place and sentences of each mistake; the alternatives of one value become one."""
    by_place: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        by_place.setdefault(_place(given, error), []).append(error)
    for place, there in by_place.items():
        deeper = any(len(other) > len(place) and other[: len(place)] == place for other in by_place)
        if deeper and all(error["type"].endswith("_type") for error in there):
            continue  # the other alternative was meant, and its own mistakes are told
        yield place, _said(model, place, there)


def _place(given: Any, error: ErrorDetails) -> Path:
    """Keep of pydantic's location what stands in the file: it also names union members."""
    place: list[str | int] = []
    value = given
    for part in error["loc"]:
        if _holds(value, part):
            value = value[part]
            place.append(part)
    if error["type"] == "missing":
        place.append(error["loc"][-1])
    return tuple(place)


def _holds(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def _said(model: type[BaseModel], place: Path, errors: list[ErrorDetails]) -> Said:
    error = errors[0]
    if len(errors) > 1:
        wanted = dict.fromkeys(_wanted(each) for each in errors)
        return _wrong_kind(error, " or ".join(wanted))
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"{quoted(place[-1])} is not a key here.", nearest(
            place[-1], _known_keys(model, place[:-1]), kind="keys"
        )
    if kind == OURS:
        ctx = error.get("ctx", {})
        return str(ctx.get("what", "")), str(ctx.get("works", ""))
    say = _SAYINGS.get(kind)
    if say is not None:
        return say(error)
    return _wrong_kind(error, _wanted(error))


def _wrong_kind(error: ErrorDetails, wanted: str) -> Said:
    given = error["input"]
    shown = (
        quoted(given) if isinstance(given, str | int | float) and str(given) else kind_of(given).capitalize()
    )
    if wanted:
        return f"{shown} does not fit here.", f"Write {wanted}."
    return f"{shown} does not fit here.", "The README shows what stands in this place."


def _wanted(error: ErrorDetails) -> str:
    if error["loc"] and error["loc"][-1] == "Secret":
        return "`{secret: NAME}`"
    return _WANTED.get(error["type"].partition("_")[0], "")


def _missing(error: ErrorDetails) -> Said:
    name = error["loc"][-1]
    return f"{quoted(name)} is missing.", f"Add `{name}: …`."


def _choice(error: ErrorDetails) -> Said:
    expected = error.get("ctx", {}).get("expected", "")
    names = [name.strip().strip("'") for name in str(expected).replace(" or ", ", ").split(",")]
    return f"{quoted(error['input'])} is not one of the choices.", nearest(
        error["input"], names, kind="choices"
    )


def _bound(words: str, key: str) -> Callable[[ErrorDetails], Said]:
    def say(error: ErrorDetails) -> Said:
        limit = error.get("ctx", {}).get(key)
        return f"{quoted(error['input'])} is out of range.", f"Write a number {words} {limit}."

    return say


def _length(error: ErrorDetails) -> Said:
    ctx = error.get("ctx", {})
    given = error["input"]
    size = len(given) if isinstance(given, str | list | tuple | dict) else 0
    if "max_length" in ctx:
        return f"This has a length of {size:,}.", f"At most {ctx['max_length']} fit."
    return f"This has a length of {size:,}.", f"At least {ctx.get('min_length', 1)} is needed."


def _pattern(error: ErrorDetails) -> Said:
    return (
        f"{quoted(error['input'])} is no key.",
        "Use small letters, digits and underscores, and start with a letter.",
    )


def _number(error: ErrorDetails) -> Said:
    return f"{quoted(error['input'])} is no number.", "Write digits, with a point for decimals."


def _whole(error: ErrorDetails) -> Said:
    return f"{quoted(error['input'])} is no whole number.", "Write a whole number."


def _broken(_error: ErrorDetails) -> Said:
    return "The text holds half of a character (a lone surrogate).", "Write whole characters."


_SAYINGS: Final[Mapping[str, Callable[[ErrorDetails], Said]]] = {
    "missing": _missing,
    "enum": _choice,
    "literal_error": _choice,
    "greater_than": _bound("above", "gt"),
    "greater_than_equal": _bound("of at least", "ge"),
    "less_than": _bound("below", "lt"),
    "less_than_equal": _bound("of at most", "le"),
    "string_too_long": _length,
    "string_too_short": _length,
    "too_long": _length,
    "too_short": _length,
    "string_pattern_mismatch": _pattern,
    "decimal_parsing": _number,
    "float_parsing": _number,
    "int_parsing": _whole,
    "int_from_float": _whole,
    "finite_number": _number,
    "string_unicode": _broken,
}


def _known_keys(model: type[BaseModel], place: Path) -> tuple[str, ...]:
    """Name the keys of the model that stands at a place inside another."""
    models: tuple[type[BaseModel], ...] = (model,)
    inner: list[Any] = list(models)
    for part in place:
        inner = [step for kind in inner for step in _steps(kind, part)]
    models = tuple(kind for each in inner for kind in _models(each))
    return tuple(field.alias or name for each in models for name, field in each.model_fields.items())


def _steps(kind: Any, part: str | int) -> Iterator[Any]:
    """Give the types that may stand one step further in."""
    for model in _models(kind):
        if part in model.model_fields:
            yield model.model_fields[str(part)].annotation
    for plain in _plain(kind):
        arguments = typing.get_args(plain)
        if arguments and not isinstance(plain, types.UnionType):
            yield (
                arguments[0]
                if len(arguments) == 1
                else arguments[-1]
                if arguments[-1] is not ...
                else arguments[0]
            )


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    for plain in _plain(kind):
        if isinstance(plain, type) and issubclass(plain, BaseModel):
            yield plain


def _plain(kind: Any) -> Iterator[Any]:
    """Open unions and annotations."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        yield from _plain(typing.get_args(kind)[0])
    elif origin is typing.Union or isinstance(kind, types.UnionType):
        for each in typing.get_args(kind):
            yield from _plain(each)
    else:
        yield kind
