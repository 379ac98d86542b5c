"""What a document shows: that it is there, of when it is, and what it says."""

from datetime import date, datetime, time

from schema import facts, texts
from schema.evidence import Document, Finding, digest_of
from schema.sightings import Failure, Sight, count, mismatch
from schema.texts import Text

MISSING = "Still missing: {words}; add its link, digest and date."


def document_finding(sight: Sight, document: Document | None) -> Finding:
    """Find what a document shows; None when there is none."""
    if document is None or not document.link.strip():
        return sight.missing(texts.fill(MISSING, {"words": sight.words()}))
    failure = (
        _undigested(document)
        or _untimely(sight, document.dated)
        or _silent(sight, document)
        or mismatch(sight, document.states)
    )
    return sight.finding(
        digest=_digest(sight, document), failure=failure, statement=_statement(sight, document),
        measured_at=_dated_at(sight, document.dated), link=document.link,
    )  # fmt: skip


def _digest(sight: Sight, document: Document) -> str:
    said = {name: text.strip() for name, text in document.states.items() if text.strip()}
    return digest_of(
        {
            "asked": sight.requirement.digest,
            "document": [document.link, document.digest, document.dated],
            "states": said,
        }
    )


def _undigested(document: Document) -> Failure | None:
    if document.digest.strip():
        return None
    return Failure("{it:cap} is not pinned to a content; give its digest.")


def _untimely(sight: Sight, dated: date | None) -> Failure | None:
    if dated is None:
        return Failure("{it:cap} carries no date; give the day on which it was last true.")
    today = sight.now.astimezone(sight.product.zoneinfo).date()
    day = {"day": _day(dated)}
    if dated > today:
        return Failure(
            "{it:cap} is dated {day}, which is still to come; give the day on which it was last true.", day
        )
    days = sight.requirement.fresh_days
    if days is not None and (today - dated).days > days:
        aged = {**day, "days": count(days)}
        return Failure("{it:cap} is of {day}, and may be at most {days} days old; bring it up to date.", aged)
    return None


def _silent(sight: Sight, document: Document) -> Failure | None:
    for name in sight.requirement.states:
        if not document.states.get(name, "").strip():
            said = facts.name(name.replace("_", " "))
            return Failure("{it:cap} does not say this yet: {said}.", {"said": said})
    return None


def _statement(sight: Sight, document: Document) -> Text:
    if document.dated is None:
        return texts.fill("{words:cap}, without a date.", {"words": sight.words()})
    return texts.fill("{words:cap}, of {day}.", {"words": sight.words(), "day": _day(document.dated)})


def _day(dated: date) -> facts.Fact:
    return facts.Fact(of="evidence", function="day", kind=facts.Kind.TIME, value=None, shown=facts.day(dated))


def _dated_at(sight: Sight, dated: date | None) -> datetime | None:
    return None if dated is None else datetime.combine(dated, time.min, tzinfo=sight.product.zoneinfo)
