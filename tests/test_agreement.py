"""Whoever is asked about a launch says the same: the card, the command line, the API and the certificate.

At every step of random lives of launches tests/test_launch_invariants.py asks them in process; here they are asked
with a database between them, and at the end of five lives as processes of their own.
"""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.settings import Settings
from handlers import drawing, gate_answers, launches, proofs, ticks
from handlers.items import Answer
from handlers.launches import Breaking
from handlers.views.gates import exit_code, lines
from integrations import keys
from integrations.store import cards, workspaces
from integrations.store.engine import Store
from schema.products import Role
from schema.votes import Intent
from tests import builders
from tests.conversations import words
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_answers import differences, of_body, of_card, of_lines, of_page
from tests.launch_rooms import (
    EVA,
    EVERYBODY,
    MEASURED,
    MIA,
    OWN,
    RON,
    SAM,
    SIGNED,
    WAIVABLE,
    Clock,
    Room,
    a_key,
)  # fmt: skip
from tests.stages import a_process, environment
from tests.test_cli import a_slack
from tests.test_gate_api import TOKEN, a_door

pytestmark = pytest.mark.filterwarnings("ignore:Bare functions are deprecated")
SIGN, OBJECT, TAKE_BACK = Intent.SIGN, Intent.OBJECT, Intent.TAKE_BACK
SPECS = (SIGNED, WAIVABLE, MEASURED)
BREAKING = Breaking(reason="Cards are refused.", incident="INC-7", hours=2)


# --- with a database between them ---


async def asked(room, launch, door):
    """Ask all four, each by its own way through the store, at the same moment."""
    room.clock.turn(seconds=2)  # a card rests a second between two changes
    await drawing.catch_up(room.services, room.snapshot)
    card = await room.store.read(lambda session: cards.get(session, room.workspace, drawing.card_key(launch)))
    printed = await gate_answers.ask(room.services, room.snapshot, launch)
    status, body, _ = await door(f"/gates/{launch}")
    assert status == 200
    proof = await proofs.prove(room.services, room.snapshot, launch)
    return {
        "card": of_card(card.message),
        "command line": of_lines(exit_code(printed), "\n".join(lines(printed))),
        "API": of_body(body),
        "certificate": of_page(proof.page),
    }


async def test_card_command_line_api_and_certificate_say_the_same_after_every_decision(store):
    room = Room(store, specs=SPECS)
    launch = await room.opened()
    act, said = room.acting(launch), []

    async with a_door(room) as door:

        async def step(done=None):
            await (done or asyncio.sleep(0))
            views = await asked(room, launch, door)
            assert differences(views) == {}
            said.append((views["card"].state, views["card"].passes, views["API"].settled[0]))

        await step()
        await step(room.said(launch, MIA, Role.ML, T_1=SIGN))
        await step(room.said(launch, RON, Role.RAI, T_2=Answer(intent=OBJECT, reason="Not so fast.")))
        await step(room.drilled("3"))
        await step(room.said(launch, SAM, Role.SRE, T_3=SIGN))
        await step(room.said(launch, RON, Role.RAI, T_2=TAKE_BACK))
        await step(room.said(launch, RON, Role.RAI, T_2=SIGN))
        await step(room.drilled("9"))  # the evidence gets worse, and the gate closes
        await step(room.drilled("2"))
        await step(room.said(launch, SAM, Role.SRE, T_3=SIGN))
        room.clock.turn(days=31)  # nobody wrote anything, and yet the evidence is too old
        asked_now = await asked(room, launch, door)
        assert (
            asked_now.pop("card").passes is True
        )  # it was drawn before; the timer, which is due then, draws it anew
        assert differences(asked_now) == {}
        assert asked_now["API"].passes is False
        await step(ticks.tick_launch(*act))
        await step(room.drilled("3"))
        await step(room.said(launch, SAM, Role.SRE, T_3=SIGN))
        await step(room.used(launch))
        await step(launches.revoke(*act, reason="It harms people.", by=EVA, key=a_key()))

    assert [(state, passes) for state, passes, _ in said] == [
        *[("open", False)] * 6, ("approved", True), *[("open", False)] * 2, ("approved", True),
        *[("open", False)] * 2, ("approved", True), ("launched", False), ("revoked", False),
    ]  # fmt: skip
    assert [settled for _, _, settled in said][:7] == [0, 1, 1, 1, 2, 2, 3]


async def test_a_view_that_said_otherwise_would_be_found(store):
    room = Room(store, specs=SPECS)
    launch = await room.opened()
    async with a_door(room) as door:
        views = await asked(room, launch, door)
    others = {
        "launch": "another", "passes": True, "answer": "yes", "state": "approved", "seq": 99, "emergency": True,
        "settled": (3, 3), "waits_for": {}, "reasons": (), "items": {"T-1": "signed"}, "held_back": "Nothing.",
    }  # fmt: skip

    missed = [
        (view, field)
        for view, said in views.items()
        for field, other in others.items()
        if getattr(said, field) is not None
        and not differences({**views, view: replace(said, **{field: other})})
    ]

    assert missed == []


