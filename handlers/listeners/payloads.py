"""The only place that knows the shapes of what Slack sends: raw bodies in, frozen values out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

Body: TypeAlias = Mapping[str, Any]

MOST_CARRIED: Final = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who did something, and in whose workspace."""

    workspace: str  # the Slack team whose installation this reached
    user: str
    external: bool = False  # of another company, through a shared channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A slash command; never in a thread."""

    who: Asker
    channel: str
    text: str
    response_url: str
    trigger: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """A button: in a message, in a modal or on the Home tab."""

    who: Asker
    about: Mapping[str, str]  # what the button carries; says what it is about, never what is true of it
    trigger: str
    channel: str | None  # None in a view
    message_ts: str | None
    response_url: str | None  # None in a view
    in_modal: bool
    view: str = ""  # that the button is in

    @property
    def key(self) -> str:
        """Name it so that a second copy is known as one: every press has a trigger of its own."""
        return f"click.{self.trigger}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A modal that was submitted."""

    who: Asker
    view: str
    about: Mapping[str, str]
    values: Mapping[str, str]  # by block; what was left empty is absent
    lists: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict
    )  # by block, where several may be chosen
    trigger: str = ""
    beneath: str = ""  # the view that this one stands on

    @property
    def key(self) -> str:
        """Name it so that a second copy is known as one: every press has a trigger of its own."""
        return f"submission.{self.trigger or self.view}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Our name in a message."""

    who: Asker
    channel: str
    ts: str
    thread_ts: str | None  # of the parent; None outside a thread
    text: str
    shared_outside: bool
    by_person: bool = True  # not by a bot, which might answer for ever

    @property
    def key(self) -> str:
        """Name it so that a second copy is known as one; Slack may send it under another event id."""
        return f"mention.{self.channel}.{self.ts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectMessage:
    """A message to us alone."""

    who: Asker
    channel: str
    ts: str
    by_person: bool  # not by a bot, not an edit

    @property
    def key(self) -> str:
        return f"message.{self.channel}.{self.ts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeOpened:
    """A person looks at our Home tab, or at our messages."""

    who: Asker
    home: bool
    shown: str  # the digest of what is there now; "" when there is nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Somebody came into a channel."""

    workspace: str
    channel: str
    ours: bool  # it was us


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Slack knows something new of a person or a user group."""

    workspace: str
    id: str


Payload: TypeAlias = Command | Click | Submission | Mention | DirectMessage | HomeOpened | Joined | Changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an answer to somebody can be shown, as far as a body says; for answers to what cannot be read too."""

    user: str = ""
    channel: str = ""
    thread_ts: str | None = None
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    in_modal: bool = False
    inputs: tuple[str, ...] = field(default=())  # blocks of a submitted modal

    def on_view(self, view: str) -> "Place":
        """Say the same place, with the modal that answers stand in now."""
        return replace(self, view=view, response_url="")


def command(body: Body) -> Command:
    return Command(
        who=Asker(workspace=body["team_id"], user=body["user_id"]), channel=body["channel_id"],
        text=body.get("text") or "", response_url=body["response_url"], trigger=body.get("trigger_id") or "",
    )  # fmt: skip


def click(body: Body) -> Click:
    container = body.get("container") or {}
    view = body.get("view") or {}
    pressed = body["actions"][0]
    value = pressed.get("value") or _mapping(pressed.get("selected_option")).get("value")
    return Click(
        who=_clicker(body), about=carried(view.get("private_metadata")) | carried(value), view=view.get("id") or "",
        trigger=body.get("trigger_id") or "",
        channel=(body.get("channel") or {}).get("id") or container.get("channel_id"),
        message_ts=container.get("message_ts"), response_url=body.get("response_url"),
        in_modal=view.get("type") == "modal",
    )  # fmt: skip


def submission(body: Body) -> Submission:
    view = body["view"]
    return Submission(
        who=_clicker(body), view=view["id"], about=carried(view.get("private_metadata")), values=_values(view),
        lists=_lists(view), trigger=body.get("trigger_id") or "", beneath=view.get("previous_view_id") or "",
    )  # fmt: skip


