import hashlib
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema import merkle
from schema.audits import audit, lost, restored, rotated
from schema.checkpoints import (
    Checkpoint,
    PublicKey,
    origin_of,
    read_checkpoint,
    signed,
    signed_checkpoint,
)
from schema.errors import Refusal
from schema.flaws import Wrong, flaws
from schema.ledger import (
    LARGEST,
    Draft,
    Head,
    NotCanonical,
    begin,
    canonical,
    chain,
    digest,
    event_hash,
    grown,
    person_id,
    text_id,
)
from tests.ledgers import FOLDER, KEY, NOON, OTHER_KEY, VECTORS, checkpoint, events_of_vectors

EVENTS = events_of_vectors()
ACME = VECTORS["workspace"]


def wrongs(found):
    return [(flaw.wrong, flaw.seq) for flaw in found]


def flaws_of(events, *, until=None):
    return flaws(begin(ACME), events, until=until)


# --- known answers ---


def test_the_chain_is_the_one_that_another_program_made():
    drafts = [
        Draft(kind=each["kind"], launch=each["launch"], actor=each["actor"], payload=each["payload"])
        for each in VECTORS["drafts"]
    ]
    head, made = begin(ACME), []

    for draft, source in zip(drafts, VECTORS["drafts"], strict=True):
        made += chain(head, [draft], datetime.fromisoformat(source["at"]))
        head = grown(head, made)

    assert tuple(made) == EVENTS
    assert [event.hash for event in made] == [each["hash"] for each in VECTORS["events"]]
    assert flaws_of(made, until=head) == ()


def test_payloads_are_written_as_another_program_writes_them():
    assert [canonical(event.payload).decode() for event in EVENTS] == VECTORS["canonical"]


def test_checkpoints_are_the_ones_that_another_program_signed():
    assert [checkpoint(ACME, EVENTS[:size]) for size in range(len(EVENTS) + 1)] == VECTORS["checkpoints"]


def test_ids_of_texts_and_people_are_the_ones_that_another_program_made():
    for id, kept in VECTORS["texts"].items():
        assert text_id(bytes.fromhex(kept["salt"]), kept["text"]) == id
    for pid, kept in VECTORS["names"].items():
        assert person_id(bytes.fromhex(kept["salt"]), ACME, user=kept["user"], name=kept["name"]) == pid


# certificate-transparency's own tests: leaves, and the root over the first n of them
CT_LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(len(CT_ROOTS)))
def test_merkle_roots_are_those_of_certificate_transparency(size):
    assert merkle.root([merkle.leaf(each) for each in CT_LEAVES[:size]]).hex() == CT_ROOTS[size]


def test_proofs_are_the_ones_that_another_program_made():
    leaves = [merkle.leaf(bytes.fromhex(event.hash)) for event in EVENTS]
    for size, expected in enumerate(VECTORS["proofs"], 1):
        made = merkle.proofs(leaves[:size], range(size))
        assert [[each.hex() for each in made[index]] for index in range(size)] == expected


# --- Merkle trees ---


@given(st.lists(st.binary(max_size=4), max_size=70), st.integers(0, 70))
def test_a_tree_that_grew_has_the_root_of_one_built_at_once(data, cut):
    leaves = [merkle.leaf(each) for each in data]
    first, rest = leaves[:cut], leaves[cut:]

    peaks = merkle.grown(merkle.grown((), 0, first), len(first), rest)

    assert merkle.root_of(peaks) == merkle.root(leaves)
    assert len(peaks) == len(leaves).bit_count()


@given(st.integers(1, 200), st.data())
def test_a_proof_leads_to_the_root_from_its_own_place_only(size, data):
    leaves = [merkle.leaf(str(number).encode()) for number in range(size)]
    index = data.draw(st.integers(0, size - 1))
    path = merkle.proofs(leaves, [index])[index]

    def found(path=path, leaf=leaves[index], index=index, size=size):
        return merkle.led_to(path, leaf=leaf, index=index, size=size)

    assert found() == merkle.root(leaves)
    assert found(leaf=merkle.leaf(b"other")) != merkle.root(leaves)
    assert found(path=(*path, path[0] if path else b"\0" * 32)) != merkle.root(leaves)
    for other in range(size):
        if other != index:
            assert found(index=other) != merkle.root(leaves)
    for end in range(len(path)):
        assert found(path=path[:end]) != merkle.root(leaves)
    assert found(index=size) is None
    assert found(index=-1) is None


