"""Numbers from an MLflow tracking server, over REST; facts of METRICS.md (d) for MLflow 3.17, seen 2026-11-23."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

from integrations.base import Answer, Call, NotANumber, NotFound, Truncated, UnexpectedAnswer
from integrations.documents import Document, shaped
from integrations.http import HttpClient
from integrations.measurements import group_name, measured, number
from schema.periods import Period
from schema.readings import WHOLE, Measurement, Shape
from schema.sources import AnyQuery, MlflowQuery

_API = "/api/2.0/mlflow"
_HISTORY_PAGE = 25_000  # the documented maximum
_EXPERIMENT_PAGE = 1000
_RUN_PAGE = 200  # a run may carry hundreds of tags
_INFINITE = Decimal("1.797e308")  # how the server writes an infinity
_HINTS = {"DNS rebinding": "the server does not know this host name: start it with --allowed-hosts"}


class _Experiment(Document):
    experiment_id: str
    lifecycle_stage: str = "active"


class _Found(Document):
    experiment: _Experiment


class _Experiments(Document):
    experiments: tuple[_Experiment, ...] = ()  # the server leaves empty lists out
    next_page_token: str = ""


class _Label(Document):
    key: str
    value: str = ""


class _Info(Document):
    run_id: str
    run_name: str = ""
    start_time: int  # milliseconds, as all times here
    end_time: int | None = None


class _Held(Document):
    params: tuple[_Label, ...] = ()
    tags: tuple[_Label, ...] = ()


class _Run(Document):
    info: _Info
    data: _Held = _Held()


class _Runs(Document):
    runs: tuple[_Run, ...] = ()
    next_page_token: str = ""


class _Point(Document):
    value: Any = None
    timestamp: int


class _History(Document):
    metrics: tuple[_Point, ...] = ()
    next_page_token: str = ""


class MlflowConnector:
    """One tracking server. It asks for runs only: stages are dead, and aliases name models, not weeks."""

    def __init__(self, *, source: str, client: HttpClient, row_limit: int) -> None:
        self._source = source
        self._client = client
        self._row_limit = row_limit
        self._page_size = _RUN_PAGE
        self._history_page = _HISTORY_PAGE

    async def read(self, query: AnyQuery, period: Period) -> Answer:
        """Read the newest finished run that started in the period; one a group."""
        asked = cast("MlflowQuery", query)
        experiment = await self._experiment(asked.experiment)
        runs = await self._runs(asked, experiment, period)
        call = self._client.call("POST", f"{_API}/runs/search")
        chosen = _chosen(asked, runs, call)
        found: dict[str, Measurement] = {}
        for name, run in chosen.items():
            measurement = measured(asked.shape, await self._fields(asked, run), call=call)
            if measurement is not None:
                found[name] = measurement
        return Answer(measurements=found, sample=len(chosen), newest_at=_reach(chosen.values()))

    async def probe(self) -> str:
        """Ask for the version and the experiments."""
        version = await self._client.text("/version")
        path = f"{_API}/experiments/search"
        body = {"max_results": _EXPERIMENT_PAGE}  # without it, the server refuses
        document = await self._client.post(path, body, hints=_HINTS)
        found = shaped(_Experiments, document, call=self._client.call("POST", path))
        more = " or more" if found.next_page_token else ""
        return f"reached MLflow {version[:20]}: {len(found.experiments)}{more} experiments"

    async def close(self) -> None:
        await self._client.close()

    async def _experiment(self, name: str) -> str:
        """Find an experiment's id: a search with an unknown one answers as if it were empty."""
        path = f"{_API}/experiments/get-by-name"
        call = self._client.call("GET", path)
        try:
            document = await self._client.get(path, {"experiment_name": name}, hints=_HINTS)
        except NotFound as error:
            raise NotFound(call, f"there is no experiment {name}") from error
        experiment = shaped(_Found, document, call=call).experiment
        if experiment.lifecycle_stage == "deleted":
            raise NotFound(call, f"the experiment {name} is deleted")
        return experiment.experiment_id

    async def _runs(self, query: MlflowQuery, experiment: str, period: Period) -> list[_Run]:
        """List the period's finished runs, newest first; deleted runs are left out by the view."""
        path = f"{_API}/runs/search"
        call = self._client.call("POST", path)
        body: dict[str, object] = {
            "experiment_ids": [experiment],
            "filter": _filter(query, period),
            "run_view_type": "ACTIVE_ONLY",
            "max_results": self._page_size if query.groups else 1,
            "order_by": ["attributes.start_time DESC"],
        }
        runs: list[_Run] = []
        while True:
            page = shaped(_Runs, await self._client.post(path, body, hints=_HINTS), call=call)
            runs += page.runs
            if len(runs) > self._row_limit:
                raise Truncated(call, f"more than {self._row_limit} runs in this period; narrow the filter")
            if not query.groups or not page.next_page_token:
                return runs
            body["page_token"] = page.next_page_token

    async def _fields(self, query: MlflowQuery, run: _Run) -> dict[str, object]:
        values = {field: await self._newest(run, key) for field, key in query.values.items()}
        return _banded(values) if query.shape is Shape.BANDS else values

    async def _newest(self, run: _Run, key: str) -> object:
        """Read the value that was logged last; the run itself shows the one with the highest step."""
        path = f"{_API}/metrics/get-history"
        call = self._client.call("GET", path)
        points = await self._history(path, {"run_id": run.info.run_id, "metric_key": key}, call)
        if not points:
            raise NotFound(call, f"the run {run.info.run_name} has no metric {key}")
        # in time order; the last of equals was written last
        raw = max(enumerate(points), key=lambda point: (point[1].timestamp, point[0]))[1].value
        if isinstance(raw, int | Decimal) and abs(number(raw, call=call, field=key)) >= _INFINITE:
            raise NotANumber(call, f"{key} is infinite")
        return raw

    async def _history(self, path: str, params: Mapping[str, str], call: Call) -> list[_Point]:
        asked = {**params, "max_results": str(self._history_page)}
        points: list[_Point] = []
        while True:
            page = shaped(_History, await self._client.get(path, asked, hints=_HINTS), call=call)
            points += page.metrics
            if not page.next_page_token:
                return points
            asked["page_token"] = page.next_page_token


