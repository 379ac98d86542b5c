"""One channel's messages in order of time, with threads; every look-up is by bisection or by key."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from bot.local_slack.values import Json


def padded(ts: str) -> str:
    """Bring a timestamp into the form whose order as text is its order in time.

    ts       "1790000000", "1790000000.5", "0" or a message's own ts; never read as a float, which would lose digits
    returns  ten digits, a dot, six digits
    raises   ValueError when it is no timestamp
    """
    seconds, _, fraction = ts.partition(".")
    if not seconds.isdigit() or (fraction and not fraction.isdigit()):
        raise ValueError(ts)
    return f"{seconds:0>10}.{fraction[:6]:0<6}"


@dataclass(slots=True, kw_only=True)
class Page:
    messages: list[Json]
    has_more: bool


@dataclass(slots=True)
class MessageLog:
    by_ts: dict[str, Json] = field(default_factory=dict)
    top: list[str] = field(default_factory=list)  # what the channel itself shows, oldest first
    replies: dict[str, list[str]] = field(default_factory=dict)  # by the parent's ts
    last_us: int = 0

    def next_ts(self, now: float) -> str:
        """Give a ts that is unique in this channel only, as Slack's are."""
        self.last_us = max(self.last_us + 1, int(now * 1_000_000))
        return f"{self.last_us // 1_000_000:010d}.{self.last_us % 1_000_000:06d}"

    def add(self, message: Json, *, broadcast: bool = False) -> None:
        ts, parent_ts = message["ts"], message.get("thread_ts")
        self.by_ts[ts] = message
        if parent_ts is None or parent_ts == ts:
            self.top.append(ts)
            return
        self._add_reply(self.by_ts[parent_ts], message)
        if broadcast:
            self.top.append(ts)

    def _add_reply(self, parent: Json, message: Json) -> None:
        self.replies.setdefault(parent["ts"], []).append(message["ts"])
        message["parent_user_id"] = parent.get("user", "")
        users = parent.setdefault("reply_users", [])
        if message.get("user") and message["user"] not in users:
            users.append(message["user"])
        parent |= {
            "thread_ts": parent["ts"],
            "reply_count": parent.get("reply_count", 0) + 1,
            "reply_users_count": len(users),
            "latest_reply": message["ts"],
        }

    def is_reply(self, ts: str) -> bool:
        message = self.by_ts[ts]
        return bool(message.get("thread_ts", ts) != ts)

    def history(self, *, oldest: str, latest: str, inclusive: bool, limit: int) -> Page:
        """Newest first, as conversations.history gives them."""
        first, end = _span(self.top, oldest=oldest, latest=latest, inclusive=inclusive)
        start = max(first, end - limit)
        return Page(messages=[self.by_ts[ts] for ts in reversed(self.top[start:end])], has_more=start > first)

    def thread(self, parent_ts: str, *, oldest: str, latest: str, inclusive: bool, limit: int) -> Page:
        """The parent, then replies oldest first; the parent counts towards the limit."""
        order = self.replies.get(parent_ts, [])
        first, end = _span(order, oldest=oldest, latest=latest, inclusive=inclusive)
        stop = min(end, first + limit - 1)
        messages = [self.by_ts[parent_ts], *(self.by_ts[ts] for ts in order[first:stop])]
        return Page(messages=messages, has_more=stop < end)

    def remove(self, ts: str) -> Json:
        """Delete a message; a parent with replies leaves a tombstone (SLACK.md 144)."""
        message = self.by_ts[ts]
        if self.replies.get(ts):
            self.by_ts[ts] = _tombstone(message)
            return message
        del self.by_ts[ts]
        _discard(self.top, ts)
        parent_ts = message.get("thread_ts", ts)
        if parent_ts != ts:
            self._forget_reply(parent_ts, ts)
        return message

    def _forget_reply(self, parent_ts: str, ts: str) -> None:
        order = self.replies[parent_ts]
        _discard(order, ts)
        parent = self.by_ts[parent_ts]
        parent["reply_count"] = len(order)
        if order:
            parent["latest_reply"] = order[-1]
        else:
            parent.pop("latest_reply", None)


def _span(order: list[str], *, oldest: str, latest: str, inclusive: bool) -> tuple[int, int]:
    first = bisect_left(order, oldest) if inclusive else bisect_right(order, oldest)
    end = bisect_right(order, latest) if inclusive else bisect_left(order, latest)
    return first, max(first, end)


def _discard(order: list[str], ts: str) -> None:
    place = bisect_left(order, ts)
    if place < len(order) and order[place] == ts:
        del order[place]


def _tombstone(message: Json) -> Json:
    kept = {
        k: message[k]
        for k in ("ts", "thread_ts", "reply_count", "reply_users", "latest_reply")
        if k in message
    }
    return kept | {
        "type": "message",
        "subtype": "tombstone",
        "text": "This message was deleted.",
        "user": "USLACKBOT",
        "hidden": True,
    }
