"""Check-ins in Slack: the question, the form, what was received, and people's own words as quotes that do nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from handlers.listeners.ids import Action, Callback, Field
from handlers.views import budget, inputs
from handlers.views.blocks import (
    TITLE_MOST,
    Block,
    Payload,
    actions,
    button,
    context,
    divider,
    fallback,
    header,
    plain_text,
    section,
    sections,
)
from handlers.views.receipts import slack_time
from handlers.views.text import PLAIN, bold, clip, escape, mention, units
from schema.asks import SAID_SO, STATUS
from schema.checkins import Answers, Blocker, CheckIn, Decision, Turn

TITLE: Final = "Check-in"
QUOTED_MOST: Final = 400  # of one answer in a message; the whole is one button away
TOLD_MOST: Final = 200  # of one answer in what its author gets back
MODAL_MOST: Final = 100  # blocks
BLOCKERS_MOST: Final = 10  # older ones that a form asks about, and those of one week
DECISIONS_MOST: Final = 10  # of one week
OFFERED: Final = (90, 30, 10, 3)  # of what is held up or decided; fewer where the form would be too large
METRIC, LAUNCH = "metric", "launch"
OPEN, SOLVED = "open", "solved"
NEW: Final = "new"  # the part of a block's name that stands for a blocker or decision that is new
MORE: Final = "There is more than Slack can show here; all of it is kept."
KEPT: Final = "Your answer of {count:,} characters is kept; what you type here replaces it."


# --- direct messages ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Somebody's turn, as they see it."""

    title: str  # of the product
    turn: Turn
    prepared: bool  # the standup was composed already
    over: bool = False  # the deadline has passed


def asking(asked: Asked) -> Payload:
    """Ask, or say what was received: one line, and what can be done."""
    turn = asked.turn
    if turn.checkin is not None:
        return _message(_received(asked, turn.checkin), _changing(turn))
    if turn.skipped_at is not None:
        return _message(f"{_named(asked)}: you skip this one.", [_answer(turn, "Answer after all")])
    if turn.away in {SAID_SO, STATUS}:  # who is away later is asked while they are there
        words = f"{_named(asked)}: you are away, so nobody waits for you."
        return _message(words, [_answer(turn, "Answer after all")])
    if turn.left:
        return _message(
            f"{_named(asked)}: nobody waits for your check-in any more.", [_answer(turn, "Answer after all")]
        )
    if asked.over:
        words = (
            f"{_named(asked)}: the standup was moved, so the time for your check-in ended"
            f" {slack_time(turn.deadline)}. It is still taken, and marked as late."
        )
        return _message(words, [_answer(turn, "Answer", primary=True)])
    words = f"{_named(asked)}: your check-in for the standup, please, by {slack_time(turn.deadline)}."
    about = _about(turn)
    return _message(
        words,
        [
            button("Answer", action_id=Action.CHECKIN, value=about, primary=True),
            button("Skip this week", action_id=Action.CHECKIN_SKIP, value=about),
            button("I am away", action_id=Action.CHECKIN_AWAY, value=about),
        ],
    )


def reminder(asked: Asked) -> Payload:
    """Remind once; when the answers are in, say so in its place."""
    turn = asked.turn
    if turn.expects:
        ends = "ended" if asked.over else "ends"
        words = (
            f"{_named(asked)}: your check-in is still missing; the time {ends} {slack_time(turn.deadline)}."
        )
        return _message(words, [_answer(turn, "Answer", primary=True)])
    done = "your answers are in." if turn.checkin is not None else "nobody waits for you."
    return _message(f"{_named(asked)}: {done}", [])


def _received(asked: Asked, checkin: CheckIn) -> str:
    at = slack_time(checkin.edited_at or checkin.given_at)
    if asked.prepared and checkin.late:
        until = "The standup was ready before that, so it goes into its thread."
    elif checkin.late:
        until = "The time had ended, so the standup marks it as late."
    else:
        until = f"You can change it until {slack_time(asked.turn.deadline)}."
    told = "\n".join(_told(checkin.answers))
    return f"{_named(asked)}: your check-in came {at}. {until}\n{told}"


