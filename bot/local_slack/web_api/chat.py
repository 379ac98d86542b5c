"""chat.*: posting, changing and deleting messages."""

from bot.local_slack import blocks as block_kit
from bot.local_slack.block_texts import Problem
from bot.local_slack.objects import file_object
from bot.local_slack.posting import bot_message, direct_channel, named, post, whisper
from bot.local_slack.state import Surface
from bot.local_slack.values import Channel, ChannelKind, Json
from bot.local_slack.web_api.calls import Ask, Refused, invalid_arguments, refuse_blocks

TEXT_MAX = 40_000  # cut above this
UPDATE_TEXT_MAX = 4_000
EPHEMERAL_BYTES_MAX = 4_000
MARKDOWN_TEXT_MAX = 12_000
ATTACHMENTS_MAX = 100
METADATA_BYTES_MAX = 16_384  # the number is not documented (SLACK.md 58)


def post_message(ask: Ask) -> Json:
    channel = _target(ask)
    content = _content(ask)
    wait = ask.state.limits.post(
        team=ask.team_id, channel=channel.id, now=ask.state.clock.now(), factor=ask.state.clock.factor
    )
    if wait:
        raise Refused("ratelimited", retry_after=wait)
    thread_ts = _parent(ask, channel)
    message = bot_message(ask.state, ask.app, ask.team_id, content)
    posted = post(
        ask.state,
        ask.events,
        channel.id,
        message,
        thread_ts=thread_ts,
        broadcast=bool(thread_ts) and ask.flag("reply_broadcast"),
    )
    return {"channel": channel.id, "ts": posted["ts"], "message": dict(posted)}


def _target(ask: Ask) -> Channel:
    """Where to post: a channel, or a person's direct messages."""
    wanted = ask.word("channel")
    user = ask.state.users.get(wanted)
    if user is not None:
        if user.bot or user.team_id != ask.team_id:
            raise Refused("channel_not_found")
        if user.deleted:
            raise Refused("user_is_deactivated")
        return ask.state.channels[direct_channel(ask.state, ask.team_id, user.id, ask.bot_user_id)]
    channel = _by_name(ask, wanted) or ask.channel()
    _may_post(ask, channel)
    return channel


def _by_name(ask: Ask, wanted: str) -> Channel | None:
    if not wanted.startswith("#"):
        return None
    named_so = [c for c in ask.state.channels.values() if c.name == wanted[1:] and c.team_id == ask.team_id]
    return named_so[0] if named_so and named_so[0].kind is ChannelKind.PUBLIC else None


def _may_post(ask: Ask, channel: Channel) -> None:
    if channel.archived:
        raise Refused("is_archived")
    if channel.kind is ChannelKind.DM and not ask.app.messages_tab:
        raise Refused("messages_tab_disabled")
    if ask.state.is_member(channel.id, ask.bot_user_id):
        return
    if "chat:write.public" not in ask.installation.scopes:
        raise Refused("not_in_channel")


def _parent(ask: Ask, channel: Channel) -> str:
    """The thread's parent; another reply's ts is refused, as it would make a wrong thread (SLACK.md 137)."""
    ts = ask.word("thread_ts")
    if not ts:
        return ""
    log = ask.state.logs[channel.id]
    if ts not in log.by_ts:
        raise Refused("thread_not_found")
    if log.is_reply(ts):
        raise Refused("cannot_reply_to_message")
    return ts


def _content(ask: Ask) -> Json:
    """What to show, checked: text, blocks, attachments and metadata."""
    text, blocks, attachments = ask.word("text"), ask.blob("blocks"), ask.blob("attachments")
    markdown = ask.word("markdown_text")
    if markdown:
        return _markdown(markdown, conflict=bool(text or blocks)) | _metadata(ask)
    if not (text or blocks or attachments):
        raise Refused("no_text")
    if blocks is not None and not isinstance(blocks, list):
        raise Refused("invalid_blocks_format")
    if isinstance(attachments, list) and len(attachments) > ATTACHMENTS_MAX:
        raise Refused("too_many_attachments")
    check_blocks(ask, blocks or [])
    for place, one in enumerate(attachments if isinstance(attachments, list) else ()):
        refuse_blocks(block_kit.problems(one.get("blocks") or [], at=f"/attachments/{place}/blocks"))
    styled = {k: ask.args[k] for k in ("username", "icon_emoji", "icon_url") if ask.args.get(k)}
    if styled:
        ask.need_scope("chat:write.customize")
    return {"text": text[:TEXT_MAX], "blocks": blocks, "attachments": attachments} | styled | _metadata(ask)


def _markdown(markdown: str, *, conflict: bool) -> Json:
    if conflict:
        raise Refused("markdown_text_conflict")
    if len(markdown) > MARKDOWN_TEXT_MAX:
        raise Refused("msg_too_long")
    return {"text": markdown, "blocks": [{"type": "markdown", "text": markdown}]}


def _metadata(ask: Ask) -> Json:
    metadata = ask.blob("metadata")
    if metadata is None:
        return {}
    if metadata == {}:
        return {"metadata": {}}
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict):
        raise Refused("invalid_metadata_format")
    if len(str(metadata).encode("utf-8", "replace")) > METADATA_BYTES_MAX:
        raise Refused("metadata_too_large")
    return {"metadata": metadata}


