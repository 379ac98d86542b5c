"""Rate limits as Slack words them: a window of calls per method, and a message a second in each channel."""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

WINDOW_S = 60.0
SPECIAL = 600  # SLACK.md 2.1: "hundreds a minute"


@dataclass(slots=True, kw_only=True)
class Limits:
    """Off until `tiers` or `posting` is switched on.

    tiers            calls a minute by method, workspace and app (SLACK.md 2.1)
    posting          about one message a second and channel, with `burst` before that counts
    workspace_posts  posts a minute in a workspace
    """

    tiers: bool = False
    posting: bool = False
    burst: int = 1
    channel_interval_s: float = 1.0
    workspace_posts: int = 300
    _calls: dict[tuple[str, str, str], deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _posts: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _free_at: dict[str, float] = field(default_factory=dict)

    def call(self, method: str, *, team: str, app: str, per_minute: int, now: float, factor: float) -> int:
        """Count one call; returns 0, or the seconds that Retry-After has to say."""
        if not self.tiers:
            return 0
        return _window(
            self._calls[(method, team, app)], limit=per_minute, now=now, window_s=WINDOW_S / factor
        )

    def post(self, *, team: str, channel: str, now: float, factor: float) -> int:
        """Count one message; returns 0, or the seconds that Retry-After has to say."""
        if not self.posting:
            return 0
        interval = self.channel_interval_s / factor
        start = max(self._free_at.get(channel, 0.0), now - (self.burst - 1) * interval)
        if start > now:
            return max(1, math.ceil(start - now))
        wait = _window(self._posts[team], limit=self.workspace_posts, now=now, window_s=WINDOW_S / factor)
        if not wait:
            self._free_at[channel] = start + interval
        return wait


def _window(times: deque[float], *, limit: int, now: float, window_s: float) -> int:
    while times and times[0] <= now - window_s:
        times.popleft()
    if len(times) >= limit:
        return max(1, math.ceil(times[0] + window_s - now))
    times.append(now)
    return 0
