"""What stands beside a statement, tampered with: every lie changes the text or breaks a rule (wording rule 47)."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

import pytest

from schema.asides import asides
from schema.facts import Fact
from schema.findings import Findings
from schema.metrics import Audience
from schema.pages import Page
from schema.readings import Bare, Confusion, Proportion
from schema.remarks import Remark, check, claim_of
from schema.texts import Text
from schema.wording.rules import broken
from tests.demo_pages import demo_pages
from tests.sides import page_beside, remarks
from tests.test_mutations import TAMPERED

FIGURES = [name for name in TAMPERED if "figure" in name]


def share(hits: int, of: int) -> Proportion:
    return Proportion(numerator=hits, denominator=of)


@lru_cache(maxsize=1)
def pages() -> tuple[Page, ...]:
    """Give a page for each kind of finding, and those of the demo that have side questions."""
    mixed = page_beside(
        "task_success", [share(760, 10_000), share(600, 10_000)],
        {"split": [{"desktop": share(600, 6_000), "mobile": share(160, 4_000)},
                   {"desktop": share(310, 3_000), "mobile": share(290, 7_000)}]},
        {"mix": "split", "mix_name": "device", "matters": 0.005},
    )  # fmt: skip
    hidden = page_beside(
        "task_success", [share(3_000, 20_000), share(3_100, 20_000)],
        {"split": [{"desk": share(2_000, 10_000), "phone": share(1_000, 10_000)},
                   {"desk": share(2_700, 15_000), "phone": share(400, 5_000)}]},
        {"mix": "split", "mix_name": "device", "matters": 0.01},
    )  # fmt: skip
    limits = page_beside(
        "net_benefit", [Confusion(tp=820, fp=180, fn=205, tn=98_795)],
        {"looser": [Confusion(tp=960, fp=300, fn=65, tn=98_675)], "tighter": [Confusion(tp=697, fp=68, fn=328, tn=98_907)]},
        {"alternatives": {"looser": "looser", "tighter": "tighter"}, "matters": 500},
    )  # fmt: skip
    sources = page_beside(
        "precision", [share(820, 1_000)], {"ledger": [share(760, 1_000)], "books": [share(640, 1_000)]},
        {"also": ["ledger", "books"], "matters": 0.02},
    )  # fmt: skip
    money = page_beside(
        "missed_loss", [Bare(value=Decimal(27_675))], {"books": [Bare(value=Decimal(30_100))]}, {"also": ["books"], "matters": 500}
    )  # fmt: skip
    told = [page for page in demo_pages().values() if any(_found(page))]
    return (mixed, hidden, limits, sources, money, *told)


def _found(page: Page) -> Iterator[str]:
    """Give the metrics whose side questions show something."""
    return (
        key for key, each in page.judged.items() if each.findings != Findings(matters=each.findings.matters)
    )


@lru_cache(maxsize=1)
def told() -> tuple[tuple[Page, str, Audience, Remark], ...]:
    return tuple(
        (page, key, audience, each)
        for page in pages()
        for key, audience, each in remarks(page)
        if key in set(_found(page)) and not any("detector" in fact.function for fact in each.text.facts)
    )


def test_the_demo_tells_of_a_mix_another_limit_another_source_and_a_gap_looked_at_again() -> None:
    found = {key for page in demo_pages().values() for key in _found(page)}

    assert found == {"hide_rate", "net_benefit", "confirmed_resolution", "demographic_parity_difference"}


def test_every_remark_passes_before_it_is_tampered_with() -> None:
    assert len(told()) > 50
    assert [
        (audience.value, str(each.text), found)
        for page, key, audience, each in told()
        if (found := check(each, page.catalogue[key], audience)) != ()
    ] == []


@pytest.mark.parametrize("mutant", FIGURES)
def test_a_tampered_remark_breaks_a_rule(mutant, capsys) -> None:
    tried, survivors = 0, []
    for page, key, audience, each in told():
        claim = claim_of(each, page.catalogue[key], audience)
        for text in TAMPERED[mutant](each.text):
            tried += 1
            if broken(replace(claim, text=text)) == ():
                survivors.append((audience.value, str(each.text), str(text)))

    with capsys.disabled():
        print(f"\n  beside a statement, {mutant}: {tried - len(survivors)} of {tried} mutants killed")
    assert tried
    assert survivors == []


def with_sources_swapped(text: Text) -> Iterator[Text]:
    """Print one source's name for another's, and each whole name in the other's place."""
    places = [
        at for at, piece in enumerate(text.pieces) if isinstance(piece, Fact) and piece.function == "source"
    ]
    for first, second in itertools.pairwise(places):
        a, b = text.pieces[first], text.pieces[second]
        for one, other in ((replace(a, shown=b.shown), replace(b, shown=a.shown)), (b, a)):
            pieces = list(text.pieces)
            pieces[first], pieces[second] = one, other
            yield Text(tuple(pieces))


def test_one_sources_name_for_anothers_breaks_a_rule() -> None:
    tried = 0
    for page, key, audience, each in told():
        claim = claim_of(each, page.catalogue[key], audience)
        for text in with_sources_swapped(each.text):
            tried += 1
            assert 39 in broken(replace(claim, text=text)), str(text)
    assert tried


def with_an_effect_left_out(text: Text) -> Iterator[Text]:
    for at, piece in enumerate(text.pieces):
        if isinstance(piece, Fact) and piece.function in {"mix", "rate", "change"}:
            yield Text((*text.pieces[:at], *text.pieces[at + 1 :]))


def test_a_split_without_one_of_its_effects_breaks_a_rule() -> None:
    tried = 0
    for page, key, audience, each in told():
        claim = claim_of(each, page.catalogue[key], audience)
        for text in with_an_effect_left_out(each.text):
            tried += 1
            assert 27 in broken(replace(claim, text=text)), str(text)
    assert tried


# What the side questions would show if they were otherwise.


def flipped(found: Findings) -> Findings:
    """Turn every difference round."""
    return replace(
        found,
        splits={
            key: replace(each, change=-each.change, mix=-each.mix, rate=-each.rate, low=-each.high, high=-each.low)
            for key, each in found.splits.items()
        },
        limits=tuple(replace(each, difference=-each.difference, low=-each.high, high=-each.low) for each in found.limits),
        gap=replace(found.gap, turned=found.gap.segments - found.gap.turned) if found.gap else None,
        sources=tuple(replace(each, difference=-each.difference) for each in found.sources),
    )  # fmt: skip


def silenced(found: Findings) -> Findings:
    return Findings(matters=found.matters)


@pytest.mark.parametrize("mutant", [flipped, silenced], ids=["turned round", "left out"])
def test_findings_that_are_otherwise_are_told_otherwise(mutant) -> None:
    for page in pages():
        for key in _found(page):
            judgement = page.judged[key]
            other = replace(
                page, judged={**page.judged, key: replace(judgement, findings=mutant(judgement.findings))}
            )
            for audience in (Audience.ENGINEER, Audience.COMPLIANCE):
                for compared in (None, *judgement.compared):
                    before = [str(each.text) for each in asides(page, key, audience, compared)]
                    after = [str(each.text) for each in asides(other, key, audience, compared)]
                    assert before != after or not before, (key, audience, before)
