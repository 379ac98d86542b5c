"""The records and documents that every launch of the story rests on; a launch adds its own and changes some."""

from collections.abc import Iterable, Mapping

from deploy.demo.scripts import Evidence
from schema.products import Role

Hands = Mapping[Role, str]  # who gives what a role answers for
LAST_CHECKS = frozenset({"LR-02", "LR-11", "LR-19"})  # looked at again just before somebody launches

# item, requirement, who gives it, what they say, and how many days before it was measured
RECORDS = (
    ("LR-05", "difference", Role.ML, "0.004", 2),
    ("LR-06", "guards", Role.PM, "yes", 3),
    ("LR-06", "benefit", Role.PM, "0.021", 3),
    ("LR-07", "speed", Role.SRE, "0.41", 1),
    ("LR-07", "errors", Role.SRE, "12 of 48200", 1),
    ("LR-08", "peak", Role.SRE, "3.1", 4),
    ("LR-09", "cap", Role.FIN, "yes", 2),
    ("LR-11", "first_stage", Role.ENG, "3 %", 0),
    ("LR-11", "stop_rules", Role.ENG, "4", 0),
    ("LR-12", "data_age", Role.SRE, "2", 1),
    ("LR-12", "test_alert", Role.SRE, "yes", 2),
    ("LR-13", "form", Role.ML, "yes", 1),
    ("LR-14", "fault_test", Role.ENG, "yes", 5),
    ("LR-16", "open_findings", Role.SEC, "0", 1),
    ("LR-18", "numbers", Role.SUP, "yes", 1),
    ("LR-19", "calendar", Role.PM, "yes", 0),
    ("ETH-05", "gain", Role.ML, "0.03", 3),
    ("ETH-12", "stop_drill", Role.SRE, "yes", 4),
    ("ETH-15", "numbers", Role.UX, "yes", 1),
    ("ETH-16", "test_ticket", Role.SUP, "yes", 3),
    ("ETH-16", "answer_time", Role.SUP, "31", 3),
    ("ETH-17", "deletion", Role.PRIV, "yes", 2),
    ("ETH-18", "open_critical", Role.SEC, "0", 1),
    ("ETH-19", "barriers", Role.UX, "0", 2),
    ("ETH-20", "coverage", Role.ENG, "48200 of 48200", 1),
    ("ETH-20", "retention", Role.ENG, "365", 1),
    ("ETH-20", "chain", Role.ENG, "yes", 1),
)  # fmt: skip


def records(hands: Hands) -> tuple[Evidence, ...]:
    """Give the records that name no part of the manifest."""
    return tuple(
        Evidence(item=item, name=name, by=hands[role], value=value, days=days)
        for item, name, role, value, days in RECORDS
    )


def pinned_records(hands: Hands, parts: Mapping[str, str]) -> tuple[Evidence, ...]:
    """Give the records that are only good for what goes out."""
    standing = {"deployed_code": "code", "deployed_model": "model_version", "deployed_prompt": "prompt",
                "deployed_configuration": "configuration"}  # fmt: skip
    deployed = [
        Evidence(item="LR-02", name=name, by=hands[Role.ENG], value=parts[part], days=0)
        for name, part in standing.items()
    ]
    drill = Evidence(
        item="LR-10",
        name="switch_off",
        by=hands[Role.SRE],
        value="2.5",
        states={"model": parts["model"]},
        days=4,
    )
    attacks = Evidence(
        item="ETH-18", name="attacks", by=hands[Role.SEC], value="3 of 240", states=_version(parts), days=3
    )
    return (*deployed, drill, attacks)


def documents(hands: Hands, parts: Mapping[str, str]) -> tuple[Evidence, ...]:
    """Give the pages that are much the same for every launch."""
    rai, legal = hands[Role.RAI], hands[Role.LEG]
    return (
        Evidence(item="LR-15", name="runbook", by=hands[Role.SRE], days=20,
                 states={"reporting_path": "on call, then counsel, then the authority"}),
        Evidence(item="LR-18", name="model_card", by=hands[Role.ML], days=6),
        Evidence(item="ETH-02", name="tier_record", by=legal, days=8,
                 states={"tier": "high", "high_risk_answer": "see the page", "reason": "people at risk may be affected"}),
        Evidence(item="ETH-03", name="impact", by=rai, days=5, states=_version(parts)),
        Evidence(item="ETH-18", name="threats", by=hands[Role.SEC], days=12),
        Evidence(item="ETH-19", name="at_risk", by=rai, days=5),
        Evidence(item="ETH-22", name="residual_risk", by=hands[Role.EXEC], days=2,
                 states={"until": "the yearly review", "open_waivers": "none"}),
    )  # fmt: skip


def with_changes(usual: Iterable[Evidence], changes: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Put a launch's own evidence in the place of the usual one."""
    found = {(each.item, each.name): each for each in usual}
    return tuple({**found, **{(each.item, each.name): each for each in changes}}.values())


def early(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Leave out what is looked at again just before somebody launches."""
    return tuple(each for each in evidence if each.item not in LAST_CHECKS)


def late(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Give what is looked at again just before somebody launches."""
    return tuple(each for each in evidence if each.item in LAST_CHECKS)


def _version(parts: Mapping[str, str]) -> dict[str, str]:
    return {"model_version": parts["model_version"]}
