"""The proof of a launch: a folder that somebody without Slack and without our database can read and check."""

import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from bot import verifier
from handlers import items, launches, proofs
from handlers.items import Answer
from handlers.launches import Breaking, Waiving
from integrations.store import checkpoints, people, texts
from schema.checkpoints import PublicKey
from schema.errors import Refusal
from schema.products import Role
from schema.votes import Intent
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import (
    EVA,
    LEO,
    MANIFEST,
    MEASURED,
    MIA,
    PIA,
    RON,
    SAM,
    SIGNED,
    WAIVABLE,
    Room,
    a_key,
    person,
)

SIGN, OBJECT = Intent.SIGN, Intent.OBJECT
HOSTILE = '<script>alert(1)</script> & "quoted" \u202egnp.exe <img src=x onerror=y>'
VOID = {"meta", "link", "br", "hr", "img"}


class Page(HTMLParser):
    """Reads a page as a browser would: its words, its elements, and whether every one is closed."""

    def __init__(self, written):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.attributes, self.said = [], [], [], []
        self.feed(written.decode())
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.said.append(data)

    @property
    def words(self):
        return re.sub(r"\s+", " ", " ".join(self.said))


async def proved(room, launch):
    return await proofs.prove(room.services, room.snapshot, launch)


def folder_of(proof, path):
    """Write a certificate's folder as the command line does."""
    path.mkdir(parents=True)
    (path / "certificate.json").write_bytes(proof.certificate)
    (path / "certificate.html").write_bytes(proof.page)
    shutil.copyfile(verifier.__file__, path / "verify.py")
    return path


def public_half(room, path):
    path.write_text(room.services.signing_key.public.pem)
    return path