# --- as processes of their own ---


async def objected(room):
    launch = await room.opened()
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=Answer(intent=OBJECT, reason="The shops' terms changed."))
    return launch


async def approved(room):
    launch = await room.opened()
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    await room.said(launch, SAM, Role.SRE, T_3=SIGN)
    return launch


async def bypassed(room):
    launch = await room.opened()
    await launches.break_glass(*room.acting(launch), BREAKING, by=SAM, key=a_key())
    return launch


async def launched(room):
    launch = await approved(room)
    await room.used(launch)
    return launch


async def revoked(room):
    launch = await launched(room)
    await launches.revoke(*room.acting(launch), reason="It harms people.", by=EVA, key=a_key())
    return launch


LIVES = {
    objected: "open", approved: "approved", bypassed: "bypassed", launched: "launched", revoked: "revoked",
}  # fmt: skip


@asynccontextmanager
async def a_company(folder):
    """Lead launches to five ends in a database, and let the real bot show them; gives what asks about them."""
    secrets = {"MUSTER_SIGNING_KEY": str(folder / "muster.key"), "MUSTER_GATE_TOKENS": f"ci:{TOKEN}"}
    keys.new(folder / "muster.key")
    async with a_slack(folder, **secrets) as (slack, _, settings):
        for who in (*EVERYBODY, OWN):
            slack.add_user(who.name.lower(), id=who.user)
        store = Store(Settings.from_env(settings).database)
        room = Room(store, clock=Clock(now=datetime.now(UTC)), specs=SPECS)
        revision = await store.read(lambda session: workspaces.get(session, room.workspace).revision)
        room.snapshot = replace(room.snapshot, revision=revision)
        await room.drilled("3")
        ends = {life: await life(room) for life in LIVES}
        await store.close()
        async with a_process("run", **settings) as process:
            port = (await process.line("ready"))["port"]
            yield slack, settings, f"http://127.0.0.1:{port}", ends
            assert await process.stop() == 0


# Every command in a process of its own, which begins where the program is loaded already: loading it is most of what one costs.
FORKS = """
import json, os, sys, tempfile
from bot.cli import main

told = []
for arguments in json.load(sys.stdin):
    files = [tempfile.TemporaryFile(), tempfile.TemporaryFile()]
    child = os.fork()
    if not child:
        os.dup2(files[0].fileno(), 1)
        os.dup2(files[1].fileno(), 2)
        try:
            main(arguments)
        except SystemExit as ended:
            code = ended.code or 0
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    told.append([code, *(file.seek(0) or file.read().decode() for file in files)])
json.dump(told, sys.stdout)
"""


async def typed(*commands, **settings):
    """Run `muster` with each of these; gives exit code, answer and complaint of each."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FORKS, env=environment(**settings),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(json.dumps(commands).encode()), 60)
    return json.loads(out)


async def test_the_real_processes_say_the_same_at_the_end_of_five_lives(tmp_path):
    async with a_company(tmp_path) as (slack, settings, url, ends):

        def card(launch):
            shown = [each for each in slack.messages(builders.CHANNEL) if launch in words(each)]
            return next((each for each in shown if "asked for by" in words(each)), None)

        await slack.wait_for(lambda: all(card(launch) for launch in ends.values()), timeout_s=20)
        await slack.settled()
        folders = {launch: str(tmp_path / launch) for launch in ends.values()}
        key = str(keys.public_path(Path(settings["MUSTER_SIGNING_KEY"])))
        asking = [["gate", launch] for launch in folders]
        proving = [["proof", launch, "--to", folder] for launch, folder in folders.items()]
        checking = [["verify", folder, "--key", key] for folder in folders.values()]
        told = iter(await typed(*asking, *proving, *checking, **settings))
        printed = {launch: next(told) for launch in folders}
        assert [each for each in told if each[0] or each[2]] == []  # proved, and found whole

        async with aiohttp.ClientSession(url, headers={"Authorization": f"Bearer {TOKEN}"}) as session:
            for life, launch in ends.items():
                async with session.get(f"/gates/{launch}") as answer:
                    body = await answer.json()
                code, out, complained = printed[launch]
                views = {
                    "card": of_card(card(launch)),
                    "command line": of_lines(code, out),
                    "API": of_body(body),
                    "certificate": of_page((tmp_path / launch / "certificate.html").read_bytes()),
                }
                assert complained == ""
                assert differences(views) == {}, life
                assert views["API"].state == LIVES[life]
                assert views["card"].passes is (life is approved)
