"""What the documents say, held to what the code does."""

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bot import manifests
from bot.cli import app
from bot.files import catalogue, load_yaml
from bot.settings import Settings, variable
from deploy.demo import people
from handlers.listeners.words import IN_COMMANDS, IN_THREADS
from schema.verdicts import GAINS, LOSSES, Kind

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "DECISIONS.md")
TEXT = {name: (ROOT / name).read_text("utf-8") for name in DOCUMENTS}
README = TEXT["README.md"]
MANIFEST = load_yaml(ROOT / "deploy" / "slack_manifest.yaml").document
SUPPORTING = "supporting"
OUTSIDE = ("https://api.slack.com/", "https://keepachangelog.com/", "https://semver.org/")
MUSTER = Path(sys.executable).with_name("muster")


def code(text):
    """Give every piece of code in a Markdown text: fenced blocks, indented lines and spans."""
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return fenced + re.findall(r"^ {4,}(.+)$", rest, re.MULTILINE) + re.findall(r"`([^`\n]+)`", rest)


def after_marker(marker):
    found = re.search(rf"^<!-- {re.escape(marker)} -->\n```\w+\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no code after <!-- {marker} -->"
    return found[1]


def muster(*arguments, folder, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    return subprocess.run(
        [MUSTER, *arguments],
        cwd=folder,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


# --- commands ---

COMMANDS = typer.main.get_command(app).commands
NAMED = [
    found
    for piece in code(README)
    for found in re.findall(r"(?<![/\w])(?:\.venv/bin/)?muster ([a-z]+)([^`\n]*)", piece)
]


def test_readme_and_command_line_have_the_same_commands():
    assert {command for command, _ in NAMED} == set(COMMANDS)


@pytest.mark.parametrize(("command", "rest"), sorted(set(NAMED)))
def test_every_option_in_the_readme_exists(command, rest):
    whole = COMMANDS[command]
    known = {
        option
        for each in (whole, *getattr(whole, "commands", {}).values())
        for param in each.params
        for option in param.opts
    }
    assert set(re.findall(r"--[a-z-]+", rest)) <= known


def test_readme_and_slack_have_the_same_commands():
    typed = {found for piece in code(README) for found in re.findall(r"(?<!\w)/muster ([a-z]+)", piece)}
    assert typed == {verb.value for verb in IN_COMMANDS}
    asked = next(line for line in README.splitlines() if line.startswith("| `@Muster "))
    assert set(re.findall(r"status|why|brief|explain", asked)) == {verb.value for verb in IN_THREADS} - {
        "help"
    }


TARGETS = set(re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split())


def targets_in(text):
    return {
        found for piece in code(text) for found in re.findall(r"(?:^|\s)make ([a-z]+)", piece, re.MULTILINE)
    }


def test_every_make_target_in_the_documents_exists():
    for text in TEXT.values():
        assert targets_in(text) <= TARGETS


def test_the_readme_names_every_make_target():
    assert targets_in(README) == TARGETS - {"help"}


# --- examples ---


def test_the_muster_yaml_of_the_readme_is_sound_and_answers(tmp_path):
    (tmp_path / "muster.yaml").write_text(after_marker("muster.yaml"), "utf-8")
    database = sqlite3.connect(tmp_path / "payments.db")
    database.execute("CREATE TABLE payments (paid_at TEXT, flagged INTEGER, fraud INTEGER)")
    rows = [("2026-11-18 12:00:00", number % 2, number % 5 == 0) for number in range(400)]
    database.executemany("INSERT INTO payments VALUES (?, ?, ?)", rows)
    database.commit()
    database.close()
    secret = {"MUSTER_SECRET_WAREHOUSE_URL": "sqlite:///payments.db"}

    checked = muster("check", "--config", "muster.yaml", folder=tmp_path, **secret)
    page = muster(
        *("brief", "fraud-detection", "--for", "compliance", "--config", "muster.yaml", "--at", "2026-11-23"),
        folder=tmp_path, **secret,
    )  # fmt: skip

    assert (checked.returncode, checked.stderr) == (0, "")
    assert re.fullmatch(r"muster\.yaml is sound\.\nwarehouse: reached sqlite [\d.]+\n", checked.stdout)
    assert page.returncode == 0
    assert "; 40 of 80)" in page.stdout  # the known fraud cases that were caught


def test_the_manifest_of_the_readme_is_pinned(tmp_path):
    (tmp_path / "release.yaml").write_text(after_marker("manifest"), "utf-8")
    assert re.fullmatch("[0-9a-f]{64}", manifests.digest_of(str(tmp_path / "release.yaml")))


def run_of_the_demo(folder, **environment):
    """Run the very command that the README names."""
    arguments = re.search(r"`muster (demo --once --at \S+)` posts", README)[1].split()
    return muster(*arguments, folder=folder, **environment)


def digest_of_the_demo(printed):
    """Give the example's marker and what the demo posts there."""
    marker, channel = re.search(r"<!-- (digest: (#[\w-]+)) -->", README).groups()
    posted = next(part for part in printed.split("\n\n") if part.startswith(f"{channel}\n"))
    return marker, f"{posted.rstrip()}\n"


def test_the_demo_prints_all_seven_standups_with_that_of_the_readme_and_leaves_nothing(tmp_path):
    run = run_of_the_demo(tmp_path, TMPDIR=str(tmp_path))
    said = run.stdout

    assert (run.returncode, run.stderr) == (0, "")
    marker, posted = digest_of_the_demo(said)
    assert after_marker(marker) == posted, "Write it anew: .venv/bin/python -m tests.test_docs"
    channels = {
        each.name for each in people.CHANNELS if each.name.startswith("ai-") and each.name != "ai-audit"
    }
    standups = re.findall(r"^(#[\w-]+)\n  \*.*, 16 to 22 November 2026: ", said, re.MULTILINE)
    assert len(channels) == 7
    assert sorted(standups) == sorted(f"#{each}" for each in channels)
    assert list(tmp_path.iterdir()) == []


# --- facts ---


def test_the_scopes_of_the_readme_are_those_of_the_manifest():
    table = README.partition("| scope | for |")[2].partition("\n\n")[0]
    assert sorted(
        re.findall(
            r"`([a-z_]+(?::[a-z.]+)?)`(?=[, |])", re.sub(r"\|[^|]*\|$", "|", table, flags=re.MULTILINE)
        )
    ) == sorted(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_the_verdicts_of_the_readme_are_those_of_the_code():
    table = README.partition("| verdict | when |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([a-z ]+) \|", table, re.MULTILINE)
    assert set(rows) == {kind.value for kind in {*GAINS, *LOSSES, Kind.SAME, Kind.CANNOT_TELL}}
    others = set(Kind) - {*GAINS, *LOSSES, Kind.SAME, Kind.CANNOT_TELL}
    assert all(f"*{kind.value}*" in README for kind in others)


def test_the_counts_of_the_readme_are_true():
    own = [metric for metric in catalogue() if metric.family != SUPPORTING]
    assert set(re.findall(r"(\d+) metrics", README)) == {str(len(own))}
    products = load_yaml(ROOT / "deploy" / "demo" / "muster.yaml").document["products"]
    assert len(products) == 7
    assert "seven made-up products" in README.replace("\n", " ")


def settings_in(text):
    return {
        name for name in re.findall(r"MUSTER_[A-Z_]*[A-Z]", text) if not name.startswith("MUSTER_SECRET_")
    }


@pytest.mark.parametrize("name", [*DOCUMENTS, "deploy/Dockerfile", "deploy/compose.yaml"])
def test_every_setting_that_a_document_names_exists(name):
    assert settings_in((ROOT / name).read_text("utf-8")) <= {variable(each) for each in Settings.model_fields}


# --- files ---


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_are_relative_and_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT[name]):
        assert target.startswith(OUTSIDE) or (ROOT / target).is_file(), target
    bare = re.findall(r"<(https?://[^>]+)>", TEXT[name])
    assert all(each.startswith(OUTSIDE) for each in bare)


def named_files(text):
    return {
        found
        for piece in code(text)
        for found in re.findall(r"(?<![\w./-])((?:[\w.-]+/)+(?:[\w-]+\.(?:py|yaml|md|example))?)", piece)
    }


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_exists(name):
    ours = {
        each
        for each in named_files(TEXT[name])
        if each.split("/")[0] in {path.name for path in ROOT.iterdir()}
    }
    assert ours
    assert [
        each for each in sorted(ours) if not (ROOT / each).exists() and not each.startswith(".venv/")
    ] == []


def test_the_house_of_the_readme_stands():
    house = next(part for part in README.split("\n\n") if part.startswith("    schema/"))
    assert {path.name for path in ROOT.iterdir()} >= set(re.findall(r"^ {4}(\w+)/", house, re.MULTILINE))
    top = ""
    for line in house.splitlines():
        outer, inner = re.match(r" {4}(?:(\w+)/| +(\w+)/)?", line).groups()
        top = outer or top
        folder = ROOT / top / (inner or "")
        assert folder.is_dir(), line
        assert all((folder / each).exists() for each in re.findall(r"\b\w+\.(?:py|yaml|example)\b", line)), (
            line
        )


def test_the_container_copies_what_is_there():
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "deploy" / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    sources = {each for line in copied for each in line.split()}
    assert {"bot", "handlers", "integrations", "schema", "requirements.lock"} <= sources
    assert all((ROOT / each).exists() for each in sources)
    services = load_yaml(ROOT / "deploy" / "compose.yaml").document["services"]
    assert (
        ROOT / "deploy" / services["muster"]["build"]["context"] / services["muster"]["build"]["dockerfile"]
    ).is_file()


def test_decisions_are_numbered_dated_and_may_change():
    parts = re.split(r"^## ", TEXT["DECISIONS.md"], flags=re.MULTILINE)[1:]
    for number, part in enumerate(parts, start=1):
        assert re.match(rf"{number}\. .+ \(\d{{4}}-\d\d-\d\d\)\n", part), part.partition("\n")[0]
        assert re.search(r"^Why: ", part, re.MULTILINE), part.partition("\n")[0]
        assert re.search(r"^Would change our mind: ", part, re.MULTILINE), part.partition("\n")[0]


@pytest.mark.parametrize(
    "name", [*DOCUMENTS, "deploy/Dockerfile", "deploy/compose.yaml", "deploy/env.example"]
)
def test_no_document_names_a_machine_or_a_package_index(name):
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"/r[o]ot/|/h[o]me/|/t[m]p/|/w[o]rk/|p[y]pi|pythonh[o]sted", text)


def renew():
    """Write what the demo posts into the README."""
    run = run_of_the_demo(ROOT)
    run.check_returncode()
    marker, posted = digest_of_the_demo(run.stdout)
    (ROOT / "README.md").write_text(README.replace(after_marker(marker), posted), "utf-8")


if __name__ == "__main__":
    renew()
