"""The clock that tells those who listen when a gate's answer changes."""

from bot.clock import Clock
from bot.settings import Settings
from bot.workspaces import MAIN
from handlers import webhooks
from handlers.services import Services
from handlers.webhooks import Listeners
from integrations.webhooks import Postman


def webhook_clocks(services: Services, settings: Settings, *, holder: str) -> list[Clock]:
    """Make it; none where nobody listens.

    holder   names this process
    """
    if not settings.webhook_addresses:
        return []
    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    listeners = Listeners(
        addresses=settings.webhook_addresses,
        secret=secret,
        postman=Postman(network=settings.webhook_network),
        holder=holder,
    )

    async def tick() -> None:
        snapshot = await services.snapshot(MAIN)
        await webhooks.notice(services, snapshot, listeners)
        await webhooks.send_due(services, snapshot, listeners)

    return [Clock(tick, settings.waits().configuration_every_s, name="webhooks")]
