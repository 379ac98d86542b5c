"""What the evidence of a launch shows: each piece held against its limit at the end that counts against it.

Of the invariants of approvals these hold 11 (fail closed), 13 as far as evidence goes (more of what is good never turns
a pass into a fail) and 22 (one clock, and the age of the measurement).
"""

import re
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.files import checklists, nouns
from schema.assessments import Gathered, assess, assess_all, until
from schema.checklists import CheckKind, EvidenceKind, ItemSpec, RecordUnit, Requirement
from schema.errors import Refusal
from schema.evidence import Document, Finding, Record
from schema.evidence_given import Giver, Typed, TypedDocument, example, read_document, read_record
from schema.judgements import Judgement, Stand
from schema.readings import Bare, Blank, BlankReason, Confusion, Measurement, Proportion, Ranged, Receipt
from schema.record_findings import record_digest
from schema.statistics.certainty import wilson
from tests.builders import NOW, configuration, document
from tests.subjects import level, metrics

PRODUCT = configuration(document()).products["fraud-detection"]
PERIOD = PRODUCT.calendar.last_complete(NOW)
SPEC: ItemSpec = checklists()["LR-03"]
PLACE = ("LR-03", "x")
MANIFEST = {"code": "3f9c2e1", "model": "scorer", "model_version": "1.3", "data": "a1, b2"}
GROUPS = {
    "men": Confusion(tp=900, fp=100, fn=100, tn=2000),
    "women": Confusion(tp=860, fp=100, fn=140, tn=2000),
}
CAUGHT = Confusion(tp=920, fp=180, fn=80, tn=9000)


def d(text: str) -> Decimal:
    return Decimal(text)


def receipt(**edits) -> Receipt:
    plain = {"source": "warehouse", "query_digest": "q", "definition": "d", "window": PERIOD, "sample": 1}
    return Receipt(**{**plain, "fetched_at": NOW, **edits})


def judged(metric: str, measured: Measurement | dict[str, Measurement], **edits) -> Judgement:
    stand = Stand(level=level(metric, measured), measurements={}, receipt=receipt())
    plain = {"metric": metric, "period": PERIOD, "now": stand, "before": {}, "blank": None, "compared": ()}
    return Judgement(**{**plain, **edits})


def blank(metric: str, reason: BlankReason) -> Judgement:
    why = Blank(
        product=PRODUCT.key,
        metric=metric,
        period=PERIOD,
        reason=reason,
        detail="x",
        source="warehouse",
        fetched_at=NOW,
    )
    return Judgement(metric=metric, period=PERIOD, now=None, before={}, blank=why, compared=())


@cache
def measuring(metric: str):
    return PRODUCT.model_copy(update={"metrics": {metric: PRODUCT.metrics["recall"]}})


def reading(
    metric: str, measured, *, now: datetime = NOW, fixed_at: datetime | None = None, **asked
) -> Finding:
    requirement = Requirement(
        name="x", kind=EvidenceKind.READING, words="how well it does its work", metric=metric, **asked
    )
    found = measured if isinstance(measured, Judgement) else judged(metric, measured)
    gathered = Gathered(
        product=measuring(metric), catalogue=metrics(), nouns=nouns(), judged={metric: found},
        fixed={PLACE: fixed_at} if fixed_at else {},
    )  # fmt: skip
    return assess(SPEC, requirement, gathered, now)


def given_record(**edits) -> Record:
    plain = {
        "name": "x", "value": "4", "unit": RecordUnit.MINUTES, "measured_at": NOW - timedelta(days=2),
        "by": "p_1", "at": NOW, "digest": "",
    }  # fmt: skip
    made = Record(**{**plain, **edits})
    return replace(made, digest=record_digest(made))


def record(made: Record | None, *, now: datetime = NOW, fixed_at: datetime | None = None, **asked) -> Finding:
    unit = made.unit if isinstance(made, Record) else RecordUnit.MINUTES
    plain = {"unit": unit, "words": "how long the drill took"}
    requirement = Requirement(name="x", kind=EvidenceKind.RECORD, **{**plain, **asked})
    gathered = Gathered(
        product=PRODUCT, catalogue=metrics(), nouns=nouns(), given={PLACE: made} if made else {},
        manifest=MANIFEST, fixed={PLACE: fixed_at} if fixed_at else {},
    )  # fmt: skip
    return assess(SPEC, requirement, gathered, now)


def share(part: int, whole: int, **edits) -> Record:
    value = str(d(str(part)) / whole) if whole else "0"
    return given_record(unit=RecordUnit.SHARE, value=value, numerator=part, denominator=whole, **edits)


def given_document(**edits) -> Document:
    plain = {
        "name": "x", "link": "https://wiki.example/page", "digest": "ab" * 32, "dated": date(2026, 11, 3),
        "states": {"owner": "Lea", "limit": "two days"}, "by": "p_1", "at": NOW,
    }  # fmt: skip
    return Document(**{**plain, **edits})


def page(made: Document | None, *, now: datetime = NOW, **asked) -> Finding:
    plain = {"words": "the page that tells people how to object"}
    requirement = Requirement(name="x", kind=EvidenceKind.DOCUMENT, **{**plain, **asked})
    gathered = Gathered(
        product=PRODUCT,
        catalogue=metrics(),
        nouns=nouns(),
        given={PLACE: made} if made else {},
        manifest=MANIFEST,
    )
    return assess(SPEC, requirement, gathered, now)


