"""Write the demo's story: thirty weeks of seven products, in files that the real connectors read.

write() and these make it, one file each:
    support feed recommender fraud writing offers jobs    rows of one product
    weeks      the calendar and seeded chance
    files      SQLite, DuckDB and JSON
    people     who works at the company
    service    the JSON service that answers one period
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from deploy.demo import feed, fraud, jobs, offers, recommender, support, writing
from deploy.demo.files import write_duckdb, write_json, write_sqlite
from deploy.demo.service import Kind, topic
from deploy.demo.weeks import LAST, ZONE, Weeks, weeks_before

TEMPLATE = Path(__file__).with_name("muster.yaml")
SERVICE = "service"  # the folder that service.serve() reads
CONFIGURATION = "muster.yaml"
_PLACEHOLDER = re.compile(r'"\{\{(\w+)\}\}"')


def write(folder: Path, *, at: datetime, service_url: str = "http://127.0.0.1:8290") -> Path:
    """Write the story as it stands at a moment, and give the path of its muster.yaml.

    at            aware; the running week is written as far as it has come
    service_url   where serve() answers
    """
    weeks = weeks_before(at)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / SERVICE).mkdir(exist_ok=True)
    _write_databases(folder / "data", weeks)
    _write_service(folder / SERVICE, weeks)
    configuration = folder / CONFIGURATION
    configuration.write_text(
        filled(TEMPLATE.read_text(encoding="utf-8"), _values(weeks, service_url)), encoding="utf-8"
    )
    return configuration


def filled(template: str, values: Mapping[str, str]) -> str:
    """Put values in place of `"{{name}}"`, quotes included; raises KeyError for an unknown name."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _write_databases(folder: Path, weeks: Weeks) -> None:
    for module in (feed, recommender, fraud, writing, offers):
        name = module.__name__.rpartition(".")[2]
        write_sqlite(folder / f"{name}.db", module.tables(weeks))
    rows = [*support.tables(weeks), *offers.surveys(weeks), *jobs.tables(weeks)]
    write_duckdb(folder / "warehouse.duckdb", rows)


def _write_service(folder: Path, weeks: Weeks) -> None:
    rebuilding = weeks.periods[LAST].end - timedelta(hours=30)
    topics = {
        "engagement": topic(Kind.SUMS, recommender.days(weeks)),
        "training": topic(Kind.AGE, recommender.trainings(weeks)),
        "catalogue": topic(Kind.SUMS, recommender.catalogue(weeks), down_since=rebuilding.isoformat()),
        "latency": topic(Kind.PERCENTILE, writing.latencies(weeks), edges_s=writing.LATENCY_EDGES_S),
        "assistant": topic(Kind.SUMS, support.vendors_count(weeks)),
        "requests": topic(Kind.SUMS, writing.requests(weeks)),
    }
    for name, document in topics.items():
        write_json(folder / f"{name}.json", document)


def _values(weeks: Weeks, service_url: str) -> dict[str, str]:
    starts = {
        "support_release": support.RELEASE,
        "support_notes": support.NOTES,
        "feed_new_model": feed.NEW_MODEL,
        "recommender_frozen": recommender.FROZEN,
        "recommender_retrained": recommender.RETRAINED,
        "fraud_lower_limit": fraud.LOWER_LIMIT,
        "writing_rollout": writing.ROLLOUT,
        "offers_pivot": offers.PIVOT,
        "offers_limits": offers.PIVOT - 4,
        "jobs_explained": jobs.EXPLAINED,
        "jobs_retrained": jobs.RETRAINED,
        "jobs_limits": jobs.RETRAINED - 1,
    }
    today = weeks.at.astimezone(ZONE).date()
    return {
        **{name: weeks.first_day(week).isoformat() for name, week in starts.items()},
        "soon": (today + timedelta(days=25)).isoformat(),
        "writing_goal_day": (weeks.first_day(LAST) + timedelta(weeks=7, days=-1)).isoformat(),
        "later": (today + timedelta(days=130)).isoformat(),
        "service_url": json.dumps(service_url),
    }
