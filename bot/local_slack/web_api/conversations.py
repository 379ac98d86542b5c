"""conversations.* and users.conversations: channels, their members and their past."""

from bot.local_slack.faults import FaultKind
from bot.local_slack.message_log import Page, padded
from bot.local_slack.objects import channel_object
from bot.local_slack.posting import direct_channel
from bot.local_slack.values import Channel, ChannelKind, Json
from bot.local_slack.web_api.calls import Ask, Refused, invalid_arguments, page_of, scope_for

TYPES = {
    "public_channel": (ChannelKind.PUBLIC, "channels:read"),
    "private_channel": (ChannelKind.PRIVATE, "groups:read"),
    "im": (ChannelKind.DM, "im:read"),
    "mpim": (None, "mpim:read"),
}
LAST_TS = "9999999999.999999"
HISTORY_MAX = 999


def _kinds(ask: Ask) -> set[ChannelKind | None]:
    kinds: set[ChannelKind | None] = set()
    for name in ask.word("types", "public_channel").split(","):
        if name.strip() not in TYPES:
            raise Refused("invalid_types")
        kind, scope = TYPES[name.strip()]
        ask.need_scope(scope)
        kinds.add(kind)
    return kinds


def list_channels(ask: Ask) -> Json:
    """Filters apply after paging, so a page may be short while a cursor is given (SLACK.md 157)."""
    kinds = _kinds(ask)
    known = [c.id for c in ask.state.channels.values() if c.team_id == ask.team_id and _visible(ask, c)]
    ids, metadata = page_of(known, ask)
    shown = [c for c in (ask.state.channels[i] for i in ids) if c.kind in kinds]
    if ask.flag("exclude_archived"):
        shown = [c for c in shown if not c.archived]
    return {"channels": [_object(ask, c) for c in shown], "response_metadata": metadata}


def _visible(ask: Ask, channel: Channel) -> bool:
    return channel.kind is ChannelKind.PUBLIC or ask.state.is_member(channel.id, ask.bot_user_id)


def _object(ask: Ask, channel: Channel) -> Json:
    return channel_object(ask.state, channel, member=ask.bot_user_id)


def users_conversations(ask: Ask) -> Json:
    kinds = _kinds(ask)
    user_id = ask.word("user", ask.bot_user_id)
    mine = [
        c.id
        for c in ask.state.channels.values()
        if c.team_id == ask.team_id
        and c.kind in kinds
        and ask.state.is_member(c.id, user_id)
        and _visible(ask, c)
    ]
    if ask.flag("exclude_archived"):
        mine = [i for i in mine if not ask.state.channels[i].archived]
    ids, metadata = page_of(mine, ask)
    return {"channels": [_object(ask, ask.state.channels[i]) for i in ids], "response_metadata": metadata}


def info(ask: Ask) -> Json:
    channel = ask.channel()
    ask.need_scope(scope_for(channel, "read"))
    return {"channel": _object(ask, channel)}


def members(ask: Ask) -> Json:
    channel = ask.channel()
    ask.need_scope(scope_for(channel, "read"))
    ids, metadata = page_of(list(ask.state.members[channel.id]), ask)
    return {"members": ids, "response_metadata": metadata}


