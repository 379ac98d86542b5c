"""The configurations that this process holds: immutable snapshots, looked at again every two seconds."""

import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from handlers import configuration
from handlers.services import Snapshot
from integrations.base import Answer, Call, Connector, NotAuthorised
from integrations.sources import open_connector
from integrations.store import workspaces as stored
from integrations.store.engine import Store
from schema.configuration.reading import Configuration
from schema.errors import Refusal
from schema.metrics import Catalogue
from schema.periods import Period
from schema.sources import AnyQuery, Source

MAIN = "main"  # the workspace of a database that serves one

NO_CONFIGURATION = "Nothing has been set up here yet. Run `muster apply --config muster.yaml` first."


@dataclass(frozen=True, slots=True, eq=False)
class Unopened:
    """A source whose secret is missing here: it costs its own lines, not the whole workspace."""

    source: str
    why: str

    async def read(self, _query: AnyQuery, _period: Period) -> Answer:
        """Say why there is no answer."""
        raise NotAuthorised(Call(source=self.source, asked="opening it"), self.why)

    async def probe(self) -> str:
        """Say why there is no answer."""
        raise NotAuthorised(Call(source=self.source, asked="opening it"), self.why)

    async def close(self) -> None:
        """Hold nothing, so close nothing."""


@dataclass(slots=True)
class Workspaces:
    """Gives the newest snapshot of a workspace, named by its id or by its Slack team."""

    store: Store
    catalogue: Catalogue
    secrets: Callable[[str], str]
    folder: Path  # relative database files of sources are found from here
    every_s: float = 2.0
    monotonic: Callable[[], float] = time.monotonic
    _held: dict[str, tuple[float, Snapshot]] = field(default_factory=dict)
    _ids: dict[str, str] = field(default_factory=dict)  # by Slack team
    _holders: dict[Connector, int] = field(default_factory=dict)  # how many snapshots in use hold a source
    _given_back: deque[Connector] = field(default_factory=deque)

    async def __call__(self, workspace: str) -> Snapshot:
        """Give the newest snapshot; raises Refusal where nothing was applied."""
        id_ = await self._id(workspace)
        held = self._held.get(id_)
        if held is not None and self.monotonic() - held[0] < self.every_s:
            return held[1]
        known = None if held is None else _configured(held[1])
        found = await configuration.snapshot(self.store, id_, catalogue=self.catalogue, known=known)
        if found is None:
            raise Refusal(NO_CONFIGURATION)
        snapshot = self._renewed(id_, found)
        await self._let_go()
        return snapshot

    async def close(self) -> None:
        """Close every source."""
        for connector in list(self._holders):
            await connector.close()
        self._held.clear()
        self._holders.clear()

    async def _id(self, workspace: str) -> str:
        if workspace in self._held:
            return workspace
        if workspace not in self._ids:
            found = await self.store.read(lambda session: stored.by_team(session, workspace))
            if found is None:
                return workspace
            self._ids[workspace] = found.id
        return self._ids[workspace]

    def _renewed(self, id_: str, found: configuration.Snapshot) -> Snapshot:
        """Hold what was found, unless another request has done so meanwhile; nothing here waits."""
        held = self._held.get(id_)
        if held is not None and found.revision <= held[1].revision:
            snapshot = held[1]
        else:
            snapshot = self._opened(id_, found, held[1] if held is not None else None)
        self._held[id_] = self.monotonic(), snapshot
        return snapshot

    def _opened(self, id_: str, found: configuration.Snapshot, before: Snapshot | None) -> Snapshot:
        """Open what is new or changed; what is gone or changed is closed once nobody holds it."""
        kept: dict[str, Connector] = {}
        for name, source in found.configuration.sources.items():
            same = before is not None and before.configuration.sources.get(name) == source
            kept[name] = before.connectors[name] if before is not None and same else self.open(name, source)
        snapshot = Snapshot(
            workspace=id_, revision=found.revision, configuration=found.configuration, connectors=kept
        )
        self._lend(snapshot)
        return snapshot

    def _lend(self, snapshot: Snapshot) -> None:
        """Count who holds a source; a pull may hold an old snapshot for minutes."""
        for connector in snapshot.connectors.values():
            self._holders[connector] = self._holders.get(connector, 0) + 1
        # only noted there: a collection may run in any thread, in the middle of anything
        weakref.finalize(
            snapshot, self._given_back.extend, tuple(snapshot.connectors.values())
        ).atexit = False

    async def _let_go(self) -> None:
        """Close what nobody holds any more."""
        while self._given_back:
            connector = self._given_back.popleft()
            left = self._holders.pop(connector, 0) - 1
            if left > 0:
                self._holders[connector] = left
            elif left == 0:
                await connector.close()

    def open(self, name: str, source: Source) -> Connector:
        """Open one source; one whose secret is missing answers nothing, and says so."""
        try:
            return open_connector(name, source, secrets=self.secrets, folder=self.folder)
        except Refusal as refusal:
            return Unopened(name, str(refusal).removesuffix("."))


def _configured(snapshot: Snapshot) -> configuration.Snapshot:
    return configuration.Snapshot(revision=snapshot.revision, configuration=snapshot.configuration)


def unstored(
    given: Configuration,
    *,
    secrets: Callable[[str], str],
    folder: Path,
    connectors: Mapping[str, Connector] | None = None,
) -> Snapshot:
    """Hold a configuration that was read from a file and is applied nowhere."""
    opened = connectors or {
        name: open_connector(name, source, secrets=secrets, folder=folder)
        for name, source in given.sources.items()
    }
    return Snapshot(workspace=MAIN, revision=0, configuration=given, connectors=opened)
