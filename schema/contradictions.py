"""Claims of a check-in that the stored verdicts contradict: by words in small tables, so that no model judges people.

It is told privately to who wrote it, before it is saved; so a claim that is missed costs little, and a false alarm
costs trust. Whatever is a plan, a wish, a question or a denial is no claim.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from schema.metrics import Catalogue, Metric
from schema.verdicts import CHANGES, GAINS, LOSSES, Verdict


class Claim(StrEnum):
    """What somebody says became of a metric."""

    BETTER = "better"
    WORSE = "worse"
    UP = "up"
    DOWN = "down"


WORDS: Final[Mapping[Claim, str]] = {  # as a regular expression between word borders
    Claim.BETTER: "fixed|solved|resolved|improved|improves|better|faster|quicker|cheaper|recovered|restored|healed"
    "|under control|back to normal",
    Claim.WORSE: "worse|worsened|worsens|slower|degraded|regressed|deteriorated",
    Claim.UP: "rose|risen|rises|increased|increases|higher|grew|grown|climbed|(?:is|are|was|were|went|goes) up|up by|doubled",
    Claim.DOWN: "fell|fallen|falls|dropped|drops|decreased|decreases|reduced|lower|halved|shrank|we cut"
    "|(?:is|are|was|were|went|goes) down|down by",
}  # fmt: skip
_WORDS: Final = {claim: re.compile(rf"\b(?:{words})\b") for claim, words in WORDS.items()}
_NO_CLAIM: Final = re.compile(  # denied, planned, wished, asked, or about something beside the figure
    r"\b(?:not|no|never|cannot|hardly|barely|without|isn't|wasn't|aren't|weren't|hasn't|haven't|didn't|doesn't"
    r"|don't|won't|can't|will|would|should|could|might|may|must|want|wants|need|needs|hope|hopes|plan|plans|planned"
    r"|planning|try|tries|tried|trying|if|unless|until|once|when|whether|expect|expects|expected|going to|to be"
    r"|to get|how|why|goal|target|targets|threshold|thresholds|limit|limits|budget|alarm|alarms|dashboard|chart"
    r"|query|test|tests|definition|monitor|monitoring|report|reports)\b"
)
_CLAUSES: Final = re.compile(r"[.;:!\n,]+|\s(?:but|and|while|though|although|however|yet)\s|(?<=\?)")
_TOO_COMMON: Final = frozenset(
    {"missing", "bias", "resolution", "rating", "response", "alert", "lift", "change fail", "row count",
     "sample size", "drifted", "refusal", "reopen", "opt out"}
)  # fmt: skip
_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "latency_p95": ("p95", "response time", "response times"),
    "hallucination_rate": ("hallucinating",),
    "csat": ("csat", "satisfaction"),
    "availability": ("uptime",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """One claim, and the metric whose stored verdict says otherwise."""

    claim: str  # as it was typed
    metric: str


def contradictions(
    said: Iterable[str], catalogue: Catalogue, verdicts: Mapping[str, Verdict]
) -> tuple[Contradiction, ...]:
    """Find the claims that verdicts contradict; of each metric the first. What was not measured contradicts nothing.

    said       answers, as they were typed
    verdicts   of the product's metrics in its newest closed period, by metric
    """
    named = {key: _names(catalogue[key]) for key in verdicts}
    found: dict[str, Contradiction] = {}
    for clause in _clauses(said):
        claim = _claim(clause.lower())
        if claim is None:
            continue
        about = [key for key, names in named.items() if _speaks_of(clause, names)]
        changed = [key for key in about if verdicts[key].kind in CHANGES]
        if changed and all(_against(claim, verdicts[key]) for key in changed):
            for key in changed:
                found.setdefault(key, Contradiction(claim=clause, metric=key))
    return tuple(found.values())


def _clauses(said: Iterable[str]) -> Iterator[str]:
    for text in said:
        for clause in _CLAUSES.split(text.replace("’", "'")):
            words = clause.strip()
            if words and not words.endswith("?"):
                yield words


def _claim(clause: str) -> Claim | None:
    """Read the one thing that a clause claims; None where it claims nothing, or more than one thing."""
    if _NO_CLAIM.search(clause):
        return None
    found = [claim for claim, words in _WORDS.items() if words.search(clause)]
    return found[0] if len(found) == 1 else None


def _against(claim: Claim, verdict: Verdict) -> bool:
    match claim:
        case Claim.BETTER:
            return verdict.kind in LOSSES
        case Claim.WORSE:
            return verdict.kind in GAINS
        case Claim.UP:
            return verdict.difference is not None and not verdict.rose
        case Claim.DOWN:
            return verdict.rose


def _speaks_of(clause: str, names: Iterable[str]) -> bool:
    words = f" {_plain(clause)} "
    return any(f" {name} " in words for name in names)


def _names(metric: Metric) -> frozenset[str]:
    """List what people call a metric: its name, the part before a comma, and without `rate`, in both numbers."""
    whole = _plain(metric.name)
    first = _plain(metric.name.partition(",")[0])
    short = first.removesuffix(" rate")
    names = {whole, first, _plain(metric.key), short, f"{short}s", *_ALSO.get(metric.key, ())}
    return frozenset(name for name in names if name not in _TOO_COMMON)


def _plain(words: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", words.lower()))
