"""A local Slack with many channels in a process of its own, which says afterwards what stands in them.

Its argument is JSON: `factor` divides its delays, `channels` are so many, `fire` makes it fail in every way.
"""

import asyncio
import json
import sys
from typing import Any

from bot.local_slack.faults import FaultKind
from bot.local_slack.server import LocalSlack
from tests.bench.children import serve

ON_POSTS: dict[FaultKind, dict[str, Any]] = {
    FaultKind.RATE_LIMITED: {"seconds": 5},
    FaultKind.STATUS_BEFORE: {},
    FaultKind.STATUS_AFTER: {},
    FaultKind.DROP_BEFORE: {},
    FaultKind.DROP_AFTER: {},
    FaultKind.APPEARS_LATE: {"seconds": 20},
    FaultKind.HTML: {},
    FaultKind.ERROR: {"error": "internal_error"},
}
ON_READS: dict[FaultKind, dict[str, Any]] = {
    FaultKind.RATE_LIMITED: {"seconds": 5}, FaultKind.STATUS_BEFORE: {}, FaultKind.DROP_BEFORE: {},
}  # fmt: skip
SHARE_OF_POSTS = 0.02  # of each kind
SHARE_OF_READS = 0.05


def set_on_fire(slack: LocalSlack) -> None:
    for kind, fields in ON_POSTS.items():
        slack.fail(kind, "chat.postMessage", probability=SHARE_OF_POSTS, **fields)
    for kind, fields in ON_READS.items():
        for method in ("conversations.history", "conversations.replies"):
            slack.fail(kind, method, probability=SHARE_OF_READS, **fields)
    slack.fail(FaultKind.SHORT, limit=3)


async def main(wanted: dict[str, Any]) -> None:
    async with LocalSlack(time_factor=wanted["factor"]) as slack:
        slack.add_workspace("Acme")
        people = [slack.add_user("ana").id, slack.add_user("ben").id]
        app = slack.add_app("Muster")
        made = [
            slack.add_channel(f"c{number}", members=[*people, app]).id for number in range(wanted["channels"])
        ]
        if wanted.get("fire"):
            set_on_fire(slack)

        async def shown(_question: str) -> dict[str, Any]:
            messages = [
                (channel, message) for channel, message in slack.every_message() if channel in channels
            ]
            return {
                "messages": [(each["text"], float(each["ts"])) for _, each in messages],
                "faults": sum(call.fault != "" for call in slack.calls()),
            }

        channels = frozenset(made)
        started = {"url": slack.base_url, "token": app.bot_token, "channels": made, "people": people}
        await serve(started, shown)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
