"""Where a rehearsal plays: a local Slack with the configuration's people and channels, and a database of its own."""

import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.demo import MANIFEST, SAMPLE_SECRET, apply
from bot.files import Secrets, load_yaml
from bot.local_slack.deliveries import RETRY_AFTER_S
from bot.local_slack.faults import FaultKind
from bot.local_slack.server import LocalSlack
from bot.local_slack.state import UNDER_WAY
from bot.local_slack.values import App
from bot.offline import sound
from bot.rehearse.plans import Rehearsal
from bot.rehearse.steps import LOOKS, NO_SCOPE, POST
from bot.settings import PREFIX, LogFormat, LogLevel, Settings, SlackMode, variable
from deploy.demo import story
from integrations.store.engine import Store
from schema.configuration.reading import Configuration
from schema.errors import Refusal
from schema.products import Product, Readers

POSTS_A_MINUTE = 300  # what the local Slack takes; a few at once are forgiven in a channel
BURST = 3
JOINED = "member_joined_channel"
PATIENCE_S = 60.0  # with a locked database: the bot may fail then, the rehearsal may not
ON_POSTS: Mapping[FaultKind, Mapping[str, Any]] = {
    FaultKind.RATE_LIMITED: {"seconds": 5},
    FaultKind.STATUS_BEFORE: {"status": 503},
    FaultKind.STATUS_AFTER: {"status": 502},
    FaultKind.DROP_BEFORE: {},
    FaultKind.DROP_AFTER: {},
    FaultKind.APPEARS_LATE: {"seconds": 20},
    FaultKind.HTML: {},
    FaultKind.ERROR: {"error": "internal_error"},
    FaultKind.SLOW: {"seconds": 5},
}
SHARE_OF_POSTS = 0.008  # of each kind; more of them would only wait for Slack's limit on searching
ON_LOOKS: Mapping[FaultKind, Mapping[str, Any]] = {
    FaultKind.RATE_LIMITED: {"seconds": 5, "probability": 0.04},
    FaultKind.STATUS_BEFORE: {"status": 500, "probability": 0.04},
    FaultKind.DROP_BEFORE: {"probability": 0.04},
    FaultKind.ERROR: {**NO_SCOPE, "probability": 0.0005},
}
SHORT: Mapping[str, Any] = {"limit": 15, "probability": 0.1}
ON_EVENTS = (FaultKind.DOUBLED, FaultKind.DOUBLED_NEW_ID, FaultKind.DELAYED)
SHARE_OF_EVENTS = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that outlives the process that is killed.

    environment  of that process
    database     the file that it writes
    """

    slack: LocalSlack
    app: App
    store: Store
    home: Path
    config: Path
    configuration: Configuration
    environment: Mapping[str, str]

    @property
    def database(self) -> Path:
        """Give the file that holds the database."""
        return self.home / "muster.db"

    @property
    def products(self) -> list[Product]:
        """List the products that have a channel."""
        return [each for each in self.configuration.products.values() if each.channel is not None]

    def heard_out(self, channels: Iterable[str]) -> bool:
        """Tell whether the bot has taken the event of each channel that it came into, or Slack has stopped trying."""
        over = {
            each.payload["event"]["channel"]
            for each in self.slack.sent(JOINED)
            if each.acked or (each.attempt >= len(RETRY_AFTER_S) and each.outcome != UNDER_WAY)
        }
        return over.issuperset(channels)


@contextlib.asynccontextmanager
async def staged(wanted: Rehearsal, settings: Settings, secrets: Secrets) -> AsyncIterator[Stage]:
    """Build it, and take it all away again; raises Refusal for a configuration that owes nothing to anybody."""
    async with contextlib.AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-rehearsal-")))
        config = (wanted.config or story.write(home, at=datetime.now(UTC))).resolve()
        configuration = sound(config, datetime.now(UTC))
        slack = await stack.enter_async_context(LocalSlack(time_factor=wanted.factor, seed=wanted.seed))
        app = _peopled(slack, configuration)
        environment = _environment(wanted, settings, secrets) | _here(slack, app, home=home, config=config)
        theirs = Settings.from_env({name: value for name, value in environment.items() if _is_ours(name)})
        await apply(theirs, config, lambda: datetime.now(UTC))
        store = Store(theirs.database, lock_wait_s=PATIENCE_S)
        stack.push_async_callback(store.close)
        stage = Stage(
            slack=slack, app=app, store=store, home=home, config=config, configuration=configuration,
            environment=environment,
        )  # fmt: skip
        if not stage.products:
            raise Refusal(
                "No product here has a channel to post to. Give one a channel, or leave --config out."
            )
        _set_on_fire(slack)
        yield stage


def _peopled(slack: LocalSlack, configuration: Configuration) -> App:
    """Fill the local Slack with whom and what a configuration names."""
    slack.add_workspace(configuration.workspace.name, team_id=configuration.workspace.slack_team or "")
    people = sorted(_people(configuration))
    for id in people:
        slack.add_user(id.lower(), id=id)
    app = slack.add_app_from_manifest(load_yaml(MANIFEST).document, signing_secret=SAMPLE_SECRET)
    for id in sorted(each for each in _holders(configuration) if each.startswith("S")):
        slack.add_group(id.lower(), id=id, members=people[:1])
    for id, private in _channels(configuration).items():
        slack.add_channel(id.lower(), id=id, private=private, members=[*people, app.bot_user_id])
    slack.enforce_limits(posting=True, burst=BURST, workspace_posts=POSTS_A_MINUTE)
    return app


def _people(configuration: Configuration) -> set[str]:
    owners = {
        person for each in configuration.products.values() for person in (each.owner, each.backup_owner)
    }
    return owners | {holder for holder in _holders(configuration) if not holder.startswith("S")}


def _holders(configuration: Configuration) -> set[str]:
    return set(_each_holder(configuration))


def _each_holder(configuration: Configuration) -> Iterator[str]:
    for product in configuration.products.values():
        for holders in product.roles.values():
            yield from holders


def _channels(configuration: Configuration) -> dict[str, bool]:
    """Give every channel, and whether it has to be private."""
    found = {
        product.channel: product.readers is Readers.ROLES
        for product in configuration.products.values()
        if product.channel is not None
    }
    audit = configuration.workspace.audit_channel
    return ({audit: False} if audit is not None else {}) | found


def _environment(wanted: Rehearsal, settings: Settings, secrets: Secrets) -> dict[str, str]:
    """Take the waits and paces that are set here; no token, no secret and no address goes along."""
    foreign = {name: value for name, value in secrets.environment.items() if not name.startswith(PREFIX)}
    paces = {"posts_a_second_per_channel", "posts_a_minute"}
    kept = [name for name in Settings.model_fields if name.endswith("_s") or name in paces]
    waits = {variable(name): f"{getattr(settings, name):g}" for name in kept}
    return foreign | waits | {variable("time_factor"): f"{wanted.factor:g}"}


def _here(slack: LocalSlack, app: App, *, home: Path, config: Path) -> dict[str, str]:
    values = {
        "home": str(home),
        "config": str(config),
        "slack_mode": SlackMode.SOCKET.value,
        "slack_api_url": slack.base_url,
        "slack_bot_token": app.bot_token,
        "slack_app_token": app.app_token,
        "http_port": "0",
        "log_format": LogFormat.JSON.value,
        "log_level": LogLevel.INFO.value,
    }
    return {variable(name): value for name, value in values.items()}


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX)


def _set_on_fire(slack: LocalSlack) -> None:
    """Let Slack fail in every way, now and then."""
    for kind, fields in ON_POSTS.items():
        slack.fail(kind, POST, probability=SHARE_OF_POSTS, **fields)
    for method in LOOKS:
        for kind, fields in ON_LOOKS.items():
            slack.fail(kind, method, **fields)
    slack.fail(FaultKind.SHORT, **SHORT)
    for kind in ON_EVENTS:
        slack.fail(kind, JOINED, probability=SHARE_OF_EVENTS)
