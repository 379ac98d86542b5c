"""What if the limit moved, in words: what another operating point would have brought, and where the answer turns."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.facts import Fact, Kind
from schema.findings import Flags, OtherLimit
from schema.metrics import Audience, Unit
from schema.pages import Page, subject
from schema.products import Limit
from schema.remarks import SILENT, Remark, base_figure, counted, per, percent, place, remark
from schema.statements import levels
from schema.statements.levels import Subject
from schema.texts import Filling, Text

Said = tuple[Text, Sequence[Fact]]


def limits_told(page: Page, key: str, audience: Audience, *, named: bool = False) -> Remark:
    """Say what other limits would have brought: to plain readers the one that would clearly have brought more.

    named   another metric stands in the same paragraph, so say which one is meant
    """
    findings = page.judged[key].findings
    about = subject(page, key)
    if audience is Audience.SUPPORT:
        return SILENT  # where the limit lies is nothing to tell customers
    if audience in levels.PLAIN_READERS:
        better = findings.better_limit
        return (
            SILENT if better is None else _remark([_plain(about, better, named=named), *_turn(about, better)])
        )
    return _remark([_in_full(about, each) for each in findings.limits])


def limit_alone(page: Page, key: str) -> Remark:
    """Say in a sentence that another limit would have brought more, without the metric's own statement."""
    better = page.judged[key].findings.better_limit
    if better is None:
        return SILENT
    about = subject(page, key)
    marks = levels.marks(about)
    text, figures = _short(about, better)
    return remark(texts.join((" and ".join(marks).capitalize(), ": ", text), "") if marks else text, figures)


def _remark(said: Sequence[Said]) -> Remark:
    return remark(texts.join([text for text, _ in said]), [figure for _, used in said for figure in used])


def _short(about: Subject, found: OtherLimit) -> Said:
    more = _money(about, "more", found.difference, short=True)
    fillings: dict[str, Filling] = {"which": found.which.value, "more": more}
    template = "with a {which} limit flagging would have earned {more} more; see the thread."
    return texts.fill(template, fillings), (more,)


def _plain(about: Subject, found: OtherLimit, *, named: bool) -> Said:
    more = _money(about, "more", found.difference, short=True)
    plain = levels.phrase(about.metric.plain, about.metric, about.language)
    fillings: dict[str, Filling] = {
        "which": found.which.value, "more": more, "it": plain if named else "it",
    }  # fmt: skip
    start = texts.fill("With a {which} limit {it} would have been {more} more.", fillings)
    shares, figures = _shares(about, found)
    return texts.join((start, shares)), (more, *figures)


def _shares(about: Subject, found: OtherLimit) -> Said:
    """Say how many flags would be right, which may be fewer although more is earned."""
    if not found.now.flags or not found.there.flags:
        return Text(()), ()
    there, now = _right(found.there), _right(found.now)
    base = facts.base_for(there, now, rests=(1 - there, 1 - now), apart=there != now)
    if base is None or there == now:
        return Text(()), ()
    key = about.metric.key
    figures = per(key, "right", there, base), per(key, "right_now", now, base)
    return texts.fill("Of every {base} {flags}, {there} would be right; {now} are now.", {
        "base": base_figure(key, base), "flags": levels.phrase("{flags}", about.metric, about.language),
        "there": figures[0], "now": figures[1],
    }), figures  # fmt: skip


def _right(flags: Flags) -> Decimal:
    return Decimal(flags.right) / flags.flags


def _turn(about: Subject, found: OtherLimit) -> list[Said]:
    """Say at which cost of a wrong flag the answer turns."""
    if found.flip is None:
        return []
    least = facts.floored(found.flip, levels.MONEY_DIGITS)
    looser = found.which is Limit.LOOSER
    flip = (
        levels.figure(
            place(about.metric.key), "flip", Kind.LEVEL, found.flip, unit=Unit.MONEY.value,
            shown=facts.money(least, about.language.currency, digits=levels.MONEY_DIGITS),
        )
        if looser else _money(about, "turn", found.flip, short=True)
    )  # fmt: skip
    text = texts.fill(UNDER if looser else OVER, {"flip": flip, **_assumed(about, found)})
    return [(text, (flip,))]


UNDER: Final = "That holds while a wrong {flag} costs under {flip}; {assumed} is assumed."
OVER: Final = "That holds while a wrong {flag} costs over about {flip}; {assumed} is assumed."


def _assumed(about: Subject, found: OtherLimit) -> dict[str, Filling]:
    shown = facts.money(found.assumed, about.language.currency)
    return {
        "flag": levels.phrase("{flag}", about.metric, about.language),
        "assumed": levels.constant(found.assumed, "friction_cost", shown=shown),
    }


def _in_full(about: Subject, found: OtherLimit) -> Said:
    key = about.metric.key
    money = {
        "net": _money(about, "net", found.net), "difference": _signed(about, "difference", found.difference),
        "low": _signed(about, "low", found.low), "high": _signed(about, "high", found.high),
    }  # fmt: skip
    counts = {
        "right": counted(key, "right_count", found.there.right), "flags": counted(key, "flags", found.there.flags),
        "wrong": counted(key, "wrong", found.there.wrong), "wrong_now": counted(key, "wrong_now", found.now.wrong),
    }  # fmt: skip
    fillings: dict[str, Filling] = {
        **money, **counts, "which": found.which.value, **_assumed(about, found),
        "nouns": levels.phrase("{flags}", about.metric, about.language), "answer": _answer(found),
        "confidence": levels.constant(Decimal("0.95"), "confidence", shown="95%"),
    }  # fmt: skip
    told, figures = [texts.fill(FULL, fillings)], [*money.values(), *counts.values()]
    if found.now.flags and found.there.flags:
        shares = [percent(key, name, _right(each)) for name, each in
                  (("share", found.there), ("share_now", found.now))]  # fmt: skip
        told.append(
            texts.fill(RIGHT, {"share": shares[0], "share_now": shares[1], "nouns": fillings["nouns"]})
        )
        figures += shares
    if found.flip is not None:
        flip = _money(about, "turn", found.flip)
        told.append(texts.fill(TURNS, fillings | {"flip": flip}))
        figures.append(flip)
    return texts.join(told), figures


FULL: Final = (
    "With a {which} limit: {net}, {difference} ({confidence} range {low} to {high}), {answer};"
    " {right} of {flags} {nouns} right, {wrong} wrong instead of {wrong_now}."
)
RIGHT: Final = "That is {share} of {nouns} right instead of {share_now}."
TURNS: Final = "The answer turns where a wrong {flag} costs {flip}; {assumed} is assumed."


def _answer(found: OtherLimit) -> str:
    if found.pays:
        return "more than now"
    return "less than now" if found.high < 0 else "not clear whether more or less than now"


def _money(about: Subject, function: str, value: Decimal, *, short: bool = False) -> Fact:
    shown = facts.money(value, about.language.currency, digits=levels.MONEY_DIGITS if short else None)
    return levels.figure(
        place(about.metric.key), function, Kind.LEVEL, value, shown=shown, unit=Unit.MONEY.value
    )


def _signed(about: Subject, function: str, value: Decimal) -> Fact:
    shown = facts.money(value, about.language.currency)
    return levels.figure(
        place(about.metric.key), function, Kind.CHANGE, value, unit=Unit.MONEY.value,
        shown=shown if value < 0 else f"+{shown}",
    )  # fmt: skip