def _told(answers: Answers) -> Iterable[str]:
    """Say in short what was received."""
    if answers.changed:
        yield f"> Changed: {_short(answers.changed)}"
    if answers.learned:
        yield f"> Learned: {_short(answers.learned)}"
    for blocker in answers.blockers:
        yield f"> Blocked: {_short(blocker.text)}"
    for decision in answers.decisions:
        yield f"> Decision: {_short(decision.text)}"


def _short(words: str) -> str:
    return escape(clip(" ".join(words.split()), TOLD_MOST)).translate(PLAIN)


def _changing(turn: Turn) -> list[Block]:
    found = [_answer(turn, "Change it")]
    return [*found, whole_button(turn.checkin)] if turn.checkin is not None and cut(turn.checkin) else found


def _answer(turn: Turn, words: str, *, primary: bool = False) -> Block:
    return button(words, action_id=Action.CHECKIN, value=_about(turn), primary=primary)


def _named(asked: Asked) -> str:
    return bold(escape(asked.title))


def _about(turn: Turn) -> dict[str, str]:
    return {"product": turn.product, "period": turn.period}


def _message(words: str, buttons: Sequence[Block]) -> Payload:
    blocks = sections(words)
    return {"blocks": [*blocks, actions(buttons)] if buttons else blocks, "text": fallback(words)}


def kept_inside(title: str) -> str:
    """Say why late answers are not posted."""
    return (
        f"The channel of {escape(title)} is shared with another company, and check-ins stay inside: your late answers"
        " are kept, and not posted there."
    )


def kept_private(title: str) -> str:
    """Say why late answers are not posted in a channel that anybody may join."""
    return (
        f"{escape(title)} is for the people in its roles only, and everybody can read its channel: your late answers"
        " are kept, and not posted there."
    )


# --- the form ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """What a form begins with."""

    title: str  # of the product
    turn: Turn
    late: bool  # the deadline has passed
    prepared: bool
    older: Sequence[Blocker] = ()  # open, of weeks before
    metrics: Sequence[tuple[str, str]] = ()  # key and name
    launches: Sequence[tuple[str, str]] = ()  # id and title
    fresh: Answers = field(default_factory=Answers)  # what was said for this standup; no older blockers
    offered: int = OFFERED[0]


def form(filling: Filling) -> Block:
    """Ask what a dashboard cannot say; everything is optional, one thing is enough."""
    made = (_form(replace(filling, offered=most)) for most in OFFERED)
    return next((each for each in made if budget.view_fits(each)), _form(replace(filling, offered=0)))


def _form(filling: Filling) -> Block:
    turn, said = filling.turn, filling.fresh
    blocks = [
        section(_intro(filling)),
        *_typed("What changed in model, data or prompts?", said.changed, block_id=Field.CHANGED),
        *_typed("What did the numbers teach you?", said.learned, block_id=Field.LEARNED),
    ]
    blocks.extend(_still(each, turn) for each in filling.older[:BLOCKERS_MOST])
    for blocker in said.blockers:
        blocks.extend(_blocker(filling, blocker))
    if len(said.blockers) < BLOCKERS_MOST:
        blocks.extend(_blocker(filling, None))
    for number, decision in enumerate(said.decisions):
        blocks.extend(_decision(filling, decision, name=str(number)))
    if len(said.decisions) < DECISIONS_MOST:
        blocks.extend(_decision(filling, None, name=NEW))
    return inputs.form(TITLE, blocks, callback=Callback.CHECKIN, about=_about(turn), submit="Send")


def _intro(filling: Filling) -> str:
    title = bold(escape(filling.title))
    if filling.prepared:
        return f"{title}\nThe standup is written already; your answers go into its thread."
    if filling.late:
        return f"{title}\nThe time has ended: the standup will mark your answers as late."
    return f"{title}\nOpen until {slack_time(filling.turn.deadline)}. Leave empty what you have nothing to say to."


