"""The command line, as a person or a script meets it: answers on one stream, refusals on the other, exit codes."""

import asyncio
import logging
import os
import signal
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
import stamina
from ruamel.yaml import YAML

from bot.cli import main
from bot.demo import apply
from bot.files import load_yaml
from bot.local_slack.server import LocalSlack
from bot.settings import Settings
from integrations.store import configuration as stored
from integrations.store.engine import Store
from schema.configuration.changes import Kind, ObjectKey, StoredObject
from tests import builders
from tests.conversations import MANIFEST
from tests.stages import AT, MUSTER, a_process, environment, finished, story_file

WRONG = """\
workspace:
  name: Acme
  zone: Mars/Phobos
  currency: DOLLARS
sources:
  warehouse: {kind: sql, url: "sqlite:///fraud.db"}
  lake: {kind: sql}
  service: {kind: http_json, url: "ftp://example.org"}
colour: blue
products:
  fraud-detection:
    title: Fraud detection
    channel: "#fraud"
    owner: ana
    roles: {pmm: [U0PIA00001]}
    nouns: {case: payment}
    nouns: {case: card}
    queries:
      outcomes: {source: warehous, shape: confusion, sql: "SELECT 1"}
      two: {source: warehouse, shape: confusion, sql: "SELECT 1; SELECT 2"}
      writes: {source: warehouse, shape: confusion, sql: "DELETE FROM outcomes"}
    metrics:
      precison: {query: outcomes}
      recall: {query: nowhere}
    standup: {on: someday, at: "25:99"}
"""


