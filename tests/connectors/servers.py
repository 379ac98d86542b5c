"""A real MLflow and a real Prometheus, each started once a process at first use, seeded, and stopped with it."""

import atexit
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest

START = datetime(2026, 11, 16, tzinfo=UTC)  # the week that every answer is about
END = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATIENCE_S = 90
PROGRAMS = ("prometheus", "promtool")
RUNNING: list[subprocess.Popen[bytes]] = []


@cache
def folder() -> Path:
    """Make one folder a process for everything here; it goes with the process."""
    made = Path(tempfile.mkdtemp(prefix="muster-servers-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def started(
    name: str, command: list[str], environment: dict[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """Start a program that ends with this process, its children included."""
    with (folder() / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd=folder(),
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
    atexit.register(stop, process)
    RUNNING.append(process)
    return process


def stop_all() -> None:
    """Stop what was started; at the end of the tests, for a worker that takes long to exit is killed."""
    for process in RUNNING:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, 15)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], name: str) -> None:
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends and process.poll() is None:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    log = (folder() / f"{name}.log").read_text(errors="replace")[-2000:]
    pytest.fail(f"{name} did not start:\n{log}")


# --- MLflow ---


@cache
def mlflow_starting() -> tuple[str, subprocess.Popen[bytes]]:
    """Begin to start MLflow, which takes seconds; other tests may run meanwhile."""
    url = f"http://127.0.0.1:{free_port()}"
    program = [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        url.rpartition(":")[2],
    ]
    store = [
        "--backend-store-uri",
        f"sqlite:///{folder()}/mlflow.db",
        "--artifacts-destination",
        f"{folder()}/artifacts",
    ]
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # six processes for jobs that nobody gives
    }
    return url, started("mlflow", [*program, *store, "--workers", "1"], quiet)


@cache
def mlflow_url() -> str:
    """Give the address of a seeded MLflow."""
    url, process = mlflow_starting()
    wait_for(f"{url}/health", process, "mlflow")
    with closing(Mlflow(url)) as server:
        seed_mlflow(server)
    return url


class Mlflow:
    """A writer for the tracking server, over REST as any other."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=f"{url}/api/2.0/mlflow", trust_env=False)

    def close(self) -> None:
        self.client.close()

    def post(self, path: str, **body: object) -> dict:
        response = self.client.post(path, json=body)
        assert response.is_success, response.text
        return response.json()

    def experiment(self, name: str) -> str:
        return self.post("/experiments/create", name=name)["experiment_id"]

    def run(
        self,
        experiment: str,
        *,
        at: datetime,
        metrics: dict[str, float] | None = None,
        points: tuple[tuple[str, float, datetime, int], ...] = (),
        tags: dict[str, str] | None = None,
        status: str = "FINISHED",
    ) -> str:
        """Log a run; `points` are key, value, time and step."""
        labels = [{"key": key, "value": value} for key, value in (tags or {}).items()]
        body = {"experiment_id": experiment, "start_time": ms(at), "tags": labels}
        run = self.post("/runs/create", **body)["run"]["info"]["run_id"]
        plain = tuple((key, value, at, 0) for key, value in (metrics or {}).items())
        logged = [
            {"key": key, "value": value, "timestamp": ms(when), "step": step}
            for key, value, when, step in (*plain, *points)
        ]
        self.post("/runs/log-batch", run_id=run, metrics=logged)
        self.post("/runs/update", run_id=run, status=status, end_time=ms(at))
        return run


def ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def seed_mlflow(server: Mlflow) -> None:
    """Log the week: 50 answers about women, 40 of them right; 50 about men, all right."""
    tuesday, sunday = START + timedelta(days=1), END - HOUR
    answers = server.experiment("answers")
    server.run(answers, at=START - HOUR, metrics={"ok": 1, "all": 2})
    server.run(answers, at=tuesday, metrics={"ok": 3, "all": 4})
    server.run(answers, at=sunday, metrics={"ok": 90, "all": 100})
    server.run(answers, at=sunday + timedelta(minutes=5), metrics={"ok": 5, "all": 6}, status="FAILED")
    server.run(answers, at=END, metrics={"ok": 7, "all": 8})
    groups = server.experiment("answers by group")
    server.run(groups, at=tuesday, metrics={"ok": 1, "all": 9}, tags={"sex": "women"})
    server.run(groups, at=sunday, metrics={"ok": 40, "all": 50}, tags={"sex": "women"})
    server.run(groups, at=sunday - HOUR, metrics={"ok": 50, "all": 50}, tags={"sex": "men"})
    server.run(groups, at=sunday, metrics={"ok": 0, "all": 1})
    many = server.experiment("many groups")
    for number in range(7):
        server.run(
            many, at=tuesday + number * HOUR, metrics={"ok": number, "all": 10}, tags={"team": f"t{number}"}
        )
    old = server.experiment("stopped")
    server.run(old, at=tuesday, metrics={"ok": 90, "all": 100})
    quiet = server.experiment("quiet")
    server.run(quiet, at=START - 30 * HOUR, metrics={"ok": 1, "all": 1})
    broken = server.experiment("broken")
    server.post("/experiments/create", name="never run")
    seed_odd_values(server, broken, sunday)


def seed_odd_values(server: Mlflow, experiment: str, at: datetime) -> None:
    run = server.run(experiment, at=at, metrics={"exact": 0.1, "val/f1 score": 0.75})
    for value, key in (("NaN", "not_a_number"), ("Infinity", "endless")):
        server.post("/runs/log-metric", run_id=run, key=key, value=value, timestamp=ms(at), step=0)


# --- Prometheus ---


def missing_programs() -> str | None:
    """Say which of Prometheus's programs this machine lacks."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"no {' and no '.join(lacking)} here: apt-get install prometheus" if lacking else None