def test_there_is_no_proof_of_a_leaf_that_is_not_there():
    with pytest.raises(IndexError, match="no leaf 1 in a tree of 1"):
        merkle.proofs([merkle.leaf(b"")], [1])


# --- what may stand in an event ---


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ({"share": 0.92}, "float is no value of the ledger; write numbers as text"),
        ({"n": float("nan")}, "float is no value"),
        ({"deep": [{"n": 1.0}]}, "float is no value"),
        ({"n": LARGEST + 1}, "too large for JSON"),
        ({"text": "\ud83d"}, "half a character"),
        ({"\ud83d": 1}, "half a character"),
        ({1: "one"}, "1 is no name of a field"),
        ({"raw": b"x"}, "bytes is no value"),
        ({"when": NOON}, "datetime is no value"),
        ({"set": {1}}, "set is no value"),
    ],
)
def test_what_readers_would_not_agree_on_is_refused(value, complaint):
    with pytest.raises(NotCanonical, match=complaint):
        chain(begin("w"), [Draft(kind="k", actor="a", payload=value)], NOON)


@pytest.mark.parametrize("field", ["kind", "launch", "actor"])
@pytest.mark.parametrize("bad", ["a\0b", "\udc00"])
def test_what_a_database_would_alter_is_refused(field, bad):
    with pytest.raises(NotCanonical, match="no database keeps"):
        chain(begin("w"), [replace(Draft(kind="k", launch="l", actor="a"), **{field: bad})], NOON)


def test_a_time_without_a_zone_is_refused_and_another_zone_is_the_same_moment():
    draft = Draft(kind="k", actor="a")
    there = NOON.astimezone(timezone(timedelta(hours=5)))

    assert chain(begin("w"), [draft], there) == chain(begin("w"), [draft], NOON)
    with pytest.raises(NotCanonical, match="has no zone"):
        event_hash(replace(chain(begin("w"), [draft], NOON)[0], at=NOON.replace(tzinfo=None)))


def test_values_of_the_rules_become_plain_ones():
    payload = {"colour": Colour.RED, "roles": (Colour.RED, "b"), "yes": True, "none": None, "n": -3}
    event = chain(begin("w"), [Draft(kind=Colour.RED, actor="a", payload=payload)], NOON)[0]

    assert type(event.kind) is str
    assert event.payload == json.loads(canonical(payload))
    assert event.payload_hash == digest(payload)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST, LARGEST) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_the_canonical_form_says_the_value_and_is_one(value):
    written = canonical(value)

    assert json.loads(written) == value
    assert canonical(json.loads(written)) == written


def test_the_same_events_in_two_workspaces_have_no_hash_in_common():
    drafts = [Draft(kind="k", actor="a"), Draft(kind="k", actor="a")]

    both = {event.hash for name in ("w", "v") for event in chain(begin(name), drafts, NOON)}

    assert len(both) == 4


# --- everything that is altered is found and named ---


def edited(event, **change):
    return replace(event, **change)


def rehashed(event, **change):
    changed = replace(event, **change)
    return replace(changed, hash=event_hash(changed))


@pytest.mark.parametrize(
    "change",
    [
        {"at": EVENTS[3].at + timedelta(microseconds=1)},
        {"launch": "L-2"},
        {"kind": "signed"},
        {"actor": "p_other"},
        {"payload": {}},
        {"payload_hash": "0" * 64},
        {"before": 3},
        {"prev_hash": "0" * 64},
        {"hash": "0" * 64},
    ],
)
def test_an_edited_event_is_told_once_and_named(change):
    rows = [*EVENTS[:3], edited(EVENTS[3], **change), *EVENTS[4:]]

    found = flaws_of(rows)

    assert wrongs(found) == [(Wrong.EDITED, 4)]
    assert found[0].text.startswith("The event 4 (")
    assert "was edited" in found[0].text


