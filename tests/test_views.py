"""Views: whatever goes in, what comes out is taken by Slack, pings nobody, and says the same without Slack."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.local_slack.blocks import problems, view_problems
from handlers.views import (
    briefs,
    budget,
    charts,
    explanations,
    helps,
    homes,
    modals,
    plain,
    receipts,
    refusals,
    standups,
)
from handlers.views import text as words
from handlers.views.labels import MARKS
from schema import facts, texts
from schema.briefs import Brief, Paragraph, Section
from schema.explanations import Explanation
from schema.facts import Fact, Kind
from schema.headlines import LABELS, TOPIC_LABELS
from schema.metrics import Audience
from schema.periods import Period
from schema.standups import Chart, Standup
from schema.texts import Text

WEEK = Period(start=datetime(2026, 11, 15, 23, tzinfo=UTC), end=datetime(2026, 11, 22, 23, tzinfo=UTC))
KEY = "2026-W47"
QUICK = settings(max_examples=15, phases=(Phase.explicit, Phase.generate))  # huge inputs shrink for minutes
NASTY = [
    "<!channel> <@U0ANA00001> <http://evil.example|click>", "a & b < c > d", "\ud800 half", "\u202eright to left\u202c",
    "שלום עולם", "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪é", "line\nbreak\r\x00", "*bold* `code` _it_", "x" * 40_000, "word " * 8_000, "&" * 5_000, "",
]  # fmt: skip

anything = st.one_of(
    st.sampled_from(NASTY),
    st.text(alphabet=st.characters(codec=None), max_size=200),
    st.builds(lambda text, times: text * times, st.text(min_size=1, max_size=30), st.integers(1, 600)),
)
people = st.sampled_from(["U0ANA00001", "S0ML000001", "nobody", "<!here>"])
pieces = st.one_of(
    anything,
    st.builds(facts.name, anything),
    st.builds(
        lambda id: Fact(of="p", function="owner", kind=Kind.NAME, value=None, shown=id, unit="person"), people
    ),
)
said = st.lists(pieces, max_size=4).map(lambda found: Text(tuple(found)))
labels = st.sampled_from(["", *LABELS.values(), *TOPIC_LABELS.values(), "Precision <x>"])
paragraphs = st.builds(lambda label, text: Paragraph(label=label, text=text), labels, said)
parts = st.builds(
    lambda title, found: Section(title=title, paragraphs=tuple(found)),
    anything,
    st.lists(paragraphs, min_size=1, max_size=6),
)
values = st.lists(st.one_of(st.none(), st.decimals(allow_nan=True, allow_infinity=True)), max_size=30)
trends = st.builds(
    lambda title, unit, found, text, same: Chart(
        metric="m", title=title, unit=unit, values=tuple(found), words=text,
        labels=tuple("same" if same else f"{at} Nov" for at in range(len(found))),
    ),
    anything, anything, values, said, st.booleans(),
)  # fmt: skip
pages = st.builds(
    lambda headline, found, closing, audience: Brief(
        product="p", audience=audience, period=WEEK, headline=headline, sections=tuple(found), closing=closing
    ),
    said, st.lists(parts, max_size=12), said, st.sampled_from(Audience),
)  # fmt: skip
digests = st.builds(
    lambda parent, found, drawn, fallback: Standup(
        product="p", period=WEEK, parent=tuple(parent), sections=tuple(found), charts=tuple(drawn), fallback=fallback
    ),
    st.lists(paragraphs, min_size=1, max_size=6), st.lists(parts, max_size=8), st.lists(trends, max_size=2), said,
)  # fmt: skip


def taken(payloads):
    """Hold every payload to what Slack takes, and give all its words."""
    found = []
    for payload in payloads:
        for blocks in filter(None, (payload["blocks"], payload.get("fallback"))):
            assert problems(blocks) == []
            assert len(blocks) <= budget.MOST_BLOCKS + 1
        assert 0 < len(payload["text"]) <= 4_000
        json.dumps(payload).encode()
        found.append(json.dumps(payload, ensure_ascii=False))
        assert payload["text"].encode()  # no half characters
    return "\n".join(found)


def pings_nobody(said):
    assert said.count('"type": "mrkdwn"') == said.count(
        '"verbatim": true'
    )  # else Slack looks for names by itself
    assert not re.search(r"<!(?!subteam\^S0ML000001>|date\^)", said)
    assert not re.search(r"<@(?!U0ANA00001>)", said)
    assert "<http" not in said


# --- every message is taken ---


@QUICK
@given(pages)
def test_every_brief_is_taken_by_slack_and_pings_nobody(page):
    private, shared = briefs.brief(page, period=KEY), briefs.shared(page, by="U0ANA00001", command="/muster")

    pings_nobody(taken([*private, shared]))
    assert 1 <= len(private) <= briefs.MOST_MESSAGES
    assert private[-1]["blocks"][-1]["type"] == "actions"


@QUICK
@given(digests)
def test_every_standup_is_taken_by_slack_and_pings_nobody(digest):
    payloads = standups.standup(digest, period=KEY)

    pings_nobody(taken(payloads))
    taken(standups.preview(digest, period=KEY))
    assert len(payloads[0]["blocks"]) <= 10


@QUICK
@given(said, st.lists(parts, max_size=4))
def test_every_explanation_is_taken_by_slack(headline, found):
    shown = Explanation(metric="m", product="p", headline=headline, sections=tuple(found))

    pings_nobody(taken(explanations.explanation(shown, period=KEY)))


@QUICK
@given(anything, said, st.integers(0, 40))
def test_every_home_tab_and_modal_is_taken_by_slack(title, headline, count):
    card = homes.Card(
        product="p", title=title, channel="C0FRAUD0001", period=KEY, headline=headline, next_standup=WEEK.end
    )
    examples = helps.Examples(
        product="p", here=False, metric="m", may_post=True, products=[("p", title)] * count
    )

    views = [
        homes.home([card] * count, command="/muster", examples=examples),
        modals.reader({"product": "p"}, [(f"p{at}", title) for at in range(count)]),
        modals.sentence("A title that is longer than Slack allows", title or "–"),
    ]

    assert [view_problems(view) for view in views] == [[], [], []]
    taken([helps.help_message("/muster", examples), refusals.note(title)])


@QUICK
@given(st.lists(st.lists(st.integers(1, 3000), min_size=1, max_size=60), max_size=8))
def test_splitting_loses_no_block_and_keeps_their_order(sizes):
    groups = [
        [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * size}} for size in group]
        for group in sizes
    ]

    messages = budget.split(groups)

    assert [block for message in messages for block in message] == [
        block for group in groups for block in group
    ]
    assert all(budget.fits(message) and problems(message) == [] for message in messages)


def test_a_group_that_fits_is_never_cut():
    groups = [[{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2_500}}] * 3] * 3

    assert [len(message) for message in budget.split(groups)] == [3, 3, 3]


# --- words ---


@QUICK
@given(anything)
def test_escaped_words_hold_no_reference_and_unescape_to_what_is_harmless(text):
    escaped = words.escape(text)

    assert "<" not in escaped
    assert ">" not in escaped
    back = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert back == words.harmless(text)
    assert words.harmless(back) == back


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\x00", "\ud83d", "\u2028", "\r"])
def test_what_could_break_or_reorder_a_message_is_gone(sign):
    assert sign not in words.escape(f"a{sign}b")


def test_right_to_left_words_do_not_reorder_the_figures_around_them():
    shown = words.mrkdwn(texts.fill("{name}: {name}", {"name": facts.name("שלום")}))

    assert shown == "\u2068שלום\u2069: \u2068שלום\u2069"


@QUICK
@given(anything, st.integers(2, 200))
def test_clipped_words_fit_and_are_a_beginning(text, most):
    text = words.harmless(text)

    clipped = words.clip(text, most)

    assert words.units(clipped) <= most
    assert text.startswith(clipped.removesuffix("…")) or clipped == text


@pytest.mark.parametrize(
    ("text", "most", "clipped"),
    [
        ("abcdef", 4, "abc…"),
        ("ab e\u0301fg", 5, "ab…"),  # never between a letter and its accent
        ("a👩‍👩‍👧b", 6, "a…"),  # a family is one character to a reader
        ("a👍🏽bcd", 4, "a…"),
        ("abc", 3, "abc"),
    ],
)
def test_a_cut_falls_where_a_reader_sees_a_border(text, most, clipped):
    assert words.clip(text, most) == clipped


@pytest.mark.parametrize("most", range(2, 40))
def test_a_cut_never_falls_inside_an_entity_or_a_reference(most):
    clipped = words.clip_mrkdwn("a &amp; b <@U0ANA00001> c &lt;d <!date^1^{x} at {y}|z>", most)

    assert re.sub(r"&(amp|lt|gt);|<[^<>]+>", "", clipped).strip("abcd …") == ""


@QUICK
@given(anything, st.integers(20, 3000))
def test_long_words_are_cut_into_pieces_that_lose_nothing_but_spaces(text, most):
    escaped = words.escape(text)

    found = words.pieces_of(escaped, most)

    assert all(words.units(piece) <= most for piece in found)
    assert re.sub(r"\s", "", "".join(found)) == re.sub(r"\s", "", escaped)


def test_people_and_groups_are_named_and_other_ids_are_only_words():
    assert words.mention("U0ANA00001") == "<@U0ANA00001>"
    assert words.mention("S0ML000001") == "<!subteam^S0ML000001>"
    assert words.mention("<!channel>") == "&lt;!channel&gt;"


# --- verdicts ---


def test_every_verdict_and_topic_has_a_mark_beside_its_word():
    assert {*LABELS.values(), *TOPIC_LABELS.values()} <= MARKS.keys()


def test_a_verdict_is_never_a_colour_alone():
    section = Section(
        title="What moved", paragraphs=(Paragraph(label="Clear loss", text=texts.plain("It fell.")),)
    )

    [block] = briefs.section_blocks(section)

    assert block["text"]["text"] == "*What moved*\n:red_circle: *Clear loss*  It fell."


# --- trends ---


def chart(*found, title="Precision", unit="%"):
    labels = tuple(f"{at} Nov" for at in range(1, len(found) + 1))
    numbers = tuple(None if each is None else Decimal(str(each)) for each in found)
    return Chart(
        metric="precision",
        title=title,
        unit=unit,
        labels=labels,
        values=numbers,
        words=texts.plain("It rose."),
    )


def test_a_trend_without_gaps_is_slacks_own_chart_with_a_line_of_text_beside_it():
    block = charts.native(chart(80, 82.5, 81))

    assert block["chart"]["series"][0]["data"][1] == {"label": "2 Nov", "value": 82.5}
    assert problems([block]) == []
    assert charts.sparkline(chart(80, 82.5, 81)) == "▁█▄"


def test_a_trend_with_a_gap_is_a_line_of_text_with_a_gap():
    assert charts.native(chart(80, None, 81)) is None
    assert charts.sparkline(chart(80, None, 81)) == "▁ █"


def test_a_trend_that_begins_later_is_drawn_from_its_first_value():
    assert len(charts.native(chart(None, None, 80, 81))["chart"]["series"][0]["data"]) == 2


def test_a_flat_trend_is_a_flat_line():
    assert charts.sparkline(chart(5, 5, 5)) == "▅▅▅"


def digest(**given):
    fields = {
        "product": "fraud-detection", "period": WEEK, "parent": (Paragraph(label="", text=texts.plain("All is well.")),),
        "sections": (Section(title="What moved", paragraphs=(Paragraph(label="Clear gain", text=texts.plain("Up.")),)),),
        "charts": (), "fallback": texts.plain("All is well."),
    }  # fmt: skip
    return Standup(**(fields | given))


def test_a_standup_has_its_parent_first_and_a_text_for_where_charts_are_refused():
    parent, trends, moved = standups.standup(digest(charts=(chart(1, 2, 3),)), period=KEY)

    assert "*All is well.*" in parent["blocks"][0]["text"]["text"]
    assert any(block["type"] == "data_visualization" for block in trends["blocks"])
    assert all(block["type"] == "section" for block in trends["fallback"])
    assert "▁" in trends["fallback"][1]["text"]["text"]
    assert "fallback" not in moved


def test_the_parent_of_a_standup_has_at_most_six_lines():
    many = tuple(Paragraph(label="Clear loss", text=texts.plain(f"Line {at}.")) for at in range(20))

    parent = standups.standup(digest(parent=many), period=KEY)[0]

    lines = [
        line
        for block in parent["blocks"]
        if block["type"] == "section"
        for line in block["text"]["text"].split("\n")
    ]
    assert len(lines) == 6


# --- the same without Slack ---


def test_a_brief_as_text_says_what_the_messages_say():
    section = Section(
        title="What moved", paragraphs=(Paragraph(label="Clear loss", text=texts.plain("It fell.")),)
    )
    page = Brief(
        product="p", audience=Audience.EXECUTIVE, period=WEEK, headline=texts.plain("One loss."),
        sections=(section,), closing=texts.plain("No action needed."),
    )  # fmt: skip

    assert plain.brief(page) == "One loss.\n\nWhat moved\nClear loss: It fell.\n\nNo action needed.\n"


def test_a_standup_as_text_has_its_trends_as_lines():
    assert "Precision\n▁█  1 Nov – 2 Nov\nIt rose." in plain.standup(digest(charts=(chart(1, 2),)))


# --- receipts ---


def test_a_moment_is_shown_in_each_readers_own_zone():
    at = WEEK.end + timedelta(minutes=5)

    assert (
        receipts.slack_time(at)
        == f"<!date^{int(at.timestamp())}^{{date_short_pretty}} at {{time}}|2026-11-22 23:05 UTC>"
    )
