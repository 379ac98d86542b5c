"""The launch of job-matching: the gap in who is suggested is far smaller, and one question still holds it."""

from deploy.demo.evidence import documents, early, late, pinned_records, records, with_changes
from deploy.demo.scripts import Evidence, Give, Say, Script, Submit, ago, lately
from schema.products import Role
from schema.risks import RiskQuestion

BEN, CHLOE, DEV, ELENA, FARID = "U0BEN00001", "U0CHL00001", "U0DEV00001", "U0ELE00001", "U0FAR00001"
GRACE, HANA, IVO, JAMILA, LEA = "U0GRA00001", "U0HAN00001", "U0IVO00001", "U0JAM00001", "U0LEA00001"
MIGUEL, NORA, OLIVER = "U0MIG00001", "U0NOR00001", "U0OLI00001"
HANDS = {
    Role.PM: BEN, Role.ML: ELENA, Role.ENG: FARID, Role.SRE: IVO, Role.UX: OLIVER, Role.SEC: DEV, Role.PRIV: MIGUEL,
    Role.LEG: LEA, Role.RAI: HANA, Role.SUP: JAMILA, Role.FIN: NORA, Role.EXEC: GRACE,
}  # fmt: skip
ANSWERS = frozenset({
    RiskQuestion.ANNEX_III, RiskQuestion.ALLOCATION, RiskQuestion.PERSONAL_DATA, RiskQuestion.ABOUT_PEOPLE,
})  # fmt: skip
PARTS = {
    "code": "5d20cc19fe83", "model": "candidate-ranker", "model_version": "3.1.0", "prompt": "none",
    "configuration": "reasons-shown-1.4.0", "data": "applications-without-proxies-6",
}  # fmt: skip
VERSION = {"model_version": PARTS["model_version"]}
OWN = (
    Evidence(item="LR-01", name="names", by=BEN, value="Chloe Martin, and Hana Sato when she is away"),
    Evidence(item="LR-04", name="worst_slice", by=ELENA, value="1130 of 2320", days=3),
    Evidence(item="LR-09", name="cost", by=NORA, value="0.02", days=3),
    Evidence(item="LR-13", name="shift", by=ELENA, value="0.06", days=3),
    Evidence(item="LR-15", name="on_call", by=IVO, value="Ivo Novak, then Farid Haddad"),
    Evidence(item="LR-20", name="plan", by=BEN, states={
        "measure": "how far women and men are apart", "review_day": "thirty days after launch",
        "keep_or_stop_rule": "stop where the gap grows two weeks in a row",
        "what_we_will_not_do": "turn anybody down without a recruiter",
    }),
    Evidence(item="ETH-02", name="tier_record", by=LEA, days=8, states={
        "tier": "high", "high_risk_answer": "yes, it helps to choose who is hired", "reason": "Annex III, employment",
    }),
    Evidence(item="ETH-04", name="model_card", by=BEN, states={
        "intended_use": "to suggest candidates to recruiters", "not_for": "turning anybody down by itself",
    }),
    Evidence(item="ETH-06", name="datasheet", by=LEA, days=4, states={
        "data": PARTS["data"], "licence": "our own", "legal_basis": "steps before a contract", "owner": "Elena Petrova",
    }),
    Evidence(item="ETH-07", name="missing", by=ELENA, value="31 of 3050", days=3),
    Evidence(item="ETH-08", name="worst_group", by=ELENA, value="1130 of 2320", days=3),
    Evidence(item="ETH-09", name="ratio", by=ELENA, value="0.86", days=3),
    Evidence(item="ETH-09", name="mistakes", by=ELENA, value="0.07", days=3),
    Evidence(item="ETH-09", name="choice", by=HANA, days=6, states={
        "measure": "who is suggested, and who of the qualified is", "reason": "a chance that is not offered is not seen",
    }),
    Evidence(item="ETH-10", name="violations", by=HANA, value="0 of 1400", states=VERSION, days=5),
    Evidence(item="ETH-10", name="severe", by=HANA, value="0", days=5),
    Evidence(item="ETH-12", name="overseers", by=BEN, value="Chloe Martin, and Hana Sato when she is away"),
    Evidence(item="ETH-15", name="note", by=OLIVER, days=4, states={
        "how_good": "it suggests about half of those who are qualified",
        "known_limits": "it misses more qualified women than men",
    }),
    Evidence(item="ETH-16", name="route", by=JAMILA, days=15, states={
        "owner": "the recruiters", "time_limit": "three days",
    }),
    Evidence(item="ETH-17", name="assessment", by=MIGUEL, days=4, states={"retention": "six months"}),
    Evidence(item="ETH-17", name="leaks", by=MIGUEL, value="0 of 6000", states=VERSION, days=4),
)  # fmt: skip
EVIDENCE = with_changes((*records(HANDS), *pinned_records(HANDS, PARTS), *documents(HANDS, PARTS)), OWN)
STEPS = (
    Give(when=ago(3, "09:00"), evidence=early(EVIDENCE)),
    Submit(when=ago(3, "09:30"), by=CHLOE, parts=PARTS, answers=ANSWERS),
    Say(when=ago(3, "10:40"), by=LEA, role=Role.LEG),
    Say(when=ago(3, "11:10"), by=HANA, role=Role.RAI),
    Say(when=ago(3, "13:30"), by=ELENA, role=Role.ML),
    Say(when=ago(2, "10:00"), by=IVO, role=Role.SRE),
    Say(when=ago(2, "10:30"), by=DEV, role=Role.SEC),
    Say(when=ago(2, "11:00"), by=FARID, role=Role.ENG),
    Say(when=ago(2, "14:00"), by=BEN, role=Role.PM),
    Say(when=ago(2, "14:40"), by=JAMILA, role=Role.SUP),
    Say(when=ago(2, "15:00"), by=OLIVER, role=Role.UX),
    Give(when=ago(1, "08:40"), evidence=late(EVIDENCE)),
    Say(when=ago(1, "09:00"), by=MIGUEL, role=Role.PRIV),
    Say(when=ago(1, "12:00"), by=GRACE, role=Role.EXEC),
    # a new week brings new figures, and what rests on them is signed again
    Say(when=lately(6), by=ELENA, role=Role.ML),
    Say(when=lately(5), by=HANA, role=Role.RAI),
    Say(when=lately(4), by=LEA, role=Role.LEG),
    Say(when=lately(3), by=IVO, role=Role.SRE),
    Say(when=lately(2), by=BEN, role=Role.PM),
)  # fmt: skip
SCRIPT = Script(
    product="job-matching", title="Suggestions with reasons, retrained", goes_out_in=6, steps=STEPS
)
