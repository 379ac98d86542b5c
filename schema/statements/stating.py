"""One metric in words for one reader: statement shape, verdict, the product's own nouns and the figures."""

from collections.abc import Sequence
from dataclasses import dataclass

from schema import texts
from schema.metrics import Audience
from schema.statements import full as full_statements
from schema.statements import levels
from schema.statements import plain as plain_statements
from schema.statements.levels import Subject
from schema.texts import Text
from schema.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A metric in words: the verdict's label, and sentences of slots."""

    metric: str
    audience: Audience
    verdict: Verdict
    text: Text
    core: Text  # the text without its advice
    advice: tuple[Text, ...]  # support: what the figure does not mean, and what customers can do
    subject: Subject
    others: tuple[Subject, ...] = ()  # the same metric against other windows, in reading order
    unmarked: frozenset[str] = frozenset()  # caveats that the sentence before has made already

    @property
    def level(self) -> Text:
        """Say the level alone, for one-line lists."""
        return levels.level(self.subject, self.audience)

    def __str__(self) -> str:
        """Show it as plain text."""
        return str(self.text)


def state(
    subject: Subject, audience: Audience, *, others: Sequence[Subject] = (),
    unmarked: frozenset[str] = frozenset(),
) -> Statement:  # fmt: skip
    """Say what a metric's change means to one audience; text is plain, not yet escaped for Slack.

    others     the same metric against other windows; engineers and compliance read them in one breath
    unmarked   caveats that the sentence before has made already; only plain readers are spared them
    """
    if audience is Audience.ENGINEER:
        core = full_statements.for_engineers(subject, others)
    elif audience is Audience.COMPLIANCE:
        core = full_statements.for_compliance(subject, others)
    else:
        core = plain_statements.for_plain_readers(subject, audience, unmarked)
    advice = plain_statements.for_customers(subject) if audience is Audience.SUPPORT else ()
    return Statement(
        metric=subject.metric.key,
        audience=audience,
        verdict=subject.verdict,
        text=texts.join((core, *advice)),
        core=core,
        advice=advice,
        subject=subject,
        others=tuple(others),
        unmarked=unmarked,
    )
