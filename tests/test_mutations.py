"""The mutation gate (wording rule 47): what would be a lie changes the text or breaks a rule, in every statement of the demo."""

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from schema.briefs import Paragraph, compose
from schema.facts import Fact
from schema.insights import rank
from schema.metrics import Audience
from schema.pages import Page, subject
from schema.readings import Blank, BlankReason
from schema.statements.levels import Subject
from schema.statements.stating import Statement, state
from schema.texts import Text
from schema.verdicts import GAINS, Kind
from schema.wording.checks import check, claim_of, lonely_gain
from schema.wording.rules import broken
from tests.demo_pages import AT, demo_pages

EXPLAINED = YAML(typ="safe").load((Path(__file__).parent / "vectors" / "survivors.yaml").read_text("utf-8"))
MIRROR = {
    Kind.CLEAR_GAIN: Kind.CLEAR_LOSS, Kind.CLEAR_LOSS: Kind.CLEAR_GAIN, Kind.SMALL_GAIN: Kind.SMALL_LOSS,
    Kind.SMALL_LOSS: Kind.SMALL_GAIN,
}  # fmt: skip
SWAPS = (
    ("up", "down"),
    ("rose", "fell"),
    ("good", "bad"),
    ("better", "worse"),
    ("rise", "fall"),
    ("gain", "loss"),
)
CAVEATS = re.compile(
    r"\b(?:Estimated and provisional|Estimated|Provisional)(?=[:,])"
)  # marks, not words of a note


@lru_cache(maxsize=1)
def subjects() -> tuple[Subject, ...]:
    """Give every metric of the demo against every window that it is compared with."""
    return tuple(
        subject(page, key, compared)
        for page in demo_pages().values()
        for key, judgement in page.judged.items()
        if judgement.now
        for compared in judgement.compared or (None,)
    )


@lru_cache(maxsize=1)
def statements() -> tuple[Statement, ...]:
    """Give every statement of the demo: each comparison alone, and those that stand together on a page."""
    alone = [state(each, audience) for each in subjects() for audience in Audience]
    return (*alone, *(each for paragraph in paragraphs() for each in paragraph.statements))


@lru_cache(maxsize=1)
def paragraphs() -> tuple[Paragraph, ...]:
    pages = [compose(page, audience) for page in demo_pages().values() for audience in Audience]
    return tuple(each for page in pages for section in page.sections for each in section.paragraphs)


# What the data would say if they were otherwise.


def flipped(told: Subject) -> Subject | None:
    verdict = told.verdict
    if not told.compared or not verdict.difference or verdict.low is None or verdict.high is None:
        return None
    other = replace(
        verdict, difference=-verdict.difference, low=-verdict.high, high=-verdict.low,
        kind=MIRROR.get(verdict.kind, verdict.kind),
    )  # fmt: skip
    return replace(told, verdict=other)


def regrouped(told: Subject) -> Subject | None:
    groups = told.now.groups
    if len(groups) < 2:
        return None
    names = [each.group for each in groups]
    renamed = tuple(
        replace(each, group=name)
        for each, name in zip(groups, (names[-1], *names[1:-1], names[0]), strict=True)
    )
    shown = tuple(
        replace(each, now=replace(each.now, groups=swapped_names(each.now.groups, names[0], names[-1])))
        for each in told.shown
    )
    return replace(told, now=replace(told.now, groups=renamed), shown=shown)


def swapped_names(groups, first, last):
    other = {first: last, last: first}
    return tuple(replace(each, group=other.get(each.group, each.group)) for each in groups)


def redigited(told: Subject) -> Subject | None:
    """Shift the first digit of the value now."""
    now = told.now
    if not now.value or now.groups or told.shown:
        return None
    if now.numerator and now.denominator:
        numerator = now.numerator - 10 ** (len(str(now.numerator)) - 1)
        return replace(
            told, now=replace(now, value=Decimal(numerator) / now.denominator, numerator=numerator)
        )
    return replace(told, now=replace(now, value=now.value - now.value / int(first_digit(now.value))))


def first_digit(value: Decimal) -> int:
    return value.as_tuple().digits[0]


def exchanged(told: Subject) -> Subject | None:
    """Print this period's level for the last one's and the other way round."""
    if not told.compared or told.before is None or told.now.value == told.before.value:
        return None
    shown = tuple(
        replace(each, now=each.before, before=each.now) if each.before else each for each in told.shown
    )
    return replace(told, now=told.before, before=told.now, shown=shown)


OTHERWISE: dict[str, Callable[[Subject], Subject | None]] = {
    "flip the sign of the change": flipped,
    "swap two groups": regrouped,
    "shift one digit of the level": redigited,
    "swap this period and the last": exchanged,
}


def killed_as_data(told: Subject, other: Subject, audience: Audience) -> bool:
    """Tell whether the text is another one, or is refused."""
    mutant = state(other, audience)
    return str(mutant.text) != str(state(told, audience).text) or check(mutant) != ()


