"""What a metric is: definition, direction, countermetric and the words that are its own."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schema.readings import Shape


class Audience(StrEnum):
    """Who a text is for."""

    EXECUTIVE = "executive"
    ENGINEER = "engineer"
    COMPLIANCE = "compliance"
    SUPPORT = "support"  # what to tell a customer


class Unit(StrEnum):
    """What a value counts in."""

    SHARE = "share"  # 0–1; a difference is in points
    SCORE = "score"  # no unit
    MULTIPLE = "multiple"  # times
    MONEY = "money"  # the product's currency
    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"
    COUNT = "count"
    OWN = "own"  # `unit_name` says which


class Direction(StrEnum):
    """Which way is good."""

    HIGHER = "higher"
    LOWER = "lower"
    TARGET = "target"  # good only inside an agreed band
    NONE = "none"


class Form(StrEnum):
    """The statement shape that says a metric in words."""

    PROPORTION = "proportion"  # so many of every so many
    GAP = "gap"  # a share in two groups, and how far apart
    WORST = "worst"  # the share in the group that is served worst
    DURATION = "duration"
    AMOUNT = "amount"  # money
    QUANTITY = "quantity"  # a number with a unit
    SCORE = "score"  # a number without one
    DRIFT = "drift"  # inputs changed; never good or bad


class Phrases(BaseModel):
    """A metric's own words; `{case}`, `{cases}`, `{positive}` … are the product's nouns, `{label.NAME}` its labels.

    No phrase holds a digit; a number of the definition is a constant: `{constant.NAME}`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str = ""  # proportion, gap, worst: the plural reference class, such as `{flags}`
    hit: str = ""  # proportion, gap, worst: what the counted ones did, past tense: `were really {positives}`
    rest: str = ""  # proportion: what the others did, where that is worth saying: `were {negatives}`
    subject: str = (
        ""  # every other form: a noun phrase that can start a sentence: `the cost of {positives} we missed`
    )


class Metric(BaseModel):
    """A definition: the same fields for the catalogue and for a workspace's own metrics."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)
    name: str  # engineers' name: `Precision`
    plain: str  # what an executive calls it, a noun phrase: `the share of {flags} that were right`
    family: str
    formula: str
    unit: Unit
    unit_name: str = ""  # with `own`: plural, such as `sessions`
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    direction: Direction
    countermetrics: tuple[str, ...] = ()
    accepts: tuple[Shape, ...]  # measurement shapes, strongest first
    grouped: bool = False  # one measurement a group
    total: bool = False  # values of neighbouring periods add up, such as money spent
    function: str = "given"  # name in schema/estimates.py, or `given`: the source computes it
    form: Form
    words: Phrases = Phrases()
    what: str  # what it is, one sentence for anybody
    not_meaning: str  # what it does not mean, one sentence for anybody
    misreading: str  # the misreading to guard against
    note: str = ""  # compliance: what the figure leaves out; may use labels
    constants: Mapping[str, Decimal] = {}  # numbers of the definition that a text may name
    needs: tuple[str, ...] = ()  # assumptions that the function uses
    shown_as: tuple[
        str, ...
    ] = ()  # executive and support read these metrics instead: f1 is said as recall and precision
    beside: str = (
        ""  # a part of the estimate without which plain readers are not told the figure: accuracy's baseline
    )
    engineers_only: bool = False  # executive and support get one sentence and only on a clear change
    estimated: bool = False  # modelled, or judged by a model: the text says `estimated`
    judged: bool = False  # by an automatic judge: its name, version and agreement are printed
    selection: bool = False  # a selection rate: the screening line may be named
    supporting: bool = False  # beside the 81: exists as somebody's countermetric

    @property
    def good_is_up(self) -> bool | None:
        """Tell whether a rise is good; None where neither way is."""
        if self.direction is Direction.HIGHER:
            return True
        return False if self.direction is Direction.LOWER else None


class Catalogue:
    """The metrics that exist here, by key."""

    __slots__ = ("_by_key",)

    def __init__(self, metrics: Iterable[Metric]) -> None:
        """Index the metrics; raises ValueError on a double key or an unknown countermetric."""
        self._by_key: dict[str, Metric] = {}
        for metric in metrics:
            if metric.key in self._by_key:
                message = f"metric {metric.key} is defined twice"
                raise ValueError(message)
            self._by_key[metric.key] = metric
        for metric in self._by_key.values():
            missing = [key for key in (*metric.countermetrics, *metric.shown_as) if key not in self._by_key]
            if missing:
                message = f"metric {metric.key} names {', '.join(missing)}, which is no metric"
                raise ValueError(message)

    def __contains__(self, key: str) -> bool:
        """Tell whether a metric has this key."""
        return key in self._by_key

    def __getitem__(self, key: str) -> Metric:
        """Give the metric with this key; raises KeyError."""
        return self._by_key[key]

    def __iter__(self) -> Iterator[Metric]:
        """Go through the metrics in the order of their definition."""
        return iter(self._by_key.values())

    def with_own(self, own: Iterable[Metric]) -> "Catalogue":
        """Add a workspace's own metrics."""
        return Catalogue((*self._by_key.values(), *own))


def metrics_of(documents: Iterable[Iterable[Mapping[str, Any]]]) -> tuple[Metric, ...]:
    """Read definitions from parsed YAML documents, one list a family."""
    return tuple(Metric.model_validate(entry) for document in documents for entry in document)
