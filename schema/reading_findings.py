"""What a metric of the product shows: its level in words, held against the limit at the end that counts against it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from schema import blanks, facts, texts
from schema.estimates.estimating import Estimate
from schema.evidence import Finding, digest_of
from schema.facts import Kind
from schema.group_bounds import hidden, widened
from schema.judgements import NOT_ASKED, Judgement, Stand
from schema.limits import Held, Scale, base_for, held, with_limit
from schema.metrics import Audience, Catalogue, Form, Metric, Unit
from schema.pages import nouns_of, window
from schema.sightings import NOTHING, Failure, Sight, called, count, too_few, untimely
from schema.statements import levels
from schema.statements.levels import Language, Moment, Subject
from schema.texts import Text

UNMEASURED: Final = (
    "This product does not measure {plain}; add the metric, or bind another measure and say why."
)
NO_TARGET: Final = "{it:cap} has no target in this product; set one before the next measurement."
BLANK: Final = "There is no figure for {plain}: {why}."


def reading_finding(
    sight: Sight, catalogue: Catalogue, nouns: Mapping[str, str], judged: Mapping[str, Judgement]
) -> Finding:
    """Find what a metric shows in the newest closed period."""
    key = sight.requirement.metric or ""
    if key not in catalogue:
        return sight.missing(texts.fill(UNMEASURED, {"plain": sight.words()}))
    metric, language = catalogue[key], _language(sight, nouns)
    plain = levels.phrase(metric.plain, metric, language)
    if key not in sight.product.metrics:
        return sight.missing(texts.fill(UNMEASURED, {"plain": plain}))
    judgement = judged.get(key)
    if judgement is None or judgement.now is None:
        return sight.missing(texts.fill(BLANK, {"plain": plain, "why": _why_blank(judgement)}))
    return _found(sight, metric, judgement, judgement.now, language=language)


def _language(sight: Sight, nouns: Mapping[str, str]) -> Language:
    product = sight.product
    return Language(nouns=nouns_of(product, nouns), labels=product.labels, currency=product.currency)


def _why_blank(judgement: Judgement | None) -> Text:
    if judgement is None or judgement.blank is None:
        return texts.plain("nothing was read for the newest closed period")
    return texts.plain(blanks.WHY_BLANK[judgement.blank.reason])


def _found(
    sight: Sight, metric: Metric, judgement: Judgement, stand: Stand, *, language: Language
) -> Finding:
    estimate = stand.level.estimate
    plain = held(sight.requirement, estimate.value, estimate.low, estimate.high)
    given = _inside(widened(plain, metric, estimate), metric)
    measured_at = judgement.period.end
    digest = _digest(sight, judgement, stand)
    label = levels.phrase(metric.plain, metric, language)
    if not given.sound:
        nan = Failure("{it:cap} is no number, as its source gave it.")
        return sight.finding(
            digest=digest, failure=nan, statement=NOTHING, label=label, measured_at=measured_at
        )
    told = levels.level(
        replace(
            _subject(sight, metric, judgement, stand, language=language),
            least=_least(metric, given),
            brief=True,
        ),
        Audience.EXECUTIVE,
        rest=False,
    )
    failure = (
        _untargeted(sight)
        or untimely(sight, measured_at)
        or _hidden(sight, estimate)
        or too_few(sight, _cases(estimate), groups=bool(estimate.groups))
    )
    statement = _statement(sight, given, _scale(metric, given, told, language), told)
    return sight.finding(
        digest=digest, failure=failure, beyond=not given.holds, statement=statement, label=label,
        measured_at=measured_at,
    )  # fmt: skip


def _digest(sight: Sight, judgement: Judgement, stand: Stand) -> str:
    """Name by content what was measured; when it was fetched, and which revision it is, do not count."""
    estimate, period = stand.level.estimate, judgement.period
    groups = [[each.group, each.value, each.numerator, each.denominator] for each in estimate.groups]
    return digest_of(
        {
            "asked": sight.requirement.digest,
            "question": [judgement.metric, stand.level.question, stand.level.definition],
            "window": [period.start, period.end, stand.level.periods],
            "level": [estimate.value, estimate.low, estimate.high, estimate.n],
            "groups": groups,
        }
    )


def _untargeted(sight: Sight) -> Failure | None:
    asked = sight.requirement
    if not asked.target or asked.at_least is not None or asked.at_most is not None:
        return None
    return Failure(NO_TARGET)


def _hidden(sight: Sight, estimate: Estimate) -> Failure | None:
    fewest = sight.requirement.fewest
    if fewest is None or not hidden(estimate):
        return None
    return Failure(
        "{it:cap} hides a group that is too small to be shown; each must have at least {fewest} cases.",
        {"fewest": count(fewest)},
    )


def _cases(estimate: Estimate) -> int | None:
    """Count the cases behind a figure; where groups are compared, those of the smallest."""
    if not estimate.groups:
        return estimate.denominator if estimate.denominator is not None else estimate.n
    sizes = [each.denominator for each in estimate.groups]
    known = [each for each in sizes if each is not None]
    return min(known) if len(known) == len(sizes) else None


def _subject(
    sight: Sight, metric: Metric, judgement: Judgement, stand: Stand, *, language: Language
) -> Subject:
    joined = stand.level.periods
    moment = Moment(
        window=window(sight.product, judgement.period, joined), when=Text(()), then=Text(()), joined=joined,
        source=stand.receipt.source,
    )  # fmt: skip
    return Subject(
        metric=metric, now=stand.level.estimate, before=None, verdict=NOT_ASKED, language=language,
        moment=moment, provisional=judgement.provisional,
    )  # fmt: skip


def _least(metric: Metric, given: Held) -> int:
    """Give the smallest base of which a share is told so that its limit can be told of as many."""
    return (base_for(None, _ends(given)) if _counted(metric) else None) or facts.BASES[0]


def _ends(given: Held) -> list[Decimal]:
    return [end for end in (given.at_least, given.at_most) if end is not None]


def _counted(metric: Metric) -> bool:
    return metric.unit is Unit.SHARE and metric.form in levels.SHARED_FORMS


def _scale(metric: Metric, given: Held, told: Text, language: Language) -> Scale:
    unit = Unit.SHARE if metric.form is Form.GAP else metric.unit  # a ratio of groups is told as a percentage
    base = base_for(_base_in(told), _ends(given)) if _counted(metric) else None
    return Scale(
        of=f"{metric.key}/now", unit=unit, unit_name=metric.unit_name, currency=language.currency, base=base
    )


def _base_in(told: Text) -> int | None:
    """Give the base that a level was told of."""
    bases = [fact.value for fact in told.facts if fact.kind is Kind.BASE and fact.value is not None]
    return int(bases[-1]) if bases else None


def _bounded(told: Text) -> bool:
    """Tell whether a level says already how high it may be, as one of none does."""
    return any(fact.function == "upper" for fact in told.facts)


def _inside(given: Held, metric: Metric) -> Held:
    """Cut an interval to what the metric can be: no gap is less than none."""
    if not given.sound or given.low is None or given.high is None:
        return given
    low = given.low if metric.minimum is None else max(given.low, metric.minimum)
    high = given.high if metric.maximum is None else min(given.high, metric.maximum)
    return replace(given, low=min(low, given.value), high=max(high, given.value))


def _statement(sight: Sight, given: Held, scale: Scale, told: Text) -> Text:
    without = Text(()) if _bounded(told) else texts.plain("its source gives no range")
    return with_limit(
        texts.fill("{level:cap}", {"level": told}),
        given if not _bounded(told) else replace(given, low=None, high=None),
        scale,
        word=called(sight),
        without=without,
        told=_base_in(told),
    )
