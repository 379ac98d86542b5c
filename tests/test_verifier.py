import ast
import json
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import verifier
from bot.verifier import canonical, event_hash, signature_fits, verify
from schema.certificates import certified, written
from tests.ledgers import AT, FOLDER, KEY, OTHER_KEY, VECTORS, checkpoint, events_of_vectors
from tests.test_certificates import OURS, PAGE, ledger

CERTIFICATE = VECTORS["certificate"].encode()
PUBLIC = KEY.public.raw
SEQS = [event["seq"] for event in json.loads(CERTIFICATE)["events"]]
ADA, GRACE = VECTORS["names"]
(TEXT,) = VECTORS["texts"]


def checked(body=CERTIFICATE, *, keys=(PUBLIC,), page=PAGE, posted=None):
    return verify(body, keys=keys, page=page, posted=posted)


def altered(change):
    """Let `change` alter the certificate's values and write them in the one form again."""
    body = json.loads(CERTIFICATE)
    change(body)
    return canonical(body).encode()


def found(report):
    return [(flaw.wrong, flaw.seq) for flaw in report.flaws]


def event(body, seq):
    return next(each for each in body["events"] if each["seq"] == seq)


# --- RFC 8032, 7.1: public key, message, signature ---

RFC_8032 = [
    line.split(":") for line in (FOLDER / "rfc8032.txt").read_text("utf-8").splitlines() if line[0] != "#"
]


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_signatures_of_the_rfc_fit_and_others_do_not(public, message, signature):
    key, text, seal = map(bytes.fromhex, (public, message, signature))

    assert signature_fits(key, text, seal)
    assert not signature_fits(key, text + b"x", seal)
    assert not signature_fits(KEY.public.raw[::-1], text, seal)
    for place in range(0, 64, 5):
        assert not signature_fits(key, text, seal[:place] + bytes([seal[place] ^ 4]) + seal[place + 1 :])


def test_a_signature_has_one_spelling_and_a_key_one_length():
    key, text, seal = map(bytes.fromhex, RFC_8032[1])
    malleable = int.from_bytes(seal[32:], "little") + verifier.ORDER

    assert not signature_fits(key, text, seal[:32] + malleable.to_bytes(32, "little"))
    assert not signature_fits(key, text, seal[:-1])
    assert not signature_fits(key[:-1], text, seal)
    assert not signature_fits(b"\xff" * 32, text, seal)  # y beyond the field
    assert not signature_fits(b"\x02" + b"\0" * 31, text, seal)  # no point of the curve
    assert not signature_fits(b"\x01" + b"\0" * 30 + b"\x80", text, seal)  # minus zero


@given(st.binary(max_size=80), st.binary(min_size=32, max_size=32))
@settings(max_examples=25)
def test_it_agrees_with_the_library_that_signs(message, seed):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)

    assert signature_fits(key.public_key().public_bytes_raw(), message, key.sign(message))


# --- a whole certificate ---


def test_a_certificate_that_another_program_made_passes():
    report = checked()

    assert report.flaws == ()
    assert (report.signer, report.exit_code) == (KEY.public.id, 0)
    assert report.lines() == [
        "5 events of launch L-1, in a ledger of 9 events of acme west.",
        f"Nothing was altered. Key {KEY.public.id} signed it.",
    ]


def test_without_a_key_from_outside_the_signer_is_not_checked():
    report = checked(keys=())

    assert (report.flaws, report.signer, report.exit_code) == ((), None, 2)
    assert report.lines()[1] == (
        f"Consistent, signer not checked. It names key {KEY.public.id}. "
        "Give the public key from outside this folder with --key."
    )


def test_our_own_certificate_of_any_launch_passes():
    for launch in ("L-1", "L-2"):
        ours = [each for each in events_of_vectors() if each.launch == launch]
        made = certified(
            VECTORS["workspace"], launch, events=ours, ledger=ledger(), page=PAGE, key=KEY, at=AT
        )

        assert checked(written(made)).flaws == ()


def test_every_length_of_ledger_gives_a_certificate_that_passes():
    events = events_of_vectors()
    for size in range(2, len(events) + 1):
        ours = [each for each in events[:size] if each.launch == "L-1"]
        made = certified(
            VECTORS["workspace"], "L-1", events=ours, ledger=ledger(events[:size]), page=PAGE, key=KEY, at=AT
        )
        assert checked(written(made)).flaws == ()


