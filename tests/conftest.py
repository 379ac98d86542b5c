"""What every test lives under: a closed network and repeatable random examples."""

import gc
import ipaddress
import logging
import os
import sys
from collections.abc import Iterator

import hypothesis
import pytest

from tests.connectors import servers

hypothesis.settings.register_profile("muster", deadline=None, derandomize="CI" in os.environ, print_blob=True)
hypothesis.settings.load_profile("muster")

SLOW = [
    "test_rehearse", "test_cli", "test_bench", "test_cards", "test_demo_page", "test_demo", "test_connector_contract",
    "test_local_slack_review_page", "test_local_slack_page", "test_launch_invariants", "test_docs", "test_demo_reviews",
    "test_agreement", "test_deliveries", "test_conversation_launches", "test_reviews", "test_migrations",
]  # fmt: skip


def is_local(host: object) -> bool:
    """Say whether a host is this machine: no name, `localhost`, or a loopback address."""
    if host is None or isinstance(host, int):
        return host is None
    text = host.decode() if isinstance(host, bytes | bytearray) else str(host)
    if text in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def close_the_network(event: str, args: tuple[object, ...]) -> None:
    """Fail the test that leaves this machine or asks a name server.

    It hears Python's own sockets; C libraries with sockets of their own (libpq, DuckDB) are not heard.
    pytest's failure is no `Exception`, so no `except Exception` on the way can turn it into a blank.
    """
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = args[1]
        host = address[0] if isinstance(address, tuple) else None  # a Unix socket's address is a path
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    else:
        return
    if not is_local(host):
        pytest.fail(f"The network is closed in tests, but {event} asked for {host!r}.")


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Give the log back as it was: a command that runs in this process sets its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def pytest_configure() -> None:
    """Close the network before the first test module is imported."""
    sys.addaudithook(close_the_network)
    gc.set_threshold(10_000, 20, 100)  # a full collection goes through every test and library


def pytest_sessionfinish() -> None:
    """Stop the servers that connectors were tested against; let the interpreter clear away what it made."""
    servers.stop_all()
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that in the end no worker is left alone with one."""
    items.sort(key=lambda item: SLOW.index(item.path.stem) if item.path.stem in SLOW else len(SLOW))


def pytest_collection_finish() -> None:
    """Leave what stays until the end out of the collector's rounds."""
    gc.collect()
    gc.freeze()