def looks_alike(told: Subject, audience: Audience) -> bool:
    """Tell whether both levels read as the same figure."""
    facts = {
        fact.of.rpartition("/")[2]: fact.shown
        for fact in state(told, audience).text.facts
        if fact.function in {"level", "per", "ratio"}
    }
    return facts.get("now") == facts.get("before")


def no_way_is_told(told: Subject, audience: Audience) -> bool:
    """Tell whether plain readers hear of a change that went neither way."""
    return audience in {Audience.EXECUTIVE, Audience.SUPPORT} and told.verdict.kind is Kind.SAME


def reads_the_same_both_ways(told: Subject, audience: Audience) -> bool:
    """Tell whether an interval reads as far down as up: `from 2 fewer to 2 more`."""
    ends = [fact.shown.split(" ")[0] for fact in state(told, audience).text.facts
            if fact.of.endswith("/change") and fact.function in {"low", "high"}]  # fmt: skip
    return len(ends) == 2 and ends[0].lstrip("+-") == ends[1].lstrip("+-")


def lies_below_what_is_shown(told: Subject, audience: Audience) -> bool:
    """Tell whether the whole value is less than the last place that is shown of it."""
    shown = next(fact.shown for fact in state(told, audience).text.facts if fact.of.endswith("/now"))
    places = len(shown.partition(".")[2].split(" ")[0])
    return abs(told.now.value) < Decimal(1).scaleb(-places)


WHY = {
    "lies_below_what_is_shown": lies_below_what_is_shown,
    "both_levels_read_alike": looks_alike,
    "no_way_is_told": no_way_is_told,
    "reads_the_same_both_ways": reads_the_same_both_ways,
}


def explained(mutant: str, told: Subject, audience: Audience) -> bool:
    return any(
        entry["mutant"] == mutant and WHY[entry["when"]](told, audience) for entry in EXPLAINED["survivors"]
    )


@pytest.mark.parametrize("mutant", OTHERWISE)
def test_data_that_are_otherwise_change_the_text_or_break_a_rule(mutant, capsys) -> None:
    tried = killed = excused = 0
    unexplained = []
    for told in subjects():
        other = OTHERWISE[mutant](told)
        for audience in Audience if other is not None else ():
            tried += 1
            if killed_as_data(told, other, audience):
                killed += 1
            elif explained(mutant, told, audience):
                excused += 1
            else:
                unexplained.append((audience.value, str(state(told, audience).text)))

    with capsys.disabled():
        print(
            f"\n  {mutant}: {killed} of {tried} mutants killed, {excused} explained in vectors/survivors.yaml"
        )
    assert tried
    assert unexplained == []


def test_every_explanation_is_still_needed() -> None:
    used = Counter()
    for told in subjects():
        for mutant, change in OTHERWISE.items():
            other = change(told)
            for audience in Audience if other is not None else ():
                if not killed_as_data(told, other, audience):
                    used.update(
                        (entry["mutant"], entry["when"]) for entry in EXPLAINED["survivors"]
                        if entry["mutant"] == mutant and WHY[entry["when"]](told, audience)
                    )  # fmt: skip

    assert {(entry["mutant"], entry["when"]) for entry in EXPLAINED["survivors"]} == set(used)


def aged(page: Page, key: str) -> Page:
    """Let a metric's source say that its newest data are too old."""
    stale = Blank(
        product=page.product.key, metric=key, period=page.period, reason=BlankReason.STALE, detail="Old.", source="s",
        fetched_at=AT, newest_at=AT - timedelta(days=20),
    )  # fmt: skip
    judged = {**page.judged, key: replace(page.judged[key], now=None, compared=(), blank=stale)}
    return replace(page, judged=judged, ranked=rank(page.catalogue, judged))


def stands_in(key: str, paragraph: Paragraph) -> bool:
    """Tell whether a metric is told there as a part of another one, from that one's own reading."""
    return any(shown.metric.key == key for each in paragraph.statements for shown in each.subject.shown)


def test_aged_data_are_said_first_and_bar_every_figure(capsys) -> None:
    """Wording rule 35."""
    tried = killed = 0
    for page in demo_pages().values():
        for key in (key for key in page.product.shown if page.judged[key].now):
            old = aged(page, key)
            for audience in Audience:
                tried += 1
                brief = compose(old, audience)
                said = [
                    fact.of
                    for section in brief.sections
                    for each in section.paragraphs
                    if not stands_in(key, each)
                    for fact in each.text.facts
                ]
                first = brief.sections[0]
                told = next((each for each in first.paragraphs if each.metrics == (key,)), None)
                killed += (
                    "not fit to use" in str(brief.headline)
                    and told is not None
                    and "the newest data are of 3 November 2026" in str(told.text)
                    and not any(of.startswith((f"{key}/now", f"{key}/change")) for of in said)
                )

    with capsys.disabled():
        print(f"\n  age the data: {killed} of {tried} mutants killed")
    assert killed == tried