# --- what is altered is found and named ---

CHANGES = {
    "version": 2,
    "at": "2026-11-23T09:00:00.000001Z",
    "launch": "",
    "kind": "signed",
    "actor": "p_other",
    "payload": {"x": 1},
    "payload_hash": "0" * 64,
    "before": 99,
    "prev_hash": "0" * 64,
    "hash": "0" * 64,
}


@pytest.mark.parametrize("seq", SEQS)
@pytest.mark.parametrize("name", CHANGES)
def test_an_edited_event_is_named(seq, name):
    def change(body):
        same = event(body, seq)[name] == CHANGES[name]
        event(body, seq)[name] = "other" if same else CHANGES[name]

    flaws = checked(altered(change)).flaws

    first = next(flaw for flaw in flaws if flaw.seq == seq)
    assert first.wrong == ("unknown_version" if name == "version" else "edited")
    assert first.text.startswith(f"The event {seq} (")


@pytest.mark.parametrize("seq", SEQS)
def test_an_event_that_was_edited_and_hashed_anew_has_no_proof(seq):
    def change(body):
        one = event(body, seq)
        one["actor"] = "p_other"
        one["hash"] = event_hash(one)

    assert ("wrong_proof", seq) in found(checked(altered(change), keys=()))


@pytest.mark.parametrize("seq", [2, 4, 5, 7])
def test_a_left_out_event_is_named_by_the_next_even_without_a_key(seq):
    def change(body):
        body["events"].remove(event(body, seq))

    flaws = checked(altered(change), keys=()).flaws

    following = {2: 4, 4: 5, 5: 7, 7: 9}[seq]
    missing = next(flaw for flaw in flaws if flaw.wrong == "missing")
    assert missing.seq == following
    assert f"Left out before event {following} (" in missing.text
    assert missing.text.endswith(f"event {seq} of this launch.")


def test_an_event_cut_off_at_the_end_is_counted_by_the_seal():
    flaws = checked(altered(lambda body: body["events"].pop())).flaws

    assert [flaw.wrong for flaw in flaws] == ["cut"]
    assert flaws[0].text == (
        "The seal counts 5 events of this launch; 4 are here, the last is event 7 (taken_back)."
    )


def test_a_certificate_without_events_is_cut():
    flaws = checked(altered(lambda body: body.update(events=[], texts={}, names={}))).flaws

    assert [flaw.wrong for flaw in flaws] == ["cut"]


@pytest.mark.parametrize(("one", "two"), [*combinations(range(len(SEQS)), 2)])
def test_swapped_events_are_named(one, two):
    def change(body):
        events = body["events"]
        events[one], events[two] = events[two], events[one]

    assert "swapped" in [flaw.wrong for flaw in checked(altered(change)).flaws]


def test_a_doubled_event_is_named():
    flaws = checked(altered(lambda body: body["events"].insert(2, body["events"][2]))).flaws

    assert ("doubled", 4) in [(flaw.wrong, flaw.seq) for flaw in flaws]


def test_swapped_proofs_are_named():
    def change(body):
        one, two = event(body, 2), event(body, 4)
        one["proof"], two["proof"] = two["proof"], one["proof"]

    assert found(checked(altered(change))) == [("wrong_proof", 2), ("wrong_proof", 4)]


def test_an_event_of_another_launch_does_not_belong_here():
    other = json.loads(CERTIFICATE)
    foreign = dict(VECTORS["events"][2], proof=VECTORS["proofs"][-1][2])

    flaws = checked(altered(lambda body: body["events"].insert(2, foreign))).flaws

    assert other["launch"] == "L-1"
    assert found(checked(altered(lambda body: body["events"].insert(2, foreign)))) == [("foreign", 3)]
    assert flaws[0].text == "The event 3 (opened) is of another launch, L-2."


def test_a_launch_that_is_called_another_is_told():
    flaws = checked(altered(lambda body: body.update(launch="L-2"))).flaws

    assert "foreign" in [flaw.wrong for flaw in flaws]


def test_a_workspace_that_is_called_another_is_told():
    flaws = checked(altered(lambda body: body.update(workspace="other", names={}))).flaws

    assert [flaw.wrong for flaw in flaws] == ["foreign", "foreign"]


