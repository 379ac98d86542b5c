"""Evidence given and read: attributed, newest first, seen by open launches at once, and never across products."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from handlers import evidence, gates, launches, ticks
from handlers.launches import OtherTier
from integrations.store import evidence as stored
from integrations.store import ledger
from integrations.store import readings as stored_readings
from schema.attempts import Declined
from schema.checklists import CheckKind, ItemClass, ItemSpec, Review
from schema.errors import Refusal
from schema.evidence import Document, Record
from schema.judgements import questions_of
from schema.launches import EventKind
from schema.periods import Period
from schema.products import Role
from schema.readings import Confusion, Reading, Receipt
from schema.requirements import EvidenceKind, RecordUnit, Requirement
from schema.risks import Tier
from schema.votes import Intent
from tests import builders
from tests.databases import a_database, a_store, an_engine  # noqa: F401 - fixtures
from tests.launch_rooms import EVERYBODY, MANIFEST, MEASURED, PIA, SAM, SIGNED, Room, a_key, person, team

READ = ItemSpec(
    id="T-4", review=Review.LAUNCH, question="Does it find enough?", why="Misses cost money.", seats=(Role.ML,),
    klass=ItemClass.HARD, check=CheckKind.AUTO,
    requirements=(
        Requirement(
            name="recall", kind=EvidenceKind.READING, words="how much it finds", metric="recall",
            at_least=Decimal("0.85"), fewest=100, fresh_days=35,
        ),
    ),
)  # fmt: skip
PAPER = ItemSpec(
    id="T-5", review=Review.ETHICS, question="Who could be hurt?", why="They cannot speak here.", seats=(Role.RAI,),
    klass=ItemClass.HARD, check=CheckKind.DOCUMENT,
    requirements=(Requirement(name="assessment", kind=EvidenceKind.DOCUMENT, words="the assessment", fresh_days=365),),
)  # fmt: skip


@pytest.fixture(name="room")
def a_room(store):
    return Room(store, specs=(MEASURED, READ, PAPER, SIGNED))


async def finding(room, launch, item):
    looked = await gates.look(*room.acting(launch))
    return looked.found.by_item[item]


async def events_of(room, launch):
    return await room.store.read(lambda session: ledger.events_of(session, room.workspace, launch))


def reading(room, *, tp, fn, weeks_ago=0, revision=1):
    product = room.product
    last = product.calendar.shift(product.calendar.last_complete(room.clock.now), -weeks_ago)
    query, definition = questions_of(product, room.snapshot.catalogue)["recall"]
    receipt = Receipt(source="warehouse", query_digest=query, definition=definition, window=last, sample=1,
                      fetched_at=room.clock.now)  # fmt: skip
    measured = Confusion(tp=tp, fp=100, fn=fn, tn=9000)
    return Reading(product=product.key, metric="recall", group="", period=Period(start=last.start, end=last.end),
                   measurement=measured, receipt=receipt, revision=revision)  # fmt: skip


async def pulled(room, *readings):
    await room.store.write(
        lambda session: stored_readings.add(session, room.workspace, readings=readings, blanks=[])
    )


async def test_a_record_is_kept_with_who_gave_it_and_when_and_settles_its_check(room):
    launch = await room.opened()
    assert not (await finding(room, launch, "T-3"))["drill"].passed

    assert await room.drilled("3") is True

    assert (await finding(room, launch, "T-3"))["drill"].passed
    [record] = (await room.store.read(lambda s: stored.newest(s, room.workspace, room.product.key))).values()
    assert record.by.startswith("p_")
    assert record.at == room.clock.now


async def test_open_launches_see_new_evidence_in_the_same_transaction(room):
    launch = await room.opened()

    await room.drilled("3")

    changed = (await events_of(room, launch))[-1]
    assert (changed.kind, changed.payload["item"]) == (EventKind.EVIDENCE_CHANGED, "T-3")


async def test_the_newest_record_counts_and_asks_for_the_signature_again(room):
    launch = await room.opened()
    await room.drilled("3")
    await room.said(launch, SAM, Role.SRE, T_3=Intent.SIGN)
    assert (await room.gate(launch)).items["T-3"] == "signed"

    room.clock.turn(minutes=1)
    await room.drilled("4")

    assert (await room.gate(launch)).items["T-3"] == "stale"


async def test_the_same_request_again_adds_nothing(room):
    launch = await room.opened()
    assert await room.drilled("3", key="form-1") is True
    assert await room.drilled("3", key="form-1") is False
    assert [event.kind for event in await events_of(room, launch)].count(EventKind.EVIDENCE_CHANGED) == 1


async def test_evidence_of_one_product_settles_nothing_of_another(store):
    room = Room(store, specs=(MEASURED,), document=builders.document(other_one={}))
    launch = await room.opened()
    record = Record(name="drill", value="3", unit=RecordUnit.MINUTES, measured_at=room.clock.now, by="", at=room.clock.now,
                    digest="")  # fmt: skip
    other = room.snapshot.product("other-one")

    await evidence.put(room.services, room.snapshot, other, item="T-3", given=record, by=SAM, key=a_key())

    assert not (await finding(room, launch, "T-3"))["drill"].passed


async def test_a_document_is_taken_where_one_is_asked_for(room):
    launch = await room.opened()
    paper = Document(name="assessment", link="https://wiki.example.com/a", digest="ab" * 32, dated=date(2026, 11, 1),
                     by="", at=room.clock.now)  # fmt: skip

    await evidence.put(
        room.services, room.snapshot, room.product, item="T-5", given=paper, by=SAM, key=a_key()
    )

    assert (await finding(room, launch, "T-5"))["assessment"].passed


async def test_what_does_not_fit_is_refused_with_what_would(room):
    record = Record(name="drill", value="3", unit=RecordUnit.SECONDS, measured_at=room.clock.now, by="", at=room.clock.now,
                    digest="")  # fmt: skip
    wrong = [
        ("T-33", record, "There is no item `T-33`"),
        ("T-3", replace(record, name="dril"), "T-3 asks for no `dril`"),
        ("T-3", record, "This takes minutes"),
        ("T-5", replace(record, name="assessment"), "This takes a document, and this is a record"),
        ("T-4", replace(record, name="recall"), "nobody can write it by hand"),
    ]
    for item, given, why in wrong:
        with pytest.raises(Refusal, match=why):
            await evidence.put(
                room.services, room.snapshot, room.product, item=item, given=given, by=SAM, key=a_key()
            )
    assert await room.store.read(lambda s: stored.newest(s, room.workspace, room.product.key)) == {}


async def test_a_guest_gives_no_evidence_and_the_attempt_is_noted_once(room):
    guest = person("SAM", Role.SRE, barred="You are a guest here.")
    for _ in range(2):
        with pytest.raises(Declined, match="You are a guest here"):
            await room.drilled("3", by=guest, key="form-1")

    [noted] = await events_of(room, "")
    assert noted.kind == EventKind.ATTEMPT_REFUSED
    assert noted.payload == {"what": "give evidence for T-3 of fraud-detection", "why": "barred"}
    assert (
        await room.store.read(lambda session: stored.newest(session, room.workspace, room.product.key)) == {}
    )


async def test_what_settles_an_item_by_itself_comes_from_who_answers_for_it(store):
    auto = replace(MEASURED, check=CheckKind.AUTO)
    room = Room(store, specs=(auto, SIGNED))
    with pytest.raises(
        Declined, match="No signature stands beside the evidence of T-3, so it comes from operations"
    ):
        await room.drilled("3", by=person("MIA", Role.ML))
    with pytest.raises(Declined, match="Only people with a role in this product"):
        await Room(store, specs=(MEASURED,)).drilled("3", by=person("NIL"))

    assert await room.drilled("3", by=SAM)
    assert await room.drilled("4", by=person("OWN", owner=True))


async def test_the_requester_settles_nothing_by_what_they_wrote_themselves(store):
    auto = replace(MEASURED, check=CheckKind.AUTO)
    room = Room(store, specs=(auto, SIGNED))
    requester = person("PIA", Role.PM, Role.SRE)
    launch = await room.opened(by=requester)

    await room.drilled("3", by=requester)
    assert "was given by who asks for this launch" in (await finding(room, launch, "T-3"))["drill"].why
    assert (await room.gate(launch)).items["T-3"] == "auto_fail"
    await room.drilled("3", by=SAM)

    assert (await room.gate(launch)).items["T-3"] == "auto_pass"


async def test_a_new_reading_is_seen_though_the_old_look_is_remembered(room):
    launch = await room.opened()
    await pulled(room, reading(room, tp=900, fn=50))
    assert (await finding(room, launch, "T-4"))["recall"].passed

    room.clock.turn(minutes=1)
    await pulled(room, reading(room, tp=700, fn=300))  # restated by its source

    found = (await finding(room, launch, "T-4"))["recall"]
    assert not found.passed
    await ticks.tick_launch(*room.acting(launch))
    assert (await events_of(room, launch))[-1].payload["evidence"] == {"recall": found.digest}


async def test_a_look_is_remembered_as_long_as_it_holds_and_no_longer(room):
    launch = await room.opened()
    await room.drilled("3")
    first = (await gates.look(*room.acting(launch))).found
    room.clock.turn(hours=1)
    assert (await gates.look(*room.acting(launch))).found is first

    room.clock.turn(days=30)

    assert not (await finding(room, launch, "T-3"))["drill"].passed


async def test_evidence_from_the_future_counts_when_its_time_has_come(room):
    launch = await room.opened()
    record = Record(name="drill", value="3", unit=RecordUnit.MINUTES, measured_at=room.clock.now + timedelta(hours=2), by="",
                    at=room.clock.now, digest="")  # fmt: skip
    await evidence.put(
        room.services, room.snapshot, room.product, item="T-3", given=record, by=SAM, key=a_key()
    )
    assert not (await finding(room, launch, "T-3"))["drill"].passed

    room.clock.turn(hours=2)

    assert (await finding(room, launch, "T-3"))["drill"].passed


async def test_what_a_higher_tier_asks_is_looked_at_too(store):
    asked_later = replace(MEASURED, applies_from=Tier.MEDIUM)
    room = Room(store, specs=(SIGNED, asked_later))
    launch = await room.opened()
    assert list((await room.gate(launch)).items) == ["T-1"]

    await launches.change_tier(
        *room.acting(launch), OtherTier(tier=Tier.MEDIUM, team=team(*EVERYBODY)), by=SAM, key=a_key()
    )
    await ticks.tick_launch(*room.acting(launch))

    assert (await room.gate(launch)).items["T-3"] == "auto_fail"
    await room.drilled("3")
    assert (await room.gate(launch)).items["T-3"] == "needs_sign"


async def test_evidence_of_a_version_is_not_that_of_another_model_with_a_version_of_that_name(store):
    [drill] = MEASURED.requirements
    room = Room(
        store, specs=(replace(MEASURED, requirements=(replace(drill, matches="model_version"),)), SIGNED)
    )
    launch = await room.opened()
    record = Record(name="drill", value="3", unit=RecordUnit.MINUTES, states={"model_version": MANIFEST.model_version},
                    measured_at=room.clock.now, by="", at=room.clock.now, digest="")  # fmt: skip
    await evidence.put(
        room.services, room.snapshot, room.product, item="T-3", given=record, by=SAM, key=a_key()
    )
    assert (await finding(room, launch, "T-3"))["drill"].passed

    await room.revised(launch, manifest=replace(MANIFEST, model="another"))

    found = (await finding(room, launch, "T-3"))["drill"]
    assert not found.passed
    assert found.why.endswith("is for the model ranker, and another is to go out.")


async def test_a_new_revision_is_held_to_its_own_manifest(store):
    needed = replace(MEASURED.requirements[0], matches="code")
    room = Room(store, specs=(replace(MEASURED, requirements=(needed,)), SIGNED))
    launch = await room.opened()
    record = Record(name="drill", value="3", unit=RecordUnit.MINUTES, measured_at=room.clock.now, by="", at=room.clock.now,
                    states={"code": MANIFEST.code}, digest="")  # fmt: skip
    await evidence.put(
        room.services, room.snapshot, room.product, item="T-3", given=record, by=SAM, key=a_key()
    )
    assert (await finding(room, launch, "T-3"))["drill"].passed

    revised = launches.Asked(title="", manifest=replace(MANIFEST, code="1" * 40), answers=frozenset())
    decided = await launches.revise(*room.acting(launch), revised, by=PIA, team=team(*EVERYBODY), key=a_key())

    assert not decided.found.by_item["T-3"]["drill"].passed
    assert not (await finding(room, launch, "T-3"))["drill"].passed
