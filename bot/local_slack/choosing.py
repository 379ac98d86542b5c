"""What a click sends: the element as the app will see it in `actions`, and in the state of a view."""

import re
from datetime import date

from bot.local_slack.modals import EMPTY_KEYS
from bot.local_slack.posting import elements
from bot.local_slack.values import Json

WEB = re.compile(r"https?://[^\s/]+")


class NotThere(LookupError):  # noqa: N818 - what a person would see
    """Nothing like that can be clicked there."""


def find(
    blocks: list[Json], action_id: str, *, block_id: str = "", value: object = None
) -> tuple[Json, Json]:
    """The block and element with this action_id; among buttons that share it, the one with this value."""
    found = [
        (b, e) for b, e in elements(blocks) if e["action_id"] == action_id and block_id in ("", b["block_id"])
    ]
    if value is not None and len(found) > 1:
        found = [(b, e) for b, e in found if e["type"] != "button" or e.get("value") == value] or found
    if not found:
        known = sorted({e["action_id"] for _, e in elements(blocks)})
        raise NotThere(f"there is no {action_id!r} here, only {', '.join(known) or 'nothing to click'}")
    return found[0]


def options_of(element: Json) -> list[Json]:
    groups = element.get("option_groups") or ()
    return list(element.get("options") or ()) + [o for g in groups for o in g["options"]]


def option(element: Json, value: object) -> Json:
    """An element's option by its value or its text; an external select takes any option as it is."""
    if isinstance(value, dict):
        return value
    for one in options_of(element):
        if value in (one["value"], one["text"]["text"]):
            return one
    offered = ", ".join(str(o["value"]) for o in options_of(element))
    raise NotThere(f"{value!r} is not offered, only {offered or 'what the app suggests'}")


def chosen(element: Json, value: object) -> Json:
    """What a person's choice looks like in state: {type, selected_option: …}."""
    kind = element["type"]
    key = EMPTY_KEYS[kind]
    picked = _shaped(element, key, value)
    most = element.get("max_selected_items")
    if most is not None and isinstance(picked, list) and len(picked) > most:
        raise NotThere(f"at most {most} can be chosen here")
    return {"type": kind, key: picked}


def _shaped(element: Json, key: str, value: object) -> object:
    if value is None or value == "":
        return [] if key.endswith("s") else None
    match key:
        case "selected_option":
            return option(element, value)
        case "selected_options":
            return [option(element, one) for one in _many(value)]
        case "selected_date_time":
            return int(str(value))
        case "selected_date":
            return _dated(str(value))
        case "selected_time":
            return _timed(str(value))
        case "rich_text_value":
            return value if isinstance(value, dict) else _rich(str(value))
        case _ if key.endswith("s"):
            return [str(one) for one in _many(value)]
        case _:
            return str(value)


def _dated(value: str) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise NotThere(f"{value!r} is no date such as 2026-12-01") from None


def _timed(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise NotThere(f"{value!r} is no time such as 09:30")
    return value


def _many(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple | set | frozenset) else [value]


def _rich(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def action(block: Json, element: Json, value: object, *, action_ts: str) -> Json:
    """One entry of `actions` (SLACK.md 8.6)."""
    kind = element["type"]
    common: Json = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": kind,
        "action_ts": action_ts,
    }
    if kind in ("button", "workflow_button"):
        kept = {k: element[k] for k in ("text", "value", "style", "url") if k in element}
        return common | kept
    if kind == "overflow":
        return common | {"selected_option": option(element, value)}
    if kind == "feedback_buttons":
        return common | {"value": str(value)}
    shown = common | chosen(element, value)
    return shown | {"placeholder": element["placeholder"]} if "placeholder" in element else shown


def is_empty(entry: Json) -> bool:
    values = [v for k, v in entry.items() if k != "type"]
    return all(v in (None, "", []) for v in values)


def complaints(block: Json, entry: Json) -> list[str]:
    """What a person's client would not let them submit."""
    element = block["element"]
    if is_empty(entry):
        return [] if block.get("optional") else ["Please complete this required field."]
    match element["type"]:
        case "plain_text_input":
            return _length(element, str(entry["value"]))
        case "number_input":
            return _number(element, str(entry["value"]))
        case "email_text_input":
            return [] if "@" in str(entry["value"]) else ["Please enter a valid email address."]
        case "url_text_input":
            return [] if WEB.match(str(entry["value"])) else ["Please enter a valid URL."]
        case _:
            return []


def _length(element: Json, text: str) -> list[str]:
    if len(text) < (element.get("min_length") or 0):
        return [f"Please enter at least {element['min_length']} characters."]
    if len(text) > (element.get("max_length") or 3000):
        return [f"Please enter at most {element.get('max_length') or 3000} characters."]
    return []


def _number(element: Json, text: str) -> list[str]:
    try:
        value = float(text)
    except ValueError:
        return ["Please enter a number."]
    if not element.get("is_decimal_allowed") and not value.is_integer():
        return ["Please enter a whole number."]
    if element.get("min_value") is not None and value < float(element["min_value"]):
        return [f"Please enter at least {element['min_value']}."]
    if element.get("max_value") is not None and value > float(element["max_value"]):
        return [f"Please enter at most {element['max_value']}."]
    return []
