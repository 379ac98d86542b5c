import pytest

from bot.local_slack.blocks import problems, text_characters, view_problems
from tests.local_slacks import actions, button, home, modal, plain, section, text_input

MD = "mrkdwn"


def option(text="One", value="1", **more):
    return {"text": plain(text), "value": value} | more


def select(**more):
    return {"type": "static_select", "action_id": "s", "options": [option()]} | more


def image(**more):
    return {"type": "image", "alt_text": "a chart", "image_url": "https://example.com/a.png"} | more


def field(n):
    return {"type": "section", "fields": [plain("x" * n)]}


def cell(text="x"):
    return {"type": "raw_text", "text": text}


def table(rows, columns=1, text="x"):
    return {"type": "table", "rows": [[cell(text)] * columns for _ in range(rows)]}


def data_table(rows=2, columns=1, **more):
    return {"type": "data_table", "caption": "c", "rows": [[cell()] * columns for _ in range(rows)]} | more


def line(*, points=2, series=1, label="w", title="t", kind="line", name="s", **axis):
    labels = [f"{label}{i}" for i in range(points)]
    data = [{"label": one, "value": 1} for one in labels]
    drawn = [{"name": f"{name}{i}", "data": data} for i in range(series)]
    chart = {"type": kind, "series": drawn, "axis_config": {"categories": labels} | axis}
    return {"type": "data_visualization", "title": title, "chart": chart}


def pie(segments=2, label="s", value=1):
    parts = [{"label": f"{label}{i}", "value": value} for i in range(segments)]
    return {"type": "data_visualization", "title": "t", "chart": {"type": "pie", "segments": parts}}


def confirmed(**more):
    dialog = {"title": plain("Sure?"), "text": plain("Really"), "confirm": plain("Yes"), "deny": plain("No")}
    return actions(button() | {"confirm": dialog | more})


def input_of(element, **more):
    return {"type": "input", "block_id": "b", "label": plain("L"), "element": element} | more


def choices(kind, n):
    return actions({"type": kind, "action_id": "c", "options": [option(value=str(i)) for i in range(n)]})


def overflow(n):
    return {"type": "overflow", "action_id": "o", "options": [option(value=str(i)) for i in range(n)]}


def card(n=1, **more):
    return {"type": "card", "title": plain("t"), "actions": [button(f"b{i}") for i in range(n)]} | more


def container(n=1, **more):
    return {"type": "container", "child_blocks": [section()] * n} | more


def feedback(n):
    one = {"text": plain("x" * n), "value": "v"}
    element = {"type": "feedback_buttons", "action_id": "f", "positive_button": one, "negative_button": one}
    return {"type": "context_actions", "elements": [element]}


