"""The gate's answer for machines: one JSON for command line, API and webhooks, and the same in lines."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

from handlers.views.text import harmless
from schema.gates import Gate, Reason, few
from schema.launches import Launch, State
from schema.ledger import moment
from schema.role_words import all_of
from schema.shortest import Missing
from schema.votes import Vote

Body: TypeAlias = dict[str, Any]

YES, NO, UNKNOWN = "yes", "no", "unknown"
MAY_PASS, MAY_NOT_PASS, CANNOT_TELL = 0, 1, 2  # exit codes


def body(launch: Launch, gate: Gate, missing: Missing | None, *, at: datetime, asked: str | None) -> Body:
    """Write an answer as JSON has it.

    asked   digest of the manifest that somebody wants to send out
    """
    return {
        "launch": launch.id,
        "product": launch.product,
        "answer": {True: YES, False: NO, None: UNKNOWN}[gate.open],
        "state": gate.state.value,
        "revision": launch.revisions[-1].n if launch.revisions else 0,
        "seq": gate.seq,
        "at": moment(at),
        "manifest": gate.manifest,
        "asked": asked,
        "reasons": [_reason(each) for each in gate.reasons],
        "waits_for": {role.value: list(items) for role, items in gate.waits_for.items()},
        "settled": gate.settled,
        "items": {name: state.value for name, state in gate.items.items()},
        "missing": None if missing is None or gate.state is not State.OPEN else _missing(missing),
        "bypass_until": moment(gate.bypass_until) if gate.bypass_until else None,
        "dissent": [_dissent(launch, vote) for vote in gate.dissent],
        "unseparated": list(gate.unseparated),
        "self_approved": list(gate.self_approved),
        "used": _used(launch),
    }


def _reason(reason: Reason) -> Body:
    return {
        "code": reason.code.value,
        "text": reason.words,
        "item": reason.item,
        "roles": [role.value for role in reason.roles],
    }


def _missing(missing: Missing) -> Body:
    return {
        "signatures": [{"role": each.role.value, "items": list(each.items)} for each in missing.signatures],
        "evidence": [
            {"item": each.item, "requirement": each.requirement, "text": each.why}
            for each in missing.evidence
        ],
        "objections": [{"item": each.item, "seq": each.seq} for each in missing.objections],
        "unknown": list(missing.unknown),
        "waivable": list(missing.waivable),
    }


def _dissent(launch: Launch, vote: Vote) -> Body:
    overridden = vote.seq in launch.revision.overrides
    made = {"launch": vote.launch or launch.id, "item": vote.item, "seq": vote.seq, "at": moment(vote.at)}
    return {**made, "overridden": overridden}


def _used(launch: Launch) -> Body | None:
    used = launch.revisions[-1].used if launch.revisions else None
    if used is None:
        return None
    return {
        "seq": used.seq,
        "at": moment(used.at),
        "by": used.by,
        "manifest": used.manifest,
        "bypass": used.bypass,
    }


def exit_code(answered: Mapping[str, Any], *, accept_bypass: bool = False) -> int:
    """Tell a program whether it may go on; an emergency lets it pass only where the program accepts that."""
    if answered["answer"] == YES or (accept_bypass and answered["bypass_until"]):
        return MAY_PASS
    return CANNOT_TELL if answered["answer"] == UNKNOWN else MAY_NOT_PASS


def lines(answered: Mapping[str, Any]) -> list[str]:
    """Write an answer for people: what it is, one line a reason, and the least that is missing."""
    said = [_headline(answered)]
    said += [f"- {reason['text']}" for reason in answered["reasons"]]
    if answered["bypass_until"]:
        said.append(
            f"- In this emergency it may pass until {_when(answered['bypass_until'])} with --accept-bypass; nobody approved it."
        )
    said += [_objection(each) for each in answered["dissent"] if each["overridden"]]
    if answered["unseparated"]:
        said.append(f"- Signed by one person alone: {few(answered['unseparated'])}; the team is too small.")
    if answered["self_approved"]:
        said.append(
            f"- Signed by who asked for the launch: {few(answered['self_approved'])}; the rules allow it."
        )
    said += _least(answered["missing"])
    return [harmless(line) for line in said]


def _headline(answered: Mapping[str, Any]) -> str:
    launch, state = answered["launch"], answered["state"]
    settled = f"{answered['settled']} of {len(answered['items'])} items settled"
    match answered["answer"]:
        case "yes":
            return f"{launch} may go out: approved, {settled}."
        case "unknown":
            return f"It cannot be told whether {launch} may go out: {state}, {settled}."
        case _:
            return f"{launch} may not go out: {state}, {settled}."


def _objection(dissent: Mapping[str, Any]) -> str:
    return f"- Somebody objected to {dissent['item']}, and was overridden (event {dissent['seq']})."


def _least(missing: Mapping[str, Any] | None) -> list[str]:
    if missing is None:
        return []
    said = [
        f"- one person of {all_of([each['role']])}, for {few(each['items'])}"
        for each in missing["signatures"]
    ]
    said += [f"- evidence for {each['item']} ({each['requirement']})" for each in missing["evidence"]]
    if missing["waivable"]:
        said.append(f"- or a waiver of {few(missing['waivable'])}")
    return ["The least that is missing:", *said] if said else []


def _when(written: str) -> str:
    at = datetime.fromisoformat(written)
    return f"{at:%H:%M} UTC on {at:%-d %B %Y}"
