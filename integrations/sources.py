"""One configured source, opened: the place where kinds become connectors."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol, assert_never

from integrations.base import Connector
from integrations.http import HttpClient, Limits
from integrations.http_json import HttpJsonConnector
from integrations.mlflow import MlflowConnector
from integrations.prometheus import PrometheusConnector
from integrations.sql import SqlConnector
from schema.sources import (
    HttpJsonSource,
    MlflowSource,
    Network,
    PrometheusSource,
    Secret,
    Source,
    SqlSource,
)

Secrets = Callable[[str], str]  # a secret's name → its value


class OpenClient(Protocol):
    """HttpClient, or the same with another patience or resolver."""

    def __call__(
        self, *, source: str, url: str, headers: Mapping[str, str], network: Network, limits: Limits
    ) -> HttpClient: ...


def open_connector(
    name: str, source: Source, *, secrets: Secrets, folder: Path, http: OpenClient = HttpClient
) -> Connector:
    """Open a source; nothing is connected to before the first question. Raises Refusal.

    folder       where the configuration lies; relative database files are found from there
    """
    if isinstance(source, SqlSource):
        return SqlConnector(
            source=name,
            url=_revealed(source.url, secrets),
            folder=folder,
            timeout_s=source.timeout_s,
            row_limit=source.row_limit,
        )
    client = http(
        source=name,
        url=source.url,
        headers=_headers(source, secrets),
        network=source.network,
        limits=_limits(source),
    )
    match source:
        case HttpJsonSource():
            return HttpJsonConnector(source=name, client=client)
        case MlflowSource():
            return MlflowConnector(source=name, client=client, row_limit=source.row_limit)
        case PrometheusSource():
            return PrometheusConnector(source=name, client=client, timeout_s=source.timeout_s)
        case _:
            assert_never(source)


def _limits(source: HttpJsonSource | MlflowSource | PrometheusSource) -> Limits:
    if isinstance(source, HttpJsonSource):
        return Limits(timeout_s=source.timeout_s, size_bytes=source.size_limit_bytes)
    return Limits(timeout_s=source.timeout_s)


def _headers(source: HttpJsonSource | MlflowSource | PrometheusSource, secrets: Secrets) -> dict[str, str]:
    if isinstance(source, MlflowSource):
        headers: dict[str, str] = {}
    else:
        headers = {key: _revealed(value, secrets) for key, value in source.headers.items()}
    if not isinstance(source, HttpJsonSource) and source.token is not None:
        headers["Authorization"] = f"Bearer {_revealed(source.token, secrets)}"
    elif isinstance(source, MlflowSource) and source.username is not None:
        password = _revealed(source.password, secrets) if source.password is not None else ""
        pair = b64encode(f"{source.username}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    return headers


def _revealed(value: str | Secret, secrets: Secrets) -> str:
    # a secret read from a file often ends with a line break
    return secrets(value.secret).strip() if isinstance(value, Secret) else value
