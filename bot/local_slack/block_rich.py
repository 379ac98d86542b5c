"""Rich text: sections, lists, quotes and code, and what stands inside them."""

from bot.local_slack.block_texts import Problem, Problems, count, length, required
from bot.local_slack.values import Json

HOLDERS = {"rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote"}
NEEDS = {
    "text": ("text",),
    "link": ("url",),
    "user": ("user_id",),
    "usergroup": ("usergroup_id",),
    "channel": ("channel_id",),
    "emoji": ("name",),
    "broadcast": ("range",),
    "date": ("timestamp", "format"),
    "team": ("team_id",),
    "color": ("value",),
}


def rich_text(block: object, at: str) -> Problems:
    if not isinstance(block, dict) or block.get("type") != "rich_text":
        yield Problem(at, "must provide a rich_text block")
        return
    yield from count(block.get("elements"), f"{at}/elements", most=10_000, of="elements")
    for place, one in enumerate(block.get("elements") or ()):
        yield from _holder(one, f"{at}/elements/{place}")


def _holder(value: object, at: str) -> Problems:
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(value, dict) or kind not in HOLDERS:
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind == "rich_text_list" and value.get("style") not in ("bullet", "ordered"):
        yield Problem(f"{at}/style", "must be one of: bullet, ordered")
    for place, one in enumerate(value.get("elements") or ()):
        here = f"{at}/elements/{place}"
        yield from _holder(one, here) if kind == "rich_text_list" else _inline(one, here)


def _inline(value: Json, at: str) -> Problems:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind not in NEEDS:
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
        return
    yield from required(value, NEEDS[kind], at)
    if kind == "text" and value.get("text") is not None:
        yield from length(value["text"], f"{at}/text", most=100_000, least=1)
