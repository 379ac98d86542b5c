"""The rules of the house, held by tests; each rule is also shown a breach that it must catch."""

import ast
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "handlers", "integrations", "schema")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONG_FILES: dict[str, str] = {  # path → why it may be longer; a file that is short again must leave this list
    "bot/verifier.py": "it is copied into every certificate as one file that imports nothing of ours",
}
DOORS = {"handlers/listeners/door.py", "bot/clock.py", "bot/cli.py", "bot/__main__.py"}
FROZEN = "integrations/store/migrations/versions"  # written by Alembic, never edited again

Rule = Callable[[ast.Module], list[int]]


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """Give path and text of every Python file under the folders."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if not name.startswith(FROZEN):
                yield name, path.read_text("utf-8")


def breaches(rule: Rule, *folders: str) -> list[str]:
    """Give `path:line` for each breach of a rule."""
    return [f"{name}:{line}" for name, text in sources(*folders) for line in rule(ast.parse(text))]


# --- rules: a syntax tree in, line numbers of breaches out ---


def awaiting(tree: ast.Module) -> list[int]:
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    return [node.lineno for node in ast.walk(tree) if isinstance(node, kinds)]


def reading_files(tree: ast.Module) -> list[int]:
    """Find file reads and URL openers: import contracts cannot see a built-in or a part of urllib."""
    methods = {"read_text", "read_bytes", "write_text", "write_bytes", "open", "urlopen"}
    found = []
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        by_name = isinstance(called, ast.Name) and called.id in {"open", "urlopen"}
        by_method = isinstance(called, ast.Attribute) and called.attr in methods
        if isinstance(node, ast.Call) and (by_name or by_method):
            found.append(node.lineno)
    return found


def long_functions(tree: ast.Module) -> list[int]:
    """Find functions over the limit; the docstring does not count."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            if lines > LONGEST_FUNCTION:
                found.append(node.lineno)
    return found


def catching_everything(tree: ast.Module) -> list[int]:
    """Find handlers that catch everything and keep it; cleaning up and raising again is allowed."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        names = {kind.id for kind in caught if isinstance(kind, ast.Name)}
        last = node.body[-1]
        raises_again = isinstance(last, ast.Raise) and last.exc is None
        if (node.type is None or names & {"Exception", "BaseException"}) and not raises_again:
            found.append(node.lineno)
    return found


def mocking(tree: ast.Module) -> list[int]:
    """Find unittest.mock by either way of importing it, pytest-mock's fixture, and a patched attribute."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                breach = any(alias.name in {"unittest.mock", "mock"} for alias in names)
            case ast.ImportFrom(module=module, names=names):
                breach = module in {"unittest.mock", "mock"}
                breach |= module == "unittest" and any(alias.name == "mock" for alias in names)
            case ast.arg(arg=name):
                breach = name == "mocker"
            case ast.Attribute(attr="setattr"):
                breach = isinstance(node.value, ast.Name) and node.value.id in {"monkeypatch", "mp"}
            case _:
                breach = False
        if breach:
            found.append(node.lineno)
    return found


def more_than_a_docstring(tree: ast.Module) -> list[int]:
    if ast.get_docstring(tree) is None:
        return [1]
    return [node.lineno for node in tree.body[1:]]


BREACHES = [
    (awaiting, "async def load(): ..."),
    (awaiting, "async def f():\n    await g()"),
    (reading_files, "text = open('a').read()"),
    (reading_files, "from pathlib import Path\nPath('a').read_text()"),
    (reading_files, "import urllib.request\nurllib.request.urlopen('x')"),
    (long_functions, "def f():\n" + "    x = 1\n" * LONGEST_FUNCTION),
    (catching_everything, "try:\n    f()\nexcept Exception:\n    pass"),
    (catching_everything, "try:\n    f()\nexcept (ValueError, BaseException) as e:\n    raise X from e"),
    (catching_everything, "try:\n    f()\nexcept:\n    pass"),
    (mocking, "import unittest.mock"),
    (mocking, "from unittest import mock"),
    (mocking, "from unittest.mock import patch"),
    (mocking, "def test_x(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)"),
    (mocking, "def test_x(mocker): ..."),
    (more_than_a_docstring, '"""Words."""\nfrom schema.facts import Fact'),
    (more_than_a_docstring, ""),
]


