"""Verdicts as plain JSON, for the store, and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from schema.verdicts import Because, Verdict
from schema.verdicts import Kind as VerdictKind

Json: TypeAlias = str | int | float | bool | None

DECIMALS: Final = ("difference", "low", "high", "matters")
PLAIN: Final = ("p", "q", "tested", "matters_is_default")


def body_of(verdict: Verdict) -> dict[str, Json]:
    """Turn a verdict into plain JSON for the store; exact figures become text."""
    body: dict[str, Json] = {"kind": verdict.kind.value, "because": verdict.because.value}
    for name in DECIMALS:
        value = getattr(verdict, name)
        body[name] = None if value is None else str(value)
    return body | {name: getattr(verdict, name) for name in PLAIN}


def verdict_of(body: Mapping[str, Json]) -> Verdict:
    """Read a stored verdict back; raises ValueError or KeyError for what is none."""
    exact = {name: None if body[name] is None else Decimal(str(body[name])) for name in DECIMALS}
    p, q = (None if body[name] is None else float(str(body[name])) for name in ("p", "q"))
    return Verdict(
        kind=VerdictKind(str(body["kind"])), because=Because(str(body["because"])), p=p, q=q,
        tested=int(str(body["tested"])), matters_is_default=bool(body["matters_is_default"]), **exact,
    )  # fmt: skip
