"""Another Muster, asked over HTTP by this process's token."""

from bot.commands.desks import settings_here
from integrations.remote_gates import RemoteGate
from schema.errors import Refusal


def remote(url: str) -> RemoteGate:
    """Open the way to it; raises Refusal without a token."""
    settings, _ = settings_here()
    if settings.gate_token is None:
        raise Refusal("Set MUSTER_GATE_TOKEN to the token that the other Muster knows you by.")
    if not url.startswith(("https://", "http://")):
        raise Refusal("Give --url as an address such as https://muster.example.com.")
    return RemoteGate(url=url, token=settings.gate_token.get_secret_value())
