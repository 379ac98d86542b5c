"""Acting as a person: typing commands and messages, reacting, opening the Home tab, inviting a bot."""

import uuid
from dataclasses import replace

from bot.local_slack import payloads, response_urls
from bot.local_slack.deliveries import Deliveries
from bot.local_slack.faults import FaultKind
from bot.local_slack.objects import user_object, view_object
from bot.local_slack.posting import direct_channel, post, slackbot_says
from bot.local_slack.seeding import Member, member_id
from bot.local_slack.state import Delivery, State
from bot.local_slack.typed_text import as_rich_text, stored
from bot.local_slack.values import App, Channel, ChannelKind, Group, Json, SlashCommand, User
from bot.local_slack.web_api import reactions

EXPIRED = frozenset({FaultKind.TRIGGER_EXPIRED})


class CannotAct(Exception):  # noqa: N818 - what Slack's own client would not let a person do
    """The person's client would not offer this."""


def channel_id_of(channel: Channel | str) -> str:
    return channel if isinstance(channel, str) else channel.id


class Acting:
    state: State
    deliveries: Deliveries

    def _person(self, user: Member) -> User:
        person = self.state.users.get(member_id(user))
        if person is None or person.deleted:
            raise CannotAct(f"nobody here is {user}")
        return person

    def _room(self, channel: Channel | str, person: User) -> Channel:
        room = self.state.channels.get(channel_id_of(channel))
        if room is None:
            raise CannotAct(f"there is no channel {channel}")
        if not self.state.is_member(room.id, person.id):
            raise CannotAct(f"{person.name} is not in {room.name or room.id}")
        if room.archived:
            raise CannotAct(f"{room.name} is archived")
        return room

    async def say(
        self, user: Member, channel: Channel | str, text: str, *, thread_ts: str = "", broadcast: bool = False
    ) -> Json:
        """Post as a person; @name, #channel and links become references. Returns the message."""
        person = self._person(user)
        room = self._room(channel, person)
        log = self.state.logs[room.id]
        if thread_ts and (thread_ts not in log.by_ts or log.is_reply(thread_ts)):
            raise CannotAct(f"{thread_ts} starts no thread")
        kept = stored(self.state, room.team_id, text, names=True)
        message: Json = {
            "type": "message",
            "user": person.id,
            "team": person.team_id,
            "client_msg_id": str(uuid.uuid4()),
            "text": kept,
            "blocks": as_rich_text(kept),
        }
        posted = post(self.state, self.deliveries, room.id, message, thread_ts=thread_ts, broadcast=broadcast)
        self._mention(room, posted)
        return posted

    def _mention(self, room: Channel, message: Json) -> None:
        for (app_id, team_id), installation in self.state.installations.items():
            if team_id != room.team_id or f"<@{installation.bot_user_id}>" not in message["text"]:
                continue
            if room.kind is ChannelKind.DM:
                continue
            event = message | {"type": "app_mention", "channel": room.id, "event_ts": message["ts"]}
            self.deliveries.tell(team_id, event, channel_id=room.id, only_app=app_id)

    async def command(self, user: Member, channel: Channel | str, text: str) -> Delivery:
        """Type a slash command, such as "/example report sales"; there are none in threads (SLACK.md 122)."""
        person = self._person(user)
        room = self._room(channel, person)
        word, _, rest = text.strip().partition(" ")
        app, known = self._registered(room.team_id, word)
        if person.stranger or person.team_id != room.team_id:
            raise CannotAct(f"{person.name} is of another company and has no commands here")
        payload = payloads.slash(
            self.state,
            app,
            user_id=person.id,
            channel_id=room.id,
            command=word,
            text=stored(self.state, room.team_id, rest.strip(), names=known.should_escape, labelled=True),
        )
        payload |= self._trigger(app, person, room.team_id, word)
        payload["response_url"] = response_urls.new_response_url(
            self.state, app, channel_id=room.id, user_id=person.id
        )
        delivery = await self.deliveries.hand_over(
            app, team_id=room.team_id, kind="slash_commands", name=word, payload=payload
        )
        self._answer_command(app, person, room, delivery)
        return delivery

    def _registered(self, team_id: str, word: str) -> tuple[App, SlashCommand]:
        """The last app to register a command has it (SLACK.md 126)."""
        for app in reversed(list(self.state.apps.values())):
            if (app.id, team_id) not in self.state.installations:
                continue
            for known in app.commands:
                if known.command == word:
                    return app, known
        raise CannotAct(f"{word} is not a valid command")

    def _trigger(self, app: App, person: User, team_id: str, on: str, *, view_id: str = "") -> Json:
        expired = self.state.faults.strike(EXPIRED, on, team=team_id) is not None
        trigger_id = self.state.trigger(
            app_id=app.id, user_id=person.id, team_id=team_id, view_id=view_id, expired=expired
        )
        return {"trigger_id": trigger_id}

    def _answer_command(self, app: App, person: User, room: Channel, delivery: Delivery) -> None:
        if not delivery.acked:
            error = "operation_timeout" if "timeout" in delivery.outcome else "dispatch_failed"
            words = f'{delivery.name} failed with the error "{error}"'
            slackbot_says(self.state, room.id, person.id, words)
            return
        content = {"text": delivery.ack} if isinstance(delivery.ack, str) else delivery.ack
        if not isinstance(content, dict) or not (content.get("text") or content.get("blocks")):
            return
        place = response_urls.Place(app=app, team_id=room.team_id, channel_id=room.id, user_id=person.id)
        if content.get("response_type") == "in_channel":
            self._show_command(person, room, delivery)
        error = response_urls.answer(self.state, self.deliveries, place, content)
        if error:
            delivery.problems.append(error)
            slackbot_says(self.state, room.id, person.id, f'{delivery.name} failed with the error "{error}"')

    def _show_command(self, person: User, room: Channel, delivery: Delivery) -> None:
        words = f"{delivery.name} {delivery.payload['text']}".strip()
        message: Json = {"type": "message", "user": person.id, "team": person.team_id, "text": words}
        post(self.state, self.deliveries, room.id, message)

    async def open_home(
        self, user: Member, app: App | str | None = None, *, tab: str = "home"
    ) -> Json | None:
        """Open an app's Home tab (or Messages tab); returns the view as it stands, if there is one."""
        person = self._person(user)
        known = self._app(app)
        channel_id = direct_channel(
            self.state, person.team_id, person.id, self._bot_user(known, person.team_id)
        )
        event: Json = {
            "type": "app_home_opened",
            "user": person.id,
            "channel": channel_id,
            "tab": tab,
            "event_ts": f"{self.state.clock.now():.6f}",
        }
        view = self.state.views.get(self.state.homes.get((person.id, known.id), ""))
        if view is not None and tab == "home":
            event["view"] = view_object(self.state, view)
        self.deliveries.tell(person.team_id, event, only_app=known.id)
        return view_object(self.state, view) if view else None

    def _app(self, app: App | str | None) -> App:
        if app is None:
            return next(iter(self.state.apps.values()))
        return self.state.apps[app if isinstance(app, str) else app.id]

    def _bot_user(self, app: App, team_id: str) -> str:
        return self.state.bot_of(app.id, team_id).bot_user_id

    def direct(self, user: Member, other: Member) -> str:
        """The id of the direct messages between two, opened if need be."""
        person = self._person(user)
        return direct_channel(self.state, person.team_id, person.id, member_id(other))

    async def react(
        self, user: Member, channel: Channel | str, ts: str, name: str, *, add: bool = True
    ) -> None:
        person = self._person(user)
        room = self._room(channel, person)
        message = self.state.logs[room.id].by_ts[ts]
        event = reactions.change(
            self.state, room.id, message, user_id=person.id, name=name.strip(":"), add=add
        )
        if event is not None:
            self.deliveries.tell(room.team_id, event, channel_id=room.id)

    async def join(self, member: Member, channel: Channel | str, *, inviter: Member = "") -> None:
        """Put a person or a bot into a channel."""
        room = self.state.channels[channel_id_of(channel)]
        user_id = member_id(member)
        self.state.members[room.id][user_id] = None
        self._membership(
            room, "member_joined_channel", user_id, {"inviter": member_id(inviter)} if inviter else {}
        )

    async def leave(self, member: Member, channel: Channel | str) -> None:
        room = self.state.channels[channel_id_of(channel)]
        user_id = member_id(member)
        self.state.members[room.id].pop(user_id, None)
        self._membership(room, "member_left_channel", user_id, {})

    def _membership(self, room: Channel, kind: str, user_id: str, extra: Json) -> None:
        self.state.changes.notify(room.id)
        event: Json = {
            "type": kind,
            "user": user_id,
            "channel": room.id,
            "channel_type": "C" if room.kind is ChannelKind.PUBLIC else "G",
            "team": room.team_id,
            "event_ts": f"{self.state.clock.now():.6f}",
        }
        channel_id = "" if user_id in {i.bot_user_id for i in self.state.installations.values()} else room.id
        for (app_id, team_id), installation in self.state.installations.items():
            concerned = channel_id or installation.bot_user_id == user_id
            if team_id == room.team_id and concerned:
                self.deliveries.tell(team_id, event | extra, channel_id=channel_id, only_app=app_id)

    async def change_channel(self, channel: Channel | str, **fields: object) -> Channel:
        """Archive, rename or share a channel: fields of Channel."""
        known = self.state.channels[channel_id_of(channel)]
        room = replace(known, **fields)  # type: ignore[arg-type]  # checked by the dataclass itself
        self.state.channels[room.id] = room
        self.state.changes.notify(room.id)
        if room.archived and not known.archived:
            self._channel_event(room, {"type": "channel_archive", "channel": room.id, "user": room.creator})
        if room.name != known.name:
            told = {"id": room.id, "name": room.name, "created": room.created}
            self._channel_event(room, {"type": "channel_rename", "channel": told})
        return room

    def _channel_event(self, room: Channel, event: Json) -> None:
        event["event_ts"] = f"{self.state.clock.now():.6f}"
        self.deliveries.tell(room.team_id, event, channel_id=room.id)

    async def change_user(self, user: Member, **fields: object) -> User:
        """Move, rename or deactivate a person: fields of User."""
        known = self.state.users[member_id(user)]
        changed = replace(known, **fields)  # type: ignore[arg-type]  # checked by the dataclass itself
        self.state.users[changed.id] = changed
        self.state.changes.notify(changed.id)
        now = self.state.clock.now()
        shown = user_object(changed, with_email=False)
        event = {"type": "user_change", "user": shown, "cache_ts": int(now), "event_ts": f"{now:.6f}"}
        self.deliveries.tell(changed.team_id, event)
        return changed

    async def change_group(
        self, group: Group | str, *, members: list[Member] | None = None, disabled: bool | None = None
    ) -> Group:
        known = self.state.groups[group if isinstance(group, str) else group.id]
        people = known.members if members is None else tuple(member_id(m) for m in members)
        changed = replace(known, members=people, disabled=known.disabled if disabled is None else disabled)
        self.state.groups[changed.id] = changed
        added, removed = set(people) - set(known.members), set(known.members) - set(people)
        now = self.state.clock.now()
        event: Json = {
            "type": "subteam_members_changed",
            "subteam_id": changed.id,
            "team_id": changed.team_id,
            "date_previous_update": known.updated,
            "date_update": int(now),
            "added_users": sorted(added),
            "added_users_count": str(len(added)),
            "removed_users": sorted(removed),
            "removed_users_count": str(len(removed)),
            "event_ts": f"{now:.6f}",
        }
        self.deliveries.tell(changed.team_id, event)
        return changed
