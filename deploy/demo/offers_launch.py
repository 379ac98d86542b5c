"""The launch of nearby-offers: on by default with exact places, objected; then opt-in with areas only, nearly signed."""

from deploy.demo.evidence import documents, early, late, pinned_records, records, with_changes
from deploy.demo.offers import PIVOT
from deploy.demo.scripts import CheckIn, Evidence, Give, Say, Script, Submit, ago, before, lately
from deploy.demo.weeks import COMPLETE, LAST
from schema.products import Role
from schema.risks import RiskQuestion

BEN, CHLOE, DEV, FARID, GRACE = "U0BEN00001", "U0CHL00001", "U0DEV00001", "U0FAR00001", "U0GRA00001"
HANA, IVO, JAMILA, LEA = "U0HAN00001", "U0IVO00001", "U0JAM00001", "U0LEA00001"
MIGUEL, NORA, OLIVER = "U0MIG00001", "U0NOR00001", "U0OLI00001"
HANDS = {
    Role.PM: CHLOE, Role.ML: DEV, Role.ENG: FARID, Role.SRE: IVO, Role.UX: OLIVER, Role.SEC: IVO, Role.PRIV: MIGUEL,
    Role.LEG: LEA, Role.RAI: HANA, Role.SUP: JAMILA, Role.FIN: NORA, Role.EXEC: GRACE,
}  # fmt: skip
ANSWERS = frozenset({RiskQuestion.PERSONAL_DATA, RiskQuestion.AT_RISK_PEOPLE})
ON_BY_DEFAULT = {
    "code": "7c1e90ab42d6", "model": "place-ranker", "model_version": "4.2.0", "prompt": "none",
    "configuration": "opt-out-1.8.0", "data": "exact-places-7",
}  # fmt: skip
OPT_IN = {
    "code": "e84b1f3790c5", "model": "place-ranker", "model_version": "5.0.0", "prompt": "none",
    "configuration": "opt-in-2.0.0", "data": "areas-by-week-2",
}  # fmt: skip
OWN = (
    Evidence(item="LR-04", name="worst_slice", by=DEV, value="231 of 4620", days=3),
    Evidence(item="LR-09", name="cost", by=NORA, value="0.004", days=3),
    Evidence(item="ETH-07", name="group_size", by=DEV, value="412", days=9),
    Evidence(item="ETH-08", name="gap", by=DEV, value="38 of 2400", days=9),
    Evidence(item="ETH-08", name="worst_group", by=DEV, value="104 of 2210", days=9),
    Evidence(item="LR-15", name="on_call", by=IVO, value="Ivo Novak, then Farid Haddad"),
    Evidence(item="ETH-12", name="overseers", by=CHLOE, value="Ben Okafor, and Ivo Novak when he is away"),
    Evidence(item="ETH-15", name="note", by=OLIVER, days=4, states={
        "how_good": "most offers are within a short walk", "known_limits": "few shops take part in villages",
    }),
    Evidence(item="ETH-16", name="route", by=JAMILA, days=15, states={
        "owner": "the support leads", "time_limit": "three days",
    }),
)  # fmt: skip
LASTING = (  # what holds for both revisions, so that what was signed on it holds too
    Evidence(item="LR-01", name="names", by=CHLOE, value="Ben Okafor, and Chloe Martin when he is away"),
    Evidence(item="LR-20", name="plan", by=CHLOE, states={
        "measure": "how far customers trust us with their place", "review_day": "thirty days after launch",
        "keep_or_stop_rule": "stop where trust falls below the target two weeks in a row",
        "what_we_will_not_do": "sell places, or keep them for longer",
    }),
    Evidence(item="ETH-04", name="model_card", by=CHLOE, states={
        "intended_use": "to show offers of shops nearby", "not_for": "finding out where somebody lives or works",
    }),
)  # fmt: skip


def _datasheet(data: str, basis: str) -> Evidence:
    return Evidence(item="ETH-06", name="datasheet", by=LEA, days=4, states={
        "data": data, "licence": "our own", "legal_basis": basis, "owner": "Dev Raman",
    })  # fmt: skip


def _assessment(retention: str) -> Evidence:
    return Evidence(item="ETH-17", name="assessment", by=MIGUEL, days=4, states={"retention": retention})


