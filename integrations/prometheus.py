"""Numbers from Prometheus's query API; facts of METRICS.md (d) for Prometheus 2.42, seen 2026-11-23."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, cast

from pydantic import Field

from integrations.base import Answer, Call, Empty, Incomplete, NotFound, UnexpectedAnswer
from integrations.documents import Document, shaped
from integrations.http import HttpClient
from integrations.measurements import group_name, measured, number
from integrations.promql import extrapolates, selectors
from schema.periods import Period
from schema.readings import WHOLE, Bare, Measurement, Shape
from schema.sources import AnyQuery, PrometheusQuery

_QUERY = "/api/v1/query"
_BEFORE_END = timedelta(milliseconds=1)  # the period's end belongs to the next one
_LOOKBACK = "5m"  # how far an instant query looks back; a step of as much misses no sample
_NOTES = "PromQL info:"  # advice about the expression; says nothing about missing data
_SILENT = (
    "the expression gives nothing, although its series have samples in this period; one that is written"
    " less often than every 5 minutes needs last_over_time(x[2h]), a comparison that may find nothing `or vector(0)`"
)
Series = dict[str, object]  # by group


class _Element(Document):
    metric: dict[str, str]
    value: tuple[Any, Any]  # time, and the value as a string


class _Vector(Document):
    kind: Literal["vector"] = Field(alias="resultType")
    result: list[_Element]


class _Scalar(Document):
    kind: Literal["scalar"] = Field(alias="resultType")
    result: tuple[Any, Any]


class _Result(Document):
    status: Literal["success"]
    data: _Vector | _Scalar
    warnings: tuple[str, ...] = ()


class _Names(Document):
    data: list[Any]


class _Build(Document):
    version: str


class _BuildInfo(Document):
    data: _Build


class PrometheusConnector:
    """One server, or what speaks its query API."""

    def __init__(self, *, source: str, client: HttpClient, timeout_s: float) -> None:
        self._source = source
        self._client = client
        self._timeout_s = timeout_s

    async def read(self, query: AnyQuery, period: Period) -> Answer:
        """Evaluate each expression at the period's last moment.

        A share whose counts are estimated, as `increase()` does, is given as a bare value: no count is invented.
        """
        asked = cast("PrometheusQuery", query)
        call = self._client.call("GET", _QUERY)
        columns: dict[str, Series] = {}
        for field, template in asked.values.items():
            columns[field] = await self._series(asked, template, period)
        sample = sum(len(series) for series in columns.values())
        reach = await self._reach(asked, period) if asked.stale_after_h or not sample else None
        if not sample:
            await self._refuse_unknown(asked, period)
            if reach is not None and asked.stale_after_h is None:
                raise Empty(call, _SILENT)
            return Answer(measurements={}, sample=0, newest_at=reach)
        return Answer(measurements=_measured(asked, columns, call), sample=sample, newest_at=reach)

    async def probe(self) -> str:
        """Ask for the version, where there is one to ask, and for the names of the metrics."""
        path = "/api/v1/label/__name__/values"
        names = shaped(_Names, await self._client.get(path), call=self._client.call("GET", path)).data
        return f"reached {await self._version()}: {len(names)} metric names"

    async def close(self) -> None:
        await self._client.close()

    async def _version(self) -> str:
        path = "/api/v1/status/buildinfo"
        try:
            document = await self._client.get(path)
        except NotFound:  # others speak the query API alone
            return "a server with Prometheus's query API"
        return f"Prometheus {shaped(_BuildInfo, document, call=self._client.call('GET', path)).data.version[:20]}"

    async def _evaluated(self, expression: str, period: Period) -> _Vector | _Scalar:
        call = self._client.call("GET", _QUERY)
        at = period.end - _BEFORE_END
        params = {"query": expression, "time": f"{at.timestamp():.3f}", "timeout": f"{self._timeout_s:g}s"}
        result = shaped(_Result, await self._client.get(_QUERY, params), call=call)
        if any(not warning.startswith(_NOTES) for warning in result.warnings):
            raise Incomplete(call, "the server warns that data may be missing from its answer")
        return result.data

    async def _series(self, query: PrometheusQuery, template: str, period: Period) -> Series:
        call = self._client.call("GET", _QUERY)
        data = await self._evaluated(template.replace("{window}", _seconds(period)), period)
        if isinstance(data, _Scalar):
            return {WHOLE: data.result[1]}
        if query.groups is None and len(data.result) > 1:
            raise UnexpectedAnswer(
                call, f"{len(data.result)} series where one was asked; aggregate them, as with sum()"
            )
        series: Series = {}
        for element in data.result:
            label = element.metric.get(query.groups) if query.groups else None
            name = group_name([label], call=call) if query.groups else WHOLE
            if name in series:
                raise UnexpectedAnswer(
                    call, f"more than one series for the group {name}; aggregate by {query.groups}"
                )
            series[name] = element.value[1]
        return series

    async def _reach(self, query: PrometheusQuery, period: Period) -> datetime | None:
        """Find the newest sample of the series that reaches least far; an aggregate hides how old its inputs are."""
        reached: list[Decimal] = []
        for selector in _selected(query):
            inner = f"max(max_over_time(timestamp({selector})[{_seconds(period)}:{_LOOKBACK}]))"
            data = await self._evaluated(inner, period)
            if isinstance(data, _Vector) and data.result:
                call = self._client.call("GET", _QUERY)
                reached.append(number(data.result[0].value[1], call=call, field="timestamp"))
        return datetime.fromtimestamp(float(min(reached)), tz=UTC) if reached else None

    async def _refuse_unknown(self, query: PrometheusQuery, period: Period) -> None:
        """Tell an unknown name from a silent one: both are answered by an empty vector."""
        path = "/api/v1/series"
        call = self._client.call("GET", path)
        for selector in _selected(query):
            params = {"match[]": selector, "end": f"{period.end.timestamp():.3f}", "limit": "1"}
            if not shaped(_Names, await self._client.get(path, params), call=call).data:
                raise NotFound(call, f"there is no series {selector}")


def _seconds(period: Period) -> str:
    return f"{int((period.end - period.start).total_seconds())}s"


def _selected(query: PrometheusQuery) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for template in query.values.values() for name in selectors(template)))


def _measured(query: PrometheusQuery, columns: Mapping[str, Series], call: Call) -> dict[str, Measurement]:
    groups = sorted({name for series in columns.values() for name in series})
    if query.shape is Shape.BANDS:  # the groups are the bands
        sides = {side: [series.get(name) for name in groups] for side, series in columns.items()}
        parts: dict[str, dict[str, object]] = {WHOLE: {"band": groups, **sides}}
    else:
        parts = {name: {field: series.get(name) for field, series in columns.items()} for name in groups}
    found: dict[str, Measurement] = {}
    for name, fields in parts.items():
        _refuse_estimates(query, fields, call)
        measurement = _estimated(query, fields, call) or measured(query.shape, fields, call=call)
        if measurement is not None:
            found[name] = measurement
    return found


def _refuse_estimates(query: PrometheusQuery, fields: Mapping[str, object], call: Call) -> None:
    """Keep an estimated count from becoming an input, which is printed as a count; a ratio is none."""
    if query.shape is not Shape.INPUTS:
        return
    for field, template in query.values.items():
        raw = fields.get(field)
        if raw is None or "/" in template or not extrapolates(template):
            continue
        value = number(raw, call=call, field=field)
        if value != value.to_integral_value():
            raise UnexpectedAnswer(
                call, f"{field} is an estimate, as increase() makes it, where a count was asked"
            )


def _estimated(query: PrometheusQuery, fields: Mapping[str, object], call: Call) -> Bare | None:
    """Make a bare share of estimated counts; None when the counts are counts."""
    if query.shape is not Shape.PROPORTION or None in fields.values():
        return None
    numerator, denominator = (
        number(fields.get(field), call=call, field=field) for field in ("numerator", "denominator")
    )
    whole = all(value == value.to_integral_value() for value in (numerator, denominator))
    if (whole and not any(extrapolates(template) for template in query.values.values())) or denominator == 0:
        return None
    if not 0 <= numerator <= denominator:
        raise UnexpectedAnswer(call, "numerator lies outside of 0 and denominator")
    return Bare(value=numerator / denominator)
