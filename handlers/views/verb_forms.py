"""A modal for each thing that can be done to a launch, with exactly the fields that it needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from handlers.listeners.ids import Callback, Field
from handlers.views import inputs
from handlers.views.blocks import Block, packed, section
from handlers.views.launch_verbs import Verb
from handlers.views.text import bold, clip, escape
from schema.launches import Launch
from schema.products import Role
from schema.risks import Tier
from schema.role_words import ROLE_WORDS

REASON_HINT: Final = "It stands in the thread and in the record, under your name."


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What the fields of a form offer to one person at one moment."""

    title: str
    today: date
    items: Sequence[tuple[str, str]] = ()  # that may be waived: id and digest
    objections: Sequence[tuple[int, str]] = ()  # seq, and who objects to what
    metrics: Sequence[tuple[str, str]] = ()  # of the product: key and name
    roles: Sequence[Role] = ()  # that the person holds
    tiers: Sequence[Tier] = ()
    hours: int = 24
    delegations: Sequence[tuple[int, str]] = ()  # of the person: number, and to whom
    manifest: str = ""  # digest
    others: Sequence[Verb] = ()
    questions: Mapping[str, str] = field(default_factory=dict)  # by item


def verb_form(verb: Verb, launch: Launch, offered: Offered) -> Block:
    """Ask what is needed to do something to a launch."""
    if verb is Verb.OTHER:
        return _others(launch, offered)
    title, submit, told = TOLD[verb]
    words = f"{bold(escape(offered.title))} ({escape(launch.id)})\n{escape(told)}"
    about = {"launch": launch.id, "verb": verb.value} | (
        {"manifest": offered.manifest} if offered.manifest else {}
    )
    blocks = [section(words), *ASKS[verb](offered)]
    return inputs.form(title, blocks, callback=Callback.DONE, about=about, submit=submit)


def nothing_to_choose(verb: Verb, offered: Offered) -> str:
    """Say why a form would have nothing to choose from; "" where it has."""
    if verb is Verb.WAIVE and not offered.items:
        return (
            "No open item of this launch may be waived; those that wait need their evidence and signatures."
        )
    if verb is Verb.OVERRIDE and not offered.objections:
        return "No objection stands in the way of this launch; there is nothing to override."
    if verb is Verb.DELEGATE and not offered.roles:
        return "You hold no role in this product, so there is nothing to hand over; ask its owner for one."
    if verb is Verb.UNDELEGATE and not offered.delegations:
        return "Nobody signs for you now; there is nothing to take back."
    if verb is Verb.TIER and not offered.tiers:
        return "The tier cannot be changed any more; open a new launch."
    return ""


def _others(launch: Launch, offered: Offered) -> Block:
    choices = [inputs.choice(each.words, each.value) for each in offered.others]
    asked = inputs.asked("What do you want to do?", inputs.radio(choices), block_id=Field.VERB)
    return inputs.form(
        "Something else", [asked], callback=Callback.VERB, about={"launch": launch.id}, submit="Go on"
    )


TOLD: Final[Mapping[Verb, tuple[str, str, str]]] = {  # title, what is pressed, what happens
    Verb.WITHDRAW: ("Withdraw the launch", "Withdraw it", "It ends here and cannot be taken up again; everybody who signed sees it in the thread."),
    Verb.REJECT: ("Reject the launch", "Reject it", "It ends here for good. To hold it back until something is better, object to an item instead."),
    Verb.REVOKE: ("Revoke the approval", "Revoke it", "Nothing may go out with it from now on. If it is out already, switch it off as well: this does not do that."),
    Verb.WAIVE: ("Waive an item", "Waive it", "The item is let go until a day. It stays visible, somebody answers for it, and a metric is watched meanwhile."),
    Verb.OVERRIDE: ("Override an objection", "Override it", "The launch may go on. The objection stays on the card and in the record."),
    Verb.DELEGATE: ("Let a colleague sign", "Hand it over", "They sign in your place for some days. Both names stand in the record."),
    Verb.UNDELEGATE: (
        "Sign for myself again",
        "Take it back",
        "From now on nobody signs in your place. What they signed holds.",
    ),
    Verb.TIER: ("Change the risk tier", "Change it", "A higher tier asks more. It never goes below what the answers make it."),
    Verb.LAUNCHED: ("It went out", "Record it", "This is recorded once, with exactly the manifest that was approved."),
    Verb.BREAK_GLASS: ("Pass in an emergency", "Let it pass", "It may go out without approval for some hours. Everybody sees that, and two other people review it afterwards."),
    Verb.REVIEW_BYPASS: ("Review the emergency", "Send my review", "Say what the emergency showed, and what follows from it. It closes after two people's reviews."),
    Verb.REBASE: ("Use today's rules", "Move it", "The questions and rules of today replace those that it was submitted under, and its checks run again."),
}  # fmt: skip