UNEVEN = {
    "men": Confusion(tp=5_558, fp=1, fn=4_442, tn=9),
    "women": Confusion(tp=4_814, fp=1, fn=5_185, tn=9),
}
READINGS = [
    # metric, measured, asked, statement
    ("equal_opportunity_difference", UNEVEN, {"at_most": d("0.05")},  # of 1,000 both ends would give another gap
     "Of every 1,000 fraud cases, 74 more among men than among women were recognised; the limit is at most 50, and it could be 60 to 89."),
    ("unsafe_rate", Proportion(numerator=40, denominator=2_000), {"at_most": d("0.005")},  # told as its limit is
     "Of every 1,000 answers we checked, 20 were unsafe; the limit is at most 5, and it could be 14 to 28."),
    ("recall", CAUGHT, {"at_least": d("0.88"), "target": True},
     "Of every 100 fraud cases we know about, 92 were caught; the target is at least 88, and it could be 90 to 94."),
    ("recall", Confusion(tp=18, fp=3, fn=2, tn=90), {"at_least": d("0.90")},
     "18 of 20 fraud cases we know about were caught; the limit is at least 90 in every 100, and it could be 69 to 98, of which the low end counts."),
    ("recall", Bare(value=d("0.93")), {"at_least": d("0.90")},
     "Of every 100 fraud cases we know about, 93 were caught; the limit is at least 90, and its source gives no range."),
    ("unsafe_rate", Proportion(numerator=0, denominator=500), {"at_most": d("0.005")},
     "0 of 500 answers we checked were unsafe; the true rate may be up to 8 in every 1,000; the limit is at most 5."),
    ("latency_p95", Ranged(value=d("4.9"), low=d("4.7"), high=d("5.004")), {"at_most": d("5")},
     "The time within which 95 percent of answers came back was 4.9 seconds; the limit is at most 5 seconds, and it could be 4.7 to 5.004 seconds, of which the high end counts."),
    ("equal_opportunity_difference", GROUPS, {"at_most": d("0.05")},
     "Of every 100 fraud cases, 90 among men and 86 among women were recognised: a gap of 4; the limit is at most 5, and it could be 1 to 7, of which the high end counts."),
    ("demographic_parity_ratio", GROUPS, {"at_least": d("0.80")},
     "Of every 100 people, 32 among men and 31 among women were selected: women at 96% of the rate of men; the limit is at least 80%, and it could be 89.2% to 100.0%."),
    ("human_override_rate", Proportion(numerator=40, denominator=400), {},
     "Of every 100 suggestions, 10 were changed by staff; it could be 7 to 14."),
    ("cost_per_answer", Bare(value=d("0.0123")), {"at_most": d("0.02")},
     "The running cost of each answer was $0.012; the limit is at most $0.020, and its source gives no range."),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "measured", "asked", "statement"), READINGS)
def test_a_reading_is_told_as_an_executive_reads_it(metric, measured, asked, statement):
    assert reading(metric, measured, **asked).statement == statement


JUDGED = [
    # metric, measured, asked, passes, why
    ("recall", CAUGHT, {"at_least": d("0.90")}, True,
     "Of every 100 fraud cases we know about, 92 were caught; the limit is at least 90, and it could be 90 to 94."),
    ("recall", Confusion(tp=915, fp=1, fn=85, tn=9), {"at_least": d("0.90")}, False,
     "Of every 1,000 fraud cases we know about, 915 were caught; the limit is at least 900, and it could be 896 to 931, of which the low end counts."),
    ("recall", Bare(value=d("0.90")), {"at_least": d("0.90")}, True,
     "Of every 100 fraud cases we know about, 90 were caught; the limit is at least 90, and its source gives no range."),
    ("recall", CAUGHT, {"at_least": d("0.85"), "at_most": d("0.93")}, False,
     "Of every 100 fraud cases we know about, 92 were caught; the limit is 85 to 93, and it could be 90 to 94, of which the high end counts."),
    ("recall", CAUGHT, {"at_least": d("0.90"), "fewest": 2000}, False,
     "“The share of known fraud cases that were caught” rests on 1,000 cases, and at least 2,000 are asked for."),
    ("recall", Bare(value=d("0.99")), {"at_least": d("0.90"), "fewest": 200}, False,
     "“The share of known fraud cases that were caught” does not say on how many cases it rests; at least 200 are asked for."),
    ("worst_group_recall", GROUPS, {"at_least": d("0.80"), "fewest": 1001}, False,
     "“The share of fraud cases recognised in the group that is served least well” has 1,000 cases in its smallest group, and at least 1,001 are asked for."),
    ("psi", Bare(value=d("0.2004")), {"at_most": d("0.2")}, False,
     "The shift in the mix of payments was 0.200 against a watch line of 0.1; the limit is at most 0.2, and exactly it is 0.2004."),
    ("psi", Bare(value=d("0.2")), {"at_most": d("0.2")}, True,
     "The shift in the mix of payments was 0.200 against a watch line of 0.1; the limit is at most 0.2, and its source gives no range."),
    ("recall", CAUGHT, {"target": True}, False,
     "“The share of known fraud cases that were caught” has no target in this product; set one before the next measurement."),
    ("recall", blank("recall", BlankReason.STALE), {"at_least": d("0.9")}, False,
     "There is no figure for the share of known fraud cases that were caught: the newest data are too old."),
    ("recall", blank("recall", BlankReason.NAN), {"at_least": d("0.9")}, False,
     "There is no figure for the share of known fraud cases that were caught: the source gave something that is not a number."),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "measured", "asked", "passes", "why"), JUDGED)
def test_a_reading_passes_or_fails_with_its_reason(*, metric, measured, asked, passes, why):
    found = reading(metric, measured, **asked)

    assert (found.passed, found.why) == (passes, why)