@pytest.mark.parametrize(("rule", "breach"), BREACHES)
def test_each_rule_catches_a_breach(rule: Rule, breach: str) -> None:
    assert rule(ast.parse(breach))


def test_what_is_allowed_is_no_breach() -> None:
    docstring = '    """First.\n' + "    more\n" * LONGEST_FUNCTION + '    """\n'
    assert long_functions(ast.parse("def f():\n" + docstring + "    return 1")) == []
    assert catching_everything(ast.parse("try:\n    f()\nexcept BaseException:\n    g()\n    raise")) == []
    assert catching_everything(ast.parse("try:\n    f()\nexcept OSError:\n    pass")) == []
    assert mocking(ast.parse("def test_x(monkeypatch):\n    monkeypatch.chdir('/')")) == []


def test_rules_and_views_never_await() -> None:
    assert breaches(awaiting, "schema", "handlers/views") == []


def test_rules_and_views_read_no_files() -> None:
    assert breaches(reading_files, "schema", "handlers/views") == []


def test_functions_stay_short() -> None:
    assert breaches(long_functions, *PACKAGES) == []


def test_files_stay_short() -> None:
    lengths = {name: len(text.splitlines()) for name, text in sources(*PACKAGES)}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}
    assert long.keys() == LONG_FILES.keys(), f"over {LONGEST_FILE} lines: {long}; declared: {LONG_FILES}"


def test_everything_is_caught_only_at_the_doors() -> None:
    found = breaches(catching_everything, *PACKAGES, "deploy")
    assert [place for place in found if place.rpartition(":")[0] not in DOORS] == []


def test_nothing_is_mocked() -> None:
    assert breaches(mocking, *PACKAGES, "deploy", "tests") == []


def test_a_package_file_holds_a_docstring_only() -> None:
    held = [(name, more_than_a_docstring(ast.parse(text))) for name, text in sources(*PACKAGES)]
    inits = {name: lines for name, lines in held if name.endswith("/__init__.py")}
    assert len(inits) >= len(PACKAGES)
    assert {name: lines for name, lines in inits.items() if lines} == {}


# --- imports ---


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_ours_from_any_folder(package: str, tmp_path: Path) -> None:
    code = f"import {package}; print({package}.__file__)"
    shown = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert Path(shown.stdout.strip()) == ROOT / package / "__init__.py"


WATCHED_IMPORT = """
import importlib, json, logging, pathlib, pkgutil, sys, threading

root, packages = pathlib.Path(sys.argv[1]), sys.argv[2].split(",")
sys.path.insert(0, str(root))
seen, records = [], []
events = ("open", "socket.", "sqlite3.", "subprocess.", "os.system", "os.putenv", "os.mkdir", "os.listdir", "os.scandir")

def importer(frame):
    # the innermost module body that is being executed; None when it is only importlib that looks for a file
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return None
        if frame.f_code.co_name == "<module>":
            return frame.f_code.co_filename
        frame = frame.f_back
    return None

def watch(event, args):
    if event.startswith(events):
        body = importer(sys._getframe(1))
        if body and any(body.startswith(str(root / package) + "/") for package in packages):
            seen.append(f"{pathlib.Path(body).relative_to(root)}: {event} {args!r:.120}")

class Keep(logging.Handler):
    def emit(self, record):
        if record.name.split(".")[0] in packages:
            records.append(record.getMessage())

keep = Keep()
logging.getLogger().addHandler(keep)
logging.getLogger().setLevel(logging.DEBUG)
sys.addaudithook(watch)
count = 0
for package in packages:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, package + "."):
        if ".migrations" not in found.name:  # Alembic runs these; nobody imports them
            importlib.import_module(found.name)
            count += 1
handlers = [repr(h) for h in logging.getLogger().handlers if h is not keep]
threads = [t.name for t in threading.enumerate() if t is not threading.main_thread()]
print(json.dumps({"modules": count, "touched": seen, "logged": records, "handlers": handlers, "threads": threads}))
"""


