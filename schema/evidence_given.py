"""Evidence as people and pipelines type it: read into a record or a document, or refused with what would work."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from schema.attempts import Code, Declined
from schema.checklists import CheckKind, ItemSpec
from schema.errors import Refusal
from schema.evidence import Document, Record
from schema.policies import Standing, need_person
from schema.problems import listed, quoted
from schema.record_findings import NO, YES, record_digest
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.role_words import any_of
from schema.statistics.figures import LARGEST_COUNT

LONGEST_TEXT: Final = 300  # characters
LONGEST_LINK: Final = 2000
_OF: Final = re.compile(r"(\d[\d,_ ]*)\s*(?:of|/|out of)\s*(\d[\d,_ ]*)")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|percent)")
_WORDS: Final = {
    RecordUnit.SECONDS: r"s|secs?|seconds?",
    RecordUnit.MINUTES: r"m|mins?|minutes?",
    RecordUnit.HOURS: r"h|hrs?|hours?",
    RecordUnit.DAYS: r"d|days?",
}
_YES: Final = frozenset({"yes", "y", "true", "1", "ok"})
_NO: Final = frozenset({"no", "n", "false", "0"})
_HASH: Final = re.compile(r"(?:sha(?:1|256|384|512):)?([0-9a-fA-F]{40}|[0-9a-fA-F]{64,128})")
_EXAMPLES: Final = {
    RecordUnit.SHARE: "how many of how many, such as `2 of 500`, or a share such as 0.4 %",
    RecordUnit.NUMBER: "digits, such as 0.62",
    RecordUnit.COUNT: "a whole number, such as 3",
    RecordUnit.SECONDS: "seconds, such as 4.5",
    RecordUnit.MINUTES: "minutes, such as 4.5",
    RecordUnit.HOURS: "hours, such as 12",
    RecordUnit.DAYS: "days, such as 183",
    RecordUnit.MONEY: "an amount in digits, such as 0.02",
    RecordUnit.YES: "yes or no",
    RecordUnit.TEXT: "words on one line",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Who gives evidence, when, and where their days begin."""

    pid: str
    at: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A record as somebody typed it."""

    value: str
    measured: str  # a day, or a day and a time, ISO 8601
    link: str = ""
    states: Mapping[str, str] = field(default_factory=dict)  # by manifest part


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedDocument:
    """A document as somebody typed it."""

    link: str
    digest: str
    dated: str  # a day, ISO 8601
    states: Mapping[str, str] = field(default_factory=dict)


def need_giver(item: ItemSpec, who: Standing | None) -> None:
    """Refuse who has nothing to do with the product; what settles an item by itself comes from who answers for it.

    who   None for a pipeline that its token let in
    """
    if who is None:
        return
    need_person(who)
    if who.owner or who.admin:
        return
    if item.check is CheckKind.AUTO and not who.roles & set(item.seats):
        raise Declined(
            Code.NO_ROLE,
            f"No signature stands beside the evidence of {item.id}, so it comes from {any_of(item.seats)}; ask one of them.",
        )
    if not who.roles:
        raise Declined(
            Code.NO_ROLE, "Only people with a role in this product give evidence here; ask one of them."
        )


def example(requirement: Requirement) -> str:
    """Say what a person types for a record: `minutes, such as 4.5`."""
    return _EXAMPLES[requirement.unit or RecordUnit.TEXT]


def read_record(requirement: Requirement, typed: Typed, giver: Giver) -> Record:
    """Read a typed record; raises Refusal with what would work."""
    if requirement.kind is not EvidenceKind.RECORD or requirement.unit is None:
        raise Refusal(f"{quoted(requirement.name)} takes a {requirement.kind}, not a typed value.")
    value, counts = _value(requirement, typed.value.strip())
    measured_at = _moment(typed.measured.strip(), giver)
    record = Record(
        name=requirement.name, value=value, unit=requirement.unit,
        numerator=counts[0] if counts else None, denominator=counts[1] if counts else None,
        states=_said(typed.states), measured_at=measured_at, link=_link(typed.link) if typed.link.strip() else None,
        by=giver.pid, at=giver.at, digest="",
    )  # fmt: skip
    _demand_part(requirement, record)
    return replace(record, digest=record_digest(record))


def _value(requirement: Requirement, text: str) -> tuple[str, tuple[int, int] | None]:
    unit = requirement.unit
    if not text:
        raise Refusal(f"The value is empty; write {example(requirement)}.")
    if len(text) > LONGEST_TEXT or "\n" in text:
        raise Refusal(f"The value is too long; write {example(requirement)}.")
    if unit is RecordUnit.TEXT:
        return text, None
    if unit is RecordUnit.YES:
        return _answer(text), None
    if unit is RecordUnit.SHARE:
        return _share(requirement, text)
    return _number(requirement, text), None


def _answer(text: str) -> str:
    said = text.casefold()
    if said in _YES:
        return YES
    if said in _NO:
        return NO
    raise Refusal(f"{quoted(text)} is neither yes nor no; write one of them.")


def _share(requirement: Requirement, text: str) -> tuple[str, tuple[int, int] | None]:
    of = _OF.fullmatch(text)
    if of:
        part, whole = (int(re.sub(r"[,_ ]", "", each)) for each in of.groups())
        if not 0 < whole <= LARGEST_COUNT or part > whole:
            raise Refusal(f"{quoted(text)} is no share; the first number counts a part of the second.")
        return _written(Decimal(part) / whole), (part, whole)
    percent = _PERCENT.fullmatch(text)
    number = Decimal(percent[1]) / 100 if percent else _figure(requirement, text)
    if not 0 <= number <= 1:
        raise Refusal(f"{quoted(text)} is no share; write {example(requirement)}.")
    return _written(number), None


def _number(requirement: Requirement, text: str) -> str:
    unit = requirement.unit
    words = _WORDS.get(unit) if unit is not None else None
    bare = re.sub(rf"\s*(?:{words})$", "", text, flags=re.IGNORECASE) if words else text
    number = _figure(requirement, bare)
    whole = unit is RecordUnit.COUNT
    if (whole and number % 1) or (number < 0 and unit not in {RecordUnit.NUMBER, RecordUnit.MONEY}):
        raise Refusal(f"{quoted(text)} does not fit; write {example(requirement)}.")
    return bare.strip()


def _figure(requirement: Requirement, text: str) -> Decimal:
    plain = re.fullmatch(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)", text, flags=re.ASCII)
    number = Decimal(text) if plain and len(text) <= 40 else Decimal("NaN")
    if not number.is_finite():
        raise Refusal(f"{quoted(text)} is no number; write {example(requirement)}.")
    return number


def _written(number: Decimal) -> str:
    return format(number.normalize(), "f")


def _moment(text: str, giver: Giver) -> datetime:
    """Read when something was measured; a day alone is its beginning, so that nothing looks fresher than it is."""
    works = "write a day such as 2026-11-20, or a day and time such as 2026-11-20T14:30"
    if not text:
        raise Refusal(f"Say when it was measured; {works}.")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refusal(f"{quoted(text)} is no day or time; {works}.") from None
    found = moment if moment.tzinfo is not None else moment.replace(tzinfo=giver.zone)
    if found > giver.at:
        raise Refusal(f"{quoted(text)} is still to come; give the time at which it was measured.")
    return found.astimezone(UTC)


def _said(states: Mapping[str, str]) -> dict[str, str]:
    return {name: text.strip()[:LONGEST_TEXT] for name, text in states.items() if text.strip()}


def _demand_part(requirement: Requirement, record: Record) -> None:
    part = requirement.matches
    if part is None or record.unit is RecordUnit.TEXT or record.states.get(part):
        return
    named = part.replace("_", " ")
    raise Refusal(f"Say for which {named} it was measured; it must be the {named} that goes out.")


def _link(text: str) -> str:
    link = text.strip()
    works = "give one that starts with https:// or http://"
    if len(link) > LONGEST_LINK or re.search(r"[\s<>|]", link):
        raise Refusal(f"{quoted(link)} is no link; {works}.")
    try:
        parts = urlsplit(link)
    except ValueError:
        raise Refusal(f"{quoted(link)} is no link; {works}.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.password:
        raise Refusal(f"{quoted(link)} is no link; {works}, without a name or password in it.")
    return link


def read_document(requirement: Requirement, typed: TypedDocument, giver: Giver) -> Document:
    """Read a typed document; raises Refusal with what would work."""
    if requirement.kind is not EvidenceKind.DOCUMENT:
        raise Refusal(f"{quoted(requirement.name)} takes a {requirement.kind}, not a document.")
    found = _HASH.fullmatch(typed.digest.strip())
    if not found:
        raise Refusal("The digest pins what the link shows; give its sha256, or the commit that holds it.")
    states = _said(typed.states)
    missing = [name for name in (*requirement.states, *_part(requirement)) if not states.get(name)]
    if missing:
        raise Refusal(
            f"Say what the document states for {listed(name.replace('_', ' ') for name in missing)}."
        )
    return Document(
        name=requirement.name, link=_link(typed.link), digest=found[1].lower(), dated=_dated(typed.dated, giver),
        states=states, by=giver.pid, at=giver.at,
    )  # fmt: skip


def _part(requirement: Requirement) -> tuple[str, ...]:
    return () if requirement.matches is None else (requirement.matches,)


def _dated(text: str, giver: Giver) -> date:
    try:
        dated = date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal(f"{quoted(text)} is no day; write it as 2026-11-20.") from None
    if dated > giver.at.astimezone(giver.zone).date():
        raise Refusal(f"{quoted(text)} is still to come; give the day on which the document was last true.")
    return dated