# What a text would say if somebody had tampered with it.


def with_shown(text: Text, place: int, shown: str) -> Text:
    pieces = list(text.pieces)
    pieces[place] = replace(pieces[place], shown=shown)
    return Text(tuple(pieces))


def with_other_digits(text: Text) -> Iterator[Text]:
    for place, piece in enumerate(text.pieces):
        if isinstance(piece, Fact) and piece.value is not None:
            for at, char in enumerate(piece.shown):
                if char.isdigit():
                    digit = str((int(char) + 1) % 10)
                    yield with_shown(text, place, piece.shown[:at] + digit + piece.shown[at + 1 :])


def with_figures_swapped(text: Text) -> Iterator[Text]:
    """Print one figure in the place of another."""
    places = [
        at for at, piece in enumerate(text.pieces) if isinstance(piece, Fact) and piece.value is not None
    ]
    for first, second in itertools.pairwise(places):
        shown = text.pieces[first].shown, text.pieces[second].shown
        if shown[0] != shown[1]:
            yield with_shown(with_shown(text, first, shown[1]), second, shown[0])


def with_words_swapped(text: Text) -> Iterator[Text]:
    for pair in SWAPS:
        other = {pair[0]: pair[1], pair[1]: pair[0]}
        for place, piece in enumerate(text.pieces):
            if not isinstance(piece, str):
                continue
            for found in re.finditer(rf"\b(?:{pair[0]}|{pair[1]})\b", piece):
                if is_a_verdict(piece, found):
                    words = piece[: found.start()] + other[found[0]] + piece[found.end() :]
                    yield Text((*text.pieces[:place], words, *text.pieces[place + 1 :]))


def is_a_verdict(piece: str, found: re.Match[str]) -> bool:
    """Tell a word that says which way a change went from the same word in a metric's own phrase."""
    around = piece[max(0, found.start() - 20) : found.end() + 6]
    return bool(
        re.search(
            r"(?:up|down) (?:from|by)|\b(?:rose|fell)\b|which is (?:good|bad)|that is (?:better|worse)|small (?:rise|fall)|(?:clear|small) (?:gain|loss)",
            around,
        )
    )


def with_groups_swapped(text: Text) -> Iterator[Text]:
    places = [
        at for at, piece in enumerate(text.pieces) if isinstance(piece, Fact) and piece.function == "group"
    ]
    for first, second in itertools.pairwise(places):
        a, b = text.pieces[first], text.pieces[second]
        if a.shown != b.shown:
            yield with_shown(with_shown(text, first, b.shown), second, a.shown)
            pieces = list(text.pieces)
            pieces[first], pieces[second] = b, a
            yield Text(tuple(pieces))


def without_caveat(text: Text) -> Iterator[Text]:
    for place, piece in enumerate(text.pieces):
        if isinstance(piece, str) and CAVEATS.search(piece):
            yield Text((*text.pieces[:place], CAVEATS.sub("", piece), *text.pieces[place + 1 :]))


TAMPERED: dict[str, Callable[[Text], Iterator[Text]]] = {
    "another digit in a figure": with_other_digits,
    "one figure printed for another": with_figures_swapped,
    "rose for fell, good for bad, gain for loss": with_words_swapped,
    "one group's name for another's": with_groups_swapped,
    "a caveat left out": without_caveat,
}


@pytest.mark.parametrize("mutant", TAMPERED)
def test_a_tampered_text_breaks_a_rule(mutant, capsys) -> None:
    tried = 0
    survivors = []
    for said in statements():
        claim = claim_of(said)
        for text in TAMPERED[mutant](said.text):
            tried += 1
            if broken(replace(claim, text=text)) == ():
                survivors.append((said.audience.value, str(said.text), str(text)))

    with capsys.disabled():
        print(f"\n  {mutant}: {tried - len(survivors)} of {tried} mutants killed")
    assert tried
    assert survivors == []


def test_a_gain_without_its_countermetric_breaks_a_rule(capsys) -> None:
    plain = {Audience.EXECUTIVE, Audience.SUPPORT}
    gains = [
        each for each in paragraphs()
        if each.statements and each.statements[0].audience in plain and each.statements[0].subject.kind in GAINS
    ]  # fmt: skip
    assert gains
    assert [str(each.text) for each in gains if lonely_gain(each.text, each.statements)] == []

    alone = [lonely_gain(each.statements[0].text, each.statements) for each in gains]
    dropped = [lonely_gain(each.statements[0].text, each.statements[:1]) for each in gains]

    with capsys.disabled():
        print(f"\n  drop the countermetric: {sum(alone) + sum(dropped)} of {2 * len(gains)} mutants killed")
    assert all(alone)
    assert all(dropped)


def test_every_statement_passes_before_it_is_tampered_with() -> None:
    assert [(str(each.text), found) for each in statements() if (found := check(each))] == []