def _clicker(body: Body) -> Asker:
    user, team = body["user"], body.get("team") or {}
    workspace = team.get("id") or user.get("team_id") or ""  # on Grid the team may be null (SLACK.md 193)
    return Asker(workspace=workspace, user=user["id"], external=_external(user.get("team_id"), workspace))


def _external(theirs: str | None, ours: str) -> bool:
    return bool(theirs) and theirs != ours


def _values(view: Body) -> dict[str, str]:
    return {block: chosen for block, entry in _entries(view) if (chosen := _one(entry))}


def _one(entry: Body) -> str:
    option = _mapping(entry.get("selected_option")).get("value")
    found = entry.get("value") or option or entry.get("selected_date") or entry.get("selected_user")
    return _words(found)


def _lists(view: Body) -> dict[str, tuple[str, ...]]:
    return {
        block: tuple(each if isinstance(each, str) else each["value"] for each in entry[name] or ())
        for block, entry in _entries(view)
        for name in ("selected_options", "selected_users")
        if name in entry
    }


def _entries(view: Body) -> list[tuple[str, Body]]:
    values = (view.get("state") or {}).get("values") or {}
    return [(block, entry) for block, elements in values.items() for entry in elements.values()]


def carried(text: str | None) -> dict[str, str]:
    """Read what a button or a view carries; anything else than a flat object of words is nothing."""
    try:
        found = json.loads((text or "")[:MOST_CARRIED] or "{}")
    except ValueError:
        return {}
    return (
        {key: value for key, value in found.items() if isinstance(value, str)}
        if isinstance(found, dict)
        else {}
    )


def mention(body: Body) -> Mention:
    event = body["event"]
    return Mention(
        who=_author(body), channel=event["channel"], ts=event["ts"], thread_ts=event.get("thread_ts"),
        text=event.get("text") or "", shared_outside=bool(body.get("is_ext_shared_channel")),
        by_person=not event.get("bot_id"),
    )  # fmt: skip


def direct_message(body: Body) -> DirectMessage:
    event = body["event"]
    by_person = not (event.get("bot_id") or event.get("subtype")) and bool(event.get("user"))
    return DirectMessage(who=_author(body), channel=event["channel"], ts=event["ts"], by_person=by_person)


def home_opened(body: Body) -> HomeOpened:
    event = body["event"]
    shown = (event.get("view") or {}).get("private_metadata") or ""
    return HomeOpened(who=_author(body), home=event.get("tab") == "home", shown=shown)


def joined(body: Body) -> Joined:
    event = body["event"]
    we = {each.get("user_id") for each in body.get("authorizations") or []}
    return Joined(workspace=body["team_id"], channel=event["channel"], ours=event["user"] in we)


def changed(body: Body) -> Changed:
    event = body["event"]
    user = event.get("user") or {}
    id_ = event.get("subteam_id") or (event.get("subteam") or {}).get("id") or user.get("id") or ""
    return Changed(workspace=body["team_id"], id=id_)


def _author(body: Body) -> Asker:
    event = body["event"]
    theirs = event.get("user_team") or event.get("team")
    return Asker(
        workspace=body["team_id"], user=event.get("user") or "", external=_external(theirs, body["team_id"])
    )


def place(body: Body) -> Place:
    """Find where to answer, in any kind of body; never raises."""
    event = _mapping(body.get("event"))
    view, container = _mapping(body.get("view")), _mapping(body.get("container"))
    user = body.get("user")
    who = user.get("id") if isinstance(user, Mapping) else body.get("user_id") or event.get("user")
    channel = _mapping(body.get("channel")).get("id") or container.get("channel_id") or body.get("channel_id")
    blocks = view.get("blocks")
    listed = map(_mapping, blocks if isinstance(blocks, list) else ())
    inputs = [each for each in listed if each.get("type") == "input"]
    return Place(
        user=_words(who), channel=_words(channel or event.get("channel")), thread_ts=event.get("thread_ts"),
        view=_words(view.get("id")), in_modal=view.get("type") == "modal",
        trigger=_words(body.get("trigger_id")), response_url=_words(body.get("response_url")),
        inputs=tuple(name for each in inputs if (name := _words(each.get("block_id")))),
    )  # fmt: skip


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}  # what JSON gives; a Mapping is told more slowly


def _words(value: object) -> str:
    return value if isinstance(value, str) else ""
