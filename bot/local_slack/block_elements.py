"""Interactive elements of Block Kit, each with its limits (SLACK.md 25-39)."""

import re
from collections.abc import Callable

from bot.local_slack.block_fields import ELEMENT_FIELDS
from bot.local_slack.block_texts import (
    Problem,
    Problems,
    confirm,
    count,
    length,
    only,
    option,
    option_groups,
    optional,
    options,
    placeholder,
    repeated,
    required,
    text,
    whole,
)
from bot.local_slack.values import Json

ACTION_ID_MAX = 255
BUTTON_TEXT_MAX = 75
BUTTON_VALUE_MAX = 2000
URL_MAX = 3000
CHOICES_MAX = 10  # checkboxes, radio buttons
OVERFLOW_MAX = 5
INPUT_MAX = 3000
IMAGE_ALT_MAX = 2000

SOURCES = ("static", "external", "users", "conversations", "channels")
SELECTS = {f"{source}_select" for source in SOURCES}
MULTI_SELECTS = {f"multi_{kind}" for kind in SELECTS}
PICKERS = {"datepicker", "timepicker", "datetimepicker"}
TEXT_INPUTS = {"plain_text_input", "email_text_input", "url_text_input", "number_input", "rich_text_input"}
CHOICES = {"checkboxes", "radio_buttons"}

ACCESSORIES = (
    {"button", "image", "overflow", "datepicker", "timepicker", "workflow_button"}
    | SELECTS
    | MULTI_SELECTS
    | CHOICES
)
ACTIONS = (ACCESSORIES | PICKERS) - {"image"}
INPUTS = TEXT_INPUTS | SELECTS | MULTI_SELECTS | PICKERS | CHOICES | {"file_input"}

ON_ENTER, ON_CHARACTER = "on_enter_pressed", "on_character_entered"
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)")


def element(value: object, at: str, *, allowed: set[str], surface: str) -> Problems:
    """Check one element where only some kinds are allowed."""
    if not isinstance(value, dict):
        yield Problem(at, "must provide an object")
        return
    kind = value.get("type")
    if kind not in allowed:
        yield Problem(f"{at}/type", f"unsupported type: {kind}")
        return
    if kind in ELEMENT_FIELDS:
        yield from only(value, ELEMENT_FIELDS[kind], at)
    if value.get("action_id") is not None:
        yield from length(value["action_id"], f"{at}/action_id", most=ACTION_ID_MAX, least=1)
    if kind == "file_input" and surface != "modal":
        yield Problem(f"{at}/type", "file_input is only available in modals")
    yield from CHECKS.get(str(kind), _nothing)(value, at)
    yield from confirm(value, at)
    yield from placeholder(value, at)


def elements(values: object, at: str, *, allowed: set[str], surface: str) -> Problems:
    if isinstance(values, list):
        for place, one in enumerate(values):
            yield from element(one, f"{at}/{place}", allowed=allowed, surface=surface)
        yield from repeated(values, "action_id", at)


def _nothing(_value: Json, _at: str) -> Problems:
    yield from ()


def button(value: Json, at: str) -> Problems:
    yield from text(value.get("text"), f"{at}/text", most=BUTTON_TEXT_MAX, plain=True)
    yield from optional(value, "value", at, most=BUTTON_VALUE_MAX)
    yield from optional(value, "url", at, most=URL_MAX)
    yield from optional(value, "accessibility_label", at, most=BUTTON_TEXT_MAX)
    yield from optional(value, "agent_prompt", at, most=4000)
    if value.get("style") not in (None, "primary", "danger"):
        yield Problem(f"{at}/style", "must be one of: primary, danger")


def image(value: Json, at: str) -> Problems:
    yield from length(value.get("alt_text"), f"{at}/alt_text", most=IMAGE_ALT_MAX, least=1)
    yield from image_source(value, at)


def image_source(value: Json, at: str) -> Problems:
    """Exactly one of image_url and slack_file."""
    if (value.get("image_url") is None) == (value.get("slack_file") is None):
        yield Problem(at, "must provide exactly one of: image_url, slack_file")
    if value.get("image_url") is not None:
        yield from length(value["image_url"], f"{at}/image_url", most=URL_MAX, least=1)
    file = value.get("slack_file")
    if file is not None and (not isinstance(file, dict) or ("id" in file) == ("url" in file)):
        yield Problem(f"{at}/slack_file", "invalid slack file")


def select(value: Json, at: str) -> Problems:
    kind = value["type"]
    if kind.endswith("static_select"):
        yield from _static(value, at)
    if kind.endswith("external_select") and value.get("min_query_length") is not None:
        yield from whole(value["min_query_length"], f"{at}/min_query_length", most=1000, least=0)
    if value.get("max_selected_items") is not None:
        yield from whole(value["max_selected_items"], f"{at}/max_selected_items", most=1000, least=1)


def _static(value: Json, at: str) -> Problems:
    if (value.get("options") is None) == (value.get("option_groups") is None):
        yield Problem(at, "must provide exactly one of: options, option_groups")
        return
    if value.get("options") is not None:
        yield from options(value["options"], f"{at}/options")
        yield from _initial(value, value["options"], at)
    else:
        yield from option_groups(value["option_groups"], f"{at}/option_groups")
        yield from _initial(value, [o for g in value["option_groups"] for o in g.get("options") or ()], at)