@cache
def prometheus_url() -> str:
    """Give the address of a Prometheus whose history was filled in before it started; skips where it is missing."""
    lacking = missing_programs()
    if lacking is not None:
        pytest.skip(lacking)
    home = folder() / "prometheus"
    home.mkdir()
    (home / "history.txt").write_text(history())
    (home / "prometheus.yml").write_text(CONFIGURATION)
    subprocess.run(
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", home / "history.txt", home / "data"],
        check=True,
        capture_output=True,
    )
    url = f"http://127.0.0.1:{free_port()}"
    options = {
        "config.file": home / "prometheus.yml",
        "storage.tsdb.path": home / "data",
        "storage.tsdb.retention.time": "100y",
        "web.listen-address": url.removeprefix("http://"),
    }
    process = started("prometheus", ["prometheus", *(f"--{name}={value}" for name, value in options.items())])
    wait_for(f"{url}/-/ready", process, "prometheus")
    return url


# A store elsewhere that is down, asked only for what says `tier="remote"`: answers then carry a warning.
CONFIGURATION = """\
remote_read:
  - url: http://127.0.0.1:9/read
    read_recent: true
    required_matchers: {tier: remote}
"""


def hourly(
    *, hours: range = range(168), shift: timedelta = timedelta(minutes=30)
) -> Iterator[tuple[int, float]]:
    for hour in hours:
        yield hour, (START + hour * HOUR + shift).timestamp()


def history() -> str:
    """Write the week in OpenMetrics text; samples stand at each half hour."""
    families = {
        "answers_ok": [
            f'answers_ok{{sex="{sex}"}} {value} {at}'
            for sex, value in (("women", 40), ("men", 50))
            for _, at in hourly()
        ],
        "answers_all": [
            f'answers_all{{sex="{sex}"}} 50 {at}' for sex in ("women", "men") for _, at in hourly()
        ],
        "stopped": [f"stopped 5 {at}" for _, at in hourly(hours=range(24))],
        "quiet": [f"quiet 5 {at}" for _, at in hourly(hours=range(-200, -190))],
        "gappy": [
            f"gappy {10 if hour < 84 else 20} {at}" for hour, at in hourly() if hour < 50 or hour >= 118
        ],
        "spoilt": [f"spoilt {'NaN' if hour == 100 else 1} {at}" for hour, at in hourly()],
        "zero": [f"zero 0 {at}" for _, at in hourly()],
        "exact": [f"exact 0.1 {at}" for _, at in hourly()],
        "distant": [f'distant{{tier="remote"}} 1 {at}' for _, at in hourly()],
    }
    counters = {
        "requests": [
            f'requests_total{{code="{code}"}} {hour * step} {at}'
            for code, step in (("ok", 7), ("bad", 2))
            for hour, at in hourly()
        ],
    }
    text = [line for name, lines in families.items() for line in (f"# TYPE {name} gauge", *lines)]
    text += [line for name, lines in counters.items() for line in (f"# TYPE {name} counter", *lines)]
    return "\n".join([*text, "# EOF", ""])