def test_an_altered_text_is_told():
    def change(body):
        body["texts"][TEXT]["text"] += "."

    assert [flaw.text for flaw in checked(altered(change)).flaws] == [
        f"Text {TEXT} was altered: it does not fit its id."
    ]


def test_a_text_that_no_event_names_is_told():
    from schema.ledger import text_id

    id = text_id(b"\0" * 16, "x")
    kept = {"salt": "00" * 16, "text": "x"}

    flaws = checked(altered(lambda body: body["texts"].update({id: kept}))).flaws

    assert [flaw.text for flaw in flaws] == [f"Text {id} belongs to no event here."]


@pytest.mark.parametrize("field", ["user", "name", "salt"])
def test_an_altered_name_is_told(field):
    def change(body):
        body["names"][ADA][field] = "0" * 32

    assert [flaw.text for flaw in checked(altered(change)).flaws] == [
        f"The name of {ADA} was altered: it does not fit."
    ]


def test_swapped_names_are_told():
    def change(body):
        names = body["names"]
        names[ADA], names[GRACE] = names[GRACE], names[ADA]

    assert [flaw.wrong for flaw in checked(altered(change)).flaws] == ["wrong_name", "wrong_name"]


def test_texts_and_names_may_be_left_out_because_they_can_be_erased():
    assert checked(altered(lambda body: body.update(texts={}, names={}))).flaws == ()


def test_another_key_is_told_and_both_are_named():
    flaws = checked(keys=[OTHER_KEY.public.raw]).flaws

    assert [flaw.wrong for flaw in flaws] == ["wrong_key", "wrong_key"]
    assert KEY.public.id in flaws[0].text
    assert OTHER_KEY.public.id in flaws[0].text


def test_one_fitting_key_of_several_is_enough():
    assert checked(keys=[OTHER_KEY.public.raw, PUBLIC]).signer == KEY.public.id


@pytest.mark.parametrize("what", ["checkpoint", "seal"])
def test_an_altered_note_does_not_fit_its_signature(what):
    def change(body):
        body[what] = body[what].replace("2026-11-23T09:30", "2026-11-23T09:31")

    assert found(checked(altered(change))) == [("wrong_signature", None)]
    assert checked(altered(change), keys=()).exit_code == 2


def test_a_certificate_forged_with_another_key_is_not_believed():
    made = certified(
        VECTORS["workspace"],
        "L-1",
        events=OURS[:-1],
        ledger=ledger(note=checkpoint(VECTORS["workspace"], events_of_vectors(), key=OTHER_KEY)),
        page=PAGE,
        key=OTHER_KEY,
        at=AT,
    )

    assert checked(written(made), keys=()).flaws == ()
    assert found(checked(written(made))) == [("wrong_key", None), ("wrong_key", None)]


def test_an_altered_page_is_told():
    assert [flaw.text for flaw in checked(page=b"other").flaws] == [
        "The page for reading was altered; the events above tell what is so."
    ]


def test_a_checkpoint_from_outside_finds_a_ledger_that_was_written_anew():
    events = events_of_vectors()
    acme = VECTORS["workspace"]
    forged = (*events[:8], events[8].__class__(**{**as_fields(events[8]), "hash": "0" * 64}))

    assert checked(posted=checkpoint(acme, events)).flaws == ()
    assert found(checked(posted=checkpoint(acme, forged))) == [("rewritten", None)]
    assert found(checked(posted=checkpoint(acme, events[:8]))) == [("foreign", None)]
    assert found(checked(posted="x")) == [("unreadable", None)]


def as_fields(one):
    return {name: getattr(one, name) for name in one.__slots__}


