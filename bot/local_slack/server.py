"""The local Slack's server: Web API, Socket Mode, response URLs, uploads, control and the page on 127.0.0.1."""

from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.local_slack.clock import Clock
from bot.local_slack.control import Control
from bot.local_slack.deliveries import Deliveries
from bot.local_slack.failing import Failing
from bot.local_slack.faults import FaultBook
from bot.local_slack.interacting import Interacting
from bot.local_slack.page_server import PageServer
from bot.local_slack.reading import Reading
from bot.local_slack.response_urls import ResponseUrls
from bot.local_slack.seeding import Seeding
from bot.local_slack.sockets import Sockets
from bot.local_slack.state import State
from bot.local_slack.uploads import Uploads
from bot.local_slack.web_api.dispatch import Dispatch

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = "127.0.0.1"
BODY_MAX = 32 * 1024 * 1024


class LocalSlack(Seeding, Interacting, Reading, Failing):
    """A Slack on this machine, for an unmodified Bolt app.

    Use as an async context manager, or start() and stop(). Seed with add_…(), act as people with command(), say(),
    click(), submit() …, read with messages(), views() …, break with fail() …, wait with wait_for() and settled().

    time_factor   divides all its delays and limits
    title         what the page is called
    seed          of accidents that happen with a probability
    file_delay_s  how long a file is not ready after its upload
    answer_s      how long an app has for its answer, and with a trigger id
    """

    def __init__(
        self,
        *,
        time_factor: float = 1.0,
        title: str = "Local Slack",
        seed: int = 1,
        file_delay_s: float = 0.5,
        answer_s: float = 3.0,
    ) -> None:
        self.state = State(
            clock=Clock(factor=time_factor),
            faults=FaultBook(seed),
            file_delay_s=file_delay_s,
            answer_s=answer_s,
        )
        self.sockets = Sockets(self.state)
        self.deliveries = Deliveries(self.state, self.sockets)
        self.title = title
        self._runner: web.AppRunner | None = None

    @property
    def base_url(self) -> str:
        """What AsyncWebClient(base_url=…) takes."""
        return f"{self.state.base}/api/"

    @property
    def url(self) -> str:
        """The page."""
        return f"{self.state.base}/"

    @property
    def clock(self) -> Clock:
        return self.state.clock

    async def start(self, port: int = 0) -> Self:
        self._runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, port)
        try:
            await site.start()
        except OSError:  # the port is taken: it may be started again on another
            await self._runner.cleanup()
            self._runner = None
            raise
        server = site._server  # noqa: SLF001 - aiohttp names a free port nowhere else
        assert server is not None
        self.state.base = f"http://{HOST}:{server.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
        return self

    async def stop(self) -> None:
        self.state.closing.set()
        self.state.changes.notify()
        await self.deliveries.close()
        await self.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _application(self) -> web.Application:
        application = web.Application(client_max_size=BODY_MAX, middlewares=[self._guard])
        dispatch = Dispatch(
            state=self.state, events=self.deliveries, tickets=self.sockets.ticket, own=self.deliveries.own
        )
        uploads = Uploads(self.state)
        answers = ResponseUrls(state=self.state, events=self.deliveries)
        application.router.add_route("*", "/api/{method}", dispatch.handle)
        application.router.add_get("/socket", self.sockets.handle)
        application.router.add_post("/response/{team}/{number}/{secret}", answers.handle)
        application.router.add_post("/upload/{file}/{secret}", uploads.receive)
        application.router.add_get("/files-pri/{file}/{name}", uploads.give)
        application.router.add_post("/control/{verb}", Control(self).handle)
        PageServer(self).add_to(application)
        return application

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse other hosts and origins, so that no web page can reach in by DNS rebinding."""
        own = self.state.base.removeprefix("http://")
        port = own.rpartition(":")[2]
        hosts = {own, f"localhost:{port}"}
        origin = request.headers.get("Origin")
        if request.host not in hosts or (origin is not None and origin.removeprefix("http://") not in hosts):
            return web.Response(status=403, text="This server answers on its own address only.")
        return await handler(request)
