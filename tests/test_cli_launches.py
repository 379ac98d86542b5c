"""The command line of launches: what a pipeline runs, what an operator types, and the code that each ends with."""

import asyncio
import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import verifier
from bot.files import checklists
from bot.settings import Settings
from handlers import launches
from handlers.launches import Breaking
from integrations import keys
from integrations.store import evidence as stored
from integrations.store import ledger, workspaces
from integrations.store.engine import Store
from schema.products import Role
from schema.votes import Intent
from tests import test_cli
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import EVA, MANIFEST, MIA, RON, SAM, SIGNED, WAIVABLE, Clock, Room, a_key
from tests.test_gate_api import TOKEN, a_door

muster, sound = test_cli.muster, test_cli.sound  # fixtures
SIGN = Intent.SIGN
DRILL = checklists()["LR-10"]
PARTS = """\
manifest:
  code: 4f2a9c1e7b3d5a6f8c0e
  model: ranker
  model_version: v3.1
  prompt: none
  configuration: sha256:{digits}
  data: [offers-2026-11-01]
""".format(digits="ab" * 32)
WAITS = """\
- T-1 has 0 of 1 signatures and waits for data science.
- T-2 has 0 of 1 signatures and waits for responsible AI.
The least that is missing:
- one person of data science, for T-1
- one person of responsible AI, for T-2
"""


@pytest.fixture(name="home")
def an_applied_home(muster, sound, tmp_path, monkeypatch):
    """Apply a configuration here, with a signing key; gives a room in the same database, at this very time."""
    keys.new(tmp_path / "muster.key")
    monkeypatch.setenv("MUSTER_SIGNING_KEY", str(tmp_path / "muster.key"))
    assert muster("apply")[0] == 0
    store = Store(f"sqlite:///{tmp_path / 'muster.db'}")
    room = Room(store, clock=Clock(now=datetime.now(UTC)), specs=(SIGNED, WAIVABLE))
    revision = store.read_sync(lambda session: workspaces.get(session, room.workspace)).revision
    room.snapshot = replace(room.snapshot, revision=revision)
    (tmp_path / "release.yaml").write_text(PARTS)
    yield room
    store.close_sync()


def opened(room, **more):
    return asyncio.run(room.opened(**more))


def signed(room, launch):
    asyncio.run(room.said(launch, MIA, Role.ML, T_1=SIGN))
    asyncio.run(room.said(launch, RON, Role.RAI, T_2=SIGN))


def kinds(room, launch):
    events = room.store.read_sync(lambda session: ledger.events_of(session, room.workspace, launch))
    return [event.kind for event in events]


# --- the gate ---


def test_the_gate_ends_with_1_and_a_line_for_each_reason_until_everything_is_signed(home, muster):
    launch = opened(home)

    closed = muster("gate", launch, "--manifest", "release.yaml")
    signed(home, launch)
    by_file = muster("gate", launch, "--manifest", "release.yaml")
    by_digest = muster("gate", launch, "--manifest", MANIFEST.digest)
    by_long = muster("gate", launch, "--manifest", f"SHA256:{MANIFEST.digest.upper()}")

    assert closed == (
        1,
        f"{launch} may not go out: open, 0 of 2 items settled.\n{WAITS}",
        "",
    )
    assert (
        by_file == by_digest == by_long == (0, f"{launch} may go out: approved, 2 of 2 items settled.\n", "")
    )
    assert kinds(home, launch)[-1] == "approved"


def test_a_manifest_that_was_not_signed_or_may_move_does_not_go_out(home, muster, tmp_path):
    launch = opened(home)
    signed(home, launch)
    (tmp_path / "moving.yaml").write_text(PARTS.replace("v3.1", "latest"))
    (tmp_path / "other.yaml").write_text(PARTS.replace("v3.1", "v3.2"))

    other = muster("gate", launch, "--manifest", "other.yaml")
    moving = muster("gate", launch, "--manifest", "moving.yaml")

    assert (other[0], moving[0]) == (1, 1)
    assert "not the one of the newest revision" in other[1]
    assert "latest" in moving[2]