BROKEN = [
    (b"", "no JSON"),
    (b"\xff", "no JSON"),
    (b"[" * 100_000, "no JSON"),
    (b"[]", "the certificate has other fields"),
    (b"{}", "its format is None"),
    (CERTIFICATE.replace(b"muster-certificate-1", b"muster-certificate-2"), "this program knows"),
    (CERTIFICATE + b"\n", "not in the one form"),
    (b'{"events":[],' + CERTIFICATE[1:], "not in the one form"),
    (CERTIFICATE.replace(b'"seq":2', b'"seq":2.0'), "2.0 is no whole number"),
    (CERTIFICATE.replace(b'"seq":2', b'"seq":NaN'), "NaN is no whole number"),
    (CERTIFICATE.replace(b'"seq":2', b'"seq":99999999999999999'), "too large"),
    (CERTIFICATE.replace(b'"seq":2', b'"seq":true'), "seq of entry 2 of the events is not what it must be"),
    (CERTIFICATE.replace(b'"seal":', b'"seam":'), "has other fields"),
    (CERTIFICATE.replace(b"\\n\\n", b"\\n"), "the checkpoint is not written as one"),
    (CERTIFICATE.replace(b'"L-1"', b'"\\ud800"'), "not in the one form"),
]


@pytest.mark.parametrize(("written", "complaint"), BROKEN)
def test_what_cannot_be_read_says_why(written, complaint):
    report = checked(written)

    assert found(report) == [("unreadable", None)]
    assert complaint in report.flaws[0].text
    assert report.exit_code == 1


@given(st.integers(0, len(CERTIFICATE) * 8 - 1))
@settings(max_examples=300)
def test_any_altered_bit_is_found(number):
    place, bit = divmod(number, 8)
    flipped = CERTIFICATE[:place] + bytes([CERTIFICATE[place] ^ 1 << bit]) + CERTIFICATE[place + 1 :]

    assert checked(flipped).flaws != ()


@given(st.integers(0, len(CERTIFICATE) - 1), st.integers(1, 40))
@settings(max_examples=100)
def test_any_cut_is_found(start, length):
    assert checked(CERTIFICATE[:start] + CERTIFICATE[start + length :]).flaws != ()


# --- the file by itself ---


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / "certificate"
    inside.mkdir()
    (inside / "certificate.json").write_bytes(CERTIFICATE)
    (inside / "certificate.html").write_bytes(PAGE)
    (inside / "verify.py").write_text(Path(verifier.__file__).read_text("utf-8"), "utf-8")
    (tmp_path / "muster.pub").write_text(KEY.public.pem, "utf-8")
    (tmp_path / "posted").write_text(json.loads(CERTIFICATE)["checkpoint"], "utf-8")
    return inside


def run(folder, *arguments):
    command = [sys.executable, "-I", "-S", "verify.py", *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_copied_file_runs_alone_and_says_what_it_found(folder):
    code, said = run(folder, ".", "--key", "../muster.pub", "--checkpoint", "../posted")

    assert (code, said.splitlines()[1]) == (0, f"Nothing was altered. Key {KEY.public.id} signed it.")
    assert run(folder)[0] == 2

    (folder / "certificate.html").write_bytes(b"")
    code, said = run(folder, ".", "--key", "../muster.pub")
    assert (code, said.splitlines()[0]) == (1, "Something is wrong with this certificate (1):")


def test_a_missing_file_or_a_wrong_key_file_is_said(folder, capsys):
    assert verifier.main([str(folder), "--key", str(folder / "verify.py")]) == 2
    assert "no public key of Muster" in capsys.readouterr().out
    (folder / "binary").write_bytes(b"\xff\xfe")
    assert verifier.main([str(folder), "--key", str(folder / "binary")]) == 2
    assert "no public key of Muster" in capsys.readouterr().out
    (folder / "certificate.json").unlink()
    assert verifier.main([str(folder)]) == 2
    said = capsys.readouterr().out
    assert said.startswith(
        f"This cannot be checked: {folder / 'certificate.json'} cannot be read (No such file"
    )
    assert "Errno" not in said


def test_a_checkpoint_that_lost_its_end_while_it_was_copied_is_the_same_and_what_is_none_alters_nothing(
    folder,
):
    (folder / "copied").write_text("\ufeff" + json.loads(CERTIFICATE)["checkpoint"].rstrip(), "utf-8")

    assert run(folder, ".", "--key", "../muster.pub", "--checkpoint", "copied")[0] == 0
    code, said = run(folder, ".", "--key", "../muster.pub", "--checkpoint", "certificate.html")
    assert (code, said) == (2, "This cannot be checked: the checkpoint from outside is not written as one.\n")


def test_the_file_needs_the_standard_library_only():
    tree = ast.parse(Path(verifier.__file__).read_text("utf-8"))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]

    assert {str(name).partition(".")[0] for name in names} <= sys.stdlib_module_names