@pytest.fixture
def muster(tmp_path, monkeypatch, capsys):
    """Run a command here, in an empty folder of its own; gives exit code, answer and complaint."""
    for name in [name for name in os.environ if name.startswith("MUSTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MUSTER_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in arguments])
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return ended.value.code or 0, said.out, said.err

    yield run
    root.handlers[:], level = before
    root.setLevel(level)
    stamina.instrumentation.set_on_retry_hooks(None)


@pytest.fixture
def sound(tmp_path):
    """Write a sound muster.yaml with one source that answers."""
    builders.write_outcomes(tmp_path)
    return written(tmp_path / "muster.yaml", builders.document())


def written(path, document):
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(document, file)
    return path


# --- check ---


def test_every_mistake_of_a_file_is_said_with_its_place_and_nothing_is_applied(muster, tmp_path):
    (tmp_path / "muster.yaml").write_text(WRONG)

    code, said, complained = muster("check")
    refused = muster("apply")

    lines = [line for line in said.splitlines() if not line.startswith("warning")]
    assert (code, complained) == (2, "")
    assert len(lines) >= 14
    assert all(line.startswith("line ") for line in lines)
    for place in (
        "workspace.zone",
        "sources.lake.url",
        "colour",
        "queries.writes.sql",
        "metrics.precison",
        "standup.at",
    ):
        assert place in said
    assert refused[0] == 2
    assert refused[1] == ""
    assert set(lines) == {line for line in refused[2].splitlines() if not line.startswith("warning")}
    assert muster("export")[0] == 1  # nothing was stored


def test_a_check_tries_every_source_and_says_what_it_got(muster, tmp_path):
    document = builders.document()
    document["sources"]["gone"] = {"kind": "sql", "url": "sqlite:///not-there.db"}
    document["sources"]["shut"] = {"kind": "http_json", "url": "http://127.0.0.1:9", "network": "private"}
    builders.write_outcomes(tmp_path)
    path = written(tmp_path / "other.yaml", document)

    code, said, complained = muster("check", "--config", path)

    assert (code, complained) == (0, "")
    *_, sound, gone, shut, warehouse = said.splitlines()
    assert sound == f"{path} is sound."
    assert warehouse.startswith("warehouse: reached sqlite")
    assert (
        gone
        == "gone: no answer (the version: the database cannot be opened; check its address, and that it runs)"
    )
    assert shut == "shut: no answer (GET /: no connection)"


def test_a_missing_file_is_one_line(muster):
    for command in ("check", "apply"):
        code, said, complained = muster(command, "--config", "nowhere.yaml")
        assert code == 2
        assert (said + complained).count("\n") == 1
        assert "The file `nowhere.yaml` cannot be read" in said + complained


# --- apply and export ---


def test_applying_shows_the_difference_and_repeating_changes_nothing(muster, sound, tmp_path):
    code, first, _ = muster("apply")
    _, again, _ = muster("apply")
    document = builders.document()
    document["products"]["fraud-detection"]["title"] = "Fraud watch"
    written(sound, document)
    _, changed, _ = muster("apply", "--config", sound)

    assert code == 0
    assert first.splitlines() == [
        "added: workspace",
        "added: source warehouse",
        "added: product fraud-detection",
    ]
    assert again == "Nothing has changed.\n"
    assert changed.splitlines() == [
        "changed: product fraud-detection", '  title: "Fraud detection" → "Fraud watch"',
    ]  # fmt: skip


def test_what_changed_on_both_sides_is_shown_and_left_until_somebody_takes_a_side(muster, sound, tmp_path):
    muster("apply")
    in_slack(tmp_path, title="Fraud in Slack")
    document = builders.document()
    document["products"]["fraud-detection"]["title"] = "Fraud in the file"
    written(sound, document)

    code, said, _ = muster("apply")
    exported = muster("export")[1]
    taken = muster("apply", "--take", "file")
    after = muster("export")[1]

    assert code == 3
    assert f"conflict: product fraud-detection, changed in Slack by {builders.ANA}" in said
    assert '  title: "Fraud in Slack" in Slack, "Fraud in the file" in the file' in said
    assert "nothing was applied" in said
    assert "title: Fraud in Slack" in exported
    assert taken[0] == 0
    assert "title: Fraud in the file" in after


def in_slack(folder, **fields):
    """Change a product as somebody in Slack would."""
    store = Store(f"sqlite:///{folder / 'muster.db'}")

    def change(session):
        known = stored.objects(session, "main")
        at = ObjectKey(Kind.PRODUCT, "fraud-detection")
        body = {**known[at].body, **fields}
        known[at] = StoredObject(body=body, applied_digest=known[at].applied_digest, changed_by=builders.ANA)
        stored.save(session, "main", known, builders.NOW)

    asyncio.run(store.write(change))
    store.close_sync()


def test_an_export_reads_back_equal_and_applies_as_no_change(muster, sound, tmp_path):
    muster("apply")
    code, said, complained = muster("export")
    (tmp_path / "again.yaml").write_text(said)

    assert (code, complained) == (0, "")
    assert load_yaml(said).document == load_yaml(sound).document
    assert muster("apply", "--config", "again.yaml") == (0, "Nothing has changed.\n", "")


def test_before_anything_is_applied_a_command_says_what_to_do_first(muster):
    for command in (["export"], ["brief", "fraud-detection"], ["pull"]):
        code, said, complained = muster(*command)
        assert (code, said) == (1, "")
        assert (
            complained == "Nothing has been set up here yet. Run `muster apply --config muster.yaml` first.\n"
        )


def test_a_database_that_is_not_there_is_one_line(muster, sound, monkeypatch):
    for address in ("postgresql://127.0.0.1:1/x", "nonsense", "sqlite:////nowhere/at/all/muster.db"):
        monkeypatch.setenv("MUSTER_DATABASE_URL", address)
        code, said, complained = muster("apply")
        assert (code, said) == (1, "")
        assert complained.count("\n") == 1
        assert "database" in complained


# --- brief, standup, pull ---


def from_story(*arguments):
    return [*arguments, "--config", str(story_file()), "--at", "2026-11-23"]


async def test_a_brief_prints_its_page_and_nothing_else():
    code, said, complained = await finished(*from_story("brief", "fraud-detection", "--for", "compliance"))

    assert (code, complained) == (0, "")
    assert said.startswith("Fraud detection, 16 to 22 November 2026: ")
    assert "measured for 16 to 22 November 2026 from payments" in said


async def test_a_brief_with_a_dead_source_has_no_log_lines_on_either_stream():
    code, said, complained = await finished(*from_story("brief", "content-recommender"))

    assert (code, complained) == (0, "")
    assert "There is no figure for the share of suggestions that anyone was shown" in said
    assert "stamina" not in said
    assert "retry" not in said


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["brief", "fraud-detektion"], "There is no product `fraud-detektion`. Did you mean `fraud-detection`?"),
        (["brief", "fraud-detection", "--for", "poets"], "“poets” is no reader I know; try executive, engineer, compliance or support."),
        (["brief", "fraud-detection", "--at", "2026-W46"], "“2026-W46” is a week, and a day is asked for; for what stands once it is over: 2026-11-16."),
        (["brief", "fraud-detection", "--at", "tomorrow"], "“tomorrow” is no day. Write it as 2026-11-23, or with a time: 2026-11-23T09:30+01:00."),
        (["brief", "fraud-detection", "--at", "9999-12-31"], "“9999-12-31” is out of reach. Write it as 2026-11-23, or with a time: 2026-11-23T09:30+01:00."),
        (["standup", "fraud-detektion", "--dry-run"], "There is no product `fraud-detektion`. Did you mean `fraud-detection`?"),
        (["standup", "fraud-detection"], "Posting is done in Slack: type /muster standup fraud-detection now. Here, add --dry-run to see it."),
        (["pull", "job-machine"], "There is no product `job-machine`. Did you mean `job-matching`?"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused_in_one_line(muster, arguments, sentence):
    last = [] if "--at" in arguments else ["--at", "2026-11-23"]
    assert muster(*arguments, "--config", story_file(), *last) == (1, "", f"{sentence}\n")


def test_a_setting_that_does_not_exist_is_refused(muster, monkeypatch):
    monkeypatch.setenv("MUSTER_DATABSE_URL", "sqlite:///x.db")

    code, said, complained = muster("export")

    assert (code, said) == (1, "")
    assert complained.startswith(
        "There is no setting `MUSTER_DATABSE_URL`. Did you mean `MUSTER_DATABASE_URL`"
    )


def test_a_past_week_on_the_command_line_says_that_it_is_composed_again(muster, sound):
    muster("apply", "--config", sound)
    code, said, _ = muster("standup", "fraud-detection", "--dry-run", "--at", "2026-11-10")
    _, of_a_file, _ = muster(
        "standup", "fraud-detection", "--dry-run", "--at", "2026-11-10", "--config", sound
    )

    assert code == 0
    assert said.startswith("Composed again on ")
    assert "Fraud detection, 2 to 8 November 2026: nothing has clearly changed." in said
    assert of_a_file.startswith("Fraud detection, 2 to 8 November 2026")


def test_a_week_that_has_not_ended_has_no_standup_yet(muster, sound):
    muster("apply", "--config", sound)
    year = datetime.now(UTC).year + 2

    code, said, complained = muster("standup", "fraud-detection", "--dry-run", "--at", f"{year}-06-15")

    assert (code, said) == (1, "")
    assert "has not ended. Leave --at out for the newest one that has." in complained


def test_a_dry_run_prints_the_standup_with_its_figures(muster):
    code, said, complained = muster(*from_story("standup", "fraud-detection", "--dry-run"))

    assert (code, complained) == (0, "")
    assert "Of every 10,000 good payments, 47 were flagged by mistake".lower() in said.lower()
    assert "▁" in said
    assert "$302,000" in said


def test_a_pull_says_what_each_source_gave(muster):
    code, said, complained = muster(*from_story("pull", "content-recommender"))

    assert (code, complained) == (0, "")
    first, recommender, service = said.splitlines()
    assert first.startswith("content-recommender: ")
    assert first.endswith(" new readings")
    assert "recommender: 87 of 101 answered" in recommender
    assert "service: 0 of " in service
    assert "no connection" in service


async def test_whoever_sits_before_a_terminal_sees_how_far_a_pull_is(muster, sound, tmp_path):
    inside, terminal = os.openpty()
    process = await asyncio.create_subprocess_exec(
        MUSTER, "pull", "--config", str(sound), "--at", "2026-11-23", env=environment(),
        stdout=asyncio.subprocess.PIPE, stderr=terminal,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    os.close(terminal)
    shown = os.read(inside, 10_000).decode()
    os.close(inside)

    assert "13 of 13 answered" in said.decode()
    assert shown.startswith("\r1 of 13 answers")
    assert shown.endswith("\r13 of 13 answers\r\n")


def test_what_is_pulled_into_the_store_is_there_for_the_next_brief(muster, sound, tmp_path):
    muster("apply")
    first = muster("pull", "--at", "2026-11-23")[1]
    again = muster("pull", "--at", "2026-11-23")[1]
    (tmp_path / "fraud.db").unlink()
    code, said, _ = muster("brief", "fraud-detection", "--at", "2026-11-23")

    assert "13 of 13 answered" in first
    assert again.splitlines() == ["fraud-detection: 0 new readings", "  warehouse: 1 of 1 answered"]
    assert code == 0
    assert "Clear loss" in said


def test_a_source_whose_secret_is_missing_costs_its_own_lines_only(muster, tmp_path, monkeypatch):
    document = builders.document(
        other={"queries": {"outcomes": {**builders.PRODUCT["queries"]["outcomes"], "source": "vault"}}}
    )
    document["sources"]["vault"] = {"kind": "sql", "url": {"secret": "VAULT"}}
    builders.write_outcomes(tmp_path)
    written(tmp_path / "muster.yaml", document)
    monkeypatch.setenv("MUSTER_SECRET_VAULT", "sqlite:///fraud.db")
    muster("apply")
    monkeypatch.delenv("MUSTER_SECRET_VAULT")

    code, said, _ = muster("pull", "--at", "2026-11-23")

    assert code == 0
    assert "warehouse: 13 of 13 answered" in said
    assert "vault: 0 of 1 answered; vault, opening it: there is no secret `VAULT`" in said.replace(
        "There", "there"
    )
    assert said.endswith(" (2026-W47).\n")  # which week it was asked for


# --- run ---


@asynccontextmanager
async def a_slack(folder, **fields):
    """Open a local Slack with an applied configuration beside it; gives it with the settings of a bot."""
    builders.write_outcomes(folder)
    written(folder / "muster.yaml", builders.document())
    async with LocalSlack() as slack:
        slack.add_workspace("Acme")
        for name, id_ in (
            ("ana", builders.ANA),
            ("ben", builders.BEN),
            ("pia", builders.PIA),
            ("lea", builders.LEA),
        ):
            slack.add_user(name, id=id_)
        app = slack.add_app_from_manifest(MANIFEST)
        slack.add_channel(
            "fraud", id=builders.CHANNEL, members=[*map(slack.user, ("ana", "ben", "pia", "lea")), app]
        )
        settings = {
            "MUSTER_HOME": str(folder), "MUSTER_CONFIG": str(folder / "muster.yaml"), "MUSTER_SLACK_API_URL": slack.base_url,
            "MUSTER_SLACK_BOT_TOKEN": app.bot_token, "MUSTER_SLACK_APP_TOKEN": app.app_token,
            "MUSTER_SLACK_SIGNING_SECRET": app.signing_secret, "MUSTER_HTTP_PORT": "0", "MUSTER_LOG_FORMAT": "json", **fields,
        }  # fmt: skip
        await apply(Settings.from_env(settings), folder / "muster.yaml", lambda: builders.NOW)
        yield slack, app, settings


def test_run_without_tokens_says_each_problem_in_one_line(muster):
    code, said, complained = muster("run")

    assert (code, said) == (1, "")
    assert complained.splitlines() == [
        "MUSTER_SLACK_BOT_TOKEN: This is not set. Copy it from your app's page at Slack.",
        "MUSTER_SLACK_APP_TOKEN: This is not set. Copy it from your app's page at Slack.",
    ]


async def test_run_with_what_does_not_work_ends_with_one_line(tmp_path):
    async with a_slack(tmp_path) as (slack, _app, settings):
        taken = slack.url.rstrip("/").rpartition(":")[2]
        wrong = {
            "Slack does not take MUSTER_SLACK_BOT_TOKEN: invalid_auth. ": {
                "MUSTER_SLACK_BOT_TOKEN": "xoxb-wrong"
            },
            "Slack does not take MUSTER_SLACK_APP_TOKEN: invalid_auth. ": {
                "MUSTER_SLACK_APP_TOKEN": "xapp-wrong"
            },
            "Slack cannot be reached: ": {"MUSTER_SLACK_API_URL": "http://127.0.0.1:9/api/"},
            f"127.0.0.1:{taken} cannot be listened on: Address already in use. ": {"MUSTER_HTTP_PORT": taken},
        }
        ended = await asyncio.gather(*(finished("run", **{**settings, **each}) for each in wrong.values()))

        for start, (code, said, complained) in zip(wrong, ended, strict=True):
            assert (code, said) == (1, "")
            assert complained.startswith(start)
            assert complained.count("\n") == 1
        refused = [call for call in slack.calls("apps.connections.open") if not call.ok]
        assert len(refused) == 1  # no endless retry


@pytest.mark.parametrize("mode", ["socket", "http"])
async def test_run_answers_and_stops_cleanly(tmp_path, mode):
    port = free_port()
    async with a_slack(tmp_path, MUSTER_SLACK_MODE=mode, MUSTER_HTTP_PORT=str(port)) as (
        slack,
        app,
        settings,
    ):
        if mode == "http":
            slack.change_app(app, mode="http", request_url=f"http://127.0.0.1:{port}/slack/events")
        async with a_process("run", **settings) as process:
            ready = await process.line("ready")
            assert await status(port, "readyz") == (200, "ok")
            help_ = await slack.command(builders.PIA, builders.CHANNEL, "/muster help")
            code = await process.stop()

    assert ready["port"] == port
    assert help_.acked
    assert help_.problems == []
    assert "/muster brief" in str(help_.ack)
    assert code == 0
    assert "Traceback" not in "".join(process.lines)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


async def test_two_processes_on_one_database_post_a_standup_once(tmp_path):
    async with a_slack(tmp_path) as (slack, app, settings):
        async with a_process("run", **settings) as one, a_process("run", **settings) as two:
            await one.line("ready")
            await two.line("ready")
            await slack.wait_for(lambda: slack.sockets.connected(app) == 2)
            for person in (builders.PIA, builders.ANA, builders.PIA, builders.ANA):
                assert (await slack.command(person, builders.CHANNEL, "/muster standup now")).acked
            await slack.wait_for(lambda: len(threaded(slack)) >= 3, timeout_s=15)
            assert [await one.stop(), await two.stop()] == [0, 0]

        [parent] = slack.messages(builders.CHANNEL)
        thread = slack.thread(builders.CHANNEL, parent["ts"])
        texts = [message["text"] for message in thread]
        assert len(texts) == len(set(texts))


def threaded(slack):
    return [
        message
        for channel, message in slack.every_message()
        if channel == builders.CHANNEL and message.get("thread_ts")
    ]


async def status(port, path, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


def free_port():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


# --- demo ---


async def test_a_demo_takes_another_port_and_leaves_nothing_behind(tmp_path):
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8111))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which is as good
        async with a_process("demo", "--at", AT.isoformat(), TMPDIR=str(tmp_path)) as process:
            async with asyncio.timeout(60):
                while not (line := (await process.process.stdout.readline()).decode()).startswith(
                    "Muster is ready"
                ):
                    assert process.process.returncode is None
            port = int(line.partition("127.0.0.1:")[2].partition("/")[0])
            assert (await status(port, ""))[0] == 200
            code = await process.stop(signal.SIGINT)

    assert port != 8111
    assert code == 0
    assert process.lines[-2].endswith("Stopped.\n")
    assert process.lines[-1] == ""
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_port_that_no_machine_has_is_refused(muster):
    code, _, complained = muster("demo", "--port", "65536")

    assert code == 2
    assert "65535" in complained
    assert "Traceback" not in complained


def test_a_port_of_ones_own_that_is_taken_is_refused(muster):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, said, complained = muster("demo", "--port", port)

    assert (code, said) == (1, "")
    assert complained == f"Port {port} cannot be listened on: Address already in use. Leave --port out.\n"
