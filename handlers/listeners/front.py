"""Bolt with a short way in: what people press or type goes to its row of the register at once, all else through Bolt.

Bolt makes a client, an authorisation and every matcher's arguments anew for each request; for these none of it is used.
"""

from collections.abc import Callable, Mapping
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.request.internals import extract_team_id

from handlers.listeners.door import Answering
from handlers.listeners.payloads import Body
from handlers.listeners.showing import Kind

Asked = tuple[Kind, str]


class Front(AsyncApp):
    """The app; it takes by itself only what Bolt would hand to the same row.

    ours   says whether a workspace is certainly the one that we are installed in
    rows   what answers a press or a command, by its kind and name
    """

    def __init__(self, *, ours: Callable[[str | None], bool], **settings: Any) -> None:
        super().__init__(**settings)
        self._ours = ours
        self.rows: Mapping[Asked, Answering] = {}

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """Answer a request; what came over HTTP has yet to be verified by Bolt."""
        answering = self.short_way(req.body) if req.mode == "socket_mode" else None
        return await (super().async_dispatch(req) if answering is None else answering(req.body))

    def short_way(self, verified: dict[str, Any]) -> Answering | None:
        """Find what answers what certainly comes from Slack; None where that is Bolt, and where it has to ask who we are."""
        name = asked(verified)
        return self.rows.get(name) if name and self._ours(extract_team_id(verified)) else None


def asked(body: Body) -> Asked | None:
    """Name the button, the modal or the command that somebody pressed, sent or typed, as Bolt's matchers do."""
    match body:
        case {"type": "view_submission", "view": {"callback_id": str(name)}}:
            return Kind.VIEW, name
        case {"type": "block_actions", "actions": [{"action_id": str(name)}, *_]}:
            return Kind.ACTION, name
        case {"command": str(name)} if "type" not in body:
            return Kind.COMMAND, name
        case _:
            return None
