"""Values in the JSON of an event, and back."""

from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from schema.ledger import Json, moment

V = TypeVar("V")


def plain(value: object) -> Json:
    """Write a value without floats; sets are sorted, so that equal values are written alike."""
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if value.is_finite() else str(value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(each) for key, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((plain(each) for each in value), key=repr)
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    message = f"{type(value).__name__} has no place in an event"
    raise TypeError(message)


def value_of(kind: type[V], written: object) -> V:
    """Read a value that `plain` wrote."""
    adapter: TypeAdapter[V] = _adapter(cast("Hashable", kind))
    return adapter.validate_python(written)


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
