import re
import stat
import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from bot.verifier import verify
from integrations import keys
from integrations.store import checkpoints, ledger, people, texts
from integrations.store.checkpoints import Posting
from integrations.store.engine import Store
from schema.audits import restored
from schema.certificates import certified, referred, written
from schema.checkpoints import read_checkpoint
from schema.errors import Refusal
from schema.flaws import Wrong, flaws
from schema.ledger import Draft, NotCanonical, begin, text_id
from tests.databases import a_database, a_store, an_engine, fresh_url, two_stores  # noqa: F401 - fixtures
from tests.ledgers import KEY, OTHER_KEY

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def do(store, function, *args, **kwargs):
    return store.write_sync(lambda session: function(session, *args, **kwargs))


def look(store, function, *args, **kwargs):
    return store.read_sync(lambda session: function(session, *args, **kwargs))


def draft(number=0, *, launch="L-1", kind="signed", actor="p_1"):
    return Draft(kind=kind, launch=launch, actor=actor, payload={"n": number})


def add(store, *drafts, workspace="w", now=NOON):
    return do(store, ledger.append, workspace, drafts, now=now)


def audit(store, **given):
    return look(store, checkpoints.audit, "w", keys=[KEY.public], **given)


# --- events ---


OWNED = """DO $$ DECLARE name text; BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'muster') THEN CREATE ROLE muster; END IF;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('ALTER TABLE %I OWNER TO muster', name);
    END LOOP;
END $$"""