def test_what_cannot_be_read_cannot_be_told(home, muster, tmp_path):
    (tmp_path / "list.yaml").write_text("- one\n- two\n")
    (tmp_path / "broken.yaml").write_text("a: [")
    launch = opened(home)

    for manifest, said in (
        ("nowhere.yaml", "There is no manifest"),
        ("list.yaml", "must hold code, model"),
        ("broken.yaml", "cannot be read"),
        ("", "There is no manifest"),
    ):
        code, out, complained = muster("gate", launch, "--manifest", manifest)
        assert (code, out) == (2, "")
        assert said in complained
        assert complained.count("\n") == 1


def test_an_unknown_launch_a_broken_database_and_an_empty_one_cannot_be_told(
    home, muster, tmp_path, monkeypatch
):
    unknown = muster("gate", "fraud-detection-99")
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    empty = muster("gate", "fraud-detection-1")
    (tmp_path / "elsewhere" / "muster.db").write_bytes(b"this is no database at all" * 100)
    broken = muster("gate", "fraud-detection-1", "--json")
    monkeypatch.setenv("MUSTER_DATABASE_URL", "postgresql://muster:hushhush@127.0.0.1:9/muster")
    down = muster("gate", "fraud-detection-1")

    assert [each[0] for each in (unknown, empty, broken, down)] == [2, 2, 2, 2]
    assert "There is no launch" in unknown[2]
    assert "muster apply" in empty[2]
    assert json.loads(broken[1])["answer"] == "unknown"
    assert "hushhush" not in down[1] + down[2]


def test_a_use_is_recorded_once_and_the_same_again_passes(home, muster):
    launch = opened(home)
    early = muster("gate", launch, "--manifest", "release.yaml", "--use")
    signed(home, launch)
    bare = muster("gate", launch, "--use")
    first = muster("gate", launch, "--manifest", "release.yaml", "--use", "--by", "ci-prod")
    again = muster("gate", launch, "--manifest", "release.yaml", "--use", "--json")
    other = muster("gate", launch, "--manifest", "0" * 64, "--use")
    asked = muster("gate", launch, "--manifest", "release.yaml")

    assert early[0] == 1
    assert "Nothing was recorded: T-1 has 0 of 1 signatures" in early[1]
    assert bare[0] == 2
    assert "--manifest" in bare[2]
    assert first[0] == 0
    assert re.search(rf"^{launch} may go out: recorded as event \d+ by cli:ci-prod at 20", first[1])
    assert again[0] == 0
    assert json.loads(again[1])["used"]["by"] == "cli:ci-prod"
    assert other[0] == 1
    assert "Another manifest" in other[1]
    assert asked[0] == 1
    assert "already gone out" in asked[1]
    assert kinds(home, launch).count("used") == 1


def test_time_and_names_cannot_be_made_up_for_a_use(home, muster, monkeypatch):
    launch = opened(home)
    signed(home, launch)

    past = muster("gate", launch, "--manifest", "release.yaml", "--use", "--at", "2026-01-01")
    named = muster("gate", launch, "--manifest", "release.yaml", "--use", "--by", "Ana Miller")
    monkeypatch.delenv("MUSTER_SIGNING_KEY")
    keyless = muster("gate", launch, "--manifest", "release.yaml", "--use")

    assert [each[0] for each in (past, named, keyless)] == [2, 2, 2]
    assert "leave --at out" in past[2]
    assert "ci-prod" in named[2]
    assert "muster key new" in keyless[2]
    assert "used" not in kinds(home, launch)


def test_an_emergency_passes_only_where_the_pipeline_accepts_it(home, muster):
    launch = opened(home)
    breaking = Breaking(reason="Cards are refused.", incident="INC-7", hours=2)
    asyncio.run(launches.break_glass(home.services, home.snapshot, launch, breaking, by=EVA, key=a_key()))

    closed = muster("gate", launch, "--manifest", "release.yaml")
    accepted = muster("gate", launch, "--manifest", "release.yaml", "--accept-bypass")
    used = muster("gate", launch, "--manifest", "release.yaml", "--accept-bypass", "--use")
    other = muster("gate", launch, "--manifest", "0" * 64, "--accept-bypass")

    assert [each[0] for each in (closed, accepted, used, other)] == [1, 0, 0, 1]
    assert "with --accept-bypass; nobody approved it." in closed[1]
    assert "without approval, in an emergency" in used[1]
    assert kinds(home, launch)[-1] == "bypass_used"


