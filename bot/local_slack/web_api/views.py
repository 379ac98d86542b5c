"""views.*: opening, pushing, changing and publishing."""

from bot.local_slack import modals
from bot.local_slack.blocks import view_problems
from bot.local_slack.objects import view_object
from bot.local_slack.state import Surface, Trigger, View
from bot.local_slack.values import Json
from bot.local_slack.web_api.calls import Ask, Refused, invalid_arguments, refuse_blocks


def _content(ask: Ask, *, surface: Surface | None) -> Json:
    view = ask.blob("view")
    if not isinstance(view, dict):
        raise invalid_arguments("must provide an object [json-pointer:/view]")
    if surface is not None and view.get("type") != str(surface):
        raise invalid_arguments(f"view must be of type {surface} [json-pointer:/view/type]")
    found = view_problems(view)
    if any(p.code == "view_too_large" for p in found):
        raise Refused("view_too_large")
    outside = [p for p in found if not p.pointer.startswith("/blocks")]
    if outside:
        raise invalid_arguments(*(f"{p.message} [json-pointer:/view{p.pointer}]" for p in outside))
    refuse_blocks(found)
    return view


def _no_double(ask: Ask, content: Json, *, own: View | None) -> None:
    external_id = content.get("external_id")
    if external_id and any(
        v.content.get("external_id") == external_id and v is not own and v.team_id == ask.team_id
        for v in ask.state.views.values()
    ):
        raise Refused("duplicate_external_id")


def _trigger(ask: Ask) -> Trigger:
    """Take a trigger_id: three seconds old at most, and once (SLACK.md 86)."""
    trigger = ask.state.triggers.get(ask.word("trigger_id"))
    if trigger is None or trigger.app_id != ask.app.id:
        raise Refused("invalid_trigger_id")
    if trigger.used:
        raise Refused("exchanged_trigger_id")
    if ask.state.clock.now() > trigger.expires_at:
        raise Refused("expired_trigger_id")
    trigger.used = True
    return trigger


def _new(ask: Ask, content: Json, user_id: str) -> View:
    _no_double(ask, content, own=None)
    return modals.new_view(
        ask.state, app_id=ask.app.id, team_id=ask.team_id, user_id=user_id, content=content
    )


def open_view(ask: Ask) -> Json:
    content = _content(ask, surface=Surface.MODAL)
    view = _new(ask, content, _trigger(ask).user_id)
    modals.open_modal(ask.state, view)
    return {"view": view_object(ask.state, view)}


def push(ask: Ask) -> Json:
    content = _content(ask, surface=Surface.MODAL)
    trigger = _trigger(ask)
    stack = ask.state.stacks[trigger.user_id]
    if trigger.view_id not in stack:
        raise Refused("not_found")
    if len(stack) >= modals.STACK_MAX:
        raise Refused("push_limit_reached")
    view = _new(ask, content, trigger.user_id)
    modals.push_modal(ask.state, view, above=ask.state.views[stack[-1]])
    return {"view": view_object(ask.state, view)}


def update(ask: Ask) -> Json:
    view = _known(ask)
    content = _content(ask, surface=None)
    if content["type"] != str(view.surface):
        raise invalid_arguments(f"view must be of type {view.surface} [json-pointer:/view/type]")
    _same_hash(ask, view)
    _no_double(ask, content, own=view)
    modals.fill(ask.state, view, content)
    return {"view": view_object(ask.state, view)}


def _known(ask: Ask) -> View:
    view = ask.state.views.get(ask.word("view_id"))
    external_id = ask.word("external_id")
    if view is None and external_id:
        view = next(
            (v for v in ask.state.views.values() if v.content.get("external_id") == external_id), None
        )
    if view is None or view.app_id != ask.app.id or not modals.is_open(ask.state, view):
        raise Refused("not_found")
    return view


def _same_hash(ask: Ask, view: View) -> None:
    if ask.word("hash") and ask.word("hash") != view.hash:
        raise Refused("hash_conflict")


def publish(ask: Ask) -> Json:
    content = _content(ask, surface=Surface.HOME)
    user = ask.state.users.get(ask.word("user_id"))
    if user is None or user.bot:
        raise invalid_arguments("invalid `user_id`")
    if not ask.app.home_tab:
        raise Refused("not_enabled")
    known = ask.state.views.get(ask.state.homes.get((user.id, ask.app.id), ""))
    if known is None:
        known = _new(ask, content, user.id)
        ask.state.homes[(user.id, ask.app.id)] = known.id
        ask.state.changes.notify(user.id)
    else:
        _same_hash(ask, known)
        modals.fill(ask.state, known, content)
    return {"view": view_object(ask.state, known)}