def _evidence(parts: dict[str, str], *own: Evidence) -> tuple[Evidence, ...]:
    usual = (*records(HANDS), *pinned_records(HANDS, parts), *documents(HANDS, parts))
    return with_changes(usual, (*OWN, *own))


FIRST = (
    Give(when=before(PIVOT, 7, "09:20"), evidence=(*LASTING, *_evidence(
        ON_BY_DEFAULT, _datasheet("exact-places-7", "legitimate interest"), _assessment("ninety days"),
    ))),
    Submit(when=before(PIVOT, 6, "10:05"), by=BEN, parts=ON_BY_DEFAULT, answers=ANSWERS),
    Say(when=before(PIVOT, 6, "14:30"), by=CHLOE, role=Role.PM),
    Say(when=before(PIVOT, 5, "09:40"), by=MIGUEL, role=Role.PRIV, objections={
        "ETH-17": "We keep everybody's exact places for ninety days, and nobody was asked. An area would do.",
    }, leaves=frozenset({"ETH-06"})),
    Say(when=before(PIVOT, 5, "11:15"), by=HANA, role=Role.RAI, objections={
        "ETH-19": "Children carry these phones. Somebody can be followed home by it; it must be off until they choose it.",
    }, leaves=frozenset({"ETH-08", "ETH-02"})),
    Say(when=before(PIVOT, 4, "16:10"), by=GRACE, role=Role.EXEC, leaves=frozenset({"ETH-22"})),
)  # fmt: skip
AFTER_THE_PIVOT = _evidence(
    OPT_IN, _datasheet("areas-by-week-2", "consent, asked for on the first screen"), _assessment("one week")
)
SECOND = (
    Give(when=ago(3, "09:30"), evidence=early(AFTER_THE_PIVOT)),
    Submit(when=ago(3, "10:00"), by=BEN, parts=OPT_IN, answers=ANSWERS),
    Say(when=ago(3, "13:20"), by=LEA, role=Role.LEG),
    Say(when=ago(3, "14:00"), by=DEV, role=Role.ML),
    Say(when=ago(3, "15:45"), by=IVO, role=Role.SRE),
    Say(when=ago(2, "09:10"), by=IVO, role=Role.SEC),
    Say(when=ago(2, "09:50"), by=FARID, role=Role.ENG),
    Say(when=ago(2, "10:30"), by=CHLOE, role=Role.PM),
    Say(when=ago(2, "13:00"), by=JAMILA, role=Role.SUP),
    Say(when=ago(2, "15:30"), by=OLIVER, role=Role.UX, also=frozenset({"ETH-19"})),
    Give(when=ago(1, "09:00"), evidence=late(AFTER_THE_PIVOT)),
    Say(when=ago(1, "09:30"), by=HANA, role=Role.RAI, leaves=frozenset({"ETH-08", "ETH-19"})),
    Say(when=ago(1, "10:20"), by=MIGUEL, role=Role.PRIV, leaves=frozenset({"ETH-17"})),
    Say(when=ago(1, "11:40"), by=GRACE, role=Role.EXEC),
    # a new week brings new figures, and what rests on them is signed again
    Say(when=lately(9), by=DEV, role=Role.ML, leaves=frozenset({"ETH-08"})),
    Say(when=lately(8), by=IVO, role=Role.SRE),
    Say(when=lately(7), by=CHLOE, role=Role.PM),
)  # fmt: skip
CHECK_INS = (
    CheckIn(
        when=before(LAST, 3, "11:20"), by=CHLOE, learned="Most people who are asked on their first visit say no.",
        decision="We ask on the second visit, not on the first", about="adoption_rate",
    ),
    CheckIn(
        when=before(COMPLETE, 3, "10:40"), by=DEV, changed="Places are now areas by week, and the ranker was trained on them.",
        blocker="Nobody has said how small an area may be", unblocker=MIGUEL,
    ),
    CheckIn(
        when=before(COMPLETE, 3, "14:05"), by=CHLOE, changed="The switch is off until somebody turns it on.",
        learned="Fewer people use it, and those who do trust it more.",
    ),
    CheckIn(when=before(COMPLETE, 3, "17:25"), by=HANA, learned="The survey asks too few people under twenty."),
)  # fmt: skip
SCRIPT = Script(
    product="nearby-offers",
    title="Offers of shops around you",
    goes_out_in=4,
    steps=(*FIRST, *SECOND, *CHECK_INS),
)