def test_a_launch_whose_product_is_taken_away_is_told_of_and_stays_listed(home, muster, tmp_path):
    launch, ended = opened(home), opened(home)
    asyncio.run(launches.reject(home.services, home.snapshot, ended, reason="No.", by=RON, key=a_key()))
    file = tmp_path / "muster.yaml"
    renamed = file.read_text().replace("fraud-detection:", "card-fraud:")
    file.write_text(renamed)

    applied = muster("apply")
    listed = muster("launches")

    assert applied[0] == 0
    assert f"warning: the launch {launch} is under way, and its product is gone" in applied[1]
    assert f"{launch} may not go out: open, 0 of 2 items settled." in listed[1]
    assert ended not in listed[1]
    assert ended in muster("launches", "--all")[1]


def test_the_list_shows_what_is_open_and_with_all_what_has_ended(home, muster):
    nothing, never = muster("launches"), muster("launches", "--all")
    first, second = opened(home), opened(home)
    asyncio.run(launches.reject(home.services, home.snapshot, first, reason="No.", by=RON, key=a_key()))

    going = muster("launches")
    every = muster("launches", "fraud-detection", "--all", "--json")
    unknown = muster("launches", "fraud")

    assert nothing == (0, "No launch is open.\n", "")
    assert never == (0, "No launch was ever opened. In Slack, `/muster launch <product>` opens one.\n", "")
    assert going == (0, f"{second} may not go out: open, 0 of 2 items settled.\n", "")
    assert [(each["launch"], each["state"]) for each in json.loads(every[1])] == [
        (first, "rejected"), (second, "open"),
    ]  # fmt: skip
    assert unknown[0] == 1
    assert "fraud-detection" in unknown[2]


# --- over HTTP ---


async def test_over_http_the_gate_gives_the_same_lines_and_codes(store, muster, tmp_path, monkeypatch):
    room = Room(store, specs=(SIGNED, WAIVABLE, DRILL))
    launch = await room.opened()
    (tmp_path / "release.yaml").write_text(PARTS)
    async with a_door(room) as asks:

        async def runs(*arguments, token=TOKEN):
            """Run the command in another thread, as another machine would, with nothing but a token."""
            monkeypatch.setenv("MUSTER_DATABASE_URL", "postgresql://127.0.0.1:9/gone")
            monkeypatch.setenv("MUSTER_GATE_TOKEN", token)
            return await asyncio.to_thread(muster, *arguments, "--url", asks.url)

        drill = ("LR-10", "switch_off", "--value", "4", "--measured-at", "2026-11-22")
        closed = await runs("gate", launch, "--manifest", "release.yaml")
        put = await runs("evidence", "put", launch, *drill, "--state", f"model={MANIFEST.model}")
        refused = await runs("gate", launch, "--manifest", "release.yaml", "--use")
        unknown = await runs("gate", "fraud-detection-99")
        wrong = await runs("gate", launch, token="x" * 30)
        nobody = await runs("evidence", "put", launch, *drill, token="x" * 30)
        without = await runs("gate", launch, token="")
        await room.said(launch, MIA, Role.ML, T_1=SIGN)
        await room.said(launch, RON, Role.RAI, T_2=SIGN)
        await room.said(launch, SAM, Role.SRE, LR_10=SIGN)
        used = await runs("gate", launch, "--manifest", "release.yaml", "--use")
        again = await runs("gate", launch, "--manifest", "release.yaml", "--use", "--json")
    gone = await runs("gate", launch)

    assert closed[0] == 1
    assert "- T-1 has 0 of 1 signatures and waits for data science.\n" in closed[1]
    assert put == (0, "Kept for LR-10 of fraud-detection: switch_off is 4.\n", "")
    assert refused[0] == 1
    assert "Nothing was recorded" in refused[1]
    assert (unknown[0], wrong[0], without[0], gone[0]) == (2, 2, 2, 2)
    assert unknown[2] == wrong[2]
    assert "MUSTER_GATE_TOKEN" in without[2]
    assert "no connection. See that it runs at --url, and ask again." in gone[2]
    assert nobody[0] == 1
    assert (used[0], "by token:ci at" in used[1]) == (0, True)
    assert (again[0], json.loads(again[1])["used"]["by"]) == (0, "token:ci")


