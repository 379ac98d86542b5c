"""Sign-offs as people make them: modals sent over signed HTTP, sixteen people at a time, then everybody at once.

They are signed before they are sent, so that the client costs little of what both share. The commits that they are held
against are made in the same process as the sign-offs, by a thread on an engine like the one that decisions use, while
nobody presses; both rates of a round are taken one after the other, since other work on the machine slows both.

On a quick disk a commit costs less than it costs to read and answer a request, so beside them stands what a stock Bolt
listener answers of the same requests: one that does nothing. The local Slack that is sent the card runs in the process, too.
"""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count, cycle
from statistics import median
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from handlers.views.items import answer_block
from tests.bench import stories
from tests.bench.acks import Connection, connections, signed
from tests.bench.children import Child, child
from tests.bench.commits import emptied
from tests.bench.measuring import Goal, Line, Size, ratios, spread, times

ITEM = "LR-17"  # people alone decide it, so no figure that comes in meanwhile asks it anew
SIGNED, TAKEN_BACK = "sign", "take_back"
KINDS = {SIGNED: "signed", TAKEN_BACK: "taken_back"}
WARM = 20  # commits
PEOPLE = {Size.FULL: 1_000, Size.QUICK: 200, Size.TINY: 20}
ROUNDS = {Size.FULL: 6, Size.QUICK: 3, Size.TINY: 2}
COMMITS = {Size.FULL: 800, Size.QUICK: 200, Size.TINY: 20}
AT_A_TIME, AT_ONCE = 16, 64  # connections
ACKED_WITHIN_S = 3.0  # Slack waits no longer


class Mail:
    """The submissions of everybody, made and signed before they are sent; each is a press of its own."""

    def __init__(self, server: Child) -> None:
        self.started: Mapping[str, Any] = server.started
        self.verifier = SignatureVerifier(self.started["secret"])
        self.presses: Iterator[int] = count(1)
        self.answers: Iterator[str] = cycle((SIGNED, TAKEN_BACK))
        self.template = json.dumps(self.started["payload"])
        self.sent: Counter[str] = Counter()

    def round(self) -> list[bytes]:
        """Let everybody sign, and in the next round take it back."""
        answer = next(self.answers)
        self.sent[KINDS[answer]] += len(self.started["showings"])
        return [self._one(user, showing, answer) for user, showing in self.started["showings"].items()]

    def _one(self, user: str, showing: str, answer: str) -> bytes:
        payload = json.loads(self.template)
        payload["user"] |= {"id": user, "username": user.lower(), "name": user.lower()}
        payload["trigger_id"] = f"{next(self.presses)}.1.bench"
        view = payload["view"]
        about = json.loads(view["private_metadata"]) | {"showing": showing}
        view["private_metadata"] = json.dumps(about)
        [element] = view["state"]["values"][answer_block(ITEM)].values()
        element["selected_option"] = {"text": {"type": "plain_text", "text": answer}, "value": answer}
        return signed(self.verifier, urlencode({"payload": json.dumps(payload)}))

    def unmet(self, events: Mapping[str, int]) -> str:
        """Say what did not come out as one effect a press; "" where all did."""
        found = {kind: events.get(kind, 0) for kind in self.sent}
        return "" if found == dict(self.sent) else f"{dict(self.sent)} were sent, and {found} were recorded"


async def sent(made: Sequence[Connection], mail: Sequence[bytes]) -> list[tuple[float, float]]:
    """Send it all, each connection one after the other; gives when each was sent and acked, from the beginning on."""
    queue, acked = iter(mail), []
    began = time.perf_counter()

    async def post(connection: Connection) -> None:
        for request in queue:
            at = time.perf_counter() - began
            answer = await connection.ask(request)
            assert b"errors" not in answer, answer
            acked.append((at, time.perf_counter() - began))

    await asyncio.gather(*map(post, made))
    return acked


def a_second(acked: Sequence[tuple[float, float]]) -> float:
    """Give how many were acked a second."""
    return len(acked) / max(end for _, end in acked)


