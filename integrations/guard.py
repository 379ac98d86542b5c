"""A transport that connects to the very address that was checked, so that a name cannot change its meaning in between."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache

import certifi
import httpx

from integrations.addresses import refusal
from integrations.base import Call, NotAuthorised, Unavailable
from schema.sources import Network

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]  # host, port → addresses


async def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver for every address of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


@cache
def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context()  # the machine's authorities, SSL_CERT_FILE included
    context.load_verify_locations(certifi.where())  # a slim container has none
    return context


class GuardedTransport(httpx.AsyncBaseTransport):
    """Resolve, check every address, then connect to one of them by number."""

    def __init__(
        self,
        *,
        source: str,
        network: Network,
        resolve: Resolve = system_resolve,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._source = source
        self._network: Network = network
        self._resolve = resolve
        # trust_env=False: a proxy from the environment would connect for us, unchecked
        self._inner = httpx.AsyncHTTPTransport(verify=trust or _trust(), trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send to the first of the checked addresses that can be reached."""
        addresses = await self._checked(request.url)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_to(request, address))
            except httpx.ConnectError:
                continue
        return await self._inner.handle_async_request(_to(request, addresses[-1]))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def _checked(self, url: httpx.URL) -> Sequence[str]:
        call = Call(source=self._source, asked=f"finding {url.host}")
        try:
            addresses = await self._resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
        except (OSError, UnicodeError) as error:
            raise Unavailable(call, "no address is known for this name") from error
        if not addresses:
            raise Unavailable(call, "no address is known for this name")
        for address in addresses:
            why = refusal(address, self._network)
            if why is not None:
                raise NotAuthorised(call, f"it leads to {why}")
        return addresses


def _to(request: httpx.Request, address: str) -> httpx.Request:
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,  # Host still holds the name
        stream=request.stream,
        extensions={
            **request.extensions,
            "sni_hostname": request.url.host,
        },  # the certificate is checked for the name
    )