def test_a_reading_is_as_old_as_the_end_of_its_period_and_not_as_its_fetch():
    old = PERIOD.end + timedelta(days=7)

    assert reading("recall", CAUGHT, fresh_days=7, now=old).passed
    found = reading("recall", CAUGHT, fresh_days=7, now=old + timedelta(seconds=1))
    assert found.why == (
        "“The share of known fraud cases that were caught” is of 23 November 2026, and may be at most 7 days old; measure it again."
    )
    assert found.statement.endswith(
        "at most 7 days old; measure it again."
    )  # who is shown the figure is told, too
    refetched = judged("recall", CAUGHT)
    refetched = replace(refetched, now=replace(refetched.now, receipt=receipt(fetched_at=old)))
    assert not reading("recall", refetched, fresh_days=7, now=old + timedelta(seconds=1)).passed


def test_a_reading_of_a_period_that_has_not_ended_fails():
    found = reading("recall", CAUGHT, now=PERIOD.end - timedelta(hours=1))

    assert found.why == (
        "“The share of known fraud cases that were caught” is dated 23 November 2026, which is still to come; measure it first."
    )


def test_a_limit_that_was_fixed_after_the_measurement_is_no_limit():
    after = reading("recall", CAUGHT, at_least=d("0.8"), fixed_at=PERIOD.end + timedelta(hours=1))
    before = reading("recall", CAUGHT, at_least=d("0.8"), fixed_at=PERIOD.end)

    assert before.passed
    assert (
        after.why == "“The share of known fraud cases that were caught” was measured on 23 November 2026,"
        " before its limit was fixed on 23 November 2026; measure it again."
    )


def test_a_day_in_the_file_says_when_a_limit_was_fixed():
    assert reading("recall", CAUGHT, at_least=d("0.8"), fixed_on=date(2026, 11, 2)).passed
    assert not reading("recall", CAUGHT, at_least=d("0.8"), fixed_on=date(2026, 11, 24)).passed


def test_a_day_in_the_file_cannot_put_a_change_of_the_limit_back():
    changed = {"at_least": d("0.8"), "fixed_at": PERIOD.end + timedelta(hours=1)}

    found = reading("recall", CAUGHT, fixed_on=date(2026, 11, 2), **changed)

    assert not found.passed
    assert "before its limit was fixed on 23 November 2026" in found.why
    later = reading("recall", CAUGHT, fixed_on=date(2026, 11, 25), **changed)
    assert "before its limit was fixed on 25 November 2026" in later.why


def test_a_statement_says_since_when_its_limit_stands():
    found = reading("recall", CAUGHT, at_least=d("0.88"), target=True, fixed_on=date(2026, 11, 2))

    assert (
        "; the target, fixed on 2 November 2026, is at least 88, and it could be 90 to 94." in found.statement
    )
    fixed = record(given_record(), at_most=d("5"), fixed_at=datetime(2026, 11, 2, tzinfo=UTC))
    assert "; the limit, fixed on 2 November 2026, is at most 5 minutes" in fixed.statement


def test_what_a_product_does_not_measure_is_missing():
    requirement = Requirement(name="x", kind=EvidenceKind.READING, words="how good it is", metric="mcc")
    gathered = Gathered(product=PRODUCT, catalogue=metrics(), nouns=nouns())

    found = assess(SPEC, requirement, gathered, NOW)

    assert (found.passed, found.digest, found.statement, found.measured_at) == (False, "", "", None)
    assert found.why.startswith("This product does not measure how closely our alerts match the fraud cases")


def test_a_provisional_figure_says_so():
    found = reading("recall", judged("recall", CAUGHT, provisional=True))

    assert found.statement.startswith("Provisional: of every 100")