@pytest.mark.parametrize("engine", ["postgresql"])
def test_what_the_readme_takes_from_the_role_of_the_program_leaves_it_all_that_it_needs(store, engine):
    revoke = re.search(r"`(REVOKE UPDATE[^`]+ FROM muster)`", Path("README.md").read_text("utf-8"))[1]
    for statement in (OWNED, revoke):
        do(store, lambda session, statement=statement: session.execute(text(statement)))

    def as_the_program(act):
        def done(session):
            session.execute(text("SET LOCAL ROLE muster"))
            return act(session)

        return store.write_sync(done)

    as_the_program(lambda session: ledger.append(session, "w", [draft(1)], now=NOON))
    as_the_program(lambda session: checkpoints.make(session, "w", key=KEY, now=NOON))
    assert [event.seq for event in look(store, ledger.events_since, "w")] == [1]
    for change in (
        "UPDATE ledger_events SET actor = 'x'",
        "DELETE FROM ledger_checkpoints",
        "TRUNCATE ledger_events",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            as_the_program(lambda session, change=change: session.execute(text(change)))


def test_events_come_back_as_they_were_added(store):
    payload = {"text": "“é” \0 \n 🙂", "deep": [{"b": None, "a": [True, -3]}]}
    first = add(store, draft(1), draft(2, launch="L-2"), now=NOON + timedelta(microseconds=7))
    second = add(store, Draft(kind="opened", launch="L-1", actor="system", payload=payload))

    every = look(store, ledger.events_since, "w")

    assert every == (*first, *second)
    assert [event.seq for event in every] == [1, 2, 3]
    assert every[2].payload == payload
    assert [event.before for event in every] == [0, 0, 1]
    assert look(store, ledger.head, "w").hash == every[2].hash
    assert flaws(begin("w"), every, until=look(store, ledger.head, "w")) == ()


def test_a_launch_is_read_from_where_one_stands(store):
    added = add(store, *(draft(n, launch=f"L-{n % 2}") for n in range(6)))

    assert look(store, ledger.events_of, "w", "L-1") == added[1::2]
    assert look(store, ledger.events_of, "w", "L-1", after=2) == added[3::2]
    assert look(store, ledger.events_of, "w", "L-1", after=6) == ()
    assert look(store, ledger.events_since, "w", after=2, most=3) == added[2:5]


def test_events_of_some_kinds_are_found(store):
    added = add(store, draft(kind="used"), draft(kind="signed"), draft(kind="revoked"))

    assert look(store, ledger.events_of_kinds, "w", ["used", "revoked"]) == (added[0], added[2])
    assert look(store, ledger.events_of_kinds, "w", ["used", "revoked"], after=1) == (added[2],)


def test_two_workspaces_have_nothing_in_common(store):
    one = add(store, draft(), workspace="w")
    two = add(store, draft(), workspace="v")

    assert (one[0].seq, two[0].seq) == (1, 1)
    assert one[0].hash != two[0].hash
    assert look(store, ledger.events_of, "v", "L-1") == two
    assert look(store, ledger.head, "x") == begin("x")


def test_nothing_to_add_changes_nothing(store):
    assert add(store) == ()
    assert look(store, ledger.head, "w") == begin("w")


def test_a_draft_that_is_refused_takes_no_number(store):
    add(store, draft())
    with pytest.raises(NotCanonical, match="float"):
        add(store, draft(), Draft(kind="k", actor="a", payload={"share": 0.5}))

    assert [event.seq for event in (*look(store, ledger.events_since, "w"), *add(store, draft()))] == [1, 2]


def test_what_a_transaction_gives_up_leaves_no_gap(store):
    def given_up(session):
        ledger.append(session, "w", [draft(1)], now=NOON)
        raise Refusal("Not so.")

    add(store, draft())
    with pytest.raises(Refusal, match="Not so"):
        store.write_sync(given_up)
    add(store, draft(2))

    assert audit(store).flaws == ()
    assert [event.payload["n"] for event in look(store, ledger.events_since, "w")] == [0, 2]


def test_two_connections_that_race_leave_no_gap_and_no_fork(stores):
    gate = threading.Barrier(2)
    trouble = []

    def work(store, name):
        gate.wait()
        try:
            for number in range(40):
                add(store, draft(number, launch=name), draft(number))
        except Exception as error:  # noqa: BLE001 - a thread's error must reach the test
            trouble.append(error)

    threads = [
        threading.Thread(target=work, args=(store, name)) for store, name in zip(stores, "ab", strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    every = look(stores[0], ledger.events_since, "w")
    assert trouble == []
    assert [event.seq for event in every] == list(range(1, 161))
    for name in "ab":
        ours = [event.payload["n"] for event in every if event.launch == name]
        assert ours == list(range(40))
    do(stores[0], checkpoints.make, "w", key=KEY, now=NOON)
    assert audit(stores[1]).flaws == ()


def test_a_thousand_events_are_added_within_seconds(store):
    began = time.perf_counter()
    add(store, *(draft(number) for number in range(1_000)))
    at_once = time.perf_counter() - began
    queued = [store._writer.submit(partial(one_more, number=number)) for number in range(300)]
    for each in queued:
        each.result(60)

    print(
        f"1,000 in one transaction: {at_once:.2f} s; 300 more: {time.perf_counter() - began - at_once:.2f} s"
    )
    assert look(store, ledger.head, "w").seq == 1_300
    assert time.perf_counter() - began < 20
    assert audit(store).flaws == ()


def one_more(session, *, number):
    return ledger.append(session, "w", [draft(number)], now=NOON)


# --- what is altered in the database is found and named ---


def tampered(engine, statement):
    """Fill a ledger, switch the triggers off as somebody with the file can, and run a statement."""
    url = fresh_url(engine)
    store = Store(url)
    add(store, *(draft(number, launch=f"L-{number % 2}") for number in range(8)))
    do(store, checkpoints.make, "w", key=KEY, now=NOON)

    def unprotected(session):
        if engine == "postgresql":
            session.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for change in ("update", "delete"):
                session.execute(text(f"DROP TRIGGER ledger_events_no_{change}"))
                session.execute(text(f"DROP TRIGGER ledger_checkpoints_no_{change}"))
        session.connection().exec_driver_sql(statement)

    store.write_sync(unprotected)
    found = audit(store).flaws
    store.close_sync()
    return [(flaw.wrong, flaw.seq) for flaw in found], " ".join(flaw.text for flaw in found)


TAMPERING = {
    "UPDATE ledger_events SET actor = 'p_2' WHERE seq = 3": [(Wrong.EDITED, 3)],
    "UPDATE ledger_events SET kind = 'objected' WHERE seq = 3": [(Wrong.EDITED, 3)],
    "UPDATE ledger_events SET payload = '{\"n\":7}' WHERE seq = 3": [(Wrong.EDITED, 3)],
    "UPDATE ledger_events SET payload = 'x' WHERE seq = 3": [(Wrong.UNREADABLE, 3), (Wrong.MISSING, 4)],
    "UPDATE ledger_events SET payload = '{ \"n\":2}' WHERE seq = 3": [
        (Wrong.UNREADABLE, 3),
        (Wrong.MISSING, 4),
    ],
    "UPDATE ledger_events SET at = '2026' WHERE seq = 3": [(Wrong.UNREADABLE, 3), (Wrong.MISSING, 4)],
    "UPDATE ledger_events SET at = '2026-11-23T12:00:00.000001Z' WHERE seq = 3": [(Wrong.EDITED, 3)],
    "UPDATE ledger_events SET version = 2 WHERE seq = 3": [(Wrong.UNKNOWN_VERSION, 3)],
    "DELETE FROM ledger_events WHERE seq = 3": [(Wrong.MISSING, 4)],
    "DELETE FROM ledger_events WHERE seq > 6": [(Wrong.CUT, 8), (Wrong.CUT, 8)],
    "DELETE FROM ledger_events": [(Wrong.CUT, 8), (Wrong.CUT, 8)],
    "DELETE FROM ledger_heads": [(Wrong.FOREIGN, 8)],
    "UPDATE ledger_heads SET seq = 7": [(Wrong.FOREIGN, 8)],
    "UPDATE ledger_heads SET hash = 'x'": [(Wrong.REPLACED, 8)],
    "UPDATE ledger_checkpoints SET note = 'x'": [(Wrong.UNREADABLE, None)],
    "UPDATE ledger_checkpoints SET note = replace(note, 'at 2026', 'at 2025')": [
        (Wrong.WRONG_SIGNATURE, None)
    ],
}


@pytest.mark.parametrize("statement", TAMPERING)
def test_what_is_altered_in_the_database_is_found_and_named(engine, statement):
    found, said = tampered(engine, statement)

    expected = TAMPERING[statement]
    assert found[: len(expected)] == expected
    assert {wrong for wrong, _ in found[len(expected) :]} <= {Wrong.CUT, Wrong.REWRITTEN}
    assert expected[0][1] is None or f"event {expected[0][1]}" in said or f"to {expected[0][1]}" in said


def test_an_event_that_was_read_and_one_that_was_cut_are_told_from_outside(store):
    add(store, *(draft(number) for number in range(4)))
    outside = do(store, checkpoints.make, "w", key=KEY, now=NOON).note
    add(store, draft())

    assert audit(store, outside=[outside]).flaws == ()
    foreign = outside.replace("\n4\n", "\n3\n")
    assert [flaw.wrong for flaw in audit(store, outside=[foreign]).flaws] == [
        Wrong.WRONG_SIGNATURE,
        Wrong.REWRITTEN,
    ]


# --- texts and people can be erased ---


def test_a_text_is_kept_under_an_id_that_says_nothing_of_it(store):
    first, second = do(store, texts.keep, "w", "No.\0"), do(store, texts.keep, "w", "No.\0")

    assert first != second
    assert look(store, texts.text_of, "w", first) == "No.\ufffd"
    assert look(store, texts.text_of, "v", first) is None
    found = look(store, texts.kept, "w", [first, second, "x"])
    assert found.keys() == {first, second}
    assert text_id(found[first].salt, found[first].text) == first
    assert len(found[first].salt) == 16


def test_a_person_has_one_pid_a_workspace(store):
    ada = do(store, people.pid_of, "w", "U1", name="Ada")

    assert ada.startswith("p_")
    assert do(store, people.pid_of, "w", "U1", name="Ada Lovelace") == ada
    assert do(store, people.pid_of, "w", "U2", name="Ada") != ada
    assert do(store, people.pid_of, "v", "U1", name="Ada") != ada
    assert look(store, people.user_of, "w", ada) == "U1"
    assert look(store, people.user_of, "v", ada) is None
    assert look(store, people.kept, "w", [ada])[ada].name == "Ada"
    assert look(store, people.pids_of, "w", ["U1", "U9"]) == {"U1": ada}


def test_more_ids_may_be_asked_for_than_a_database_takes_at_once(store):
    reason = do(store, texts.keep, "w", "No.")
    many = [f"x{number}" for number in range(33_000)]

    assert look(store, texts.kept, "w", [*many, reason]).keys() == {reason}


def test_two_connections_that_meet_a_person_at_once_give_one_pid(stores):
    gate = threading.Barrier(2)
    given = []

    def meet(store):
        gate.wait()
        given.extend(do(store, people.pid_of, "w", f"U{number}", name="x") for number in range(20))

    threads = [threading.Thread(target=meet, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(given) == 40
    assert len(set(given)) == 20
    assert look(stores[0], people.kept, "w", given).keys() == set(given)


def test_linked_accounts_share_a_pid_and_older_events_still_name_whom_they_named(store):
    ada = do(store, people.pid_of, "w", "U1", name="Ada")
    second = do(store, people.pid_of, "w", "U2", name="Ada at home")

    shared = do(store, people.link, "w", {"U1": "Ada", "U2": "Ada at home", "U3": "Ada’s phone"})

    assert shared == ada
    assert {do(store, people.pid_of, "w", user, name="x") for user in ("U1", "U2", "U3")} == {ada}
    assert look(store, people.user_of, "w", second) == "U2"
    assert look(store, people.same_person, "w")[second] == ada
    assert ada not in look(store, people.same_person, "w")


def test_accounts_that_nobody_has_seen_are_linked_too(store):
    shared = do(store, people.link, "w", {"U8": "Ada", "U9": "Ada"})

    assert look(store, people.pids_of, "w", ["U8", "U9"]) == {"U8": shared, "U9": shared}
    assert look(store, people.user_of, "w", shared) == "U8"


def test_erasing_texts_and_people_leaves_every_hash_valid(store):
    ada = do(store, people.pid_of, "w", "U1", name="Ada")
    do(store, people.link, "w", {"U1": "Ada", "U2": "Ada"})
    reason = do(store, texts.keep, "w", "Ada thinks not.")
    added = add(store, Draft(kind="objected", launch="L-1", actor=ada, payload={"text": reason}))
    do(store, checkpoints.make, "w", key=KEY, now=NOON)

    assert do(store, texts.erase, "w", reason)
    assert not do(store, texts.erase, "w", reason)
    assert do(store, people.erase, "w", ada) == 4
    assert do(store, people.erase, "w", ada) == 0

    assert look(store, texts.text_of, "w", reason) is None
    assert look(store, people.user_of, "w", ada) is None
    assert look(store, people.pids_of, "w", ["U1", "U2"]) == {}
    assert look(store, ledger.events_since, "w") == added
    assert audit(store).flaws == ()
    for table in ("ledger_texts", "people", "accounts"):
        rows = store.read_sync(
            lambda session, table=table: session.execute(text(f"SELECT * FROM {table}")).all()
        )
        assert rows == []


def test_what_is_erased_does_not_stay_in_the_file():
    url = fresh_url("sqlite")
    store = Store(url)
    secret, name = "A sentence that nobody else writes.", "Ada Augusta King"
    id = do(store, texts.keep, "w", secret)
    pid = do(store, people.pid_of, "w", "U1", name=name)
    assert_in_file(store, url, secret, name)

    store = Store(url)
    do(store, texts.erase, "w", id)
    do(store, people.erase, "w", pid)

    store.close_sync()
    content = Path(url.removeprefix("sqlite:///")).read_bytes()
    assert secret.encode() not in content
    assert name.encode() not in content


def assert_in_file(store, url, *words):
    store.close_sync()
    content = Path(url.removeprefix("sqlite:///")).read_bytes()
    assert all(word.encode() in content for word in words)


BESIDE = {
    "UPDATE ledger_texts SET text = 'Yes.'": Wrong.WRONG_TEXT,
    "UPDATE ledger_texts SET salt = 'x'": Wrong.WRONG_TEXT,
    "UPDATE people SET name = 'Grace'": Wrong.WRONG_NAME,
    "UPDATE people SET \"user\" = 'U2'": Wrong.WRONG_NAME,
}


@pytest.mark.parametrize("statement", BESIDE)
def test_an_altered_text_or_name_is_found_by_the_event_that_means_it(store, statement):
    ada = do(store, people.pid_of, "w", "U1", name="Ada")
    reason = do(store, texts.keep, "w", "No.")
    add(store, draft(), Draft(kind="objected", launch="L-1", actor=ada, payload={"text": reason}))
    add(store, draft(actor=ada))
    assert audit(store).flaws == ()

    store.write_sync(lambda session: session.execute(text(statement)))

    (flaw,) = audit(store).flaws
    assert (flaw.wrong, flaw.seq) == (BESIDE[statement], 2)
    assert "event 2 (objected)" in flaw.text


# --- checkpoints ---


def test_a_checkpoint_is_made_once_a_size(store):
    empty = do(store, checkpoints.make, "w", key=KEY, now=NOON)
    add(store, draft(), draft())
    made = do(store, checkpoints.make, "w", key=KEY, now=NOON)
    again = do(store, checkpoints.make, "w", key=OTHER_KEY, now=NOON + SECOND)

    assert (empty.size, made.size) == (0, 2)
    assert made == again == look(store, checkpoints.newest, "w")
    assert look(store, checkpoints.every, "w") == (empty, made)
    assert look(store, checkpoints.newest, "v") is None
    assert audit(store).flaws == ()
    assert audit(store).signers == (KEY.public.id,)


def test_where_a_checkpoint_was_posted_is_remembered(store):
    made = [do(store, checkpoints.make, "w", key=KEY, now=NOON)]
    add(store, draft())
    made.append(do(store, checkpoints.make, "w", key=KEY, now=NOON))
    posting = Posting(size=1, place="C1", reference="1700.1", posted_at=NOON)

    assert look(store, checkpoints.unposted, "w", place="C1") == tuple(made)
    assert do(store, checkpoints.note_posted, "w", posting)
    assert not do(store, checkpoints.note_posted, "w", posting)

    assert look(store, checkpoints.postings, "w", size=1) == (posting,)
    assert look(store, checkpoints.unposted, "w", place="C1") == (made[0],)
    assert look(store, checkpoints.unposted, "w", place="C2") == tuple(made)


def test_a_certificate_from_the_database_passes(store):
    ada = do(store, people.pid_of, "w", "U1", name="Ada")
    reason = do(store, texts.keep, "w", "Because.")
    payload = {"text": reason}
    add(store, draft(launch="L-2"), Draft(kind="objected", launch="L-1", actor=ada, payload=payload), draft())
    made = do(store, checkpoints.make, "w", key=KEY, now=NOON)

    events = look(store, ledger.events_of, "w", "L-1")
    signed = look(store, checkpoints.signed_ledger, "w", made)
    certificate = certified("w", "L-1", events=events, ledger=signed, page=b"p", key=KEY, at=NOON)
    said = referred(events)
    shown = {"texts": look(store, texts.kept, "w", said), "names": look(store, people.kept, "w", said)}
    report = verify(written(certificate.showing(**shown)), keys=[KEY.public.raw], page=b"p", posted=made.note)

    assert (report.flaws, report.signer) == ((), KEY.public.id)
    assert report.body["texts"][reason]["text"] == "Because."
    assert report.body["names"][ada]["user"] == "U1"


def test_a_restored_backup_tells_what_it_lost(store):
    add(store, draft(), draft())
    add(store, draft())
    outside = signed_elsewhere(5)

    lost = look(store, checkpoints.lost, "w", read_checkpoint(outside)[0])
    add(store, restored(lost))

    assert (lost.first, lost.last) == (4, 5)
    found = audit(store, outside=[outside])
    assert found.flaws == ()
    assert found.notices == ("A backup was put back, which lost events 4 to 5; event 4 says so.",)


def signed_elsewhere(events):
    """Sign a ledger that went on for longer than ours, as the one that the backup was taken from."""
    other = Store(fresh_url("sqlite"))
    for _ in range(events):
        add(other, draft())
    note = do(other, checkpoints.make, "w", key=KEY, now=NOON).note
    other.close_sync()
    return note


def test_a_whole_ledger_lost_nothing_and_another_is_refused(store):
    add(store, *(draft() for _ in range(5)))
    same, other = read_checkpoint(signed_elsewhere(4)), read_checkpoint(signed_elsewhere(5))
    add(store, draft())

    assert look(store, checkpoints.lost, "w", same[0]) is None
    do(store, texts.keep, "w", "x")
    strange = Store(fresh_url("sqlite"))
    add(strange, *(draft(actor="p_2") for _ in range(5)))
    with pytest.raises(Refusal, match="event 5 is another"):
        look(strange, checkpoints.lost, "w", other[0])
    strange.close_sync()


def test_an_empty_ledger_lost_everything_that_a_checkpoint_counts(store):
    lost = look(store, checkpoints.lost, "w", read_checkpoint(signed_elsewhere(2))[0])

    assert (lost.first, lost.last) == (1, 2)


# --- key files ---


def test_a_new_key_can_be_read_by_its_owner_only_and_signs(tmp_path, caplog):
    public = keys.new(tmp_path / "key")
    key = keys.load(tmp_path / "key")

    assert key.public == public
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600
    assert (tmp_path / "key.pub").read_text("utf-8") == public.pem
    assert caplog.records == []
    assert public.fits(key.private.sign(b"x"), "x")


def test_a_key_is_never_written_over_another_file(tmp_path):
    for taken in ("key", "other.pub"):
        (tmp_path / taken).write_text("mine", "utf-8")

    for name in ("key", "other"):
        with pytest.raises(Refusal, match="is not overwritten"):
            keys.new(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["key", "other.pub"]
    with pytest.raises(Refusal, match="Give a folder that is there"):
        keys.new(tmp_path / "nowhere" / "key")


def test_a_key_that_others_may_read_is_told_on_the_log(tmp_path, caplog):
    keys.new(tmp_path / "key")
    (tmp_path / "key").chmod(0o640)

    keys.load(tmp_path / "key")

    assert [record.message for record in caplog.records] == ["key_readable_by_others"]


def test_what_is_no_key_is_refused_without_showing_it(tmp_path):
    rsa = generate_private_key(65537, 2048)
    forms = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    files = {
        "text": b"secret-words",
        "rsa": rsa.private_bytes(*forms, serialization.NoEncryption()),
        "locked": KEY.private.private_bytes(*forms, serialization.BestAvailableEncryption(b"x")),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
        with pytest.raises(Refusal, match="no unencrypted Ed25519 key") as refused:
            keys.load(tmp_path / name)
        assert "secret-words" not in str(refused.value)
        assert refused.value.__cause__ is None
    with pytest.raises(Refusal, match="cannot be read"):
        keys.load(tmp_path / "missing")
