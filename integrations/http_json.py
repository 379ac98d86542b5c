"""Numbers from any JSON service: one GET, and a JSONPath for each field."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from integrations.base import Answer, Call, NotFound, Truncated, UnexpectedAnswer
from integrations.http import HttpClient
from integrations.measurements import group_name, measured, moment
from schema.periods import Period
from schema.readings import WHOLE, Measurement, Shape
from schema.sources import AnyQuery, HttpJsonQuery

_EPOCH_MS = 1000


class HttpJsonConnector:
    """One service."""

    def __init__(self, *, source: str, client: HttpClient) -> None:
        self._source = source
        self._client = client

    async def read(self, query: AnyQuery, period: Period) -> Answer:
        """GET the document and pick the fields out of it."""
        asked = cast("HttpJsonQuery", query)
        times = _times(asked, period)
        path = _filled(asked.path, times)
        document = await self._client.get(
            path, {key: _filled(text, times) for key, text in asked.params.items()}
        )
        return _answer(asked, document, self._client.call("GET", asked.path))

    async def probe(self) -> str:
        """GET the address itself, where a service need not have anything."""
        try:
            document = await self._client.get("")
        except NotFound:
            return f"reached {self._source}: nothing stands at the address itself"
        kinds: Mapping[type, str] = {list: "a list", dict: "an object"}
        return f"reached {self._source}: it answers with {kinds.get(type(document), 'a value')}"

    async def close(self) -> None:
        await self._client.close()


def _times(query: HttpJsonQuery, period: Period) -> dict[str, str]:
    ends = {"{start}": period.start, "{end}": period.end}
    match query.times:
        case "iso":
            return {name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in ends.items()}
        case "date":
            return {name: f"{at:%Y-%m-%d}" for name, at in ends.items()}
        case "epoch":
            return {name: str(int(at.timestamp())) for name, at in ends.items()}
        case "epoch_ms":
            return {name: str(int(at.timestamp()) * _EPOCH_MS) for name, at in ends.items()}


def _filled(text: str, times: Mapping[str, str]) -> str:
    for name, value in times.items():
        text = text.replace(name, value)
    return text


def _answer(query: HttpJsonQuery, document: Any, call: Call) -> Answer:
    if query.more is not None and any(_found(query.more, document, call)):
        raise Truncated(call, "the service says that there is more than it gave")
    newest = _found(query.newest_at, document, call) if query.newest_at else []
    parts = _parts(query, document, call)
    found: dict[str, Measurement] = {}
    for name, part in parts.items():
        measurement = measured(query.shape, _fields(query, part, call), call=call)
        if measurement is not None:
            found[name] = measurement
    unit = query.times if query.times.startswith("epoch") else "iso"
    reach = [at for raw in newest if (at := moment(raw, call=call, unit=unit)) is not None]
    return Answer(measurements=found, sample=len(parts), newest_at=max(reach, default=None))


def _parts(query: HttpJsonQuery, document: Any, call: Call) -> dict[str, Any]:
    if query.rows is None:
        return {WHOLE: document}
    rows = _found(query.rows, document, call)
    if not rows and not _found(_container(query.rows), document, call):
        raise UnexpectedAnswer(call, f"nothing stands at {query.rows}")
    if len(rows) > 1 and query.group is None:
        raise UnexpectedAnswer(call, "more than one row, and no `group` names them")
    parts: dict[str, Any] = {}
    for row in rows:
        name = _name(query, row, call)
        if name in parts:
            raise UnexpectedAnswer(call, f"more than one row for the group {name}")
        parts[name] = row
    return parts


def _container(path: str) -> str:
    """Cut the last step off a path, so that an empty list is told from a missing one."""
    if not path.endswith("]"):
        return path.rpartition(".")[0] or path
    depth = 0
    for place in range(len(path) - 1, -1, -1):
        depth += (path[place] == "]") - (path[place] == "[")
        if depth == 0:
            return path[:place]
    return path


def _name(query: HttpJsonQuery, row: Any, call: Call) -> str:
    if query.group is None:
        return WHOLE
    if not isinstance(row, Mapping) or query.group not in row:
        raise UnexpectedAnswer(call, f"a row does not say its {query.group}")
    return group_name([row[query.group]], call=call)


def _fields(query: HttpJsonQuery, part: Any, call: Call) -> dict[str, object]:
    fields: dict[str, object] = {}
    for field, path in query.values.items():
        matches = _found(path, part, call)
        if query.shape is Shape.BANDS:
            fields[field] = matches[0] if len(matches) == 1 and isinstance(matches[0], list) else matches
        elif len(matches) == 1:
            fields[field] = matches[0]
        else:
            raise UnexpectedAnswer(call, f"{len(matches)} values stand at {path}, where {field} needs one")
    return fields


def _found(path: str, document: Any, call: Call) -> Sequence[Any]:
    import jsonpath  # noqa: PLC0415 - as schema/queries.py does

    try:
        return jsonpath.findall(path, document)
    except (jsonpath.JSONPathError, RecursionError) as error:
        raise UnexpectedAnswer(call, f"{path} cannot be used as a JSONPath") from error
