"""A digest that nobody's data stand behind, for trying out who may write summaries."""

from collections.abc import Mapping
from typing import Final

from schema import facts, texts
from schema.briefs import Paragraph
from schema.estimates.estimating import Estimate, estimate
from schema.facts import Fact, Kind
from schema.metrics import Audience, Catalogue
from schema.readings import WHOLE, Confusion, Measurement
from schema.statements.stating import state
from schema.statements.subjects import Language, Moment, Subject
from schema.verdicts import Level, judge

METRIC: Final = "false_positive_rate"
NOW: Final = Confusion(tp=80, fp=94, fn=20, tn=1906)
BEFORE: Final = Confusion(tp=80, fp=42, fn=20, tn=1958)


def paragraphs(catalogue: Catalogue, nouns: Mapping[str, str]) -> tuple[Paragraph, ...]:
    """Give one clear loss in plain words.

    nouns   of the catalogue
    """
    metric = catalogue[METRIC]
    now, before = (_level(estimate(metric, {WHOLE: each}, {}), each) for each in (NOW, BEFORE))
    window = Fact(of="period", function="window", kind=Kind.TIME, value=None, shown="last week")
    then = texts.fill("the week before {name}", {"name": facts.name("the release")})
    about = Subject(
        metric=metric, now=now.estimate, before=before.estimate, verdict=judge(metric, now, before, matters=None),
        language=Language(nouns=nouns), moment=Moment(window=window, when=then, then=then),
    )  # fmt: skip
    said = state(about, Audience.EXECUTIVE)
    return (Paragraph(label="", text=said.text, metrics=(METRIC,), statements=(said,)),)


def _level(found: Estimate, measured: Measurement) -> Level:
    return Level(estimate=found, measurement=measured, definition="", question="")
