"""One requirement looked at now: what every kind of evidence must pass before its figure counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.evidence import Finding
from schema.facts import Fact, Kind
from schema.products import Product
from schema.requirements import Requirement
from schema.texts import Filling, Text

PARTS: Final[Mapping[str, str]] = {
    "code": "code",
    "model": "model",
    "model_version": "model version",
    "prompt": "prompt",
    "configuration": "configuration",
    "data": "data",
}
NOTHING: Final = Text(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """A requirement, and what it is looked at with."""

    item: str
    requirement: Requirement
    product: Product
    manifest: Mapping[str, str]
    fixed_at: datetime | None  # when its limit was fixed
    now: datetime

    def finding(
        self, *, digest: str, statement: Text, failure: "Failure | None" = None, beyond: bool = False,
        label: Filling = "", measured_at: datetime | None = None, link: str | None = None,
    ) -> Finding:  # fmt: skip
        """Say what was found; the statement holds the limit, and what else is wrong stands behind it.

        beyond   it lies beyond its limit
        label    what it is called where the reason stands alone; "": as what is asked for
        """
        stated = texts.join((statement, failure.said("it") if failure else NOTHING))
        why = (
            stated
            if failure is None
            else failure.said(texts.fill("“{it:cap}”", {"it": label or self.words()}))
        )
        return Finding(
            item=self.item, requirement=self.requirement.name, kind=self.requirement.kind, digest=digest,
            passed=failure is None and not beyond, why=str(why), statement=str(stated),
            measured_at=measured_at, link=link,
        )  # fmt: skip

    def missing(self, why: Text) -> Finding:
        """Say that there is nothing."""
        return Finding(
            item=self.item, requirement=self.requirement.name, kind=self.requirement.kind, digest="", passed=False,
            why=str(why), statement="", measured_at=None,
        )  # fmt: skip

    def alone(self, link: str | None) -> Finding:
        """Say that only who asked for the launch vouches for it."""
        why = texts.fill(
            "“{words:cap}” was given by who asks for this launch, and no signature stands beside it; let a colleague give it.",
            {"words": self.words()},
        )
        return replace(self.missing(why), link=link)

    def words(self) -> Fact:
        """Name the requirement."""
        return facts.name(self.requirement.words)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why evidence does not count, beside its limit; `{it}` is what it is called there."""

    template: str
    fillings: Mapping[str, Filling] = field(default_factory=dict)

    def said(self, it: Filling) -> Text:
        """Say it in one sentence."""
        return texts.fill(self.template, {**self.fillings, "it": it})


def when(sight: Sight, moment: datetime) -> Fact:
    """Name the day of a moment where the product is."""
    shown = facts.day(moment.astimezone(sight.product.zoneinfo).date())
    return Fact(of="evidence", function="day", kind=Kind.TIME, value=None, shown=shown)


def called(sight: Sight) -> Text:
    """Call the limit what it is, with the day on which it was fixed where that is known."""
    word = {"word": "target" if sight.requirement.target else "limit"}
    if sight.fixed_at is None:
        return texts.fill("{word}", word)
    return texts.fill("{word}, fixed on {day},", {**word, "day": when(sight, sight.fixed_at)})


def count(value: int) -> Fact:
    """Hold a number of the checklist."""
    return Fact(of="limit", function="constant", kind=Kind.CONSTANT, value=Decimal(value), shown=f"{value:,}")


def untimely(sight: Sight, measured_at: datetime | None) -> Failure | None:
    """Say why a measurement does not count now: undated, ahead of us, too old, or from before its limit was fixed."""
    if measured_at is None or measured_at.tzinfo is None:
        return Failure("{it:cap} does not say when it was measured; give the day and the time.")
    day = {"day": when(sight, measured_at)}
    if measured_at > sight.now:
        return Failure("{it:cap} is dated {day}, which is still to come; measure it first.", day)
    days = sight.requirement.fresh_days
    if days is not None and sight.now - measured_at > timedelta(days=days):
        aged = {**day, "days": count(days)}
        return Failure("{it:cap} is of {day}, and may be at most {days} days old; measure it again.", aged)
    if sight.fixed_at is not None and measured_at < sight.fixed_at:
        fixed = {**day, "fixed": when(sight, sight.fixed_at)}
        return Failure(
            "{it:cap} was measured on {day}, before its limit was fixed on {fixed}; measure it again.", fixed
        )
    return None


def mismatch(sight: Sight, states: Mapping[str, str]) -> Failure | None:
    """Say why evidence is not of what is to go out."""
    part = sight.requirement.matches
    if part is None:
        return None
    named = {"part": PARTS.get(part, part)}
    wanted = sight.manifest.get(part, "")
    if not wanted:
        return Failure("The manifest does not say its {part}; add it.", named)
    stated = states.get(part, "").strip()
    model, of = sight.manifest.get(MODEL, ""), states.get(MODEL, "").strip()
    if part == MODEL_VERSION and of and of != model:  # a version's name says nothing without the model's
        part, named, wanted, stated = MODEL, {"part": PARTS[MODEL]}, model, of
    if not stated:
        return Failure(
            "{it:cap} does not say for which {part} it holds; {wanted} is to go out.",
            {**named, "wanted": facts.name(wanted)},
        )
    left = _left(part, wanted, stated)
    if not left:
        return None
    both = {"stated": facts.name(_short(stated)), "wanted": facts.name(_short(", ".join(sorted(left))))}
    return Failure("{it:cap} is for the {part} {stated}, and {wanted} is to go out.", {**named, **both})


def _left(part: str, wanted: str, stated: str) -> frozenset[str]:
    """Give what goes out and is not stated; only data are a list, of which more may be stated."""
    if part == DATA:
        return _listed(wanted) - _listed(stated)
    return frozenset() if stated == wanted else frozenset({wanted})


DATA: Final = "data"
MODEL: Final = "model"
MODEL_VERSION: Final = "model_version"


def _listed(text: str) -> frozenset[str]:
    return frozenset(each.strip() for each in text.split(",") if each.strip())


SHORT: Final = 80  # characters


def _short(text: str) -> str:
    return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"


def too_few(sight: Sight, cases: int | None, *, groups: bool = False) -> Failure | None:
    """Say why evidence rests on too little."""
    fewest = sight.requirement.fewest
    if fewest is None:
        return None
    asked = {"fewest": count(fewest)}
    if cases is None:
        return Failure(
            "{it:cap} does not say on how many cases it rests; at least {fewest} are asked for.", asked
        )
    if cases >= fewest:
        return None
    found = Fact(of="evidence", function="cases", kind=Kind.COUNT, value=Decimal(cases), shown=f"{cases:,}")
    rests = "has {cases} cases in its smallest group" if groups else "rests on {cases} cases"
    return Failure(f"{{it:cap}} {rests}, and at least {{fewest}} are asked for.", {**asked, "cases": found})


def utc(moment: datetime) -> datetime:
    """Give a moment in UTC."""
    return moment.astimezone(UTC)
