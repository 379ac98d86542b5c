"""Telling a listener outside: one POST, nothing read back but whether it has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

import httpx

from integrations.base import Call, NotAuthorised, Unavailable, UnexpectedAnswer
from integrations.guard import GuardedTransport, Resolve, system_resolve
from schema.sources import Network
from schema.webhooks import WORKING

TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Postman:
    """Where messages may go; addresses inside are refused unless they are meant."""

    network: Network = "public"
    timeout_s: float = TIMEOUT_S
    resolve: Resolve = system_resolve

    async def post(self, address: str, body: str, headers: Mapping[str, str]) -> None:
        """Tell it once; raises Unavailable, NotAuthorised or UnexpectedAnswer, whose texts hold only the host."""
        host = urlsplit(address).hostname or ""
        call = Call(source=f"the listener at {host}", asked="POST")
        transport = GuardedTransport(
            source=f"the listener at {host}", network=self.network, resolve=self.resolve
        )
        try:
            async with (
                httpx.AsyncClient(transport=transport, timeout=self.timeout_s, trust_env=False) as client,
                client.stream("POST", address, content=body.encode(), headers=dict(headers)) as response,
            ):
                status = response.status_code
        except httpx.TimeoutException as error:
            raise Unavailable(call, f"no answer within {self.timeout_s:g} s") from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise Unavailable(call, "no connection") from error
        except NotAuthorised as refused:
            words = str(refused).replace(
                "say `network: private` on the source", "set MUSTER_WEBHOOK_NETWORK=private"
            )
            raise NotAuthorised(call, words.partition(": ")[2]) from refused
        if status not in WORKING:
            raise UnexpectedAnswer(call, f"answered with HTTP {status}")
