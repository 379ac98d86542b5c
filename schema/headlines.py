"""The first sentence of a page and its last: what the period amounts to, and what is asked of whom."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from schema import facts, texts
from schema.facts import Fact, Kind
from schema.insights import Insight, Topic
from schema.judgements import Compared
from schema.longer_moves import Weight, moved_over_longer
from schema.pages import Page, moment, window
from schema.products import Since
from schema.statements import levels
from schema.statements.subjects import told
from schema.texts import Filling, Text
from schema.verdicts import GAINS, LOSSES, SMALL, Because
from schema.verdicts import Kind as VerdictKind

LABELS: Final[Mapping[VerdictKind, str]] = {
    VerdictKind.CLEAR_GAIN: "Clear gain",
    VerdictKind.SMALL_GAIN: "Small gain",
    VerdictKind.SAME: "About the same",
    VerdictKind.CANNOT_TELL: "Cannot tell",
    VerdictKind.SMALL_LOSS: "Small loss",
    VerdictKind.CLEAR_LOSS: "Clear loss",
    VerdictKind.CLEAR_CHANGE: "Clear change",
    VerdictKind.SMALL_CHANGE: "Small change",
    VerdictKind.NOT_COMPARABLE: "Not comparable",
}
TOPIC_LABELS: Final[Mapping[Topic, str]] = {
    Topic.CORRECTION: "Correction",
    Topic.NOT_FIT: "Not fit to use",
    Topic.LIMIT: "Off target",
    Topic.GAP: "Gap past its limit",
    Topic.COST: "Clear gain with a cost",
    Topic.SOURCES: "Sources differ",
    Topic.MIX: "Hidden by the mix",
    Topic.WHAT_IF: "Another limit would pay more",
    Topic.UNUSUAL: "Unusual",
    Topic.INPUTS: "Inputs changed",
    Topic.TURN: "New level",
    Topic.CREEP: "Slow move",
    Topic.CROWD: "One group past its limit",
}
OUTLOOK_LABELS: Final[Mapping[bool | None, str]] = {
    True: "On the way to its goal",
    False: "Short of its goal",
    None: "Goal open",
}


def outlook_label(page: Page, insight: Insight) -> str:
    """Name how a metric stands to its goal; empty for other insights."""
    return OUTLOOK_LABELS[page.seen.paces[insight.metric].reaches] if insight.topic is Topic.PACE else ""


def headline(page: Page) -> Text:
    """Say the verdict of the period in one sentence: what is off first, then losses, gains and the rest."""
    fillings: dict[str, Filling] = {
        "title": facts.name(page.product.title), "window": window(page.product, page.period),
    }  # fmt: skip
    counts, longer = _counted(_tally(page)), _longer(page)
    if counts:
        after = longer if tells_longer(page) else []
        here = (
            f"only {{counts}} this {page.product.cadence.value}"
            if after and is_small_only(page)
            else "{counts}"
        )
        counted = texts.join((texts.fill(here, {"counts": texts.join(counts, ", ")}), *after), "; ")
        return texts.fill("{title}, {window}: {counts}.", fillings | {"counts": counted})
    if longer:
        unit = page.product.cadence.value
        return texts.fill(
            f"{{title}}, {{window}}: nothing has clearly changed this {unit}; {{longer}}.",
            fillings | {"longer": texts.join(longer, "; ")},
        )
    when = f" this {page.product.cadence.value}" if moved_over_longer(page) else ""  # the lines tell of more
    return texts.fill(f"{{title}}, {{window}}: {_nothing(page)}{when}.", fillings)


def _nothing(page: Page) -> str:
    """Say why nothing stands out: nothing was compared, or nothing moved."""
    known = [each.verdict for each in page.judged.values() if each.now is not None]
    if known and all(each.kind is VerdictKind.NOT_COMPARABLE for each in known):
        asked_for = any(each.because is not Because.NOT_ASKED for each in known)
        return "nothing could be compared yet" if asked_for else "nothing is compared"
    return "nothing has clearly changed"


TALLY: Final[Sequence[tuple[str, str, str]]] = (  # what is counted, its singular, its plural
    ("correction", "figure corrected", "figures corrected"),
    ("not_fit", "figure not fit to use", "figures not fit to use"),
    ("limit", "figure off its target", "figures off their targets"),
    ("gap", "gap past its limit", "gaps past their limits"),
    ("sources", "figure whose sources differ", "figures whose sources differ"),
    ("loss", "clear loss", "clear losses"),
    ("gain", "clear gain", "clear gains"),
    ("change", "clear change", "clear changes"),
    ("small", "small change", "small changes"),
    ("mix", "change hidden by the mix", "changes hidden by the mix"),
    ("inputs", "change in what comes in", "changes in what comes in"),
    ("turn", "new level", "new levels"),
    ("creep", "slow move", "slow moves"),
    ("crowd", "group past its limit", "groups past their limits"),
    ("pace", "goal out of reach at this pace", "goals out of reach at this pace"),
)


def _tally(page: Page) -> Counter[str]:
    insights = (*page.ranked.said, *page.ranked.unsaid)
    return Counter(kind for each in insights if (kind := _kind_counted(page, each)))


def _counted(tally: Mapping[str, int]) -> list[Text]:
    parts = []
    for key, one, many in TALLY:
        if key in tally:
            count = Fact(
                of="digest",
                function="count",
                kind=Kind.COUNT,
                value=Decimal(tally[key]),
                shown=str(tally[key]),
            )
            parts.append(texts.fill(f"{{count}} {one if tally[key] == 1 else many}", {"count": count}))
    return parts


def _kind_counted(page: Page, insight: Insight) -> str:
    if insight.pinned or insight.topic in {Topic.SOURCES, Topic.MIX}:
        return insight.topic.value
    if insight.topic in {Topic.INPUTS, Topic.TURN, Topic.CREEP, Topic.CROWD}:
        return insight.topic.value
    if insight.topic is Topic.PACE:
        return "pace" if insight.harm else ""
    if insight.topic is Topic.SMALL:
        return "small"
    kind = told(page.catalogue[insight.metric], page.judged[insight.metric].verdict.kind)
    return NAMES.get(kind, "")


NAMES: Final[Mapping[VerdictKind, str]] = {
    **dict.fromkeys(LOSSES, "loss"), **dict.fromkeys(GAINS, "gain"), VerdictKind.CLEAR_CHANGE: "change",
    **dict.fromkeys(SMALL, "small"),
}  # fmt: skip


def _longer(page: Page) -> list[Text]:
    """Count what moved over a longer time, window by window, where something was lost: that is no quiet week."""
    tallies: dict[str, Counter[str]] = {}
    spans: dict[str, Text] = {}
    for each in moved_over_longer(page):
        window = each.compared.comparison.key
        spans.setdefault(window, span(page, each.metric, each.compared))
        tallies.setdefault(window, Counter()).update([NAMES[each.kind]])
    return [
        texts.fill("{span}: {counts}", {"span": spans[key], "counts": texts.join(_counted(tally), ", ")})
        for key, tally in tallies.items()
        if "loss" in tally
    ]


def span(page: Page, key: str, compared: Compared) -> Text:
    """Say over which longer time something is compared: since a milestone, or against another period."""
    if isinstance(compared.comparison, Since):
        return texts.fill("since {milestone}", {"milestone": facts.name(compared.comparison.since)})
    then = moment(page, compared.comparison, page.judged[key]).then
    return texts.fill("against {then}", {"then": then})


def asked(page: Page, *others: Text) -> Text:
    """Say what is asked of whom; the last words of every page.

    others   what is asked of other people than the owner: `{who}: …`
    """
    found = [each for each in (_asked_of_owner(page), *others) if each]
    if not found:
        return texts.plain("No action needed.")
    asks = (texts.fill(("Of" if n else "Asked of") + " {ask}", {"ask": each}) for n, each in enumerate(found))
    return texts.join(asks)


def _asked_of_owner(page: Page) -> Text:
    """Say what is asked of the owner, at most two things."""
    asks = _asks(page) or [(Topic.CHANGE, key) for key in _lost_over_longer(page)]
    if not asks:
        return Text(())
    fillings: dict[str, Filling] = {"owner": _owner(page), "asks": _together(page, asks[:MOST_ASKS])}
    return texts.fill("{owner}: {asks}.", fillings)


def _asks(page: Page) -> list[tuple[Topic, str]]:
    """List what is asked, by topic and metric; of several corrected figures at once."""
    asks = [(topic, insight.metric) for insight in page.ranked.said if (topic := _asked_for(page, insight))]
    others = [each for each in asks if each[0] is not Topic.CORRECTION]
    return [*asks[: len(asks) - len(others)][:1], *others]


def _lost_over_longer(page: Page) -> list[str]:
    lost = (each.metric for each in moved_over_longer(page) if each.weight is Weight.LOSS)
    return list(dict.fromkeys(lost))


def tells_longer(page: Page) -> bool:
    """Tell whether a page begins with a longer comparison, so that its headline counts it too."""
    told = any(each.topic not in {Topic.NOT_FIT, Topic.SMALL} for each in page.ranked.said)
    return is_asked_for_longer(page) or not told


def is_small_only(page: Page) -> bool:
    """Tell whether all that is said of this period is too small to act on."""
    return all(each.topic is Topic.SMALL for each in (*page.ranked.said, *page.ranked.unsaid))


def is_asked_for_longer(page: Page) -> bool:
    """Tell whether what is asked rests on a longer comparison, which must then be told where it is asked."""
    return not _asks(page) and bool(_lost_over_longer(page))


def _together(page: Page, asks: Sequence[tuple[Topic, str]]) -> Text:
    """Put what is asked into one sentence; the same thing of two figures is asked once."""
    many = len(page.restated) > 1
    said = [
        texts.fill(
            CORRECTED if many and topic is Topic.CORRECTION else ASKS[topic], {"plain": _plain(page, key)}
        )
        for topic, key in asks
    ]
    if [topic for topic, _ in asks] == [Topic.CHANGE] * MOST_ASKS:
        return texts.fill("{first}, and about {plain}", {"first": said[0], "plain": _plain(page, asks[1][1])})
    return texts.join(said, ", and ")


def _asked_for(page: Page, insight: Insight) -> Topic | None:
    if insight.topic is Topic.CHANGE:
        return Topic.CHANGE if page.judged[insight.metric].verdict.kind in LOSSES else None
    if insight.topic in {Topic.TURN, Topic.CREEP}:
        return Topic.CHANGE if insight.harm else None
    if insight.topic is Topic.PACE and not insight.harm:
        return None
    return insight.topic if insight.topic in ASKS else None


def _plain(page: Page, key: str) -> Text:
    metric = page.catalogue[key]
    return levels.phrase(metric.plain, metric, page.language())


MOST_ASKS: Final = 2
CORRECTED: Final = "check what was decided on the figures that were corrected"

ASKS: Final[Mapping[Topic, str]] = {
    Topic.CORRECTION: "check what was decided on the old figure for {plain}",
    Topic.NOT_FIT: "see that {plain} can be measured again",
    Topic.LIMIT: "say what is done about {plain}, or agree on another target",
    Topic.GAP: "have {plain} reviewed, with a written reason",
    Topic.COST: "decide whether {plain} is worth what moved with it",
    Topic.CHANGE: "say what is done about {plain}",
    Topic.SOURCES: "find out why sources differ on {plain}",
    Topic.WHAT_IF: "decide whether the limit is moved",
    Topic.PACE: "say how {plain} can reach its goal, or agree on another goal",
    Topic.CROWD: "say what is done about the group past its limit",
}


def _owner(page: Page) -> Fact:
    return Fact(
        of="product", function="owner", kind=Kind.NAME, value=None, shown=page.product.owner, unit="person"
    )