# --- evidence ---


def given(room, item="LR-10"):
    found = room.store.read_sync(lambda session: stored.newest(session, room.workspace, "fraud-detection"))
    return {name: each for (of, name), each in found.items() if of == item}


def test_evidence_is_kept_with_who_gave_it_and_opens_see_it(home, muster, tmp_path):
    day = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()
    states = ["--state", f"model={MANIFEST.model}"]

    kept = muster(
        "evidence", "put", "fraud-detection", "LR-10", "switch_off", "--value", "4 min", "--measured-at", day,
        "--link", "https://ci.example.com/runs/7", *states, "--by", "ci-drills",
    )  # fmt: skip
    named = muster(
        "evidence", "put", "fraud-detection", "LR-10", "switch_off", "--value", "3", "--measured-at", day, *states,
        "--by", "U0SAM0000",
    )  # fmt: skip

    assert kept == (0, "Kept for LR-10 of fraud-detection: switch_off is 4.\n", "")
    assert named[0] == 0
    record = given(home)["switch_off"]
    assert (record.value, record.by[:2]) == ("3", "p_")


def test_a_document_is_pinned_by_its_content(home, muster, tmp_path):
    (tmp_path / "card.pdf").write_bytes(b"what it is for")
    asked = next(
        (spec.id, each)
        for spec in checklists().items
        for each in spec.requirements
        if each.kind.value == "document" and not each.matches
    )
    item, requirement = asked
    states = [part for name in requirement.states for part in ("--state", f"{name}=written down")]
    day = datetime.now(UTC).date().isoformat()

    kept = muster(
        "evidence", "put", "fraud-detection", item, requirement.name, "--document", "card.pdf",
        "--link", "https://wiki.example.com/card", "--dated", day, *states, "--by", "ci",
    )  # fmt: skip
    loose = muster(
        "evidence", "put", "fraud-detection", item, requirement.name, "--document", "https://wiki.example.com/card",
        "--dated", day, *states, "--by", "ci",
    )  # fmt: skip

    assert kept[0] == 0, kept
    found = given(home, item)[requirement.name]
    assert found.digest == hashlib.sha256(b"what it is for").hexdigest()
    assert found.by == "cli:ci"
    assert loose[0] == 1
    assert "--digest" in loose[2]


REFUSED = (
    (["fraud-detection", "LR-10", "switch_off", "--by", "ci"], "--value"),
    (["fraud-detection", "LR-10", "switch_off", "--value", "4"], "--by"),
    (["fraud-detection", "LR-10", "switch_off", "--value", "4", "--by", "Ana"], "--by"),
    (["fraud-detection", "LR-10", "switch_off", "--value", "soon", "--measured-at", "2026-01-02", "--by", "ci"], "minutes, such as 4.5"),
    (["fraud-detection", "LR-10", "switch_off", "--value", "4", "--by", "ci"], "when it was measured"),
    (["fraud-detection", "LR-99", "switch_off", "--value", "4", "--by", "ci"], "There is no item"),
    (["fraud-detection", "LR-10", "dril", "--value", "4", "--by", "ci"], "asks for no"),
    (["fraud-detection-9", "LR-10", "switch_off", "--value", "4", "--by", "ci"], "Did you mean `fraud-detection"),
    (["fraud-detection", "LR-10", "switch_off", "--document", "nowhere.pdf", "--by", "ci"], "cannot be read"),
    (["fraud-detection", "LR-10", "switch_off", "--value", "4", "--state", "code", "--by", "ci"], "name=value"),
    (["fraud-detection", "LR-03", "recall", "--value", "0.9", "--by", "ci"], ""),
)  # fmt: skip


def test_evidence_that_says_nothing_sound_is_refused_in_one_line(home, muster):
    for arguments, said in REFUSED:
        code, out, complained = muster("evidence", "put", *arguments)
        assert (code, out) == (1, "")
        assert complained.count("\n") == 1
        assert said in complained
    assert given(home) == {}


# --- keys, proofs, and checking them ---


