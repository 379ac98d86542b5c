"""Bolt with a short way in: what people press goes to its row of the register at once, all else through Bolt.

Bolt makes a client, an authorisation and every matcher's arguments anew for each request; for a press none of it is used.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.request.internals import extract_team_id

from handlers.listeners.door import Answering
from handlers.listeners.payloads import Body
from handlers.listeners.showing import Kind

Pressed = tuple[Kind, str]


class Front(AsyncApp):
    """The app; it takes by itself only what Bolt would hand to the same row.

    ours   says whether a workspace is certainly the one that we are installed in
    rows   what answers a press, by its kind and name
    """

    def __init__(self, *, ours: Callable[[str | None], bool], **settings: Any) -> None:
        super().__init__(**settings)
        self._ours = ours
        self.rows: Mapping[Pressed, Answering] = {}

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer a request; what came over HTTP has yet to be verified by Bolt."""
        answering = self.short_way(req.body) if req.mode == "socket_mode" else None
        return await (super().async_dispatch(req) if answering is None else answering(req.body))

    def short_way(self, verified: dict[str, Any]) -> Answering | None:
        """Find what answers a press that certainly comes from Slack; None for all else, and where Bolt has to ask who we are."""
        press = pressed(verified)
        return self.rows.get(press) if press and self._ours(extract_team_id(verified)) else None


def pressed(body: Body) -> Pressed | None:
    """Name the button or the modal that somebody pressed or sent, as Bolt's matchers do; None for all else."""
    match body:
        case {"type": "view_submission", "view": {"callback_id": str(name)}}:
            return Kind.VIEW, name
        case {"type": "block_actions", "actions": [{"action_id": str(name)}, *_]}:
            return Kind.ACTION, name
        case _:
            return None