# each: what is measured, blocks by size, the largest size that Slack takes
AT_MOST = [
    ("blocks of a message", lambda n: [{"type": "divider"}] * n, 50),
    ("section text", lambda n: [section("x" * n)], 3000),
    ("section field", lambda n: [field(n)], 2000),
    ("section fields", lambda n: [{"type": "section", "fields": [plain("x")] * n}], 10),
    ("block_id", lambda n: [section() | {"block_id": "x" * n}], 255),
    ("action_id", lambda n: [actions(button("x" * n))], 255),
    ("header", lambda n: [{"type": "header", "text": plain("x" * n)}], 150),
    ("header level", lambda n: [{"type": "header", "text": plain("x"), "level": n}], 4),
    ("elements of actions", lambda n: [actions(*(button(f"b{i}") for i in range(n)))], 25),
    ("elements of context", lambda n: [{"type": "context", "elements": [plain("x")] * n}], 10),
    ("context text", lambda n: [{"type": "context", "elements": [plain("x" * n)]}], 3000),
    ("button text", lambda n: [actions(button(text="x" * n))], 75),
    ("button value", lambda n: [actions(button(value="x" * n))], 2000),
    ("button url", lambda n: [actions(button() | {"url": "x" * n})], 3000),
    ("accessibility_label", lambda n: [actions(button() | {"accessibility_label": "x" * n})], 75),
    ("option text", lambda n: [actions(select(options=[option("x" * n)]))], 75),
    ("option value", lambda n: [actions(select(options=[option(value="x" * n)]))], 150),
    ("option description", lambda n: [actions(select(options=[option(description=plain("x" * n))]))], 75),
    ("options", lambda n: [actions(select(options=[option(value=str(i)) for i in range(n)]))], 100),
    (
        "option groups",
        lambda n: [
            actions(
                {
                    "type": "static_select",
                    "action_id": "s",
                    "option_groups": [{"label": plain("g"), "options": [option()]}] * n,
                }
            )
        ],
        100,
    ),
    (
        "option group label",
        lambda n: [
            actions(
                {
                    "type": "static_select",
                    "action_id": "s",
                    "option_groups": [{"label": plain("g" * n), "options": [option()]}],
                }
            )
        ],
        75,
    ),
    ("placeholder", lambda n: [actions(select(placeholder=plain("x" * n)))], 150),
    ("overflow options", lambda n: [actions(overflow(n))], 5),
    ("checkboxes", lambda n: [choices("checkboxes", n)], 10),
    ("radio buttons", lambda n: [choices("radio_buttons", n)], 10),
    ("confirm title", lambda n: [confirmed(title=plain("x" * n))], 100),
    ("confirm text", lambda n: [confirmed(text=plain("x" * n))], 300),
    ("confirm button", lambda n: [confirmed(confirm=plain("x" * n))], 30),
    ("deny button", lambda n: [confirmed(deny=plain("x" * n))], 30),
    ("feedback text", lambda n: [feedback(n)], 75),
    ("image alt text", lambda n: [image(alt_text="x" * n)], 2000),
    ("image title", lambda n: [image(title=plain("x" * n))], 2000),
    ("image url", lambda n: [image(image_url="x" * n)], 3000),
    ("input label", lambda n: [input_of(select()) | {"label": plain("x" * n)}], 2000),
    ("input hint", lambda n: [input_of(select()) | {"hint": plain("x" * n)}], 2000),
    (
        "max_length",
        lambda n: [input_of({"type": "plain_text_input", "action_id": "a", "max_length": n})],
        3000,
    ),
    (
        "min_length",
        lambda n: [input_of({"type": "plain_text_input", "action_id": "a", "min_length": n})],
        3000,
    ),
    ("markdown", lambda n: [{"type": "markdown", "text": "x" * n}], 12_000),
    (
        "markdown over two blocks",
        lambda n: [{"type": "markdown", "text": "x" * 6000}, {"type": "markdown", "text": "x" * (n - 6000)}],
        12_000,
    ),
    ("all text of a message", lambda n: [section("x" * 3000)] * 4 + [section("x" * (n - 12_000))], 13_200),
    ("table rows", lambda n: [table(n)], 100),
    ("table cells a row", lambda n: [table(1, n)], 20),
    ("table characters", lambda n: [table(1, 1, "x" * n)], 10_000),
    ("characters of two tables", lambda n: [table(1, 1, "x" * 5000), table(1, 1, "x" * (n - 5000))], 10_000),
    ("column settings", lambda n: [table(1) | {"column_settings": [None] * n}], 20),
    ("data table rows", lambda n: [data_table(n)], 201),
    ("data table columns", lambda n: [data_table(2, n)], 20),
    ("page_size", lambda n: [data_table(page_size=n)], 100),
    ("row header column", lambda n: [data_table(columns=3, row_header_column_index=n)], 2),
    (
        "data table characters",
        lambda n: [data_table() | {"rows": [[cell("x")], [cell("x" * 9999)], [cell("x" * (n - 10_000))]]}],
        20_000,
    ),
    ("chart title", lambda n: [line(title="x" * n)], 50),
    ("series", lambda n: [line(series=n)], 12),
    ("points", lambda n: [line(points=n)], 20),
    ("series name", lambda n: [line(name="x" * (n - 1))], 20),
    ("point label", lambda n: [line(label="x" * (n - 1))], 20),
    ("axis label", lambda n: [line(x_label="x" * n)], 50),
    ("pie segments", lambda n: [pie(n)], 12),
    ("pie label", lambda n: [pie(label="x" * (n - 1))], 20),
    ("charts of a message", lambda n: [line()] * n, 2),
    ("card title", lambda n: [card(title=plain("x" * n))], 150),
    ("card body", lambda n: [card(body=plain("x" * n))], 200),
    ("card actions", lambda n: [card(n)], 3),
    ("carousel", lambda n: [{"type": "carousel", "elements": [card()] * n}], 10),
    ("container blocks", lambda n: [container(n)], 10),
    ("container title", lambda n: [container(title=plain("x" * n))], 150),
]


