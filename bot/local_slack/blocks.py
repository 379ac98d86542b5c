"""One Block Kit check: everything that Slack refuses in blocks and views (SLACK.md 1).

    problems       of a message, a modal or a Home tab; an empty list means that Slack takes it
    view_problems  of a modal or Home view as given to views.open, views.publish …
    text_characters  what counts towards msg_blocks_too_long

It includes what slack_sdk does not check: 50 blocks a message, repeated ids, section fields of 2,000, unknown blocks,
input without submit, cumulative markdown, tables, charts, and blocks on a surface that cannot hold them.
A raw_number cell counts no characters. `data` points of a chart are {label, value}.
"""

import json
from collections.abc import Callable, Sequence

from bot.local_slack import block_data, block_elements
from bot.local_slack.block_rich import rich_text
from bot.local_slack.block_texts import (
    Problem,
    Problems,
    count,
    length,
    only,
    optional,
    repeated,
    required,
    text,
)
from bot.local_slack.state import Surface
from bot.local_slack.values import Json

BLOCKS_MAX = {Surface.MESSAGE: 50, Surface.MODAL: 100, Surface.HOME: 100}
BLOCK_ID_MAX = 255
SECTION_FIELD_MAX = 2000
MARKDOWN_MAX = 12_000  # over all markdown blocks of a payload
MESSAGE_TEXT_MAX = 13_200  # undocumented; seen as msg_blocks_too_long (slackapi/bolt-js#2509)
VIEW_BYTES_MAX = 250_000
VIEW_TITLE_MAX = 24
VIEW_FIELDS = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
MODAL_FIELDS = {"title", "submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"}
MESSAGES_ONLY = {"markdown", "task_card", "plan", "context_actions", "data_visualization"}
NOT_IN_MODALS = {"table", "data_table", "carousel", "container"}
UNCOUNTED = {"table", "data_table", "data_visualization"}  # they have totals of their own
NEEDS_NO_ID = {"markdown"}

FIELDS = {
    "section": {"text", "fields", "accessory", "expand"},
    "header": {"text", "level"},
    "divider": set[str](),
    "context": {"elements"},
    "actions": {"elements"},
    "input": {"label", "element", "hint", "optional", "dispatch_action"},
    "image": {"alt_text", "title", "image_url", "slack_file"},
    "markdown": {"text"},
}


def problems(
    blocks: object, surface: Surface | str = Surface.MESSAGE, *, at: str = "/blocks"
) -> list[Problem]:
    """Everything that Slack would refuse in these blocks, with JSON pointers."""
    return list(_problems(blocks, Surface(surface), at))


def _problems(blocks: object, surface: Surface, at: str) -> Problems:
    yield from count(blocks, at, most=BLOCKS_MAX[surface], least=0, of="blocks")
    if not isinstance(blocks, list):
        return
    for place, block in enumerate(blocks):
        yield from _block(block, f"{at}/{place}", surface)
    known = [b for b in blocks if isinstance(b, dict)]
    yield from repeated([b if b.get("type") not in NEEDS_NO_ID else {} for b in known], "block_id", at)
    yield from block_data.totals(known, at)
    yield from _markdown_total(known, at)
    if surface is Surface.MESSAGE and text_characters(known) > MESSAGE_TEXT_MAX:
        yield Problem(
            at, f"no more than {MESSAGE_TEXT_MAX} characters of text allowed", code="msg_blocks_too_long"
        )


def _markdown_total(blocks: list[Json], at: str) -> Problems:
    total = sum(
        len(b["text"]) for b in blocks if b.get("type") == "markdown" and isinstance(b.get("text"), str)
    )
    if total > MARKDOWN_MAX:
        yield Problem(at, f"no more than {MARKDOWN_MAX} characters allowed over all markdown blocks")


def text_characters(blocks: Sequence[Json]) -> int:
    return sum(block_data.characters(b) for b in blocks if b.get("type") not in UNCOUNTED)


def _block(block: object, at: str, surface: Surface) -> Problems:
    if not isinstance(block, dict):
        yield Problem(at, "must provide an object")
        return
    kind = block.get("type")
    check = BLOCKS.get(str(kind))
    if check is None or not _may_stand(str(kind), surface):
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind in FIELDS:
        yield from only(block, FIELDS[kind] | {"type", "block_id"}, at)
    if block.get("block_id") is not None and kind not in NEEDS_NO_ID:
        yield from length(block["block_id"], f"{at}/block_id", most=BLOCK_ID_MAX, least=1)
    yield from check(block, at, surface)