def test_an_event_that_was_edited_and_hashed_anew_is_told_by_the_next():
    rows = [*EVENTS[:3], rehashed(EVENTS[3], actor="p_other"), *EVENTS[4:]]

    found = flaws_of(rows)

    assert wrongs(found) == [(Wrong.REPLACED, 5)]
    assert found[0].text == (
        "The event 5 (submitted) does not follow event 4 (objected): one of them was replaced."
    )


def test_a_left_out_event_is_named_by_the_one_after_it():
    found = flaws_of([*EVENTS[:3], *EVENTS[5:]])

    assert wrongs(found) == [(Wrong.MISSING, 6)]
    assert found[0].text == "Left out before event 6 (signed): events 4 to 5."


def test_a_number_edited_to_a_huge_one_is_told_at_once():
    found = flaws_of([*EVENTS[:-1], replace(EVENTS[-1], seq=2**62)])

    assert (Wrong.EDITED, 2**62) in wrongs(found)


def test_swapped_events_are_told():
    found = flaws_of([*EVENTS[:3], EVENTS[4], EVENTS[3], *EVENTS[5:]])

    assert wrongs(found) == [(Wrong.SWAPPED, 4)]
    assert found[0].text == "The event 4 (objected) stands after event 5 (submitted): they were swapped."


def test_a_doubled_event_is_told():
    assert wrongs(flaws_of([*EVENTS[:4], *EVENTS[3:]])) == [(Wrong.DOUBLED, 4)]


def test_events_that_are_cut_off_are_counted():
    until = Head(seq=9, hash=EVENTS[-1].hash)

    found = flaws_of(EVENTS[:6], until=until)

    assert wrongs(found) == [(Wrong.CUT, 9)]
    assert found[0].text == "Cut off at the end: events 7 to 9."
    assert wrongs(flaws_of((), until=until)) == [(Wrong.CUT, 9)]


def test_an_end_that_is_another_is_told():
    assert wrongs(flaws_of(EVENTS, until=Head(seq=9, hash="0" * 64))) == [(Wrong.REPLACED, 9)]
    assert wrongs(flaws_of(EVENTS, until=Head(seq=8, hash=EVENTS[7].hash))) == [(Wrong.FOREIGN, 9)]


def test_an_event_of_another_version_is_not_judged_by_ours():
    found = flaws_of([*EVENTS[:-1], replace(EVENTS[-1], version=2)])

    assert wrongs(found) == [(Wrong.UNKNOWN_VERSION, 9)]
    assert found[0].text == "The event 9 (approved) is of version 2; this program knows version 1."


def test_events_of_another_workspace_do_not_fit():
    foreign = chain(begin("other"), [Draft(kind="k", actor="a")], NOON)

    assert wrongs(flaws_of(foreign)) == [(Wrong.REPLACED, 1)]


def test_a_wrong_link_to_the_launchs_last_event_is_told():
    wrong = rehashed(EVENTS[8], before=4)

    found = flaws_of([*EVENTS[:8], wrong])

    assert wrongs(found) == [(Wrong.REPLACED, 9)]
    assert "names event 4 as its launch's last; that is event 7" in found[0].text


@given(st.data())
def test_any_change_of_the_rows_is_found(data):
    rows = list(EVENTS)
    index = data.draw(st.integers(0, len(rows) - 1))
    match data.draw(st.sampled_from(["drop", "swap", "double", "bit"])):
        case "drop":
            del rows[index]
        case "swap":
            other = data.draw(st.integers(0, len(rows) - 1).filter(lambda each: each != index))
            rows[index], rows[other] = rows[other], rows[index]
        case "double":
            rows.insert(data.draw(st.integers(0, len(rows))), rows[index])
        case "bit":
            name = data.draw(
                st.sampled_from(["launch", "kind", "actor", "payload_hash", "prev_hash", "hash"])
            )
            old = getattr(rows[index], name) or "-"
            place, bit = data.draw(st.integers(0, len(old) - 1)), data.draw(st.integers(0, 6))
            flipped = old[:place] + chr(ord(old[place]) ^ 1 << bit) + old[place + 1 :]
            rows[index] = replace(rows[index], **{name: flipped})

    assert flaws_of(rows, until=Head(seq=9, hash=EVENTS[-1].hash)) != ()


# --- checkpoints ---

PUBLIC = KEY.public