def _reason(label: str = "Why?", *, optional: bool = False) -> Block:
    return inputs.asked(label, inputs.reason(), block_id=Field.REASON, hint=REASON_HINT, optional=optional)


def _why(_: Offered) -> list[Block]:
    return [_reason()]


def _perhaps_why(_: Offered) -> list[Block]:
    return [_reason(optional=True)]


def _nothing(_: Offered) -> list[Block]:
    return []


def _waive(offered: Offered) -> list[Block]:
    items = [
        inputs.choice(
            f"{item} {clip(offered.questions.get(item, ''), 50)}", packed({"item": item, "digest": digest})
        )
        for item, digest in offered.items
    ]
    return [
        inputs.asked("Which item?", inputs.menu(items), block_id=Field.ITEM),
        _reason(),
        inputs.asked("Until which day?", inputs.day(), block_id=Field.ENDS_ON),
        inputs.asked("Who answers for it until then?", inputs.person(), block_id=Field.OWNER),
        _metric(offered),
    ]


def _metric(offered: Offered) -> Block:
    label, hint = "What is watched meanwhile?", "The metric that would show first that waiving it was wrong."
    if not offered.metrics:
        return inputs.asked(label, inputs.line(), block_id=Field.METRIC, hint=hint)
    choices = [inputs.choice(name, key) for key, name in offered.metrics]
    return inputs.asked(label, inputs.menu(choices), block_id=Field.METRIC, hint=hint)


def _override(offered: Offered) -> list[Block]:
    choices = [inputs.choice(words, str(seq)) for seq, words in offered.objections]
    return [inputs.asked("Which objection?", inputs.menu(choices), block_id=Field.OBJECTION), _reason()]


def _delegate(offered: Offered) -> list[Block]:
    roles = [inputs.choice(ROLE_WORDS[role].capitalize(), role.value) for role in offered.roles]
    ticked = [role.value for role in offered.roles] if len(offered.roles) == 1 else []
    return [
        inputs.asked("Who signs for you?", inputs.person(), block_id=Field.COLLEAGUE),
        inputs.asked("As what?", inputs.boxes(roles, ticked=ticked), block_id=Field.ROLES),
        inputs.asked("From", inputs.day(offered.today), block_id=Field.STARTS_ON),
        inputs.asked("Until the end of", inputs.day(), block_id=Field.ENDS_ON),
    ]


def _undelegate(offered: Offered) -> list[Block]:
    choices = [inputs.choice(words, str(number)) for number, words in offered.delegations]
    return [inputs.asked("Who signs for you no longer?", inputs.menu(choices), block_id=Field.COLLEAGUE)]


def _tier(offered: Offered) -> list[Block]:
    choices = [inputs.choice(tier.value.capitalize(), tier.value) for tier in offered.tiers]
    asked = inputs.asked("Which tier?", inputs.radio(choices), block_id=Field.TIER)
    return [asked, _reason("Why? Needed to lower it.", optional=True)]


def _break_glass(offered: Offered) -> list[Block]:
    return [
        inputs.asked("Incident", inputs.line(most=64, placeholder="INC-2041"), block_id=Field.INCIDENT, hint="Its id where your incidents are kept."),
        _reason(),
        inputs.asked("For how many hours?", inputs.number(least=1, most=offered.hours), block_id=Field.HOURS),
    ]  # fmt: skip


ASKS: Final[Mapping[Verb, Callable[[Offered], list[Block]]]] = {
    Verb.WITHDRAW: _perhaps_why,
    Verb.REJECT: _why,
    Verb.REVOKE: _why,
    Verb.WAIVE: _waive,
    Verb.OVERRIDE: _override,
    Verb.DELEGATE: _delegate,
    Verb.UNDELEGATE: _undelegate,
    Verb.TIER: _tier,
    Verb.LAUNCHED: _nothing,
    Verb.BREAK_GLASS: _break_glass,
    Verb.REVIEW_BYPASS: _why,
    Verb.REBASE: _nothing,
}