def check_blocks(ask: Ask, blocks: list[Json]) -> None:
    """Refuse what Block Kit refuses, and a slack_file that is not ready yet (SLACK.md 164)."""
    refuse_blocks(block_kit.problems(blocks, Surface.MESSAGE))
    for place, block in enumerate(blocks):
        file_id = (block.get("slack_file") or {}).get("id")
        if file_id and not _file_ready(ask, file_id):
            refuse_blocks([Problem(f"/blocks/{place}/slack_file", "invalid slack file")])


def _file_ready(ask: Ask, file_id: str) -> bool:
    file = ask.state.files.get(file_id)
    return file is not None and bool(file_object(ask.state, file)["mimetype"])


def update(ask: Ask) -> Json:
    channel, message = _own_message(ask)
    changed = _changes(ask)
    if len(changed.get("text", "")) > UPDATE_TEXT_MAX:
        raise Refused("msg_too_long")
    previous = dict(message)
    if "text" in changed:
        message["text"] = changed["text"]
        message["edited"] = {"user": ask.bot_user_id, "ts": f"{ask.state.clock.now():.6f}"}
        message.pop("blocks", None)  # text without blocks wipes them (SLACK.md 141)
    if changed.get("blocks"):
        message["blocks"] = named(changed["blocks"])
    for key in ("attachments", "metadata"):
        if key in changed and changed[key] is not None:
            message[key] = changed[key]
            if not changed[key]:
                del message[key]
    ask.state.changes.notify(channel.id)
    ask.events.tell(ask.team_id, _changed_event(ask, channel, message, previous), channel_id=channel.id)
    return {"channel": channel.id, "ts": message["ts"], "text": message["text"], "message": dict(message)}


def _changes(ask: Ask) -> Json:
    content = _content(ask)
    if not ask.args.get("text") and not ask.args.get("markdown_text"):
        content.pop("text", None)
    if ask.args.get("attachments") is None:
        content.pop("attachments", None)
    return content


def _own_message(ask: Ask) -> tuple[Channel, Json]:
    channel = ask.channel()
    message = ask.state.logs[channel.id].by_ts.get(ask.word("ts"))
    if message is None or message.get("subtype") == "tombstone":
        raise Refused("message_not_found")
    if message.get("bot_id") != ask.installation.bot_id:
        raise Refused("cant_update_message")
    return channel, message


def _changed_event(ask: Ask, channel: Channel, message: Json, previous: Json) -> Json:
    ts = ask.state.logs[channel.id].next_ts(ask.state.clock.now())
    kind = {ChannelKind.DM: "im", ChannelKind.PRIVATE: "group", ChannelKind.PUBLIC: "channel"}[channel.kind]
    return {
        "type": "message",
        "subtype": "message_changed",
        "channel": channel.id,
        "channel_type": kind,
        "hidden": True,
        "ts": ts,
        "event_ts": ts,
        "message": dict(message),
        "previous_message": previous,
    }


def delete(ask: Ask) -> Json:
    try:
        channel, message = _own_message(ask)
    except Refused as refused:
        if refused.answer["error"] == "cant_update_message":
            raise Refused("cant_delete_message") from None
        raise
    ask.state.logs[channel.id].remove(message["ts"])
    ask.state.changes.notify(channel.id)
    event = _changed_event(ask, channel, message, message) | {
        "subtype": "message_deleted",
        "deleted_ts": message["ts"],
    }
    del event["message"]
    ask.events.tell(ask.team_id, event, channel_id=channel.id)
    return {"channel": channel.id, "ts": message["ts"]}


def post_ephemeral(ask: Ask) -> Json:
    channel = ask.channel()
    user = ask.state.users.get(ask.word("user"))
    if not ask.state.is_member(channel.id, ask.bot_user_id):
        raise Refused("not_in_channel")
    if user is None or user.deleted or not ask.state.is_member(channel.id, user.id):
        raise Refused("user_not_in_channel")
    content = _content(ask)
    if len(content["text"].encode("utf-8", "replace")) > EPHEMERAL_BYTES_MAX:
        raise Refused("msg_too_long")
    message = bot_message(ask.state, ask.app, ask.team_id, content)
    shown = whisper(ask.state, channel.id, user.id, message, thread_ts=_parent(ask, channel))
    return {"message_ts": shown["ts"]}


def get_permalink(ask: Ask) -> Json:
    channel = ask.channel()
    ts = ask.word("message_ts")
    message = ask.state.logs[channel.id].by_ts.get(ts)
    if message is None:
        raise Refused("message_not_found")
    return {
        "channel": channel.id,
        "permalink": permalink(ask.state.workspaces[ask.team_id].url, channel.id, message),
    }


def permalink(workspace_url: str, channel_id: str, message: Json) -> str:
    ts, parent = message["ts"], message.get("thread_ts")
    link = f"{workspace_url}archives/{channel_id}/p{ts.replace('.', '')}"
    return f"{link}?thread_ts={parent}&cid={channel_id}" if parent and parent != ts else link


def validate_blocks(ask: Ask) -> Json:
    """blocks.validate: exactly one of blocks, message and view."""
    given = [k for k in ("blocks", "message", "view") if ask.blob(k) is not None]
    if len(given) != 1:
        raise invalid_arguments("must provide exactly one of: blocks, message, view")
    value = ask.blob(given[0])
    match given[0]:
        case "view":
            found = block_kit.view_problems(value)
        case "message":
            found = block_kit.problems(value.get("blocks") or []) if isinstance(value, dict) else []
        case _:
            found = block_kit.problems(value)
    if found:
        told = [{"code": p.code, "message": p.message, "pointer": p.pointer} for p in found]
        raise Refused("invalid_blocks", errors=told)
    return {}
