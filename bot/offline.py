"""The same content without any Slack: a configuration read from its file, its numbers pulled, its texts printed."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.files import Secrets, catalogue, checklists, nouns, read_text
from bot.settings import Settings
from bot.workspaces import MAIN, Workspaces, unstored
from handlers.services import Services, Snapshot
from integrations import keys
from integrations.base import IntegrationError
from integrations.language_models import LanguageModelClient
from integrations.sources import open_connector
from integrations.store.engine import Store
from schema import samples
from schema.checkpoints import SigningKey
from schema.configuration.reading import Configuration
from schema.errors import Refusal
from schema.language_models import NAME, LanguageModel
from schema.passages import offered
from schema.problems import Problem, Severity
from schema.prompts import messages
from schema.sources import Source
from schema.summaries import Fault, rewritten


class Unsound(Refusal):
    """A configuration file with problems; each stands on a line of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A workspace at hand: services and the snapshot they work on."""

    services: Services
    snapshot: Snapshot


@asynccontextmanager
async def desk(
    settings: Settings, secrets: Secrets, *, config: Path | None, now: Callable[[], datetime]
) -> AsyncIterator[Desk]:
    """Open a workspace.

    config   a file that is read and applied nowhere, with a store that is thrown away; None: the configured store
    """
    if config is None:
        async with _stored(settings, secrets, now) as found:
            yield found
        return
    with tempfile.TemporaryDirectory(prefix="muster-", ignore_cleanup_errors=True) as folder:
        store = Store(f"sqlite:///{Path(folder) / 'muster.db'}")
        async with _opened(store, settings, now) as services:
            snapshot = unstored(sound(config, now()), secrets=secrets.value, folder=config.parent)
            try:
                yield Desk(services=services(snapshot), snapshot=snapshot)
            finally:
                for connector in snapshot.connectors.values():
                    await connector.close()


def sound(config: Path, now: datetime) -> Configuration:
    """Read a configuration file; raises Unsound with every problem."""
    found = read_text(config, catalogue=catalogue(), today=now.date())
    if isinstance(found, Configuration):
        return found
    raise Unsound("\n".join(said(problem) for problem in found))


def said(problem: Problem) -> str:
    """Write a problem as a line; one that stops nothing is marked."""
    mark = "warning: " if problem.level is Severity.WARNING else ""
    return f"{mark}{problem.sentence}"


async def probed(
    sources: Mapping[str, Source], *, secrets: Callable[[str], str], folder: Path, timeout_s: float
) -> list[str]:
    """Try every source side by side, and say in a line each what it gave."""

    async def line(name: str, source: Source) -> str:
        try:
            connector = open_connector(name, source, secrets=secrets, folder=folder)
        except Refusal as refusal:  # of this source alone: the others are tried
            return f"{name}: cannot be asked. {refusal}"
        try:
            async with asyncio.timeout(timeout_s):
                return f"{name}: {await connector.probe()}"
        except IntegrationError as error:
            return f"{name}: no answer ({str(error).removeprefix(f'{name}, ')})"
        except TimeoutError:
            return f"{name}: no answer within {timeout_s:g} s"
        finally:
            await connector.close()

    return await asyncio.gather(*(line(name, source) for name, source in sources.items()))


async def tried(model: LanguageModel, *, secrets: Callable[[str], str]) -> str:
    """Have a made-up statement rewritten, and say in a line what came of it."""
    sample = samples.paragraphs(catalogue(), nouns())
    offer = offered(sample)
    try:
        client = LanguageModelClient(model, secrets=secrets)
        try:
            answer = await client.write(messages(offer))
        finally:
            await client.close()
    except (IntegrationError, Refusal) as error:
        return f"{NAME}: no answer ({str(error).removeprefix(f'{NAME}, ')})"
    found = rewritten(sample, offer, answer, model=model.model, given="")
    if isinstance(found, Fault):
        return f"{NAME}: {model.model} answers, but its words for a made-up statement would not be used ({found.rule})"
    return f"{NAME}: {model.model} answers, and its words for a made-up statement keep the rules"


def signing_key(settings: Settings) -> SigningKey | None:
    """Read the key that signs the ledger; None where no file is named."""
    return None if settings.signing_key is None else keys.load(settings.signing_key)


def old_signing_key(settings: Settings) -> SigningKey | None:
    """Read the key that signed before it; None where no file is named."""
    return None if settings.old_signing_key is None else keys.load(settings.old_signing_key)


@asynccontextmanager
async def _stored(settings: Settings, secrets: Secrets, now: Callable[[], datetime]) -> AsyncIterator[Desk]:
    store = Store(settings.database)
    async with _opened(store, settings, now) as services:
        workspaces = Workspaces(
            store=store, catalogue=catalogue(), secrets=secrets.value, folder=settings.config.parent
        )
        try:
            snapshot = await workspaces(MAIN)
            yield Desk(services=services(snapshot), snapshot=snapshot)
        finally:
            await workspaces.close()


@asynccontextmanager
async def _opened(
    store: Store, settings: Settings, now: Callable[[], datetime]
) -> AsyncIterator[Callable[[Snapshot], Services]]:
    def services(snapshot: Snapshot) -> Services:
        async def same(workspace: str) -> Snapshot:  # noqa: ARG001 - there is one
            return snapshot

        return Services(
            store=store,
            snapshot=same,
            now=now,
            nouns=nouns(),
            checklists=checklists(),
            signing_key=signing_key(settings),
            source_timeout_s=settings.waits().source_timeout_s,
            reads_at_once=settings.pulls_at_once,
        )

    try:
        store.upgrade()
        yield services
    finally:
        await store.close()