RECORDS = [
    # record, asked, passes, why
    (None, {}, False, "Still missing: how long the drill took; give it with its date."),
    (given_record(), {"at_most": d("5")}, True, "How long the drill took: 4 minutes; the limit is at most 5 minutes, and it came without a range."),
    (given_record(value="5.5"), {"at_most": d("5")}, False,
     "How long the drill took: 5.5 minutes; the limit is at most 5 minutes, and it came without a range."),
    (given_record(unit=RecordUnit.SECONDS), {"unit": RecordUnit.MINUTES, "at_most": d("5")}, False,
     "“How long the drill took” was given as seconds, and a figure in minutes is asked for."),
    (given_record(value=" "), {}, False, "“How long the drill took” was given empty; give the value."),
    (given_record(value="soon"), {}, False, "“How long the drill took” is no number; write digits, with a point for decimals."),
    (given_record(value="NaN"), {"at_most": d("5")}, False,
     "“How long the drill took” is no number; write digits, with a point for decimals."),
    (given_record(value="sNaN"), {"at_most": d("5")}, False,
     "“How long the drill took” is no number; write digits, with a point for decimals."),
    (given_record(value="-Infinity"), {"at_most": d("5")}, False,
     "“How long the drill took” is no number; write digits, with a point for decimals."),
    (given_record(value="1e-999999999"), {"at_most": d("5")}, False,
     "“How long the drill took” is no number; write digits, with a point for decimals."),
    (given_record(value="-1"), {"at_most": d("5")}, False,
     "“How long the drill took” is less than nothing; give what was counted or timed."),
    (given_record(value="0.5", unit=RecordUnit.COUNT), {}, False,
     "“How long the drill took” is no whole number, and whole things are counted here."),
    (given_record(value="0", unit=RecordUnit.COUNT), {"at_most": d("0")}, True,
     "How long the drill took: 0; the limit is at most 0."),
    (given_record(value="yes", unit=RecordUnit.YES), {}, True, "How long the drill took: yes."),
    (given_record(value="no", unit=RecordUnit.YES), {}, False, "“How long the drill took” was answered with no, and only yes settles this."),
    (given_record(value="maybe", unit=RecordUnit.YES), {}, False, "“How long the drill took” is neither yes nor no; give one of the two."),
    (given_record(value="80", unit=RecordUnit.SHARE), {}, False,
     "“How long the drill took” is more than the whole; write how many of how many."),
    (share(2, 5000), {"at_most": d("0.005"), "fewest": 500}, True,
     "How long the drill took: 2 of 5,000; the limit is at most 5 in every 1,000, and it could be 0 to 2."),
    (share(2, 500), {"at_most": d("0.005"), "fewest": 500}, False,
     "How long the drill took: 4 in every 1,000 (2 of 500); the limit is at most 5, and it could be 1 to 15, of which the high end counts."),
    (share(0, 499), {"at_most": d("0.5"), "fewest": 500}, False,
     "“How long the drill took” rests on 499 cases, and at least 500 are asked for."),
    (given_record(value="0", unit=RecordUnit.SHARE), {"at_most": d("0.5"), "fewest": 500}, False,
     "“How long the drill took” does not say on how many cases it rests; at least 500 are asked for."),
    (given_record(value="0.5", unit=RecordUnit.SHARE, numerator=1, denominator=4), {}, False,
     "“How long the drill took” is not what its counts give; write how many of how many."),
    (given_record(value="0.5", unit=RecordUnit.SHARE, numerator=5, denominator=4), {}, False,
     "“How long the drill took” has counts that do not fit together; write how many of how many."),
    (given_record(measured_at=None), {}, False, "“How long the drill took” does not say when it was measured; give the day and the time."),
    (given_record(measured_at=datetime(2026, 11, 20)), {}, False,  # noqa: DTZ001 - a time without a zone is what is tested
     "“How long the drill took” does not say when it was measured; give the day and the time."),
    (given_record(measured_at=NOW + timedelta(seconds=1)), {}, False,
     "“How long the drill took” is dated 23 November 2026, which is still to come; measure it first."),
    (given_record(measured_at=NOW - timedelta(days=31)), {"fresh_days": 30}, False,
     "“How long the drill took” is of 23 October 2026, and may be at most 30 days old; measure it again."),
    (given_record(), {"fixed_on": date(2026, 11, 22)}, False,
     "“How long the drill took” was measured on 21 November 2026, before its limit was fixed on 22 November 2026; measure it again."),
    (given_record(), {"matches": "model"}, False,
     "“How long the drill took” does not say for which model it holds; scorer is to go out."),
    (given_record(states={"model": "scorer"}), {"matches": "model"}, True, "How long the drill took: 4 minutes; it came without a range."),
    (given_record(states={"model_version": "1.2"}), {"matches": "model_version"}, False,
     "“How long the drill took” is for the model version 1.2, and 1.3 is to go out."),
    (given_record(value="3f9c2e1", unit=RecordUnit.TEXT), {"matches": "code"}, True, "How long the drill took: 3f9c2e1."),
    (given_record(value="3f9c2e0", unit=RecordUnit.TEXT), {"matches": "code"}, False,
     "“How long the drill took” is for the code 3f9c2e0, and 3f9c2e1 is to go out."),
    (given_record(value="3f9c2e1, 3f9c2e0", unit=RecordUnit.TEXT), {"matches": "code"}, False,  # only data are a list
     "“How long the drill took” is for the code 3f9c2e1, 3f9c2e0, and 3f9c2e1 is to go out."),
    (given_record(value="b2", unit=RecordUnit.TEXT), {"matches": "data"}, False, "“How long the drill took” is for the data b2, and a1 is to go out."),
    (given_record(states={"prompt": "p1"}), {"matches": "prompt"}, False, "The manifest does not say its prompt; add it."),
]  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "passes", "why"), RECORDS)
def test_a_record_passes_or_fails_with_its_reason(made, asked, passes, why):
    found = record(made, **asked)

    assert (found.passed, found.why) == (passes, why)


RECORDS_TOLD = [
    (share(12, 48_200), {"at_most": d("0.005"), "words": "how many requests failed"},  # of 1,000 it would look like none
     "How many requests failed: 12 of 48,200; the limit is at most 5 in every 1,000, and it could be 0 to 1."),
    (share(18, 20), {"at_least": d("0.5"), "words": "the share that was found"},  # too few for a share
     "The share that was found: 18 of 20; the limit is at least 50 in every 100, and it could be 69 to 98."),
    (share(504, 10_000), {"at_most": d("0.05"), "words": "how many complained"},  # of 100 it would look like 5, which holds
     "How many complained: 504 of 10,000; the limit is at most 5 in every 100, and it could be 4 to 6, of which the high end counts."),
    (given_record(value="no", unit=RecordUnit.YES), {"words": "whether a cap is set"},
     "Whether a cap is set: no. It was answered with no, and only yes settles this."),
    (given_record(), {"at_most": d("5")},
     "How long the drill took: 4 minutes; the limit is at most 5 minutes, and it came without a range."),
    (share(2, 500), {"at_most": d("0.005"), "words": "the share of our attacks that went through"},
     "The share of our attacks that went through: 4 in every 1,000 (2 of 500); the limit is at most 5, and it could be 1 to 15, of which the high end counts."),
    (given_record(value="3", unit=RecordUnit.COUNT), {"at_most": d("0"), "words": "how many findings are open"},
     "How many findings are open: 3; the limit is at most 0."),
    (given_record(value="yes", unit=RecordUnit.YES), {"words": "whether a test alert reached a person"},
     "Whether a test alert reached a person: yes."),
    (given_record(value="Ana, Ben", unit=RecordUnit.TEXT), {"words": "the names"}, "The names: Ana, Ben."),
    (given_record(value="200", unit=RecordUnit.DAYS), {"at_least": d("183")},
     "How long the drill took: 200 days; the limit is at least 183 days, and it came without a range."),
]  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "statement"), RECORDS_TOLD)
def test_a_record_is_told_with_its_limit_and_its_range(made, asked, statement):
    assert record(made, **asked).statement == statement


