"""A local Slack with many channels in a process of its own, which says afterwards what stands in them.

Its argument is JSON: `factor` divides its delays, `channels` are so many.
"""

import asyncio
import json
import sys
from typing import Any

from bot.local_slack.server import LocalSlack
from tests.bench.children import serve


async def main(wanted: dict[str, Any]) -> None:
    async with LocalSlack(time_factor=wanted["factor"]) as slack:
        slack.add_workspace("Acme")
        people = [slack.add_user("ana").id, slack.add_user("ben").id]
        app = slack.add_app("Muster")
        made = [
            slack.add_channel(f"c{number}", members=[*people, app]).id for number in range(wanted["channels"])
        ]

        async def shown(_question: str) -> dict[str, Any]:
            messages = [
                (channel, message) for channel, message in slack.every_message() if channel in channels
            ]
            return {"messages": [(each["text"], float(each["ts"])) for _, each in messages]}

        channels = frozenset(made)
        started = {"url": slack.base_url, "token": app.bot_token, "channels": made, "people": people}
        await serve(started, shown)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