def join(ask: Ask) -> Json:
    channel = ask.channel()
    if channel.kind is not ChannelKind.PUBLIC:
        raise Refused("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refused("is_archived")
    if ask.state.is_member(channel.id, ask.bot_user_id):
        return {
            "channel": _object(ask, channel),
            "warning": "already_in_channel",
            "response_metadata": {"warnings": ["already_in_channel"]},
        }
    ask.state.members[channel.id][ask.bot_user_id] = None
    ask.state.changes.notify(channel.id)
    ask.events.tell(ask.team_id, joined_event(ask, channel.id), channel_id=channel.id)
    return {"channel": _object(ask, channel)}


def joined_event(ask: Ask, channel_id: str) -> Json:
    return {
        "type": "member_joined_channel",
        "user": ask.bot_user_id,
        "channel": channel_id,
        "channel_type": "C",
        "team": ask.team_id,
        "event_ts": f"{ask.state.clock.now():.6f}",
    }


def open_direct(ask: Ask) -> Json:
    people = [u for u in ask.word("users").split(",") if u]
    if ask.args.get("channel"):
        return {"channel": {"id": ask.channel().id}, "no_op": True, "already_open": True}
    if not people:
        raise Refused("users_list_not_supplied")
    if len(people) != 1:
        raise invalid_arguments("this stand-in opens direct messages with one person")
    user = ask.state.users.get(people[0])
    if user is None or (user.team_id != ask.team_id and not user.stranger):
        raise Refused("user_not_found")
    if user.bot:
        raise Refused("cannot_dm_bot")
    if user.deleted:
        raise Refused("user_disabled")
    known = frozenset({user.id, ask.bot_user_id}) in ask.state.dms
    channel_id = direct_channel(ask.state, ask.team_id, user.id, ask.bot_user_id)
    channel: Json = {"id": channel_id}
    if ask.flag("return_im"):
        channel = _object(ask, ask.state.channels[channel_id])
    return {"channel": channel} | ({"no_op": True, "already_open": True} if known else {})


def history(ask: Ask) -> Json:
    channel = _readable(ask)
    page, limit = _page(ask, channel, method="conversations.history")
    answer = _answer(ask, page, limit) | {"pin_count": 0}
    if page.has_more:
        answer["response_metadata"] = {"next_cursor": f"ts:{page.messages[-1]['ts']}"}
    return answer


def replies(ask: Ask) -> Json:
    channel = _readable(ask)
    log = ask.state.logs[channel.id]
    ts = ask.word("ts")
    if ts not in log.by_ts:
        raise Refused("thread_not_found")
    if log.is_reply(ts):
        return {"messages": [_shown(ask, log.by_ts[ts])], "has_more": False}
    page, limit = _page(ask, channel, method="conversations.replies", parent_ts=ts)
    answer = _answer(ask, page, limit)
    if page.has_more:
        answer["response_metadata"] = {"next_cursor": f"ts:{page.messages[-1]['ts']}"}
    return answer


def _readable(ask: Ask) -> Channel:
    channel = ask.channel()
    ask.need_scope(scope_for(channel, "history"))
    if not ask.state.is_member(channel.id, ask.bot_user_id):
        raise Refused("not_in_channel")
    return channel


def _page(ask: Ask, channel: Channel, *, method: str, parent_ts: str = "") -> tuple[Page, int]:
    limit = ask.number("limit", 100) or 100
    if not 1 <= limit <= 1000:
        raise Refused("invalid_limit")
    short = ask.state.faults.strike(
        frozenset({FaultKind.SHORT}), method, team=ask.team_id, channel=channel.id
    )
    limit = min(limit, short.limit if short else HISTORY_MAX)
    oldest, latest = _ts(ask, "oldest", "0"), _ts(ask, "latest", LAST_TS)
    inclusive = ask.flag("inclusive")
    cursor = ask.word("cursor")
    if cursor and not cursor.startswith("ts:"):
        raise Refused("invalid_cursor")
    log = ask.state.logs[channel.id]
    if parent_ts:
        start = cursor[3:] or oldest
        return log.thread(
            parent_ts, oldest=start, latest=latest, inclusive=inclusive and not cursor, limit=max(2, limit)
        ), limit
    end = cursor[3:] or latest
    return log.history(oldest=oldest, latest=end, inclusive=inclusive and not cursor, limit=limit), limit


def _ts(ask: Ask, key: str, default: str) -> str:
    try:
        return padded(ask.word(key) or default)
    except ValueError:
        raise Refused(f"invalid_ts_{key}") from None


def _answer(ask: Ask, page: Page, _limit: int) -> Json:
    return {"messages": [_shown(ask, m) for m in page.messages], "has_more": page.has_more}


def _shown(ask: Ask, message: Json) -> Json:
    """Metadata is given only when asked for."""
    if ask.flag("include_all_metadata") or "metadata" not in message:
        return message
    return {k: v for k, v in message.items() if k != "metadata"}
