"""Slack's Web API as the few things that Muster does there; nothing else talks to it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from integrations.base import Call, IntegrationError, RateLimited, Unavailable
from integrations.pacer import POST, Pacer, Slot
from integrations.slack_addresses import GivenAddresses
from integrations.slack_errors import doubtful, judged, lost
from integrations.slack_values import (
    Blocks,
    Json,
    Me,
    SlackChannel,
    SlackPage,
    field_in,
    key_of,
    object_in,
    page_of,
    plain_blocks,
    span_arguments,
)

BASE_URL = "https://slack.com/api/"
PAGE = 200  # messages; what Slack's method pages recommend at most
PAGES_LIMIT = 20  # of one search: 4,000 messages, or 300 where Slack gives 15 a page


@asynccontextmanager
async def slack_session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open the one HTTP session that everything towards Slack shares; each call brings its own time limit."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None), cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield session


class Slack:
    """One workspace's Web API.

    Every method raises Refused, RateLimited or Unavailable; one that writes also Unsure (slack_errors.py).

    within_s  of a method: how long its request may take, in place of request_s
    """

    def __init__(
        self,
        *,
        token: str,
        session: aiohttp.ClientSession,
        base_url: str = BASE_URL,
        pacer: Pacer | None = None,
        request_s: float = 7.0,
    ) -> None:
        # no retry handlers: the SDK's own would post twice when an answer is lost (SLACK.md 79)
        self.client = AsyncWebClient(token=token, base_url=base_url, session=session, retry_handlers=[])
        self.pacer = pacer or Pacer()
        self.request_s = request_s
        self._me: Me | None = None
        self.addresses = GivenAddresses(session, base_url=base_url, request_s=request_s)

    def __repr__(self) -> str:
        return f"Slack({self.addresses.base.netloc!r})"

    async def post(
        self,
        channel: str,
        *,
        blocks: Blocks,
        text: str,
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        slot: Slot | None = None,
        within_s: float | None = None,
    ) -> str:
        """Post a message and give its ts.

        thread_ts  of the thread's parent, never of a reply
        slot       the pacer's leave; without one an urgent one is waited for here
        """
        if slot is None:
            await self.pacer.turn(channel, urgent=True)
        answer = await self._write(
            POST,
            partial(
                self.client.chat_postMessage,
                channel=channel,
                blocks=plain_blocks(blocks),
                text=text,
                thread_ts=thread_ts,
                metadata=dict(metadata) if metadata else None,
                unfurl_links=False,
                unfurl_media=False,
            ),
            within_s=within_s,
        )
        return field_in(answer, POST, "ts")

    async def update(
        self, channel: str, ts: str, *, blocks: Blocks, text: str, within_s: float | None = None
    ) -> None:
        """Change a message of ours; safe to repeat."""
        await self._write(
            "chat.update",
            partial(self.client.chat_update, channel=channel, ts=ts, blocks=plain_blocks(blocks), text=text),
            within_s=within_s,
        )

    async def ephemeral(
        self,
        channel: str,
        user: str,
        *,
        blocks: Blocks,
        text: str,
        thread_ts: str | None = None,
        within_s: float | None = None,
    ) -> None:
        """Show a message to one person; Slack does not promise that it arrives."""
        await self._write(
            "chat.postEphemeral",
            partial(
                self.client.chat_postEphemeral,
                channel=channel,
                user=user,
                blocks=plain_blocks(blocks),
                text=text,
                thread_ts=thread_ts,
            ),
            within_s=within_s,
        )

    async def open_view(
        self, trigger_id: str, view: Mapping[str, Any], *, within_s: float | None = None
    ) -> Json:
        """Open a modal and give Slack's view, with its id and hash."""
        ask = partial(self.client.views_open, trigger_id=trigger_id, view=dict(view))
        return object_in(await self._write("views.open", ask, within_s=within_s), "view")

    async def push_view(
        self, trigger_id: str, view: Mapping[str, Any], *, within_s: float | None = None
    ) -> Json:
        """Put a modal on top of the open one."""
        ask = partial(self.client.views_push, trigger_id=trigger_id, view=dict(view))
        return object_in(await self._write("views.push", ask, within_s=within_s), "view")

    async def update_view(
        self,
        view_id: str,
        view: Mapping[str, Any],
        *,
        hash: str | None = None,  # noqa: A002 - Slack's word
    ) -> Json:
        """Change an open modal; with a hash, only if nobody changed it meanwhile."""
        ask = partial(self.client.views_update, view_id=view_id, view=dict(view), hash=hash)
        return object_in(await self._write("views.update", ask), "view")

    async def publish_home(
        self, user: str, view: Mapping[str, Any], *, within_s: float | None = None
    ) -> None:
        """Show a person's Home tab; safe to repeat."""
        ask = partial(self.client.views_publish, user_id=user, view=dict(view))
        await self._write("views.publish", ask, within_s=within_s)

    async def respond(self, response_url: str, message: Mapping[str, Any]) -> None:
        """Answer through the address that came with a command or a click; five times within 30 minutes."""
        await self.addresses.post("response_url", response_url, json=dict(message))

    async def history(
        self, channel: str, *, oldest: datetime | None = None, limit: int = PAGE, cursor: str = ""
    ) -> SlackPage:
        """Read a page of a channel, newest first, with every message's metadata."""
        ask = partial(
            self.client.conversations_history, channel=channel, **span_arguments(oldest, limit, cursor)
        )
        return page_of(await self._read("conversations.history", ask))

    async def replies(
        self, channel: str, ts: str, *, oldest: datetime | None = None, limit: int = PAGE, cursor: str = ""
    ) -> SlackPage:
        """Read a page of a thread, its parent first."""
        ask = partial(
            self.client.conversations_replies, channel=channel, ts=ts, **span_arguments(oldest, limit, cursor)
        )
        return page_of(await self._read("conversations.replies", ask))

    async def find(
        self, channel: str, key: str, *, oldest: datetime, thread_ts: str | None = None
    ) -> str | None:
        """Search a channel, or a thread, for our message with this key; None when it is certainly not there."""
        async for found, ts in self._ours(channel, oldest=oldest, thread_ts=thread_ts):
            if found == key:
                return ts
        return None

    async def copies(
        self, channel: str, keys: Collection[str], *, oldest: datetime, thread_ts: str | None = None
    ) -> Counter[str]:
        """Count how often each of our messages stands in a channel, or in a thread."""
        found: Counter[str] = Counter()
        async for key, _ in self._ours(channel, oldest=oldest, thread_ts=thread_ts):
            found.update([key] if key in keys else [])
        return found

    async def _ours(
        self, channel: str, *, oldest: datetime, thread_ts: str | None
    ) -> AsyncIterator[tuple[str, str]]:
        """Go through our messages with a key, and their ts; raises Unavailable where there is too much to search.

        A key can be guessed, so a message of another app is not ours, whatever it carries.
        """
        me = self._me = self._me or await self.auth_test()
        cursor = ""
        for _ in range(PAGES_LIMIT):
            page = (
                await self.history(channel, oldest=oldest, cursor=cursor)
                if thread_ts is None
                else await self.replies(channel, thread_ts, oldest=oldest, cursor=cursor)
            )
            for message in page.messages:
                key = key_of(message)
                if key is not None and _by(message, me):
                    yield key, str(message["ts"])
            cursor = page.cursor
            if not cursor:
                return
        asked = "conversations.history" if thread_ts is None else "conversations.replies"
        raise Unavailable(Call(source="Slack", asked=asked), "too many messages to search")

    async def permalink(self, channel: str, ts: str) -> str:
        """Give a message's address for people."""
        ask = partial(self.client.chat_getPermalink, channel=channel, message_ts=ts)
        return field_in(await self._read("chat.getPermalink", ask), "chat.getPermalink", "permalink")

    async def user(self, id: str, *, within_s: float | None = None) -> Json:
        """Give Slack's user object."""
        answer = await self._read("users.info", partial(self.client.users_info, user=id), within_s=within_s)
        return object_in(answer, "user")

    async def group_members(self, id: str, *, within_s: float | None = None) -> tuple[str, ...]:
        """Give the people of a user group; a disabled one has nobody."""
        ask = partial(self.client.usergroups_users_list, usergroup=id)
        answer = await self._read("usergroups.users.list", ask, within_s=within_s)
        return tuple(str(user) for user in answer.get("users") or ())

    async def channel(self, id: str) -> SlackChannel:
        """Give what posting needs to know of a channel."""
        found = object_in(
            await self._read("conversations.info", partial(self.client.conversations_info, channel=id)),
            "channel",
        )
        return SlackChannel(
            id=str(found.get("id", id)),
            name=str(found.get("name") or ""),
            member=bool(found.get("is_member")),
            private=bool(found.get("is_private")),
            archived=bool(found.get("is_archived")),
            shared_outside=bool(found.get("is_ext_shared") or found.get("is_pending_ext_shared")),
        )

    async def direct(self, user: str) -> str:
        """Open the direct messages with a person and give their channel; safe to repeat."""
        ask = partial(self.client.conversations_open, users=user)
        return field_in(
            object_in(await self._read("conversations.open", ask), "channel"), "conversations.open", "id"
        )

    async def auth_test(self) -> Me:
        """Ask who the token belongs to."""
        answer = await self._read("auth.test", self.client.auth_test)
        return Me(
            team=str(answer.get("team_id", "")),
            user=str(answer.get("user_id", "")),
            bot=str(answer.get("bot_id", "")),
            url=str(answer.get("url", "")),
        )

    async def upload(
        self,
        channel: str,
        *,
        filename: str,
        content: bytes,
        title: str,
        alt_text: str = "",
        thread_ts: str | None = None,
        comment: str | None = None,
    ) -> str:
        """Put a file into a channel, in Slack's three steps, and give its id."""
        begin = partial(
            self.client.files_getUploadURLExternal,
            filename=filename,
            length=len(content),
            alt_txt=alt_text or None,
        )
        place = await self._write("files.getUploadURLExternal", begin)
        url, file_id = str(place.get("upload_url") or ""), str(place.get("file_id") or "")
        await self.addresses.post("upload_url", url, data=content)
        finish = partial(
            self.client.files_completeUploadExternal,
            files=[{"id": file_id, "title": title}],
            channel_id=channel,
            thread_ts=thread_ts,
            initial_comment=comment,
        )
        await self._write("files.completeUploadExternal", finish)
        return file_id

    async def _write(
        self, method: str, ask: Callable[[], Awaitable[AsyncSlackResponse]], *, within_s: float | None = None
    ) -> Json:
        return await self._call(method, ask, writes=True, within_s=within_s)

    async def _read(
        self, method: str, ask: Callable[[], Awaitable[AsyncSlackResponse]], *, within_s: float | None = None
    ) -> Json:
        """Ask, and once more when the answer was lost and the time is not limited."""
        held = self.pacer.held_s(method)
        if held:
            raise RateLimited(Call(source="Slack", asked=method), "Slack asks us to wait", retry_after_s=held)
        try:
            return await self._call(method, ask, writes=False, within_s=within_s)
        except Unavailable:
            if within_s is not None:
                raise
        return await self._call(method, ask, writes=False, within_s=None)

    async def _call(
        self,
        method: str,
        ask: Callable[[], Awaitable[AsyncSlackResponse]],
        *,
        writes: bool,
        within_s: float | None,
    ) -> Json:
        call = Call(source="Slack", asked=method)
        try:
            async with asyncio.timeout(self.request_s if within_s is None else within_s):
                response = await ask()
        except SlackApiError as error:
            raise self._noted(method, _judged(error, call, writes=writes)) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(error, call, writes=writes) from error
        except (AttributeError, ValueError):
            # the SDK itself stumbles over an answer that is text or no JSON object (SLACK.md 215)
            raise doubtful(call, "no usable answer", writes=writes) from None
        return response.data if isinstance(response.data, dict) else {}

    def _noted(self, method: str, error: IntegrationError) -> IntegrationError:
        if isinstance(error, RateLimited) and error.retry_after_s is not None:
            self.pacer.hold(method, error.retry_after_s)
        return error


def _by(message: Mapping[str, Any], me: Me) -> bool:
    """Tell whether a message is ours; Slack itself names who wrote it."""
    return (me.bot != "" and message.get("bot_id") == me.bot) or (
        me.user != "" and message.get("user") == me.user
    )


def _judged(error: SlackApiError, call: Call, *, writes: bool) -> IntegrationError:
    """Read a failed answer without trusting its shape: data may be a dict, a str or absent (SLACK.md 215)."""
    answer = error.response
    return judged(
        call,
        status=int(getattr(answer, "status_code", 0) or getattr(answer, "status", 0) or 0),
        headers=getattr(answer, "headers", None) or {},
        body=getattr(answer, "data", None),
        writes=writes,
    )