def _typed(label: str, said: str, *, block_id: str) -> list[Block]:
    """Take words of any length; what is too long to stand in a field is kept unless it is replaced."""
    element: Block = {"type": "plain_text_input", "multiline": True}
    hint = ""
    if said and units(said) <= inputs.TYPED_MOST:
        element["initial_value"] = said
    elif said:
        hint = KEPT.format(count=len(said))
    return [inputs.asked(label, element, block_id=block_id, hint=hint, optional=True)]


def _still(blocker: Blocker, turn: Turn) -> Block:
    choices = [inputs.choice("Still open", OPEN), inputs.choice("Solved", SOLVED)]
    whose = "From an earlier week" if blocker.by == turn.person else "Of somebody who is not asked any more"
    label = f"{whose}: {clip(' '.join(blocker.text.split()), 300)}"
    chosen = OPEN if blocker.resolved_at is None else SOLVED
    return inputs.asked(label, inputs.radio(choices, chosen=chosen), block_id=f"{Field.STILL}.{blocker.id}")


def _blocker(filling: Filling, blocker: Blocker | None) -> list[Block]:
    name = blocker.id if blocker else NEW
    label = "What blocks you?" if not filling.fresh.blockers or blocker else "Does anything else block you?"
    helps = inputs.asked(
        "Who can unblock it?", inputs.person(blocker.unblocker or "" if blocker else ""),
        block_id=f"{Field.UNBLOCKER}.{name}", optional=True,
    )  # fmt: skip
    blocks = [
        *_typed(label, blocker.text if blocker else "", block_id=f"{Field.BLOCKER}.{name}"),
        helps,
    ]
    offered = [
        *(inputs.choice(clip(f"Launch: {title}", 75), f"{LAUNCH}:{id_}") for id_, title in filling.launches),
        *(inputs.choice(clip(f"Figure: {name}", 75), f"{METRIC}:{key}") for key, name in filling.metrics),
    ]
    menu = _menu(filling, offered, chosen=_held_up(blocker))
    if menu is not None:
        blocks.append(
            inputs.asked("What does it hold up?", menu, block_id=f"{Field.HOLDS_UP}.{name}", optional=True)
        )
    return blocks


def _menu(filling: Filling, choices: Sequence[Block], *, chosen: str) -> Block | None:
    """Offer what there is room for, and always what was chosen before; None where that is nothing."""
    fitting = [each for n, each in enumerate(choices) if n < filling.offered or each["value"] == chosen]
    return inputs.menu(fitting, chosen=chosen) if fitting else None


def _held_up(blocker: Blocker | None) -> str:
    if blocker is None:
        return ""
    return f"{LAUNCH}:{blocker.launch}" if blocker.launch else f"{METRIC}:{blocker.metric}"


def _decision(filling: Filling, decision: Decision | None, *, name: str) -> list[Block]:
    first = decision is not None or not filling.fresh.decisions
    label = "What do you decide, or need decided?" if first else "Is there another decision?"
    blocks = _typed(label, decision.text if decision else "", block_id=f"{Field.DECISION}.{name}")
    if filling.metrics:
        offered = [inputs.choice(metric, key) for key, metric in filling.metrics]
        menu = _menu(filling, offered, chosen=(decision.metric or "") if decision else "")
        block_id = f"{Field.DECISION_METRIC}.{name}"
        if menu is not None:
            blocks.append(inputs.asked("On which number?", menu, block_id=block_id, optional=True))
    return blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradicted:
    """One claim, and what is stored of the metric that it speaks of."""

    claim: str
    metric: str  # its name
    rose: bool
    before: str
    now: str
    window: str
    verdict: str


def warning(found: Sequence[Contradicted], turn: Turn) -> Block:
    """Show its author what the numbers say, before anything is saved; closing it leads back to the form."""
    words = [
        f"{bold(escape(each.metric))} {'rose' if each.rose else 'fell'} from {escape(each.before)} to"
        f" {escape(each.now)} in {escape(each.window)} ({each.verdict}).\nYou wrote:"
        f" “{escape(clip(each.claim, 200))}”"
        for each in found
    ]
    blocks = [
        *(block for each in words for block in sections(each)),
        context("Only you see this, and nothing is saved yet. A change of the last days may not be in it."),
    ]
    made = inputs.form(
        "The numbers differ",
        blocks,
        callback=Callback.CHECKIN_ANYWAY,
        about=_about(turn),
        submit="Save anyway",
    )
    return made | {"close": plain_text("Change it", TITLE_MOST)}