def _initial(value: Json, known: object, at: str) -> Problems:
    """What is chosen at first has to be one of the options, word for word."""
    chosen = [value["initial_option"]] if value.get("initial_option") else value.get("initial_options") or []
    if value.get("initial_options") == []:
        yield Problem(f"{at}/initial_options", "no fewer than 1 options allowed")
    pairs = {_pair(one) for one in known} if isinstance(known, list) else set()
    for one in chosen:
        yield from option(one, f"{at}/initial_option", mrkdwn=True)
        if _pair(one) not in pairs:
            yield Problem(f"{at}/initial_option", "initial option must match one of the options")


def _pair(one: Json) -> tuple[str, str]:
    return (
        (str(one.get("value")), str((one.get("text") or {}).get("text")))
        if isinstance(one, dict)
        else ("", "")
    )


def choices(value: Json, at: str) -> Problems:
    yield from options(value.get("options"), f"{at}/options", most=CHOICES_MAX, mrkdwn=True)
    yield from _initial(value, value.get("options"), at)


def overflow(value: Json, at: str) -> Problems:
    yield from options(value.get("options"), f"{at}/options", most=OVERFLOW_MAX, url=True)


def plain_text_input(value: Json, at: str) -> Problems:
    if value.get("min_length") is not None:
        yield from whole(value["min_length"], f"{at}/min_length", most=INPUT_MAX, least=0)
    if value.get("max_length") is not None:
        yield from whole(value["max_length"], f"{at}/max_length", most=INPUT_MAX, least=1)
    least, most = value.get("min_length"), value.get("max_length")
    if isinstance(least, int) and isinstance(most, int) and least > most:
        yield Problem(f"{at}/min_length", "must not be greater than max_length")
    yield from optional(value, "initial_value", at, most=most if isinstance(most, int) else INPUT_MAX)
    yield from dispatching(value, at)


def dispatching(value: Json, at: str) -> Problems:
    """When an input with dispatch_action tells the app: on Enter, on every character, or on both."""
    config = value.get("dispatch_action_config")
    if config is None:
        return
    here = f"{at}/dispatch_action_config"
    if not isinstance(config, dict):
        yield Problem(here, "must provide an object")
        return
    yield from only(config, {"trigger_actions_on"}, here)
    on = config.get("trigger_actions_on")
    yield from count(on, f"{here}/trigger_actions_on", most=2, of="triggers")
    for place, one in enumerate(on if isinstance(on, list) else ()):
        if one not in (ON_ENTER, ON_CHARACTER):
            yield Problem(f"{here}/trigger_actions_on/{place}", f"must be one of: {ON_ENTER}, {ON_CHARACTER}")


def number_input(value: Json, at: str) -> Problems:
    yield from required(value, ("is_decimal_allowed",), at)
    yield from dispatching(value, at)
    numbers: dict[str, float] = {}
    for key in ("min_value", "max_value", "initial_value"):
        if value.get(key) is None:
            continue
        if not isinstance(value[key], str) or not NUMBER.fullmatch(value[key]):
            yield Problem(f"{at}/{key}", "must provide a number in a string")
        else:
            numbers[key] = float(value[key])
    if numbers.get("min_value", 0) > numbers.get("max_value", float("inf")):
        yield Problem(f"{at}/min_value", "must not be greater than max_value")


def file_input(value: Json, at: str) -> Problems:
    if value.get("max_files") is not None:
        yield from whole(value["max_files"], f"{at}/max_files", most=10, least=1)


def datetimepicker(value: Json, at: str) -> Problems:
    initial = value.get("initial_date_time")
    if initial is not None and (not isinstance(initial, int) or len(str(initial)) != 10):
        yield Problem(f"{at}/initial_date_time", "must be a UNIX timestamp of 10 digits")


def datepicker(value: Json, at: str) -> Problems:
    yield from _shaped(value, "initial_date", at, pattern=r"\d{4}-\d{2}-\d{2}", words="YYYY-MM-DD")


def timepicker(value: Json, at: str) -> Problems:
    yield from _shaped(value, "initial_time", at, pattern=r"([01]\d|2[0-3]):[0-5]\d", words="HH:mm")


def _shaped(value: Json, key: str, at: str, *, pattern: str, words: str) -> Problems:
    if value.get(key) is not None and not re.fullmatch(pattern, str(value[key])):
        yield Problem(f"{at}/{key}", f"must have the form {words}")


def feedback_buttons(value: Json, at: str) -> Problems:
    for key in ("positive_button", "negative_button"):
        one = value.get(key)
        if not isinstance(one, dict):
            yield Problem(at, f"missing required field: {key}")
            continue
        yield from text(one.get("text"), f"{at}/{key}/text", most=BUTTON_TEXT_MAX, plain=True)
        yield from length(one.get("value"), f"{at}/{key}/value", most=BUTTON_VALUE_MAX, least=1)


def icon_button(value: Json, at: str) -> Problems:
    yield from required(value, ("icon",), at)
    yield from text(value.get("text"), f"{at}/text", plain=True)


CHECKS: dict[str, Callable[[Json, str], Problems]] = {
    **dict.fromkeys(SELECTS | MULTI_SELECTS, select),
    **dict.fromkeys(CHOICES, choices),
    "button": button,
    "image": image,
    "overflow": overflow,
    "plain_text_input": plain_text_input,
    "number_input": number_input,
    "url_text_input": dispatching,
    "email_text_input": dispatching,
    "rich_text_input": dispatching,
    "file_input": file_input,
    "datepicker": datepicker,
    "timepicker": timepicker,
    "datetimepicker": datetimepicker,
    "feedback_buttons": feedback_buttons,
    "icon_button": icon_button,
}
