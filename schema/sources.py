"""What may be asked of a source: one model a kind, as it stands in muster.yaml."""

import hashlib
import json
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from schema.readings import Shape


class Frozen(BaseModel):
    """A value that comes from a file: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Secret(Frozen):
    """The name of a secret; its value is looked up in `bot/` and never exported."""

    secret: str = Field(min_length=1)


Network: TypeAlias = Literal["public", "private"]


class SqlSource(Frozen):
    """A database behind a SQLAlchemy URL; `{file}` URLs are relative to the configuration's folder."""

    kind: Literal["sql"]
    url: str | Secret
    timeout_s: float = Field(default=20, gt=0, le=600)
    row_limit: int = Field(default=10_000, ge=1, le=1_000_000)


class HttpJsonSource(Frozen):
    """A JSON service; headers may hold secrets."""

    kind: Literal["http_json"]
    url: str  # scheme, host and path prefix
    headers: dict[str, str | Secret] = {}
    network: Network = "public"
    timeout_s: float = Field(default=20, gt=0, le=600)
    size_limit_bytes: int = Field(default=5_000_000, ge=1_000, le=100_000_000)


class MlflowSource(Frozen):
    """A tracking server."""

    kind: Literal["mlflow"]
    url: str
    token: Secret | None = None  # Bearer
    username: str | None = None  # with `password`: HTTP Basic
    password: Secret | None = None
    network: Network = "public"
    timeout_s: float = Field(default=20, gt=0, le=600)
    row_limit: int = Field(default=10_000, ge=1, le=1_000_000)


class PrometheusSource(Frozen):
    """A Prometheus server, or what speaks its query API."""

    kind: Literal["prometheus"]
    url: str
    token: Secret | None = None
    headers: dict[str, str | Secret] = {}  # such as X-Scope-OrgID
    network: Network = "public"
    timeout_s: float = Field(default=20, gt=0, le=600)


Source: TypeAlias = Annotated[
    SqlSource | HttpJsonSource | MlflowSource | PrometheusSource, Field(discriminator="kind")
]


class Query(Frozen):
    """What every query says, whatever its kind."""

    source: str
    shape: Shape
    stale_after_h: float | None = Field(
        default=None, gt=0
    )  # newest record older than this before the period's end


class SqlQuery(Query):
    """One SELECT with `:start` and `:end`; columns are named as the shape's fields.

    With `groups`, these columns name the group of a row; without, there is one row.
    A column `newest_at` says how far the data reach.
    """

    sql: str
    groups: tuple[str, ...] = ()


class HttpJsonQuery(Query):
    """One GET; `values` gives a JSONPath for each field of the shape.

    `{start}` and `{end}` in path and params become the period's ends in `times` form.
    With `rows`, a JSONPath that yields one object a group; `group` then names the key that holds the group's name.
    """

    path: str = ""
    params: dict[str, str] = {}
    values: dict[str, str]
    rows: str | None = None
    group: str | None = None
    newest_at: str | None = None  # JSONPath
    more: str | None = None  # JSONPath of a flag that says that the answer is cut
    times: Literal["iso", "date", "epoch", "epoch_ms"] = "iso"


class MlflowQuery(Query):
    """The newest finished run of an experiment that started in the period; `values` names a metric key a field."""

    experiment: str  # name
    filter: str = ""  # added to the search
    values: dict[str, str]
    groups: str | None = None  # a tag or parameter whose value is the group's name: one run a group


class PrometheusQuery(Query):
    """Instant queries at the period's end; `{window}` in an expression becomes the period's length, such as `604800s`."""

    values: dict[str, str]
    groups: str | None = None  # a label whose value is the group's name


AnyQuery: TypeAlias = SqlQuery | HttpJsonQuery | MlflowQuery | PrometheusQuery

QUERY_OF: dict[str, type[Query]] = {
    "sql": SqlQuery,
    "http_json": HttpJsonQuery,
    "mlflow": MlflowQuery,
    "prometheus": PrometheusQuery,
}


def digest(query: Query) -> str:
    """Give the sha256 of what is asked, so that a changed question is seen; hex."""
    text = json.dumps(query.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