# --- the Home tab ---


def home_blocks(waiting: Sequence[Asked]) -> list[Block]:
    """List the check-ins that somebody is asked for and has not given."""
    blocks: list[Block] = []
    for each in waiting:
        words = f"{_named(each)}: by {slack_time(each.turn.deadline)}"
        blocks += [*sections(words), actions([_answer(each.turn, "Answer", primary=True)]), divider()]
    return [header("Your check-ins"), *blocks] if blocks else []


# --- people's own words ---


def said(checkin: CheckIn, *, most: int = QUOTED_MOST) -> list[Block]:
    """Quote a check-in: who, whether late, and their words, which ping nobody; cut ones have a button to the whole."""
    lines = [f"{mention(checkin.person)}{_late(checkin)}", *_quotes(checkin.answers, most)]
    blocks = sections("\n".join(lines))
    return [*blocks, actions([whole_button(checkin)])] if cut(checkin, most=most) else blocks


def _late(checkin: CheckIn) -> str:
    return " (late)" if checkin.late else ""


def in_thread(checkin: CheckIn) -> Payload:
    """Show answers that came after the digest was prepared."""
    blocks = [*said(checkin), context("This came after the standup was ready.")]
    return {"blocks": blocks, "text": fallback(f"A late check-in of {mention(checkin.person)}.")}


def whole(checkin: CheckIn) -> Block:
    """Show all that somebody wrote, however long."""
    parts = [f"{mention(checkin.person)}{_late(checkin)}", *_quotes(checkin.answers, None)]
    blocks = [block for part in parts for block in sections(part)]
    shown: Block = {
        "type": "modal",
        "title": plain_text(TITLE, TITLE_MOST),
        "close": plain_text("Close", TITLE_MOST),
    }
    fitting = blocks
    while len(fitting) > MODAL_MOST or not budget.view_fits(shown | {"blocks": fitting}):
        blocks = blocks[: min(len(blocks), MODAL_MOST) - 1]
        fitting = [*blocks, context(MORE)]
    return shown | {"blocks": fitting}


def cut(checkin: CheckIn, *, most: int = QUOTED_MOST) -> bool:
    """Tell whether a quote leaves something out."""
    return any(units(" ".join(each.split())) > most for each in texts_of(checkin.answers))


def whole_button(checkin: CheckIn) -> Block:
    about = {"product": checkin.product, "period": checkin.period, "person": checkin.person}
    return button("Read it all", action_id=Action.CHECKIN_WHOLE, value=about)


def texts_of(answers: Answers) -> list[str]:
    """List everything that was typed."""
    typed = [answers.changed, answers.learned, *(each.text for each in answers.blockers)]
    return [each for each in (*typed, *(each.text for each in answers.decisions)) if each]


def _quotes(answers: Answers, most: int | None) -> Iterable[str]:
    if answers.changed:
        yield f"> {bold('Changed')}  {_quoted(answers.changed, most)}"
    if answers.learned:
        yield f"> {bold('Learned')}  {_quoted(answers.learned, most)}"
    for blocker in answers.blockers:
        helps = f" ({mention(blocker.unblocker)} can help)" if blocker.unblocker else ""
        yield f"> {bold('Blocked')}  {_quoted(blocker.text, most)}{helps}"
    for decision in answers.decisions:
        yield f"> {bold('Decision')}  {_quoted(decision.text, most)}"


def _quoted(words: str, most: int | None) -> str:
    """Write plain words so that nothing in them pings, links or formats what follows; where they are cut, on one line."""
    if most is not None:
        return escape(clip(" ".join(words.split()), most)).translate(PLAIN)
    return "\n> ".join(escape(line).translate(PLAIN) for line in words.splitlines())
