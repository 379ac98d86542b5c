"""What a person types and chooses before they send it, and where they do so."""

from dataclasses import dataclass

from bot.local_slack import choosing, modals
from bot.local_slack.acting import Acting, CannotAct, channel_id_of
from bot.local_slack.seeding import Member, member_id
from bot.local_slack.state import View
from bot.local_slack.values import App, Channel, Json, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A message that a person sees, or a view that is open for them."""

    app: App
    team_id: str
    blocks: list[Json]
    message: Json | None = None
    channel_id: str = ""
    ephemeral: bool = False
    view: View | None = None


class Filling(Acting):
    def fill(self, user: Member, view_id: str, values: Json) -> None:
        """Type into a modal without submitting it."""
        spot = self._view_spot(self._person(user), view_id)
        assert spot.view is not None
        for key, value in values.items():
            if isinstance(value, dict) and any(b["block_id"] == key for b in spot.blocks):
                for action_id, one in value.items():
                    self._type(spot, spot.view, action_id, one, block_id=key)
            else:
                self._type(spot, spot.view, key, value)

    def fill_message(self, user: Member, channel: Channel | str, ts: str, values: Json) -> None:
        """Type into a message's inputs; the app hears of it with the next click in that message."""
        person = self._person(user)
        spot = self._message_spot(person, channel_id_of(channel), ts)
        for block_id, entries in values.items():
            for action_id, value in entries.items():
                block, element = choosing.find(spot.blocks, action_id, block_id=block_id)
                self._remember(
                    person, spot, (block, element), self._picked(element, value, team_id=spot.team_id)
                )

    def _type(self, spot: Spot, view: View, action_id: str, value: object, *, block_id: str = "") -> None:
        block, element = choosing.find(spot.blocks, action_id, block_id=block_id)
        picked = self._picked(element, value, team_id=spot.team_id)
        view.state.setdefault(block["block_id"], {})[element["action_id"]] = choosing.chosen(element, picked)

    def _picked(self, element: Json, value: object, *, team_id: str) -> object:
        """Take people and channels by id where they were given as such; somebody who left is not offered."""
        if isinstance(value, list | tuple | set | frozenset):
            return [self._picked(element, one, team_id=team_id) for one in value]
        if isinstance(value, User | App | Channel):
            value = channel_id_of(value) if isinstance(value, Channel) else member_id(value)
        if value and str(element["type"]).endswith("users_select"):
            person = self.state.users.get(str(value))
            if person is None or person.deleted or not (person.stranger or person.team_id == team_id):
                raise choosing.NotThere(f"{value} is not offered: there is nobody of that id here")
        return value

    def _message_spot(self, person: User, channel_id: str, ts: str) -> Spot:
        room = self._room(channel_id, person)
        whispered = next((m for m in self.state.ephemerals[(room.id, person.id)] if m["ts"] == ts), None)
        message = whispered or self.state.logs[room.id].by_ts.get(ts)
        if message is None or not message.get("app_id"):
            raise CannotAct(f"{person.name} sees no message of an app at {ts}")
        return Spot(
            app=self.state.apps[message["app_id"]],
            team_id=room.team_id,
            blocks=message.get("blocks") or [],
            message=message,
            channel_id=room.id,
            ephemeral=whispered is not None,
        )

    def _view_spot(self, person: User, view_id: str) -> Spot:
        view = self.state.views.get(view_id)
        if view is None or view.user_id != person.id or not modals.is_open(self.state, view):
            raise CannotAct(f"{person.name} has no open view {view_id}")
        return Spot(
            app=self.state.apps[view.app_id], team_id=view.team_id, blocks=view.content["blocks"], view=view
        )

    def _remember(self, person: User, spot: Spot, place: tuple[Json, Json], value: object) -> Json:
        block, element = place
        if spot.view is not None:
            values = spot.view.state
        else:
            assert spot.message is not None
            values = modals.message_state(
                self.state,
                channel_id=spot.channel_id,
                ts=spot.message["ts"],
                user_id=person.id,
                blocks=spot.blocks,
            )
        if element["type"] in modals.EMPTY_KEYS:
            values.setdefault(block["block_id"], {})[element["action_id"]] = choosing.chosen(element, value)
        return values
