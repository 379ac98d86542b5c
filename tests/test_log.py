"""Log lines hold what happened, and nothing that a stranger may not read."""

import io
import json
import logging

import pytest

from bot import log
from bot.settings import LogFormat, LogLevel

TOKEN = "xoxb-1-sample"


@pytest.fixture(autouse=True)
def as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def fail_with(token: str) -> None:
    length = len(token)
    message = f"a fault with {length} characters"
    raise RuntimeError(message)


@pytest.mark.parametrize("form", LogFormat)
def test_a_fault_is_told_without_the_values_around_it(form):
    out = io.StringIO()
    log.configure(form=form, stream=out)

    try:
        fail_with(TOKEN)
    except RuntimeError:
        logging.getLogger("handlers.digests").exception("tick_failed", extra={"reference": "M-7F3K"})

    assert "a fault with" in out.getvalue()
    assert "M-7F3K" in out.getvalue()
    assert TOKEN not in out.getvalue()


def test_a_json_line_carries_its_event_and_fields():
    out = io.StringIO()
    log.configure(form=LogFormat.JSON, stream=out)

    logging.getLogger("handlers.digests").info("digest_posted", extra={"items": 3})

    line = json.loads(out.getvalue())
    assert (line["event"], line["items"], line["level"]) == ("digest_posted", 3, "info")


def test_what_is_below_the_level_is_not_written():
    out = io.StringIO()
    log.configure(level=LogLevel.WARNING, stream=out)

    logging.getLogger("handlers.digests").info("quiet")

    assert out.getvalue() == ""