DOCUMENTS = [
    (None, {}, False, "Still missing: the page that tells people how to object; add its link, digest and date."),
    (given_document(), {"fresh_days": 30, "states": ("owner",)}, True, "The page that tells people how to object, of 3 November 2026."),
    (given_document(link=" "), {}, False,
     "Still missing: the page that tells people how to object; add its link, digest and date."),
    (given_document(digest=""), {}, False, "“The page that tells people how to object” is not pinned to a content; give its digest."),
    (given_document(dated=None), {}, False, "“The page that tells people how to object” carries no date; give the day on which it was last true."),
    (given_document(dated=date(2026, 11, 24)), {}, False,
     "“The page that tells people how to object” is dated 24 November 2026, which is still to come; give the day on which it was last true."),
    (given_document(dated=date(2026, 10, 23)), {"fresh_days": 30}, False,
     "“The page that tells people how to object” is of 23 October 2026, and may be at most 30 days old; bring it up to date."),
    (given_document(dated=date(2026, 10, 24)), {"fresh_days": 30}, True, "The page that tells people how to object, of 24 October 2026."),
    (given_document(), {"states": ("owner", "time_limit")}, False, "“The page that tells people how to object” does not say this yet: time limit."),
    (given_document(states={"model_version": "1.2"}), {"matches": "model_version"}, False,
     "“The page that tells people how to object” is for the model version 1.2, and 1.3 is to go out."),
    (given_document(states={"data": "b2,a1"}), {"matches": "data"}, True, "The page that tells people how to object, of 3 November 2026."),
]  # fmt: skip


@pytest.mark.parametrize(("made", "asked", "passes", "why"), DOCUMENTS)
def test_a_document_passes_or_fails_with_its_reason(made, asked, passes, why):
    found = page(made, **asked)

    assert (found.passed, found.why) == (passes, why)


def test_a_document_is_told_with_its_day_and_its_link():
    found = page(given_document())

    assert found.statement == "The page that tells people how to object, of 3 November 2026."
    assert found.link == "https://wiki.example/page"


def test_who_asked_for_a_launch_settles_nothing_alone_by_what_they_wrote():
    asked = Requirement(
        name="x", kind=EvidenceKind.RECORD, words="how long the drill took", unit=RecordUnit.MINUTES
    )
    gathered = Gathered(
        product=PRODUCT,
        catalogue=metrics(),
        nouns=nouns(),
        given={PLACE: given_record()},
        own=frozenset({"p_1"}),
    )
    auto = replace(SPEC, check=CheckKind.AUTO)

    found = assess(auto, asked, gathered, NOW)

    assert found.why == (
        "“How long the drill took” was given by who asks for this launch, and no signature stands beside it;"
        " let a colleague give it."
    )
    assert (found.passed, found.digest) == (False, "")
    assert assess(SPEC, asked, gathered, NOW).passed  # somebody signs beside it
    assert assess(auto, asked, replace(gathered, own=frozenset({"p_2"})), NOW).passed
    assert assess(auto, asked, replace(gathered, lone=frozenset({SPEC.id})), NOW).passed


def test_a_record_is_no_document_and_a_document_no_record():
    assert page(given_record()).digest == ""
    assert record(given_document(), unit=RecordUnit.TEXT).digest == ""


WHOLE_LIST = checklists().of(PRODUCT)


def test_without_anything_each_requirement_fails_with_a_sentence_of_its_own():
    gathered = Gathered(product=PRODUCT, catalogue=metrics(), nouns=nouns())

    found = assess_all(WHOLE_LIST, gathered, NOW)

    assert [(each.item, each.requirement) for each in found] == [
        (item.id, each.name) for item in WHOLE_LIST for each in item.requirements
    ]
    assert not any(each.passed or each.digest or each.measured_at for each in found)
    for each in found:
        assert each.why.count(".") == 1, each.why
        assert "!" not in each.why
    assert until(WHOLE_LIST, gathered, NOW) is None


def test_the_digest_is_of_what_was_measured_and_asked_and_never_of_now():
    first = reading("recall", CAUGHT, at_least=d("0.9"), fresh_days=7)
    later = reading("recall", CAUGHT, at_least=d("0.9"), fresh_days=7, now=NOW + timedelta(days=30))
    refetched = judged("recall", CAUGHT)
    refetched = replace(
        refetched, now=replace(refetched.now, receipt=receipt(fetched_at=NOW + timedelta(days=1)))
    )

    assert first.passed
    assert not later.passed
    assert (
        first.digest == later.digest == reading("recall", refetched, at_least=d("0.90"), fresh_days=7).digest
    )
    others = {
        reading("recall", Confusion(tp=921, fp=180, fn=79, tn=9000), at_least=d("0.9"), fresh_days=7).digest,
        reading("recall", CAUGHT, at_least=d("0.91"), fresh_days=7).digest,
        reading("recall", CAUGHT, at_least=d("0.9"), fresh_days=8).digest,
        reading("precision", CAUGHT, at_least=d("0.9"), fresh_days=7).digest,
    }
    assert len({first.digest, *others}) == 5


def test_a_record_is_named_by_what_was_measured_and_not_by_who_gave_it_or_when():
    plain = record(given_record())

    assert record(given_record(by="p_2", at=NOW + timedelta(days=1))).digest == plain.digest
    for edits in (
        {"value": "5"},
        {"measured_at": NOW},
        {"link": "https://ci.example/1"},
        {"states": {"model": "x"}},
    ):
        assert record(given_record(**edits)).digest != plain.digest