def checked(folder, *more):
    """Run the one file in the folder, as somebody who has nothing but Python."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py"), str(folder), *map(str, more)],
        capture_output=True, text=True, timeout=60, check=False, cwd="/",
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, done.stdout


async def approved(room, **more):
    launch = await room.opened(**more)
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    return launch


# --- whole and sound ---


async def test_a_certificate_is_sound_without_muster_and_names_its_signer(store, tmp_path):
    room = Room(store)
    launch = await approved(room)
    folder = folder_of(await proved(room, launch), tmp_path / "certificate")
    key = public_half(room, tmp_path / "muster.pub")

    code, said = checked(folder, "--key", key)
    unsigned, told = checked(folder)

    assert (code, unsigned) == (0, 2)
    assert "Nothing was altered." in said
    assert "Consistent, signer not checked." in told
    assert verifier.main([str(folder), "--key", str(key)]) == 0


async def test_the_page_says_what_the_gate_says(store):
    room = Room(store, specs=(SIGNED, WAIVABLE))
    launch = await room.opened()

    async def agree(answer):
        proof, gate = await proved(room, launch), await room.gate(launch)
        page = Page(proof.page)
        assert dict(page.attributes)["lang"] == "en"
        marks = re.findall(r'<meta name="muster-(\w+)" content="([^"]+)">', proof.page.decode())
        assert dict(marks) == {"launch": launch, "seq": str(gate.seq), "answer": answer}
        assert proof.gate == gate
        return page.words

    assert "It may not go out" in await agree("no")
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    assert "It may go out" in await agree("yes")
    await launches.revoke(room.services, room.snapshot, launch, reason="It harms.", by=RON, key=a_key())
    words = await agree("no")
    assert "Approval revoked" in words
    assert "It harms." in words


async def test_the_page_tells_who_signed_what_and_what_they_were_shown(store):
    room = Room(store, specs=(SIGNED, WAIVABLE, MEASURED))
    launch = await room.opened()
    await room.drilled("4")
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, SAM, Role.SRE, T_3=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=Answer(intent=OBJECT, reason="Groups differ."))

    proof = await proved(room, launch)
    words = Page(proof.page).words

    assert "Mia (U0MIA000); data science signs" in words
    assert "Can it be switched off? Because things go wrong. Passes:" in words
    assert "Ron (U0RON000) objected to T-2" in words
    assert "Groups differ." in words
    assert MANIFEST.digest in words
    assert "ranker" in words
    assert "It does not prove" in words


async def test_the_chain_binds_every_word_that_was_shown(store, tmp_path):
    room = Room(store)
    launch = await approved(room)
    proof = await proved(room, launch)
    body = json.loads(proof.certificate)

    signed = [event for event in body["events"] if event["kind"] == "signed"]
    assert len(signed) == 2
    for event in signed:
        shown = json.loads(body["texts"][event["payload"]["showing"]]["text"])
        assert event["payload"]["item"] in shown["text"]
        assert shown["items"][event["payload"]["item"]] == event["payload"]["digest"]

    folder = folder_of(proof, tmp_path / "certificate")
    altered = proof.certificate.replace(b"Because people rely on it.", b"Because people rely on me.")
    assert altered != proof.certificate
    (folder / "certificate.json").write_bytes(altered)
    code, said = checked(folder)
    assert code == 1
    assert "was altered: it does not fit its id" in said


async def test_an_emergency_a_waiver_and_an_overruled_objection_stand_in_the_open(store):
    room = Room(store)
    launch = await room.opened()
    digest = (await gate_items(room, launch))["T-2"]
    waiving = Waiving(
        item="T-2", digest=digest, owner=EVA, reason="The groups are small.", metric="recall",
        until=room.clock.now + timedelta(days=5),
    )  # fmt: skip
    await launches.waive(room.services, room.snapshot, launch, waiving, by=RON, key=a_key())
    decided = await room.said(launch, MIA, Role.ML, T_1=Answer(intent=OBJECT, reason="It is too slow."))
    objection = decided.launch.revision.dissent[0].seq
    await launches.override(
        room.services, room.snapshot, launch, objection, reason="Slow is fine here.", by=EVA, key=a_key()
    )
    breaking = Breaking(reason="Cards are refused.", incident="INC-7", hours=2)
    await launches.break_glass(room.services, room.snapshot, launch, breaking, by=EVA, key=a_key())

    words = Page((await proved(room, launch)).page).words

    for said in (
        "BYPASSED", "In this emergency it may pass until 23 November 2026, 14:00 (UTC).", "INC-7", "Cards are refused.", "waived T-2", "The groups are small.", "watches recall",
        "It is too slow.", "Eva (U0EVA000) went on in spite of it", "Slow is fine here.",
    ):  # fmt: skip
        assert said in words
    assert "Approved: it may go out" not in words


async def gate_items(room, launch):
    showing = await items.show(room.services, room.snapshot, launch, person=RON, role=Role.RAI, id=a_key())
    return showing.items


async def test_what_went_out_says_what_its_evidence_was_then(store):
    room = Room(store, specs=(SIGNED, WAIVABLE, MEASURED))
    launch = await room.opened()
    await room.drilled("4")
    await room.said(launch, MIA, Role.ML, T_1=SIGN)
    await room.said(launch, RON, Role.RAI, T_2=SIGN)
    await room.said(launch, SAM, Role.SRE, T_3=SIGN)
    await proofs_used(room, launch)
    await room.drilled("99")

    words = Page((await proved(room, launch)).page).words

    assert "It went out approved" in words
    assert "by release system ci (token)" in words
    assert "Settled when it went out." in words
    switched_off = words.partition("T-3: ")[2].partition("Everything that happened")[0]
    assert "When it went out: " in switched_off
    assert re.search(r"\b4\b", switched_off)
    assert not re.search(r"\b99\b", switched_off)


async def proofs_used(room, launch):
    from handlers import gates

    return await gates.use(room.services, room.snapshot, launch, MANIFEST.digest, by="token:ci", key=a_key())


# --- what people write is only ever words ---


async def test_nothing_that_people_write_becomes_part_of_the_page(store):
    room = Room(store)
    mallory = person("MALLORY", Role.ML)
    launch = await room.opened(title=HOSTILE, people=(PIA, mallory, RON, SAM, EVA, LEO))
    plain = Page((await proved(room, launch)).page)
    await room.said(launch, mallory, Role.ML, T_1=Answer(intent=OBJECT, reason=HOSTILE * 3))
    page = Page((await proved(room, launch)).page)

    assert {"script", "img", "iframe", "link", "form", "a"}.isdisjoint(page.elements)
    assert not [
        name for name, _ in page.attributes if name.startswith("on") or name in {"src", "href", "style"}
    ]
    assert "<script>alert(1)</script>" in page.words
    assert "\u202e" not in page.words
    assert "default-src 'none'" in str(plain.attributes)


async def test_an_erased_person_leaves_a_sound_certificate_without_their_name(store, tmp_path):
    room = Room(store)
    launch = await room.opened()
    await room.said(launch, MIA, Role.ML, T_1=Answer(intent=OBJECT, reason="My own words."))

    def erase(session):
        pid = people.pids_of(session, room.workspace, [MIA.user])[MIA.user]
        people.erase(session, room.workspace, pid)
        for event in json.loads(proof.certificate)["events"]:
            if event["payload"].get("text"):
                texts.erase(session, room.workspace, event["payload"]["text"])

    proof = await proved(room, launch)
    await room.store.write(erase)
    after = await proved(room, launch)

    assert "Mia" in Page(proof.page).words
    assert "Mia" not in Page(after.page).words
    assert "My own words." not in after.certificate.decode() + after.page.decode()
    assert "(erased)" in Page(after.page).words
    folder = folder_of(after, tmp_path / "certificate")
    assert checked(folder, "--key", public_half(room, tmp_path / "muster.pub"))[0] == 0


# --- altered ---


ALTERATIONS = {
    "the page": ("certificate.html", lambda old: old.replace(b"signs", b"likes", 1), "page for reading was altered"),
    "a kind": ("certificate.json", lambda old: old.replace(b'"kind":"signed"', b'"kind":"commented"', 1), "edited"),
    "a name": ("certificate.json", lambda old: old.replace(b'"name":"Mia"', b'"name":"Max"', 1), "name of p_"),
    "one byte more": ("certificate.json", lambda old: old + b" ", "one form"),
}  # fmt: skip


@pytest.mark.parametrize("what", ALTERATIONS)
async def test_whatever_was_altered_is_found_and_named(sqlite_room, tmp_path, what):
    name, alter, said = ALTERATIONS[what]
    launch = await approved(sqlite_room)
    folder = folder_of(await proved(sqlite_room, launch), tmp_path / "certificate")
    old = (folder / name).read_bytes()
    assert alter(old) != old
    (folder / name).write_bytes(alter(old))

    code, told = checked(folder, "--key", public_half(sqlite_room, tmp_path / "muster.pub"))

    assert code in (1, 2)
    assert said in told


async def test_a_dropped_event_is_counted(sqlite_room, tmp_path):
    launch = await approved(sqlite_room)
    proof = await proved(sqlite_room, launch)
    body = json.loads(proof.certificate)
    for gone in range(len(body["events"])):
        left = {**body, "events": body["events"][:gone] + body["events"][gone + 1 :]}
        folder = folder_of(proof, tmp_path / f"without-{gone}")
        (folder / "certificate.json").write_bytes(verifier.canonical(left).encode())
        assert checked(folder)[0] == 1


@pytest.fixture(name="sqlite_room")
def a_room_on_sqlite(tmp_path):
    from integrations.store.engine import Store

    store = Store(f"sqlite:///{tmp_path}/muster.db")
    store.upgrade()
    yield Room(store)
    store.close_sync()


# --- what it rests on ---


async def test_a_proof_signs_a_checkpoint_over_everything_so_far(store):
    room = Room(store)
    launch = await approved(room)
    other = await room.opened()
    proof = await proved(room, launch)
    again = await proved(room, launch)
    newest = await room.store.read(lambda session: checkpoints.newest(session, room.workspace))

    assert newest.size == proof.size == again.size
    assert json.loads(proof.certificate)["checkpoint"] == newest.note
    assert {event["launch"] for event in json.loads(proof.certificate)["events"]} == {launch}
    assert other not in Page(proof.page).words


async def test_the_whole_ledger_is_checked_against_its_checkpoints(store):
    room = Room(store)
    launch = await approved(room)
    proof = await proved(room, launch)
    note = json.loads(proof.certificate)["checkpoint"]
    public = room.services.signing_key.public

    async def audited(*keys, outside=()):
        return await proofs.audit(room.services, room.snapshot, keys=keys, outside=outside)

    sound = await audited(public, outside=[note])
    unsigned = await audited()
    stranger = await audited(PublicKey(bytes(32)))

    assert (sound.flaws, sound.signers, sound.checkpoints) == ((), (public.id,), 1)
    assert (unsigned.flaws, unsigned.signers) == ((), ())
    assert [flaw.wrong.value for flaw in stranger.flaws] == ["wrong_key"]


async def test_without_a_key_or_a_launch_there_is_no_proof(store):
    room = Room(store)
    launch = await approved(room)
    with pytest.raises(Refusal, match="There is no launch"):
        await proved(room, "fraud-detection-99")
    object.__setattr__(room.services, "signing_key", None)
    with pytest.raises(Refusal, match="muster key new"):
        await proved(room, launch)
