"""The server of the row about pulls: so many sources on real sockets, each of which takes its time."""

import asyncio
import sys
from contextlib import AsyncExitStack

from aiohttp import web

from tests.bench.children import serve


async def listening(wait_s: list[float], stack: AsyncExitStack) -> int:
    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(wait_s[0])
        return web.json_response({"hits": 70, "cases": 100})

    application = web.Application()
    application.router.add_get("/{name}", answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner.addresses[0][1]


async def main(count: int) -> None:
    wait_s = [0.0]

    async def change(seconds: str) -> float:
        wait_s[0] = float(seconds)
        return wait_s[0]

    async with AsyncExitStack() as stack:
        await serve([await listening(wait_s, stack) for _ in range(count)], change)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