def audited(events, notes, *, keys=(PUBLIC,)):
    end = Head(seq=events[-1].seq, hash=events[-1].hash)
    return audit(ACME, events, until=end, notes=notes, keys=keys)


def rewritten(events, index, **change):
    """Change an event and hash it and all after it anew, as only the operator can."""
    done = list(events[:index])
    for event in events[index:]:
        prev = done[-1].hash if done else begin(ACME).hash
        done.append(rehashed(event, prev_hash=prev, **(change if event is events[index] else {})))
    return tuple(done)


def test_a_whole_ledger_passes_and_names_the_signer():
    found = audited(EVENTS, VECTORS["checkpoints"])

    assert (found.flaws, found.notices, found.signers) == ((), (), (PUBLIC.id,))
    assert (found.events, found.checkpoints) == (9, 10)


def test_without_a_key_no_signer_is_named():
    assert audited(EVENTS, VECTORS["checkpoints"], keys=()).signers == ()


def test_a_ledger_hashed_anew_is_found_between_two_checkpoints():
    notes = [checkpoint(ACME, EVENTS[:size]) for size in (2, 4, 7, 9)]

    found = audited(rewritten(EVENTS, 4, actor="p_other"), notes)

    assert wrongs(found.flaws) == [(Wrong.REWRITTEN, 7)]
    assert "rewritten in events 5 to 7: the checkpoint of 2026-11-23T09:30" in found.flaws[0].text


def test_a_ledger_shorter_than_its_checkpoint_is_cut():
    found = audited(EVENTS[:6], [checkpoint(ACME, EVENTS)])

    assert wrongs(found.flaws) == [(Wrong.CUT, 9)]


def test_a_checkpoint_of_another_key_or_workspace_is_told():
    other = checkpoint(ACME, EVENTS, key=OTHER_KEY)
    foreign = checkpoint("other", EVENTS)

    assert [flaw.wrong for flaw in audited(EVENTS, [other]).flaws] == [Wrong.WRONG_KEY]
    assert [flaw.wrong for flaw in audited(EVENTS, [foreign]).flaws] == [Wrong.FOREIGN]


@given(st.data())
def test_any_altered_bit_of_a_checkpoint_is_found(data):
    note = VECTORS["checkpoints"][9].encode()
    place, bit = data.draw(st.integers(0, len(note) - 1)), data.draw(st.integers(0, 7))
    flipped = note[:place] + bytes([note[place] ^ 1 << bit]) + note[place + 1 :]

    found = audited(EVENTS, [flipped.decode("utf-8", "replace")])

    assert found.flaws != ()


def test_a_checkpoint_says_what_it_signs():
    read = read_checkpoint(VECTORS["checkpoints"][9])

    assert read is not None
    made, key = read
    assert (made.origin, made.size, made.head) == ("muster/acme%20west", 9, EVENTS[-1].hash)
    assert made.at == datetime(2026, 11, 23, 9, 30, 0, 30270, tzinfo=UTC)
    assert key == PUBLIC.id == VECTORS["key"]["id"]


@pytest.mark.parametrize("written", ["", "x", "muster/w\n1\n", VECTORS["checkpoints"][0] + "\n"])
def test_what_is_no_checkpoint_is_told(written):
    assert read_checkpoint(written) is None
    assert [flaw.wrong for flaw in audited(EVENTS, [written]).flaws] == [Wrong.UNREADABLE]


def test_public_keys_are_read_from_their_file_and_from_one_line():
    assert PublicKey.read(PUBLIC.pem) == PublicKey.read(PUBLIC.text) == PUBLIC
    assert PUBLIC.text == VECTORS["key"]["public"]
    assert PUBLIC.id == hashlib.sha256(PUBLIC.der).hexdigest()[:32]
    for bad in ("", "x", PUBLIC.text[:-4], "MCowBQYDK2VwAyEA"):
        with pytest.raises(Refusal, match=r"ending in \.pub"):
            PublicKey.read(bad)


def test_a_signing_key_never_shows_itself():
    assert repr(KEY) == "SigningKey()"


# --- keys that follow one another ---


def with_rotation(old, new, *, actor="p_ops"):
    draft = rotated(ACME, old=old, new=new.public, actor=actor, at=NOON)
    last = {event.launch: event.seq for event in EVENTS}
    head = Head(seq=9, hash=EVENTS[-1].hash, last=last)
    return (*EVENTS, *chain(head, [draft], NOON))