def _may_stand(kind: str, surface: Surface) -> bool:
    match surface:
        case Surface.MESSAGE:
            return kind != "alert"
        case Surface.MODAL:
            return kind not in MESSAGES_ONLY | NOT_IN_MODALS
        case Surface.HOME:
            return kind not in MESSAGES_ONLY | {"alert"}


def _section(block: Json, at: str, surface: Surface) -> Problems:
    if block.get("text") is None and block.get("fields") is None:
        yield Problem(at, "missing required field: text or fields")
    if block.get("text") is not None:
        yield from text(block["text"], f"{at}/text")
    if block.get("fields") is not None:
        yield from count(block["fields"], f"{at}/fields", most=10, of="fields")
        for place, field in enumerate(block["fields"] if isinstance(block["fields"], list) else ()):
            yield from text(field, f"{at}/fields/{place}", most=SECTION_FIELD_MAX)
    if block.get("accessory") is not None:
        yield from block_elements.element(
            block["accessory"], f"{at}/accessory", allowed=block_elements.ACCESSORIES, surface=surface
        )


def _header(block: Json, at: str, _surface: Surface) -> Problems:
    yield from text(block.get("text"), f"{at}/text", most=150, plain=True)
    if block.get("level") is not None and block["level"] not in (1, 2, 3, 4):
        yield Problem(f"{at}/level", "must be a whole number from 1 to 4")


def _actions(block: Json, at: str, surface: Surface) -> Problems:
    yield from count(block.get("elements"), f"{at}/elements", most=25, of="elements")
    yield from block_elements.elements(
        block.get("elements"), f"{at}/elements", allowed=block_elements.ACTIONS, surface=surface
    )


def _context(block: Json, at: str, _surface: Surface) -> Problems:
    values = block.get("elements")
    yield from count(values, f"{at}/elements", most=10, of="elements")
    for place, one in enumerate(values if isinstance(values, list) else ()):
        here = f"{at}/elements/{place}"
        if isinstance(one, dict) and one.get("type") == "image":
            yield from block_elements.image(one, here)
        else:
            yield from text(one, here)


def _context_actions(block: Json, at: str, surface: Surface) -> Problems:
    yield from count(block.get("elements"), f"{at}/elements", most=5, of="elements")
    yield from block_elements.elements(
        block.get("elements"), f"{at}/elements", allowed={"feedback_buttons", "icon_button"}, surface=surface
    )


def _input(block: Json, at: str, surface: Surface) -> Problems:
    yield from text(block.get("label"), f"{at}/label", most=2000, plain=True)
    if block.get("hint") is not None:
        yield from text(block["hint"], f"{at}/hint", most=2000, plain=True)
    yield from block_elements.element(
        block.get("element"), f"{at}/element", allowed=block_elements.INPUTS, surface=surface
    )
    kind = (block.get("element") or {}).get("type") if isinstance(block.get("element"), dict) else None
    if block.get("dispatch_action") and kind == "file_input":
        yield Problem(f"{at}/dispatch_action", "not allowed with file_input")


def _image(block: Json, at: str, _surface: Surface) -> Problems:
    yield from block_elements.image(block, at)
    if block.get("title") is not None:
        yield from text(block["title"], f"{at}/title", most=2000, plain=True)


def _markdown(block: Json, at: str, _surface: Surface) -> Problems:
    yield from length(block.get("text"), f"{at}/text", most=MARKDOWN_MAX, least=1)


def _rich_text(block: Json, at: str, _surface: Surface) -> Problems:
    yield from rich_text(block, at)


def _video(block: Json, at: str, _surface: Surface) -> Problems:
    yield from required(block, ("alt_text", "thumbnail_url", "video_url", "title"), at)
    for key in ("title", "description"):
        if block.get(key) is not None:
            yield from text(block[key], f"{at}/{key}", most=199, plain=True)
    yield from optional(block, "author_name", at, most=49)


def _alert(block: Json, at: str, _surface: Surface) -> Problems:
    yield from text(block.get("text"), f"{at}/text", most=200)
    if block.get("level") not in (None, "default", "info", "warning", "error", "success"):
        yield Problem(f"{at}/level", "must be one of: default, info, warning, error, success")


def _card(block: Json, at: str, surface: Surface) -> Problems:
    for key, most in (("title", 150), ("subtitle", 150), ("body", 200), ("subtext", 200)):
        if block.get(key) is not None:
            yield from text(block[key], f"{at}/{key}", most=most)
    if block.get("actions") is not None:
        yield from count(block["actions"], f"{at}/actions", most=3, of="actions")
        yield from block_elements.elements(
            block["actions"], f"{at}/actions", allowed={"button"}, surface=surface
        )
    if block.get("icon") is not None and block.get("slack_icon") is not None:
        yield Problem(at, "must provide only one of: icon, slack_icon")


