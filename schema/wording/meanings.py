"""Wording rules 25 to 44: causes, caveats, groups of people, and words that anybody reads."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from schema.facts import Kind
from schema.metrics import Audience, Form
from schema.verdicts import FEWEST_CASES
from schema.wording.claims import PLAIN_READERS, Read, Rule
from schema.wording.readability import MOST_FOR_SUPPORT, MOST_SENTENCES, is_easy
from schema.wording.words import Sign


def _causal(read: Read) -> bool:
    return Sign.CAUSAL in read.signs and not read.claim.experiment


def _blames_the_model(read: Read) -> bool:
    if Sign.WORSE_MODEL in read.signs:
        return (
            True  # no figure by itself says so: less may be right because more is caught (METRICS.md (f) 6)
        )
    metric = read.claim.metric
    drift = metric is not None and metric.form is Form.DRIFT
    return drift and bool(read.signs & {Sign.BETTER, Sign.WORSE})


def _accurate(read: Read) -> bool:
    if Sign.ACCURATE not in read.signs:
        return False
    metric = read.claim.metric
    return metric is None or metric.key != "accuracy" or not read.claim.baseline


def _no_reference_class(read: Read) -> bool:
    if any(fact.kind is Kind.PER and fact.of.endswith("/now") for fact in read.facts):
        return "f every" not in read.shown and "in every" not in read.shown
    metric = read.claim.metric
    if read.claim.audience not in PLAIN_READERS or metric is None or metric.form is not Form.PROPORTION:
        return False
    return any(fact.kind is Kind.LEVEL and fact.shown.endswith("%") for fact in read.facts)


def _chance(read: Read) -> bool:
    return Sign.CHANCE in read.signs


def _bare_likelihood(read: Read) -> bool:
    return Sign.LIKELY in read.signs


def _without_caveat(read: Read) -> bool:
    if read.quiet:
        return False
    metric, estimated = read.claim.metric, read.claim.estimated
    if estimated is None:
        estimated = metric is not None and metric.estimated
    words = read.words.lower()
    return (estimated and "estimated" not in words) or (read.claim.provisional and "provisional" not in words)


def _judge_unnamed(read: Read) -> bool:
    judged = read.claim.metric is not None and read.claim.metric.judged
    return judged and read.claim.audience not in PLAIN_READERS and "judge:" not in read.said


def _hides_the_source(read: Read) -> bool:
    """Find a full text that leaves out its window, its source or how many cases it rests on."""
    claim = read.claim
    if claim.source is None or claim.audience in PLAIN_READERS or claim.now is None:
        return False
    if claim.source not in read.shown or not any(fact.function == "window" for fact in read.facts):
        return True
    counts = {fact.function for fact in read.facts if fact.kind is Kind.COUNT}
    return claim.now.n is not None and not counts & {"n", "denominator"}


def _concludes(read: Read) -> bool:
    return Sign.CONCLUSION in read.signs


def _screens_what_is_no_selection(read: Read) -> bool:
    metric = read.claim.metric
    return "screening line" in read.shown and not (metric is not None and metric.selection)


def _ranks_small_groups(read: Read) -> bool:
    if read.claim.audience not in PLAIN_READERS or read.claim.now is None:
        return False
    named = {fact.shown for fact in read.facts if fact.kind is Kind.NAME}
    groups = read.claim.now.groups
    small = {g.group for g in groups if g.denominator is not None and g.denominator < FEWEST_CASES}
    return bool(small & named)


def _hides_group_counts(read: Read) -> bool:
    metric, now = read.claim.metric, read.claim.now
    if metric is None or metric.form is not Form.GAP or now is None or read.claim.audience in PLAIN_READERS:
        return False
    shown = {(fact.group, fact.value) for fact in read.facts if fact.function == "denominator"}
    return any(
        (g.group, Decimal(g.denominator)) not in shown for g in now.groups if g.denominator is not None
    )


def _swaps_groups(read: Read) -> bool:
    """Find a group's figure that does not stand beside that group's name, or a name that is another's."""
    if any(fact.function == "source" for fact in read.facts):
        return False  # there a figure belongs to a source; rule 39 holds it
    listed = [fact for fact in read.facts if fact.group]
    for place, fact in enumerate(listed):
        if fact.function == "group":
            if fact.shown != fact.group:
                return True
            continue
        after = fact.kind is Kind.PER  # `66 among foreign`; lists say `foreign 28/4,265`
        names = [each for each in (listed[place + 1 :] if after else reversed(listed[:place]))
                 if each.function == "group"]  # fmt: skip
        if not names or names[0].group != fact.group:
            return True
    return False


def _swaps_sources(read: Read) -> bool:
    """Find a source's figure that does not follow that source's name, or a name that is another's."""
    listed = [fact for fact in read.facts if fact.group]
    if not any(fact.function == "source" for fact in listed):
        return False
    named = ""
    for fact in listed:
        if fact.function == "source":
            named = fact.group
            if fact.shown != fact.group:
                return True
        elif fact.group != named:
            return True
    return False


def hard_to_read(read: Read) -> bool:
    """Tell whether plain readers would stumble over it: a term of the trade, or long sentences (rule 44)."""
    most = MOST_FOR_SUPPORT if read.claim.audience is Audience.SUPPORT else MOST_SENTENCES
    return Sign.BANNED in read.signs or not is_easy(read.claim.text, most_sentences=most)


RULES: Final[Sequence[tuple[int, Rule]]] = (
    (25, _causal),
    (26, _blames_the_model),
    (28, _accurate),
    (29, _no_reference_class),
    (30, _chance),
    (31, _bare_likelihood),
    (32, _without_caveat),
    (33, _judge_unnamed),
    (36, _hides_the_source),
    (39, _swaps_sources),
    (40, _concludes),
    (41, _screens_what_is_no_selection),
    (42, _ranks_small_groups),
    (43, _hides_group_counts),
    (43, _swaps_groups),
)