def test_the_old_key_vouches_for_the_new_one():
    events = with_rotation(KEY, OTHER_KEY)
    notes = [checkpoint(ACME, EVENTS), checkpoint(ACME, events, key=OTHER_KEY)]

    found = audited(events, notes)

    assert found.flaws == ()
    assert found.signers == tuple(sorted((PUBLIC.id, OTHER_KEY.public.id)))


def test_a_new_key_that_nobody_vouches_for_is_not_believed():
    events = with_rotation(None, OTHER_KEY)
    stolen = with_rotation(OTHER_KEY, OTHER_KEY)

    for each in (events, stolen):
        found = audited(each, [checkpoint(ACME, each, key=OTHER_KEY)])
        assert [flaw.wrong for flaw in found.flaws] == [Wrong.WRONG_KEY]
        assert found.signers == (PUBLIC.id,)


def test_a_vouching_note_is_good_for_the_key_it_names_only():
    text = f"{origin_of(ACME)}\nnext {PUBLIC.text}\nat x\n"
    payload = {"key": OTHER_KEY.public.text, "note": signed(text, origin_of(ACME), KEY)}
    head = Head(seq=9, hash=EVENTS[-1].hash, last={"": 8})
    events = (*EVENTS, *chain(head, [Draft(kind="key_rotated", actor="a", payload=payload)], NOON))

    assert audited(events, []).signers == (PUBLIC.id,)


# --- restored backups ---


def test_a_restored_backup_says_what_it_lost_and_hashes_nothing_anew():
    outside = read_checkpoint(checkpoint(ACME, EVENTS))
    assert outside is not None
    head = Head(seq=6, hash=EVENTS[5].hash, last={"": 1})

    gone = lost(outside[0], head, here=None)
    assert gone is not None
    events = (*EVENTS[:6], *chain(head, [restored(gone)], NOON))

    assert (gone.first, gone.last) == (7, 9)
    assert gone.text.endswith("counts events 7 to 9, which this database does not have.")
    found = audited(events, [checkpoint(ACME, EVENTS[:5]), checkpoint(ACME, EVENTS)])
    assert found.flaws == ()
    assert found.notices == ("A backup was put back, which lost events 7 to 9; event 7 says so.",)


def test_a_ledger_that_grew_since_the_checkpoint_lost_nothing():
    read = read_checkpoint(checkpoint(ACME, EVENTS[:6]))
    assert read is not None

    assert lost(read[0], Head(seq=9, hash=EVENTS[-1].hash), here=EVENTS[5].hash) is None


def test_another_ledger_is_no_restored_one():
    read = read_checkpoint(checkpoint(ACME, EVENTS[:6]))
    assert read is not None

    with pytest.raises(Refusal, match="event 6 is another"):
        lost(read[0], Head(seq=9, hash=EVENTS[-1].hash), here="0" * 64)


def test_a_restored_event_excuses_no_rewriting_outside_its_range():
    read = read_checkpoint(checkpoint(ACME, EVENTS))
    assert read is not None
    gone = lost(read[0], Head(seq=6, hash=EVENTS[5].hash), here=None)
    assert gone is not None
    forged = rewritten(EVENTS[:6], 2, actor="p_other")
    events = (*forged, *chain(Head(seq=6, hash=forged[-1].hash, last={"": 1}), [restored(gone)], NOON))

    found = audited(events, [checkpoint(ACME, EVENTS[:4])])

    assert wrongs(found.flaws) == [(Wrong.REWRITTEN, 4)]


def test_a_signed_checkpoint_of_nothing_is_one_too():
    empty = Checkpoint(
        origin=origin_of(ACME), size=0, root=merkle.EMPTY.hex(), head=begin(ACME).hash, at=NOON
    )

    assert audited(EVENTS, [signed_checkpoint(empty, KEY)]).flaws == ()


@pytest.mark.skipif(shutil.which("node") is None, reason="the other program is written for Node")
def test_the_other_program_still_makes_the_committed_vectors():
    made = subprocess.run(["node", FOLDER / "make.mjs"], capture_output=True, check=True, timeout=60)

    assert made.stdout == (FOLDER / "vectors.json").read_bytes()
