"""How log lines look; all code logs through the standard library."""

import logging
import sys
from typing import Any, TextIO

import stamina
import structlog

from bot.settings import LogFormat, LogLevel

QUIET = ("apscheduler", "slack_bolt", "slack_sdk", "aiohttp.access", "alembic", "httpx", "httpcore")
FOREIGN = structlog.stdlib.ExtraAdder()


def configure(
    *, form: LogFormat = LogFormat.TEXT, level: LogLevel = LogLevel.INFO, stream: TextIO | None = None
) -> None:
    """Send log lines to a stream, by default standard error: text to read, or one JSON object a line."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_formatter(form, handler.stream))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    stamina.instrumentation.set_on_retry_hooks([])  # a retry is logged by who gives up, once


def _formatter(form: LogFormat, stream: TextIO) -> structlog.stdlib.ProcessorFormatter:
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        FOREIGN,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = (
        structlog.processors.JSONRenderer()
        if form is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(
            colors=stream.isatty(),
            pad_event_to=0,
            exception_formatter=structlog.dev.plain_traceback,  # the other one prints local variables: tokens, names
        )
    )
    tracebacks: list[Any] = [structlog.processors.format_exc_info] if form is LogFormat.JSON else []
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tracebacks, last],
    )
