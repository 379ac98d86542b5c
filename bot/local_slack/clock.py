"""The local Slack's time: one factor divides every delay and limit, and a test may move it forward."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    factor: float = 1.0  # 10 makes every delay and limit ten times shorter
    offset_s: float = 0.0

    def now(self) -> float:
        """UNIX seconds, as the local Slack sees them."""
        return time.time() + self.offset_s

    def advance(self, seconds: float) -> None:
        """Move time forward, so that trigger ids and response URLs grow old at once."""
        self.offset_s += seconds

    def limit(self, seconds: float) -> float:
        return seconds / self.factor

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.factor)