def _filter(query: MlflowQuery, period: Period) -> str:
    first, last = (int(at.timestamp() * 1000) for at in (period.start, period.end))
    own = f" AND {query.filter}" if query.filter else ""
    return f"attributes.status = 'FINISHED' AND attributes.start_time >= {first} AND attributes.start_time < {last}{own}"


def _chosen(query: MlflowQuery, runs: Sequence[_Run], call: Call) -> dict[str, _Run]:
    if query.groups is None:
        return {WHOLE: runs[0]} if runs else {}
    chosen: dict[str, _Run] = {}
    for run in runs:  # newest first
        labels = _labels(run)
        if query.groups in labels:
            chosen.setdefault(group_name([labels[query.groups]], call=call), run)
    if runs and not chosen:
        raise UnexpectedAnswer(call, f"no run of this period carries the tag or parameter {query.groups}")
    return chosen


def _labels(run: _Run) -> dict[str, str]:
    return {label.key: label.value for label in (*run.data.params, *run.data.tags)}


def _reach(runs: Iterable[_Run]) -> datetime | None:
    ends = [run.info.end_time or run.info.start_time for run in runs]
    return datetime.fromtimestamp(max(ends) / 1000, tz=UTC) if ends else None


def _banded(values: Mapping[str, object]) -> dict[str, object]:
    """Turn `now.low`, `reference.low` … into columns, in the order of `values`."""
    names = list(dict.fromkeys(field.partition(".")[2] for field in values))
    columns = {side: [values.get(f"{side}.{name}") for name in names] for side in ("now", "reference")}
    return {"band": names, **columns}
