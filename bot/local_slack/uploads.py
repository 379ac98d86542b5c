"""Receiving the bytes of an upload, and giving a file to who holds a token."""

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from bot.local_slack.objects import IMAGE_TYPES
from bot.local_slack.state import File, State


@dataclass(slots=True)
class Uploads:
    state: State

    async def receive(self, request: web.Request) -> web.Response:
        file = self.state.files.get(request.match_info["file"])
        if file is None or file.secret != request.match_info["secret"]:
            return web.Response(status=404, text="file_not_found")
        content = await request.read()
        file.content = content
        file.uploaded = len(content) == file.length
        self.state.changes.notify()
        if not file.uploaded:
            return web.Response(status=400, text="length mismatch")
        return web.Response(text=f"OK - {len(content)}")

    async def give(self, request: web.Request) -> web.Response:
        """Without a token Slack answers with a page to sign in, not with the file."""
        file = self.state.files.get(request.match_info["file"].partition("-")[2])
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if file is None or self.state.tokens.get(token, ("", ""))[1] != file.team_id:
            return web.Response(status=302, headers={"Location": "/"})
        return content_of(file)


def content_of(file: File) -> web.Response:
    """Show an image; anything else is for saving, never for opening as a page of this server."""
    kind = IMAGE_TYPES.get(file.name.rpartition(".")[2].lower())
    headers = {"X-Content-Type-Options": "nosniff"}
    if kind is None:
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(file.name, safe='')}"
    return web.Response(body=file.content, content_type=kind or "application/octet-stream", headers=headers)
