from dataclasses import replace

import pytest

from schema.certificates import Certificate, KeptName, KeptText, SignedLedger, certified, referred, written
from schema.errors import Refusal
from tests.ledgers import AT, KEY, OTHER_KEY, VECTORS, checkpoint, events_of_vectors

EVENTS = events_of_vectors()
ACME = VECTORS["workspace"]
OURS = tuple(event for event in EVENTS if event.launch in ("L-1", ""))
PAGE = VECTORS["page"].encode()


def ledger(events=EVENTS, *, note=None):
    hashes = [bytes.fromhex(event.hash) for event in events]
    return SignedLedger(checkpoint=note or checkpoint(ACME, events), hashes=hashes)


def made(**change):
    given = {"events": OURS, "ledger": ledger(), "page": PAGE, "key": KEY, "at": AT} | change
    return certified(ACME, "L-1", **given)


def with_what_the_reader_may_see(certificate: Certificate) -> Certificate:
    texts = {
        id: KeptText(salt=bytes.fromhex(kept["salt"]), text=kept["text"])
        for id, kept in VECTORS["texts"].items()
    }
    names = {
        pid: KeptName(salt=bytes.fromhex(kept["salt"]), user=kept["user"], name=kept["name"])
        for pid, kept in VECTORS["names"].items()
    }
    return certificate.showing(texts=texts, names=names)


def test_a_certificate_is_byte_for_byte_the_one_that_another_program_made():
    assert written(with_what_the_reader_may_see(made())).decode() == VECTORS["certificate"]


def test_the_order_in_which_events_are_given_does_not_matter():
    assert made(events=OURS[::-1]) == made()


def test_each_event_has_the_proof_that_another_program_made():
    proofs = made().proofs

    assert {seq: [each.hex() for each in path] for seq, path in proofs.items()} == {
        event.seq: VECTORS["proofs"][-1][event.seq - 1] for event in OURS
    }


def test_the_key_is_named_and_never_included():
    certificate = made()

    assert certificate.key == KEY.public.id
    assert KEY.public.text.encode() not in written(certificate)


@pytest.mark.parametrize("known", range(9))
def test_a_checkpoint_older_than_the_last_event_is_refused(known):
    with pytest.raises(Refusal, match="make a checkpoint first"):
        made(ledger=ledger(EVENTS[:known]))


def test_hashes_of_another_size_than_the_checkpoints_are_refused():
    with pytest.raises(Refusal, match="make a checkpoint first"):
        made(ledger=replace(ledger(), hashes=ledger().hashes[:-1]))


@pytest.mark.parametrize("note", ["no note", checkpoint("other", EVENTS)])
def test_a_checkpoint_of_another_workspace_is_refused(note):
    with pytest.raises(Refusal, match="no checkpoint of acme west"):
        made(ledger=ledger(note=note))


def test_the_seal_depends_on_everything_that_it_is_about():
    seals = {
        made().seal,
        made(page=b"other").seal,
        made(events=OURS[:-1]).seal,
        made(key=OTHER_KEY).seal,
        made(ledger=ledger(EVENTS[:9], note=None)).seal,
    }

    assert len(seals) == 4


def test_ids_that_events_refer_to_are_found_wherever_they_stand():
    found = referred(OURS)

    assert set(VECTORS["texts"]) | set(VECTORS["names"]) <= found
    assert {"priv", "leg", "nearby-offers"} <= found
