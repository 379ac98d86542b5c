"""A small JSON service on loopback that answers one period of the story; the demo's `http_json` source asks it."""

import json
import math
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import web

FOLDER = web.AppKey("folder", Path)
PERCENTILE, Z = 0.95, 1.959963984540054
Record: TypeAlias = Mapping[str, Any]


class Kind(StrEnum):
    """How the records of a topic become one answer."""

    SUMS = "sums"  # add up whole records that lie in the period
    AGE = "age"  # hours from the newest record of the last training to the period's end
    PERCENTILE = (
        "percentile"  # merge the histograms of the period; a percentile of percentiles would be wrong
    )


def topic(kind: Kind, records: Sequence[Record], **more: object) -> dict[str, object]:
    """Make the document of a topic as it lies in `service/`; `edges_s` and `down_since` go into `more`."""
    return {"kind": kind, "records": list(records), **more}


@asynccontextmanager
async def serve(folder: Path, *, port: int = 0) -> AsyncIterator[str]:
    """Serve the topics of a folder on loopback while the context is open, and give the address.

    folder   read at each request, so it may be filled later
    port     0 takes a free one
    """
    app = web.Application()
    app[FOLDER] = folder
    app.router.add_get("/", _listed)
    app.router.add_get("/{topic:[a-z_]+}", _answered)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def _listed(request: web.Request) -> web.Response:
    return web.json_response({"topics": sorted(path.stem for path in request.app[FOLDER].glob("*.json"))})


async def _answered(request: web.Request) -> web.Response:
    path = request.app[FOLDER] / f"{request.match_info['topic']}.json"
    if not path.is_file():
        raise web.HTTPNotFound(text="no such topic")
    try:
        start, end = (_moment(request.query[name]) for name in ("start", "end"))
    except (KeyError, ValueError) as error:
        raise web.HTTPBadRequest(text="start and end must be times with a zone") from error
    document = json.loads(path.read_text(encoding="utf-8"))
    if "down_since" in document and end > _moment(document["down_since"]):
        raise web.HTTPServiceUnavailable(text="the index is being rebuilt")
    return web.json_response(answer(document, start=start, end=end))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone")
    return moment.astimezone(UTC)


def answer(document: Mapping[str, Any], *, start: datetime, end: datetime) -> dict[str, object]:
    """Give one period of a topic."""
    records: list[Record] = document["records"]
    inside = [r for r in records if start <= _moment(r["start"]) and _moment(r["end"]) <= end]
    match Kind(document["kind"]):
        case Kind.SUMS:
            return {**_sums(records, inside), "newest_at": _newest(inside, "end")}
        case Kind.AGE:
            known = [r for r in records if _moment(r["start"]) <= end]
            return _age(known, end)
        case Kind.PERCENTILE:
            return {**_percentile(document["edges_s"], inside), "newest_at": _newest(inside, "end")}


def _newest(records: Sequence[Record], field: str) -> str | None:
    return max((r[field] for r in records), default=None)


def _sums(records: Sequence[Record], inside: Sequence[Record]) -> dict[str, int]:
    names = sorted(set(records[0]) - {"start", "end"}) if records else []
    return {name: sum(r[name] for r in inside) for name in names}


def _age(known: Sequence[Record], end: datetime) -> dict[str, object]:
    newest = _newest(known, "newest_record_at")
    hours = None if newest is None else round((end - _moment(newest)).total_seconds() / 3600, 1)
    return {"age_h": hours, "newest_record_at": newest}


def _percentile(edges_s: Sequence[float], inside: Sequence[Record]) -> dict[str, object]:
    counts = [sum(column) for column in zip(*(r["counts"] for r in inside), strict=True)]
    n = sum(counts)
    if not n:
        return {"value": None, "low": None, "high": None, "answers": 0}
    spread = Z * math.sqrt(n * PERCENTILE * (1 - PERCENTILE))  # of the rank, so the ends are order statistics
    ranks = {"low": n * PERCENTILE - spread, "value": n * PERCENTILE, "high": min(n, n * PERCENTILE + spread)}
    return {**{name: round(_at_rank(edges_s, counts, rank), 3) for name, rank in ranks.items()}, "answers": n}


def _at_rank(edges_s: Sequence[float], counts: Sequence[int], rank: float) -> float:
    reached = 0
    for low, high, count in zip([0.0, *edges_s], [*edges_s, edges_s[-1]], counts, strict=True):
        if count and reached + count >= rank:
            return low + (high - low) * (rank - reached) / count
        reached += count
    return edges_s[-1]