def test_a_new_key_is_written_once_and_never_shown(muster, tmp_path):
    first = muster("key", "new", "my.key")
    again = muster("key", "new", "my.key")

    assert first[0] == 0
    assert (tmp_path / "my.key").stat().st_mode & 0o077 == 0
    assert "PRIVATE" not in first[1] + (tmp_path / "my.key.pub").read_text()
    assert again[0] == 1
    assert "not overwritten" in again[2]
    assert Settings.from_env({"MUSTER_SIGNING_KEY": "my.key"}).signing_key.name == "my.key"


def test_a_proof_is_written_once_and_verified_offline(home, muster, tmp_path, monkeypatch):
    launch = opened(home)
    signed(home, launch)

    made = muster("proof", launch)
    again = muster("proof", launch)
    elsewhere = muster("proof", launch, "--to", "for/the/lawyer")
    unknown = muster("proof", "fraud-detection-99")
    folder = tmp_path / f"{launch}-certificate"
    monkeypatch.setenv("MUSTER_DATABASE_URL", "postgresql://127.0.0.1:9/gone")
    checked = muster("verify", folder, "--key", "muster.key.pub")
    unsigned = muster("verify", folder)
    page = folder / "certificate.html"
    page.write_bytes(page.read_bytes().replace(b"may go out", b"may not go out", 1))
    altered = muster("verify", folder, "--key", "muster.key.pub")
    missing = muster("verify", "nowhere")

    assert made[0] == elsewhere[0] == 0
    assert {path.name for path in folder.iterdir()} == {"certificate.json", "certificate.html", "verify.py"}
    assert (folder / "verify.py").read_bytes() == Path(verifier.__file__).read_bytes()
    assert again[0] == unknown[0] == 1
    assert "not overwritten" in again[2]
    assert (checked[0], "Nothing was altered." in checked[1]) == (0, True)
    assert (unsigned[0], "signer not checked" in unsigned[1]) == (2, True)
    assert (altered[0], "The page for reading was altered" in altered[1]) == (1, True)
    assert missing[0] == 2


def test_a_person_is_forgotten_once_and_only_when_that_is_meant(home, muster):
    launch = opened(home)
    signed(home, launch)

    stranger = muster("forget", "U0NOBODY01")
    unsure = muster("forget", MIA.user)
    done = muster("forget", MIA.user, "--yes")
    again = muster("forget", MIA.user, "--yes")

    assert unsure[0] == 1
    assert (stranger[0], "knows nobody with the id U0NOBODY01" in stranger[2]) == (1, True)
    assert f"the name of Mia ({MIA.user}) back; add --yes when you are sure" in unsure[2]
    assert (done[0], done[2]) == (0, "")
    assert done[1].startswith(
        f"The name is gone, and every hash still holds. Look at {launch}: what they signed there waits for others."
    )
    assert again[0] == 1
    assert "knows nobody with the id" in again[2]
    assert muster("gate", launch)[0] == 1


def test_the_ledger_of_this_database_is_checked_too(home, muster, tmp_path):
    launch = opened(home)
    early, unsigned = muster("verify"), muster("checkpoint")
    muster("proof", launch)
    sound_ = muster("verify")
    note = json.loads((tmp_path / f"{launch}-certificate" / "certificate.json").read_text())["checkpoint"]
    (tmp_path / "posted.txt").write_text(note)
    assert muster("checkpoint") == (0, note, "")
    posted = muster("verify", "--checkpoint", "posted.txt", "--key", "muster.key.pub")
    (tmp_path / "copied.txt").write_text("\ufeff" + note.rstrip(), "utf-8")
    copied = muster("verify", "--checkpoint", "copied.txt")
    none = muster("verify", "--checkpoint", "release.yaml")
    keys.new(tmp_path / "other.key")
    stranger = muster("verify", "--key", "other.key.pub")
    nothing = muster("verify", "--key", "nowhere.pub")

    assert (early[0], "no checkpoint has been signed yet" in early[1]) == (2, True)
    assert (unsigned[0], "No checkpoint has been signed yet." in unsigned[2]) == (1, True)
    assert sound_[0] == posted[0] == copied[0] == 0
    assert (none[0], "holds no checkpoint; give a file with what `muster checkpoint` printed" in none[2]) == (
        2,
        True,
    )
    assert "Nothing was altered." in sound_[1]
    assert stranger[0] == 1
    assert nothing[0] == 2
