"""`/muster help` over signed HTTP, against a stock Bolt app that only acks."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle
from statistics import median
from tempfile import mkdtemp
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.server import SLACK_PATH
from deploy.demo import people
from tests.bench import stories
from tests.bench.children import Child, child
from tests.bench.measuring import Line, Size, in_turns, ratios, spread, times

ONE_BY_ONE = {
    Size.FULL: (7, 500, 100),
    Size.QUICK: (3, 200, 40),
    Size.TINY: (1, 10, 4),
}  # rounds, ours, theirs
TOGETHER = {Size.FULL: (7, 3_200, 1_600), Size.QUICK: (3, 960, 480), Size.TINY: (1, 64, 64)}
CONNECTIONS = 16
WARM_S = 20


@dataclass(slots=True)
class Connection:
    """One kept-alive connection that sends what was signed before."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request: bytes) -> bytes:
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        return await self.reader.readexactly(length)


@asynccontextmanager
async def connections(port: int, count: int) -> AsyncIterator[list[Connection]]:
    made = [Connection(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            each.writer.close()
            await each.writer.wait_closed()


@asynccontextmanager
async def a_server() -> AsyncIterator[Child]:
    place = mkdtemp(dir=stories.folder())
    async with child("tests.bench.answering", place, str(stories.told())) as server:
        yield server


def commands(server: Child) -> list[bytes]:
    """Sign `/muster help` of everybody in the story, in a channel each."""
    verifier = SignatureVerifier(server.started["secret"])
    made = []
    for person, channel in zip(people.PEOPLE, cycle(people.CHANNELS), strict=False):
        body = urlencode({
            "token": "x", "team_id": server.started["team"], "team_domain": "fernhall", "channel_id": channel.id,
            "channel_name": channel.name, "user_id": person.id, "user_name": person.name, "command": "/muster",
            "text": "help", "api_app_id": server.started["app"], "is_enterprise_install": "false",
            "response_url": "http://127.0.0.1:9/response", "trigger_id": f"1.2.{person.id}",
        })  # fmt: skip
        made.append(signed(verifier, body))
    return made


def signed(verifier: SignatureVerifier, body: str) -> bytes:
    stamp = str(int(time.time()))
    head = [
        f"POST {SLACK_PATH} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"X-Slack-Request-Timestamp: {stamp}",
        f"X-Slack-Signature: {verifier.generate_signature(timestamp=stamp, body=body)}",
    ]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


async def warm(ours: Connection, theirs: Connection, asked: Sequence[bytes]) -> int:
    """Ask until everybody is known and gets help in the ack itself; gives the median size of that answer in bytes."""
    async with asyncio.timeout(WARM_S):
        for request in asked:
            while b"/muster brief" not in await ours.ask(request):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
    for request in asked:
        assert await theirs.ask(request) == b""
    return round(median([len(await ours.ask(request)) for request in asked]))


async def one_by_one(connection: Connection, asked: Sequence[bytes], count: int) -> float:
    """Give the median of so many answers, in milliseconds."""
    took = []
    for _, request in zip(range(count), cycle(asked), strict=False):
        began = time.perf_counter()
        await connection.ask(request)
        took.append(time.perf_counter() - began)
    return median(took) * 1_000


async def together(made: Sequence[Connection], asked: Sequence[bytes], count: int) -> float:
    """Give how many requests a second all connections get answered."""

    async def many(connection: Connection) -> None:
        for _, request in zip(range(count // len(made)), cycle(asked), strict=False):
            await connection.ask(request)

    began = time.perf_counter()
    await asyncio.gather(*map(many, made))
    return count / (time.perf_counter() - began)


async def latency(size: Size) -> list[Line]:
    rounds, ours, theirs = ONE_BY_ONE[size]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(a_server())
        asked = commands(server)
        [muster] = await stack.enter_async_context(connections(server.started["muster"], 1))
        [stock] = await stack.enter_async_context(connections(server.started["stock"], 1))
        answer = await warm(muster, stock, asked)
        pairs = await in_turns(
            rounds, lambda: one_by_one(muster, asked, ours), lambda: one_by_one(stock, asked, theirs)
        )
    return [Line(
        what="ack of /muster help, one connection, median, against stock Bolt", goal=times(0.1), **spread(ratios(pairs)),
        beside={"ours_ms": median(a for a, _ in pairs), "stock_ms": median(b for _, b in pairs), "answer_bytes": answer},
    )]  # fmt: skip


async def throughput(size: Size) -> list[Line]:
    rounds, ours, theirs = TOGETHER[size]
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(a_server())
        asked = commands(server)
        muster = await stack.enter_async_context(connections(server.started["muster"], CONNECTIONS))
        stock = await stack.enter_async_context(connections(server.started["stock"], CONNECTIONS))
        await warm(muster[0], stock[0], asked)
        pairs = await in_turns(
            rounds, lambda: together(muster, asked, ours), lambda: together(stock, asked, theirs)
        )
    return [Line(
        what="throughput of /muster help, 16 connections, against stock Bolt", goal=times(2, at_most=False),
        **spread(ratios(pairs)),
        beside={"ours_per_s": median(a for a, _ in pairs), "stock_per_s": median(b for _, b in pairs)},
    )]  # fmt: skip
