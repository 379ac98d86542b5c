"""Open views: a person's stack of modals, one Home tab an app, and what has been typed into them."""

import secrets

from bot.local_slack.posting import elements, named
from bot.local_slack.state import State, Surface, View
from bot.local_slack.values import Json

STACK_MAX = 3


def new_view(state: State, *, app_id: str, team_id: str, user_id: str, content: Json) -> View:
    view_id = state.new_id("V")
    view = View(
        id=view_id,
        user_id=user_id,
        app_id=app_id,
        team_id=team_id,
        surface=Surface(content["type"]),
        content={},
        hash="",
        root_view_id=view_id,
    )
    fill(state, view, content)
    state.views[view.id] = view
    return view


def fill(state: State, view: View, content: Json) -> None:
    """Show new content; what a person typed stays where block_id and action_id stay (SLACK.md 12)."""
    view.content = content | {"blocks": named(content.get("blocks") or [])}
    view.hash = f"{int(state.clock.now())}.{secrets.token_hex(4)}"
    view.errors = {}
    kept = view.state
    view.state = {}
    for block, element in elements(view.content["blocks"]):
        if not _stateful(element):
            continue
        known = kept.get(block["block_id"], {}).get(element["action_id"])
        same = known is not None and known["type"] == element["type"]
        view.state.setdefault(block["block_id"], {})[element["action_id"]] = (
            known if known and same else initial(element)
        )
    state.changes.notify(view.user_id)


def _stateful(element: Json) -> bool:
    return element["type"] not in {"button", "overflow", "workflow_button", "feedback_buttons", "icon_button"}


EMPTY_KEYS = {
    "plain_text_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "number_input": "value",
    "rich_text_input": "rich_text_value",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
    "file_input": "files",
}
INITIALS = {
    "value": "initial_value",
    "rich_text_value": "initial_value",
    "selected_date": "initial_date",
    "selected_time": "initial_time",
    "selected_date_time": "initial_date_time",
    "selected_option": "initial_option",
    "selected_options": "initial_options",
    "selected_user": "initial_user",
    "selected_users": "initial_users",
    "selected_conversation": "initial_conversation",
    "selected_conversations": "initial_conversations",
    "selected_channel": "initial_channel",
    "selected_channels": "initial_channels",
}


def initial(element: Json) -> Json:
    key = EMPTY_KEYS[element["type"]]
    empty: object = [] if key.endswith("s") else None
    return {"type": element["type"], key: element.get(INITIALS.get(key, ""), empty)}


def message_state(
    state: State, *, channel_id: str, ts: str, user_id: str, blocks: list[Json]
) -> dict[str, dict[str, Json]]:
    """What one person has chosen in a message so far, of what stands in it now."""
    known = state.message_state.get((channel_id, ts, user_id), {})
    chosen: dict[str, dict[str, Json]] = {}
    for block, element in elements(blocks):
        if _stateful(element):
            kept = known.get(block["block_id"], {}).get(element["action_id"])
            same = kept is not None and kept["type"] == element["type"]
            chosen.setdefault(block["block_id"], {})[element["action_id"]] = (
                kept if kept and same else initial(element)
            )
    state.message_state[(channel_id, ts, user_id)] = chosen
    return chosen


def open_modal(state: State, view: View) -> None:
    """Show a modal; any that was open is replaced."""
    for view_id in state.stacks[view.user_id]:
        state.views.pop(view_id, None)
    state.stacks[view.user_id] = [view.id]
    state.changes.notify(view.user_id)


def push_modal(state: State, view: View, *, above: View) -> None:
    stack = state.stacks[view.user_id]
    view.root_view_id = above.root_view_id
    view.previous_view_id = above.id
    stack.append(view.id)
    state.changes.notify(view.user_id)


def is_open(state: State, view: View) -> bool:
    return view.id in state.stacks[view.user_id] or view.id in state.homes.values()


def close_modal(state: State, view: View, *, everything: bool = False) -> list[View]:
    """Close a modal, or the whole stack; returns what was closed."""
    stack = state.stacks[view.user_id]
    closing = list(stack) if everything else [view.id] if view.id in stack else []
    state.stacks[view.user_id] = [v for v in stack if v not in closing]
    state.changes.notify(view.user_id)
    return [state.views.pop(v) for v in closing]