def waits(acked: Sequence[tuple[float, float]]) -> list[float]:
    """List how long each waited for its ack, in seconds."""
    return [end - begun for begun, end in acked]


def p99(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


@asynccontextmanager
async def a_server(size: Size) -> AsyncIterator[Child]:
    place = mkdtemp(dir=stories.folder())
    async with child("tests.bench.deciding", place, str(PEOPLE[size]), emptied()) as server:
        yield server


async def commits(server: Child, count: int) -> float:
    """Let the server commit one row after the other; gives how many a second."""
    answer = await server.ask(f"commits {count}")
    return float(answer["a_second"])


async def by_few(size: Size, server: Child, mail: Mail) -> list[Line]:
    """Let sixteen people at a time sign, or take it back; against bare commits, and a stock app that only acks."""
    done, plain, empty, ours, theirs = [], [], [], [], []
    async with AsyncExitStack() as stack:
        muster = await stack.enter_async_context(connections(server.started["muster"], AT_A_TIME))
        stock = await stack.enter_async_context(connections(server.started["stock"], AT_A_TIME))
        await sent(muster, mail.round())
        await commits(server, WARM)
        for _ in range(ROUNDS[size]):
            plain.append(await commits(server, COMMITS[size]))
            written = mail.round()
            acked = await sent(muster, written)
            done.append(a_second(acked))
            ours += waits(acked)
            stocks = await sent(stock, written)
            empty.append(a_second(stocks))
            theirs += waits(stocks)
        unmet = mail.unmet(await server.ask("events"))
    rates = {"ours_per_s": median(done), "bare_per_s": median(plain), "stock_per_s": median(empty)}
    waited = {
        "waited_p50_ms": median(ours) * 1_000, "waited_p99_ms": p99(ours) * 1_000, "stock_ms": median(theirs) * 1_000,
        "stock_p99_ms": p99(theirs) * 1_000,
    }  # fmt: skip
    slowest = p99(ours) / median(theirs)
    return [
        Line(
            what="sign-offs over HTTP, durable before the ack, 16 people, against one-row commits that nobody sends over HTTP"
            " (beside: what a stock Bolt listener that does nothing answers of the same)",
            goal=times(0.5, at_most=False), **spread(ratios(list(zip(done, plain, strict=True)))), beside=rates, unmet=unmet,
        ),
        Line(
            what="the slowest of 100 such acks, with the card drawn and sent meanwhile, against the median of a stock Bolt"
            " listener that does nothing for 16 people",
            goal=times(5), value=slowest, low=slowest, high=slowest, beside=waited,
        ),
    ]  # fmt: skip


async def by_everybody(size: Size, server: Child, mail: Mail) -> list[Line]:
    """Let everybody sign the same item at once; a wait begins when the first of them presses."""
    done, plain, longest = [], [], []
    async with connections(server.started["muster"], AT_ONCE) as muster:
        for _ in range(ROUNDS[size]):
            plain.append(await commits(server, COMMITS[size]))
            acked = await sent(muster, mail.round())
            done.append(a_second(acked))
            longest.append(max(end for _, end in acked))
    return [Line(
        what=f"{PEOPLE[size]:,} people press at once to sign one item over HTTP: the longest wait for an ack, as Slack waits"
        " (row 10 holds the decisions alone to one-row commits; this one reports it)",
        goal=Goal(limit=ACKED_WITHIN_S, unit="s"), **spread(longest), unmet=mail.unmet(await server.ask("events")),
        beside={
            "people": PEOPLE[size], "acks_per_s": median(done), "bare_per_s": median(plain),
            "times_bare": median(ratios(list(zip(done, plain, strict=True)))),
        },
    )]  # fmt: skip


async def speed(size: Size) -> list[Line]:
    """Measure sixteen at a time, then everybody at once."""
    async with a_server(size) as server:
        mail = Mail(server)
        return [*await by_few(size, server, mail), *await by_everybody(size, server, mail)]
