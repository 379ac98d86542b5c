"""The first words with Slack: whose the tokens are, before anything else begins."""

import asyncio
from datetime import datetime

from aiohttp import ClientError
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from sqlmodel import Session

from bot.settings import Settings, SlackMode
from bot.workspaces import MAIN
from integrations.base import IntegrationError
from integrations.slack import Slack
from integrations.slack_errors import Refused
from integrations.store import workspaces
from integrations.store.engine import Store
from schema.errors import Refusal


async def introduce(slack: Slack, store: Store, settings: Settings, *, now: datetime) -> None:
    """Learn who the token belongs to, and bind the workspace to its team; a wrong token ends here (SLACK.md 249)."""
    try:
        me = await slack.auth_test()
    except Refused as refused:
        raise Refusal(
            f"Slack does not take MUSTER_SLACK_BOT_TOKEN: {refused.error}. {refused.advice}"
        ) from None
    except IntegrationError as error:
        raise Refusal(
            f"Slack cannot be reached: {error}. Check the network and MUSTER_SLACK_API_URL."
        ) from None
    if settings.slack_mode is SlackMode.SOCKET:
        await _try_socket(slack.client, settings)

    def join(session: Session) -> None:
        workspaces.ensure(session, MAIN, name=MAIN, now=now)
        workspaces.join_team(session, MAIN, me.team)

    await store.write(join)


async def _try_socket(client: AsyncWebClient, settings: Settings) -> None:
    token = settings.slack_app_token.get_secret_value() if settings.slack_app_token else ""
    try:
        async with asyncio.timeout(settings.sending().request_s):
            await client.apps_connections_open(app_token=token)
    except SlackApiError as error:
        answer = error.response.data if isinstance(error.response.data, dict) else {}
        why = answer.get("error", "an answer that makes no sense")
        raise Refusal(
            f"Slack does not take MUSTER_SLACK_APP_TOKEN: {why}. It needs an app-level token with connections:write."
        ) from None
    except (SlackClientError, ClientError, TimeoutError) as error:
        raise Refusal(
            f"Slack cannot be reached: {type(error).__name__}. Check the network and MUSTER_SLACK_API_URL."
        ) from None