def test_a_document_is_named_by_its_content_date_and_words():
    plain = page(given_document())

    assert page(given_document(by="p_2", at=NOW + timedelta(days=1))).digest == plain.digest
    for edits in (
        {"digest": "cd" * 32},
        {"dated": date(2026, 11, 4)},
        {"link": "https://x.example"},
        {"states": {}},
    ):
        assert page(given_document(**edits)).digest != plain.digest


@given(st.integers(0, 40), st.integers(-5, 5))
def test_until_says_when_a_finding_changes_by_time_alone(days, shift):
    items = [replace(SPEC, requirements=(Requirement(
        name="x", kind=EvidenceKind.RECORD, words="x", unit=RecordUnit.MINUTES, fresh_days=days + 1,
    ),))]  # fmt: skip
    made = given_record(measured_at=NOW + timedelta(days=shift))
    gathered = Gathered(product=PRODUCT, catalogue=metrics(), nouns=nouns(), given={PLACE: made})
    now, seen = NOW, [assess_all(items, gathered, NOW)[0].passed]

    while (turn := until(items, gathered, now)) is not None:
        assert turn > now
        assert assess_all(items, gathered, turn - timedelta(microseconds=1))[0].passed is seen[-1]
        now = turn
        seen.append(assess_all(items, gathered, now)[0].passed)

    assert seen[-1] is False
    assert assess_all(items, gathered, now + timedelta(days=9999))[0].passed is False


@pytest.mark.parametrize("dated", [date(2026, 11, 3), date(2026, 11, 23), date(2026, 11, 25)])
def test_until_knows_documents_and_readings_too(dated):
    asked = Requirement(name="x", kind=EvidenceKind.DOCUMENT, words="the page", fresh_days=30)
    item = replace(SPEC, requirements=(asked,))
    gathered = Gathered(
        product=PRODUCT, catalogue=metrics(), nouns=nouns(), given={PLACE: given_document(dated=dated)}
    )
    now = NOW
    while (turn := until([item], gathered, now)) is not None:
        before = assess(item, asked, gathered, turn - timedelta(microseconds=1)).passed
        assert assess(item, asked, gathered, turn).passed is not before
        now = turn
    assert not assess(item, asked, gathered, now).passed


@given(st.integers(-12, 14))
def test_a_day_is_a_day_of_the_product_wherever_the_clock_stands(hours):
    elsewhere = NOW.astimezone(timezone(timedelta(hours=hours)))

    assert page(given_document(dated=date(2026, 11, 23)), now=elsewhere) == page(
        given_document(dated=date(2026, 11, 23))
    )
    assert record(given_record(), now=elsewhere, fresh_days=2) == record(given_record(), fresh_days=2)


TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["4", "0", "-1", "1e400", "nan", "inf", "yes", "no", "0.5", "１２", "1_0", "0x1", "--", "9" * 70]
    ),
)
COUNTS = st.one_of(st.none(), st.integers(-3, 40), st.just(10**30))
MOMENTS = st.one_of(
    st.none(), st.datetimes(timezones=st.just(UTC), min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001
    st.datetimes(),
)  # fmt: skip
LIMITS = st.one_of(
    st.none(), st.decimals(allow_nan=False, allow_infinity=False, min_value=-10, max_value=10, places=3)
)


@given(
    value=TEXTS, unit=st.sampled_from(RecordUnit), asked_unit=st.sampled_from(RecordUnit), part=COUNTS, whole=COUNTS,
    measured_at=MOMENTS, low=LIMITS, high=LIMITS, fewest=st.one_of(st.none(), st.integers(1, 50)),
)  # fmt: skip
def test_whatever_was_given_is_judged_and_passes_only_when_all_of_it_is_right(
    *, value, unit, asked_unit, part, whole, measured_at, low, high, fewest
):
    made = given_record(value=value, unit=unit, numerator=part, denominator=whole, measured_at=measured_at)
    limited = asked_unit not in {RecordUnit.YES, RecordUnit.TEXT}
    asked = {"unit": asked_unit, "fewest": fewest, "fresh_days": 30}
    asked |= {"at_least": low, "at_most": high} if limited else {}

    found = record(made, **asked)

    assert found.digest
    assert found.why.endswith(".")
    if found.passed:
        assert unit is asked_unit
        assert measured_at.tzinfo is not None
        assert timedelta(0) <= NOW - measured_at <= timedelta(days=30)
        assert fewest is None or whole >= fewest
        if unit is RecordUnit.YES:
            assert value == "yes"
        if limited:
            number = Decimal(value.strip())
            assert number.is_finite()
            exact = (
                Decimal(part) / whole if part is not None and whole and unit is RecordUnit.SHARE else number
            )
            assert low is None or exact >= low
            assert high is None or exact <= high


@given(
    part=st.integers(0, 400), missed=st.integers(0, 400), times=st.integers(1, 50),
    limit=st.integers(0, 100), fewest=st.integers(1, 300),
)  # fmt: skip
def test_more_cases_of_the_same_rate_never_turn_a_pass_into_a_fail(*, part, missed, times, limit, fewest):
    assume(part + missed)
    asked = {"at_least": Decimal(limit) / 100, "fewest": fewest}
    before = reading("recall", Confusion(tp=part, fp=0, fn=missed, tn=1), **asked)
    after = reading("recall", Confusion(tp=part * times, fp=0, fn=missed * times, tn=1), **asked)

    assert after.passed or not before.passed


@given(
    part=st.integers(0, 400), missed=st.integers(0, 400), better=st.integers(0, 400), limit=st.integers(0, 100),
    by_record=st.booleans(), floor=st.booleans(),
)  # fmt: skip
def test_a_better_value_never_turns_a_pass_into_a_fail(part, missed, better, limit, *, by_record, floor):
    whole = part + missed
    assume(whole)
    gain = min(better, missed)
    edge = {"at_least": Decimal(limit) / 100} if floor else {"at_most": Decimal(limit) / 100}
    counts = (part, part + gain) if floor else (part + gain, part)

    def passed(hits: int) -> bool:
        if by_record:
            return record(share(hits, whole), **edge).passed
        return reading("unsafe_rate", Proportion(numerator=hits, denominator=whole), **edge).passed

    assert passed(counts[1]) or not passed(counts[0])


SMALL_BETWEEN = GROUPS | {"others": Confusion(tp=27, fp=1, fn=4, tn=50)}


def test_a_small_group_between_the_ends_counts_with_how_bad_it_may_be():
    gap = reading("equal_opportunity_difference", SMALL_BETWEEN, at_most=d("0.08"))
    worst = reading("worst_group_recall", SMALL_BETWEEN, at_least=d("0.80"))

    assert reading("equal_opportunity_difference", GROUPS, at_most=d("0.08")).passed
    assert gap.why == (
        "Of every 100 fraud cases, 90 among men and 86 among women were recognised: a gap of 4; the limit is at most 8,"
        " and it could be 1 to 19, of which the high end counts."
    )
    assert reading("worst_group_recall", GROUPS, at_least=d("0.80")).passed
    assert worst.why.endswith(
        "the limit is at least 80, and it could be 71 to 89, of which the low end counts."
    )


def test_a_group_that_is_withheld_fails_where_a_number_of_cases_is_asked_for():
    tiny = GROUPS | {"others": Confusion(tp=5, fp=1, fn=1, tn=5)}
    found = reading("worst_group_recall", tiny, at_least=d("0.5"), fewest=30)

    assert found.why == (
        "“The share of fraud cases recognised in the group that is served least well” hides a group that is too small"
        " to be shown; each must have at least 30 cases."
    )


def test_a_thousand_groups_are_bounded_at_once():
    many = {f"g{at}": Confusion(tp=800 + at % 100, fp=1, fn=200 - at % 100, tn=1) for at in range(1000)}
    before = time.perf_counter()

    assert not reading("equal_opportunity_difference", many, at_most=d("0.05")).passed
    assert time.perf_counter() - before < 2


@given(
    hits=st.lists(st.integers(30, 300), min_size=2, max_size=4), place=st.integers(0, 3), gain=st.integers(1, 200),
    limit=st.integers(1, 99),
)  # fmt: skip
def test_a_group_that_gets_better_never_spoils_what_the_worst_group_reached(hits, place, gain, limit):
    def groups(found: list[int]) -> dict[str, Measurement]:
        return {f"g{at}": Confusion(tp=each, fp=0, fn=300 - each, tn=1) for at, each in enumerate(found)}

    at = place % len(hits)
    better = [*hits[:at], min(300, hits[at] + gain), *hits[at + 1 :]]
    asked = {"at_least": Decimal(limit) / 100, "fewest": 30}
    before, after = (reading("worst_group_recall", groups(each), **asked) for each in (hits, better))

    assert after.passed or not before.passed


@given(
    part=st.integers(0, 3000),
    missed=st.integers(0, 3000),
    thousandths=st.integers(0, 1000),
    floor=st.booleans(),
)
def test_what_is_shown_lies_on_the_same_side_of_the_limit_as_what_is_judged(
    part, missed, thousandths, *, floor
):
    whole = part + missed
    assume(whole)
    limit = Decimal(thousandths) / 1000
    asked = {"at_least": limit} if floor else {"at_most": limit}

    found = record(share(part, whole), **asked)

    ends = wilson(part, whole)
    assert found.passed is (Decimal(repr(ends.low)) >= limit if floor else Decimal(repr(ends.high)) <= limit)
    edge, worst = told(found.why, floor=floor)
    assert (worst >= edge if floor else worst <= edge) is found.passed, found.why


def told(words: str, *, floor: bool) -> tuple[Decimal, Decimal]:
    """Read the limit and the end that counts from a sentence."""
    figure = r"(\d[\d,]*(?:\.\d+)?)"
    found = re.search(rf"limit is at (?:least|most) {figure}.* it could be {figure}\D* to {figure}", words)
    edge, low, high = (Decimal(each.replace(",", "")) for each in found.groups())
    return edge, low if floor else high


@given(
    value=st.decimals(0, 10, places=6), reach=st.decimals(0, 2, places=6), limit=st.decimals(0, 10, places=3),
    floor=st.booleans(),
)  # fmt: skip
def test_seconds_shown_lie_on_the_same_side_of_the_limit_too(value, reach, limit, *, floor):
    measured = Ranged(value=value, low=max(Decimal(0), value - reach), high=value + reach)
    found = reading("latency_p95", measured, **({"at_least": limit} if floor else {"at_most": limit}))

    edge, worst = told(found.why, floor=floor)
    assert (worst >= edge if floor else worst <= edge) is found.passed, found.why


GIVER = Giver(pid="p_1", at=NOW, zone=PRODUCT.zoneinfo)


def typed(value: str, unit: RecordUnit, **edits) -> Record:
    requirement = Requirement(
        name="x", kind=EvidenceKind.RECORD, words="x", unit=unit, matches=edits.pop("matches", None)
    )
    return read_record(requirement, Typed(value=value, **{"measured": "2026-11-20", **edits}), GIVER)


@pytest.mark.parametrize(
    ("text", "unit", "value", "counts"),
    [
        ("2 of 500", RecordUnit.SHARE, "0.004", (2, 500)),
        ("1,990 / 2,000", RecordUnit.SHARE, "0.995", (1990, 2000)),
        ("0.4 %", RecordUnit.SHARE, "0.004", (None, None)),
        ("0.05", RecordUnit.SHARE, "0.05", (None, None)),
        ("4.5 min", RecordUnit.MINUTES, "4.5", (None, None)),
        ("183 days", RecordUnit.DAYS, "183", (None, None)),
        ("-0.01", RecordUnit.NUMBER, "-0.01", (None, None)),
        ("Yes", RecordUnit.YES, "yes", (None, None)),
        ("no", RecordUnit.YES, "no", (None, None)),
        (" Ana, Ben ", RecordUnit.TEXT, "Ana, Ben", (None, None)),
    ],
)
def test_what_people_type_is_read(text, unit, value, counts):
    made = typed(text, unit)

    assert (made.value, (made.numerator, made.denominator)) == (value, counts)
    assert (made.by, made.at, made.measured_at) == ("p_1", NOW, datetime(2026, 11, 20, tzinfo=UTC))
    assert made.digest == record_digest(made)


REFUSED = [
    ("", RecordUnit.MINUTES, {}, "The value is empty; write minutes, such as 4.5."),
    ("soon", RecordUnit.MINUTES, {}, "`soon` is no number; write minutes, such as 4.5."),
    ("nan", RecordUnit.NUMBER, {}, "`nan` is no number"),
    ("1e5", RecordUnit.NUMBER, {}, "`1e5` is no number"),
    ("4 hours", RecordUnit.MINUTES, {}, "`4 hours` is no number; write minutes"),
    ("-4", RecordUnit.MINUTES, {}, "`-4` does not fit; write minutes"),
    ("3.5", RecordUnit.COUNT, {}, "`3.5` does not fit; write a whole number, such as 3."),
    ("80", RecordUnit.SHARE, {}, "`80` is no share; write how many of how many"),
    ("5 of 4", RecordUnit.SHARE, {}, "`5 of 4` is no share; the first number counts a part of the second."),
    ("0 of 0", RecordUnit.SHARE, {}, "`0 of 0` is no share"),
    ("perhaps", RecordUnit.YES, {}, "`perhaps` is neither yes nor no"),
    ("x" * 301, RecordUnit.TEXT, {}, "The value is too long"),
    ("4", RecordUnit.MINUTES, {"measured": ""}, "Say when it was measured; write a day such as 2026-11-20"),
    ("4", RecordUnit.MINUTES, {"measured": "friday"}, "`friday` is no day or time"),
    ("4", RecordUnit.MINUTES, {"measured": "2026-11-24"}, "`2026-11-24` is still to come"),
    ("4", RecordUnit.MINUTES, {"matches": "model_version"}, "Say for which model version it was measured"),
    ("4", RecordUnit.MINUTES, {"link": "javascript:alert(1)"}, "is no link; give one that starts with https://"),
    ("4", RecordUnit.MINUTES, {"link": "https://a:b@c.example"}, "without a name or password in it"),
    ("4", RecordUnit.MINUTES, {"link": "https://[x"}, "is no link"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "unit", "edits", "sentence"), REFUSED)
def test_what_cannot_be_read_is_refused_with_what_would_work(text, unit, edits, sentence):
    with pytest.raises(Refusal) as refused:
        typed(text, unit, **edits)
    assert sentence in str(refused.value)


@given(TEXTS, st.sampled_from(RecordUnit))
def test_whatever_is_typed_is_read_or_refused_and_what_is_read_is_sound(text, unit):
    try:
        made = typed(text, unit)
    except Refusal:
        made = None
    assert made is None or record(made).passed or made.value == "no"


def test_a_page_is_read_with_its_digest_date_and_words():
    asked = Requirement(
        name="x", kind=EvidenceKind.DOCUMENT, words="the page", states=("owner",), matches="model_version"
    )
    said = {"owner": " Lea ", "model_version": "1.3", "empty": " "}
    given_ = TypedDocument(
        link="https://wiki.example/p", digest="sha256:" + "AB" * 32, dated="2026-11-03", states=said
    )

    made = read_document(asked, given_, GIVER)

    assert (made.digest, made.dated) == ("ab" * 32, date(2026, 11, 3))
    assert made.states == {"owner": "Lea", "model_version": "1.3"}
    for edits, sentence in (
        ({"digest": "v2"}, "The digest pins what the link shows"),
        ({"dated": "yesterday"}, "`yesterday` is no day"),
        ({"dated": "2026-11-24"}, "is still to come"),
        ({"link": "wiki"}, "`wiki` is no link"),
        ({"states": {}}, "Say what the document states for `owner`, `model version`."),
    ):
        with pytest.raises(Refusal) as refused:
            read_document(asked, replace(given_, **edits), GIVER)
        assert sentence in str(refused.value)


def test_a_value_is_not_taken_where_a_page_is_asked_for():
    asked = Requirement(name="x", kind=EvidenceKind.DOCUMENT, words="the page")
    with pytest.raises(Refusal, match="takes a document, not a typed value"):
        read_record(asked, Typed(value="4", measured="2026-11-20"), GIVER)
    value = Requirement(name="x", kind=EvidenceKind.RECORD, words="x", unit=RecordUnit.COUNT)
    with pytest.raises(Refusal, match="takes a record, not a document"):
        read_document(value, TypedDocument(link="", digest="", dated=""), GIVER)
    assert example(value) == "a whole number, such as 3"
