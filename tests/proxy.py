"""A small proxy on a real socket that passes requests on, or spoils the answer in one named way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

PASSED_ON = ("Content-Type", "Authorization", "Accept-Encoding")
CHUNK = b"[" * 65_536
SPOILT_BODIES = {
    "wrong shape": b'{"surprise": [1, 2]}',
    "garbage": b"<html>not JSON</html>",
    "deep": b"[" * 200_000,
}
REFUSALS = {"unauthorised": 401, "forbidden": 403, "out of order": 500, "quota": 403, "rate limited": 429}


class Proxy:
    """Stands before a server; `fault` names what goes wrong, `faulty_requests` how often, None for always."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.fault: str | None = None
        self.faulty_requests: int | None = None
        self.retry_after = "120"
        self.location = "/elsewhere"
        self.host: str | None = None  # the name under which requests are passed on
        self.seen: list[str] = []  # method and path, in order
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(f"{request.method} {request.path}")
        self.headers.append(dict(request.headers))
        if self.fault is None or self.faulty_requests == 0:
            return await self.pass_on(request)
        if self.faulty_requests is not None:
            self.faulty_requests -= 1
        return await self.spoil(request)

    async def pass_on(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        if self.host is not None:
            headers["Host"] = self.host
        body = await request.read()
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(
                request.method, f"{self.upstream}{request.raw_path}", headers=headers, data=body
            ) as response,
        ):
            return web.Response(
                status=response.status,
                body=await response.read(),
                content_type=response.content_type,
            )

    async def spoil(self, request: web.Request) -> web.StreamResponse:
        fault = self.fault or ""
        if fault in REFUSALS:
            waits = {"Retry-After": self.retry_after} if fault in ("rate limited", "quota") else {}
            return web.Response(status=REFUSALS[fault], text="no: token s3cret", headers=waits)
        if fault in SPOILT_BODIES:
            return web.Response(body=SPOILT_BODIES[fault], content_type="application/json")
        if fault == "redirect":
            return web.Response(status=302, headers={"Location": self.location})
        if fault == "packed":
            return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
        return await getattr(self, fault)(request)

    async def slow(self, request: web.Request) -> web.StreamResponse:
        """Drip: each byte comes in time, the whole never does."""
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    async def cut(self, request: web.Request) -> web.StreamResponse:
        """Promise a thousand bytes, send ten, hang up."""
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"status":')
        assert request.transport is not None
        request.transport.close()
        return response

    async def huge(self, request: web.Request) -> web.StreamResponse:
        """Never stop."""
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(CHUNK)
        return response


@asynccontextmanager
async def proxied(upstream: str) -> AsyncIterator[Proxy]:
    """Run a proxy on a free port."""
    proxy = Proxy(upstream)
    async with serving(proxy.answer) as url:
        proxy.url = url
        yield proxy


@asynccontextmanager
async def serving(answer, *, tls=None) -> AsyncIterator[str]:
    """Serve every path with one function on a free port; gives the address."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    try:
        assert site._server is not None
        port = site._server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