def watched_import(root: Path, packages: tuple[str, ...]) -> dict[str, object]:
    command = [sys.executable, "-P", "-c", WATCHED_IMPORT, str(root), ",".join(packages)]
    # pydantic reads every installed package's metadata for plugins when the first model is made: its work, not ours
    quiet = os.environ | {"PYDANTIC_DISABLE_PLUGINS": "__all__"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report, *others = reversed(done.stdout.splitlines())
    assert others == []  # nothing was printed
    return json.loads(report)


def test_importing_the_house_opens_and_logs_nothing() -> None:
    report = watched_import(ROOT, PACKAGES)
    modules = report.pop("modules")
    assert modules == sum(1 for name, _ in sources(*PACKAGES) if "/migrations/" not in name) - len(PACKAGES)
    assert report == {"touched": [], "logged": [], "handlers": [], "threads": []}


def test_work_at_import_is_noticed(tmp_path: Path) -> None:
    package = tmp_path / "planted"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import logging, socket, threading\n"
        "logging.basicConfig(force=True)\n"
        "logging.getLogger(__name__).warning('hello')\n"
        "open(__file__).close()\n"
        "socket.socket().close()\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    command = [sys.executable, "-P", "-c", WATCHED_IMPORT, str(tmp_path), "planted"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert [line.split()[1] for line in report["touched"]] == ["open", "socket.__new__"]
    assert len(report["handlers"]) == 1
    assert len(report["threads"]) == 1


def plant(root: Path, name: str, *imports: str) -> None:
    path = root / f"{name.replace('.', '/')}.py"
    path.write_text('"""Planted."""\n' + "".join(f"import {module}\n" for module in imports))


def test_every_import_contract_breaks_on_a_planted_violation(tmp_path: Path) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    plant(tmp_path, "schema.tables.planted_rows", "sqlmodel")
    plant(tmp_path, "schema.planted", "sqlmodel", "handlers", "schema.tables.planted_rows")
    plant(
        tmp_path,
        "integrations.planted",
        "apscheduler.triggers.cron",
        "slack_bolt.async_app",
        "slack_sdk.errors",
    )
    plant(tmp_path, "handlers.views.planted", "integrations.planted")
    tool = Path(sys.executable).parent / "lint-imports"

    done = subprocess.run([tool, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False)

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert done.returncode == 1
    for contract in contracts:
        assert re.search(rf"^{re.escape(contract['name'])} BROKEN", done.stdout, re.MULTILINE), done.stdout


# --- locks ---


def locked(name: str) -> dict[str, str]:
    """Read a lock: package → version."""
    return dict(re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", (ROOT / name).read_text(), re.MULTILINE))


def required(specifiers: list[str]) -> set[str]:
    names = (re.match(r"[A-Za-z0-9._-]+", text) for text in specifiers)
    return {re.sub(r"[._-]+", "-", name[0]).lower() for name in names if name}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_address_and_hashes_everything(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"^.*(?:://|--index|--find-links|@ |git\+).*$", text, re.MULTILINE) == []
    blocks = re.split(r"\n(?=\S)", text.strip())
    unhashed = [
        block.split()[0] for block in blocks if not block.startswith("#") and "--hash=sha256:" not in block
    ]
    assert unhashed == []


def test_the_lock_for_work_holds_the_lock_for_run_time() -> None:
    assert locked("requirements.lock").items() <= locked("requirements-dev.lock").items()


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = required(project["project"]["dependencies"] + project["build-system"]["requires"])
    asked_for_work = required([text for text in groups["dev"] if isinstance(text, str)])
    assert asked <= locked("requirements.lock").keys()
    assert asked_for_work <= locked("requirements-dev.lock").keys()
    assert not asked_for_work & locked("requirements.lock").keys()


def test_no_locked_package_takes_a_name_of_ours() -> None:
    assert not {*PACKAGES, "tests", "muster"} & locked("requirements-dev.lock").keys()


# --- the closed network ---


@pytest.mark.parametrize("address", ["192.0.2.1", "169.254.169.254", "example.invalid"])
def test_a_test_cannot_leave_this_machine(address: str) -> None:
    with pytest.raises(pytest.fail.Exception, match="network is closed"):
        socket.create_connection((address, 80), timeout=0.1)


def test_a_test_may_talk_to_this_machine() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=1) as client,
    ):
        assert client.getpeername() == server.getsockname()
