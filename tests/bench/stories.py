"""The demo's story on the disk, written once a run."""

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from deploy.demo import story

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)  # a Wednesday: no standup comes due meanwhile


@cache
def folder() -> Path:
    """Make one folder a process for everything here; it goes with the process."""
    made = Path(tempfile.mkdtemp(prefix="muster-bench-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def told() -> Path:
    """Write the story, and give its muster.yaml."""
    place = folder() / "story"
    place.mkdir()
    return story.write(place, at=AT)


def clock() -> Callable[[], datetime]:
    """Give a clock that starts at the story's moment."""
    began = time.monotonic()
    return lambda: AT + timedelta(seconds=time.monotonic() - began)