@pytest.mark.parametrize(("of", "blocks", "most"), AT_MOST, ids=[c[0] for c in AT_MOST])
def test_a_limit_takes_its_own_size_and_not_one_more(of, blocks, most):
    assert problems(blocks(most)) == []
    assert problems(blocks(most + 1))


VIEWS_AT_MOST = [
    ("blocks of a modal", lambda n: modal(*[{"type": "divider"}] * n), 100),
    ("blocks of a Home tab", lambda n: home(*[{"type": "divider"}] * n), 100),
    ("title", lambda n: modal(title=plain("x" * n)), 24),
    ("submit", lambda n: modal(submit=plain("x" * n)), 24),
    ("close", lambda n: modal(close=plain("x" * n)), 24),
    ("private_metadata", lambda n: modal(private_metadata="x" * n), 3000),
    ("callback_id", lambda n: modal(callback_id="x" * n), 255),
    ("external_id", lambda n: modal(external_id="x" * n), 255),
    ("alert", lambda n: modal({"type": "alert", "text": plain("x" * n)}), 200),
    (
        "files",
        lambda n: modal(input_of({"type": "file_input", "action_id": "f", "max_files": n})),
        10,
    ),
]


@pytest.mark.parametrize(("of", "view", "most"), VIEWS_AT_MOST, ids=[c[0] for c in VIEWS_AT_MOST])
def test_a_limit_of_views_takes_its_own_size_and_not_one_more(of, view, most):
    assert view_problems(view(most)) == []
    assert view_problems(view(most + 1))


def test_a_view_of_more_than_250_kb_is_refused_by_that_name():
    long = [section("x" * 3000) for _ in range(90)]
    assert [p.code for p in view_problems(home(*long))] == ["view_too_large"]


def test_text_beyond_the_messages_total_is_refused_by_that_name():
    found = problems([section("x" * 3000)] * 5)
    assert [p.code for p in found] == ["msg_blocks_too_long"]
    assert text_characters([section("x" * 7), {"type": "markdown", "text": "yy"}]) == 9