def _carousel(block: Json, at: str, surface: Surface) -> Problems:
    yield from count(block.get("elements"), f"{at}/elements", most=10, of="cards")
    for place, card in enumerate(block.get("elements") or ()):
        yield from _card(card, f"{at}/elements/{place}", surface)


def _container(block: Json, at: str, surface: Surface) -> Problems:
    for key in ("title", "subtitle"):
        if block.get(key) is not None:
            yield from text(block[key], f"{at}/{key}", most=150)
    yield from count(block.get("child_blocks"), f"{at}/child_blocks", most=10, of="blocks")
    if block.get("width") not in (None, "narrow", "standard", "wide", "full"):
        yield Problem(f"{at}/width", "must be one of: narrow, standard, wide, full")
    for place, child in enumerate(block.get("child_blocks") or ()):
        yield from _block(child, f"{at}/child_blocks/{place}", surface)


def _task_card(block: Json, at: str, _surface: Surface) -> Problems:
    yield from required(block, ("task_id", "title"), at)
    if block.get("status") not in (None, "pending", "in_progress", "complete", "error"):
        yield Problem(f"{at}/status", "must be one of: pending, in_progress, complete, error")
    for key in ("details", "output"):
        if block.get(key) is not None:
            yield from rich_text(block[key], f"{at}/{key}")


def _plan(block: Json, at: str, surface: Surface) -> Problems:
    yield from required(block, ("title",), at)
    for place, task in enumerate(block.get("tasks") or ()):
        yield from _task_card(task, f"{at}/tasks/{place}", surface)


def _plain(_block: Json, _at: str, _surface: Surface) -> Problems:
    yield from ()


def _of(check: Callable[[Json, str], Problems]) -> Callable[[Json, str, Surface], Problems]:
    return lambda block, at, _surface: check(block, at)


BLOCKS: dict[str, Callable[[Json, str, Surface], Problems]] = {
    "section": _section,
    "header": _header,
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "input": _input,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "video": _video,
    "alert": _alert,
    "card": _card,
    "carousel": _carousel,
    "container": _container,
    "task_card": _task_card,
    "plan": _plan,
    "divider": _plain,
    "table": _of(block_data.table),
    "data_table": _of(block_data.data_table),
    "data_visualization": _of(block_data.data_visualization),
}


def view_problems(view: object) -> list[Problem]:
    """Everything that Slack would refuse in a modal or Home view."""
    if not isinstance(view, dict):
        return [Problem("/view", "must provide an object", code="invalid_arguments")]
    return list(_view_problems(view))


def _view_problems(view: Json) -> Problems:
    if view.get("type") not in ("modal", "home"):
        yield Problem("/type", "must be one of: modal, home")
        return
    surface = Surface(view["type"])
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES_MAX:
        yield Problem("", f"a view has at most {VIEW_BYTES_MAX} bytes", code="view_too_large")
    yield from required(view, ("blocks",), "")
    yield from only(view, VIEW_FIELDS | (MODAL_FIELDS if surface is Surface.MODAL else set()), "")
    yield from _titles(view, surface)
    yield from _one_focus(view.get("blocks"))
    yield from optional(view, "private_metadata", "", most=3000)
    yield from optional(view, "callback_id", "", most=255)
    yield from optional(view, "external_id", "", most=255)
    yield from _problems(view.get("blocks") or [], surface, "/blocks")


def _one_focus(blocks: object) -> Problems:
    """Only one element of a view may ask for the focus."""
    asking = [
        place
        for place, block in enumerate(blocks if isinstance(blocks, list) else ())
        for element in _elements(block)
        if element.get("focus_on_load")
    ]
    for place in asking[1:]:
        yield Problem(f"/blocks/{place}", "only one element may have focus_on_load")


def _elements(block: object) -> list[Json]:
    if not isinstance(block, dict):
        return []
    inside = block.get("elements")
    several = inside if isinstance(inside, list) else []
    return [e for e in (*several, block.get("accessory"), block.get("element")) if isinstance(e, dict)]


def _titles(view: Json, surface: Surface) -> Problems:
    if surface is Surface.HOME:
        return
    yield from required(view, ("title",), "")
    for key in ("title", "submit", "close"):
        if view.get(key) is not None:
            yield from text(view[key], f"/{key}", most=VIEW_TITLE_MAX, plain=True)
    has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in view.get("blocks") or ())
    if has_input and view.get("submit") is None:
        yield Problem("", "missing required field: submit")
