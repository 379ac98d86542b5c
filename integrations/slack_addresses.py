"""Addresses that Slack hands out for one use: answers to a command or a click, and uploads."""

import asyncio
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from integrations.base import Call, NotAuthorised
from integrations.slack_errors import Refused, judged, lost

SLACK_DOMAIN = "slack.com"


class GivenAddresses:
    """Posts to such an address, but only to Slack's own hosts or that of the configured base."""

    def __init__(self, session: aiohttp.ClientSession, *, base_url: str, request_s: float) -> None:
        self.base = urlsplit(base_url)
        self._session = session
        self._request_s = request_s

    def leads_to_slack(self, url: str) -> bool:
        """Tell whether an address is Slack's own, or on the host of the configured base."""
        try:
            parts = urlsplit(url)
            here = (parts.scheme, parts.hostname, parts.port)
            base = (self.base.scheme, self.base.hostname, self.base.port)
        except ValueError:  # a port that is no number
            return False
        host = parts.hostname or ""
        slack = host == SLACK_DOMAIN or host.endswith(f".{SLACK_DOMAIN}")
        return here == base or (slack and parts.scheme == "https" and parts.port in (None, 443))

    async def post(self, asked: str, url: str, **body: Any) -> None:
        """POST once; raises Refused, RateLimited, Unavailable or Unsure, and NotAuthorised for a foreign address."""
        call = Call(source="Slack", asked=asked)
        if not self.leads_to_slack(url):
            raise NotAuthorised(call, "the address is not Slack's")
        try:
            async with (
                asyncio.timeout(self._request_s),
                self._session.post(url, allow_redirects=False, **body) as response,
            ):
                await response.read()
                status, headers = response.status, response.headers
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise lost(error, call, writes=True) from error
        if status == HTTPStatus.OK:
            return
        if status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
            raise Refused(call, f"HTTP {status}")
        raise judged(call, status=status, headers=headers, body="", writes=True)