REFUSED = [
    ("an unknown block", [{"type": "chart"}]),
    ("no block type", [{}]),
    ("a block that is a string", ["words"]),
    ("blocks that are no list", {"type": "section"}),
    ("two equal block_ids", [section() | {"block_id": "b"}, section() | {"block_id": "b"}]),
    ("two equal action_ids in a block", [actions(button("a"), button("a"))]),
    ("a section of nothing", [{"type": "section"}]),
    ("an empty text", [section("")]),
    ("an empty header", [{"type": "header", "text": plain("")}]),
    ("a header in mrkdwn", [{"type": "header", "text": {"type": MD, "text": "x"}}]),
    ("a button in mrkdwn", [actions(button() | {"text": {"type": MD, "text": "x"}})]),
    ("an unknown button style", [actions(button() | {"style": "big"})]),
    ("a misspelt property", [section() | {"feilds": []}]),
    ("emoji in mrkdwn", [{"type": "section", "text": {"type": MD, "text": "x", "emoji": True}}]),
    ("no fields", [{"type": "section", "fields": []}]),
    ("no options", [actions(select(options=[]))]),
    ("options and groups", [actions(select(option_groups=[]))]),
    ("an initial option that is not offered", [actions(select(initial_option=option(value="9")))]),
    ("a link in a select", [actions(select(options=[option(url="https://x.example")]))]),
    ("an image without an address", [{"type": "image", "alt_text": "x"}]),
    ("an image with two addresses", [image(slack_file={"id": "F1"})]),
    ("an image without words", [{"type": "image", "image_url": "https://x.example/a.png"}]),
    ("an image among actions", [actions(image())]),
    ("a text input among actions", [actions({"type": "plain_text_input", "action_id": "a"})]),
    ("a button as an input", [input_of(button())]),
    ("a file input in a message", [input_of({"type": "file_input", "action_id": "f"})]),
    ("a number input that leaves decimals open", [input_of({"type": "number_input", "action_id": "n"})]),
    ("a date that is none", [actions({"type": "datepicker", "action_id": "d", "initial_date": "1.2.2026"})]),
    ("a time that is none", [actions({"type": "timepicker", "action_id": "d", "initial_time": "25:00"})]),
    ("an alert in a message", [{"type": "alert", "text": plain("x")}]),
    ("an empty markdown block", [{"type": "markdown", "text": ""}]),
    ("a data table without caption", [{"type": "data_table", "rows": [[cell()], [cell()]]}]),
    ("a data table without data", [data_table(1)]),
    ("uneven rows", [data_table() | {"rows": [[cell()], [cell(), cell()]]}]),
    ("an empty cell", [table(1, 1, "")]),
    ("an unknown cell", [table(1) | {"rows": [[{"type": "text", "text": "x"}]]}]),
    ("a pie slice of nothing", [pie(value=0)]),
    (
        "two series of one name",
        [line() | {"chart": line()["chart"] | {"series": line()["chart"]["series"] * 2}}],
    ),
    ("labels that are not the categories", [line(categories=["other"])]),
    ("an unknown chart", [line(kind="radar")]),
    ("an empty rich text", [{"type": "rich_text", "elements": []}]),
    (
        "an empty text in rich text",
        [
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}],
            }
        ],
    ),
]


@pytest.mark.parametrize(("what", "blocks"), REFUSED, ids=[c[0] for c in REFUSED])
def test_what_slack_refuses_is_refused(what, blocks):
    assert problems(blocks)


VIEWS_REFUSED = [
    ("no view", None),
    ("an unknown type", {"type": "sheet", "blocks": []}),
    ("a modal without title", {"type": "modal", "blocks": []}),
    ("input without submit", modal(text_input(), submit=None)),
    ("a Home tab with a title", home() | {"title": plain("x")}),
    *[
        (f"{block['type']} in a modal", modal(block))
        for block in (line(), table(1), data_table(), {"type": "markdown", "text": "x"}, container())
    ],
    *[
        (f"{block['type']} on a Home tab", home(block))
        for block in (line(), {"type": "markdown", "text": "x"}, {"type": "alert", "text": plain("x")})
    ],
]


@pytest.mark.parametrize(("what", "view"), VIEWS_REFUSED, ids=[c[0] for c in VIEWS_REFUSED])
def test_what_slack_refuses_in_views_is_refused(what, view):
    assert view_problems(view)


def test_tables_may_stand_on_a_home_tab_and_cards_in_modals():
    assert view_problems(home(table(1), data_table(), container())) == []
    assert view_problems(modal(card(), {"type": "alert", "text": plain("x")})) == []


def test_a_problem_names_its_place():
    found = problems([section(), {"type": "header", "text": plain("x" * 151)}])
    assert str(found[0]) == "must be less than 151 characters [json-pointer:/blocks/1/text/text]"


def test_rich_text_with_every_element_passes():
    inside = [
        {"type": "text", "text": "x", "style": {"bold": True}},
        {"type": "link", "url": "https://x.example"},
        {"type": "user", "user_id": "U1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "emoji", "name": "wave"},
        {"type": "broadcast", "range": "here"},
        {"type": "date", "timestamp": 1, "format": "{date}"},
    ]
    flat = {"type": "rich_text_section", "elements": inside}
    listed = {"type": "rich_text_list", "style": "bullet", "elements": [flat]}
    quoted = {"type": "rich_text_quote", "elements": inside[:1]}
    code = {"type": "rich_text_preformatted", "elements": inside[:1]}
    assert problems([{"type": "rich_text", "elements": [flat, listed, quoted, code]}]) == []
