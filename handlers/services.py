"""What actions may use, handed to them whole; the composition root builds it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from weakref import WeakValueDictionary

from handlers.memos import Memo
from integrations.base import Connector
from integrations.language_models import LanguageModelClient
from integrations.store.engine import Store
from schema.checklists import Checklists
from schema.checkpoints import SigningKey
from schema.configuration.reading import Configuration
from schema.errors import Refusal
from schema.language_models import LanguageModel
from schema.metrics import Catalogue
from schema.periods import Period
from schema.problems import nearest, quoted
from schema.products import Product

Pulling: TypeAlias = tuple[str, str, Period]  # workspace, product, period


@dataclass(frozen=True, slots=True, kw_only=True, weakref_slot=True)
class Snapshot:
    """A workspace's configuration as it stood at one revision, with its sources opened.

    Its sources stay open while anybody holds it (bot/workspaces.py).
    """

    workspace: str
    revision: int
    configuration: Configuration
    connectors: Mapping[str, Connector]

    def product(self, key: str) -> Product:
        """Find a product; raises Refusal with the nearest names."""
        found = self.configuration.products.get(key)
        if found is None:
            raise Refusal(
                f"There is no product {quoted(key)}. {nearest(key, self.configuration.products, kind='products')}"
            )
        return found

    @property
    def catalogue(self) -> Catalogue:
        """Give the catalogue with the workspace's own metrics."""
        return self.configuration.catalogue


class Snapshots(Protocol):
    """Where the newest snapshot of a workspace is kept."""

    def __call__(self, workspace: str) -> Awaitable[Snapshot]:
        """Give the newest snapshot; raises Refusal for a workspace without configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The few things that reach out of the process."""

    store: Store
    snapshot: Snapshots
    now: Callable[[], datetime]  # aware UTC
    nouns: Mapping[str, str]  # of the catalogue
    checklists: Checklists = field(default_factory=Checklists)  # the program's
    signing_key: SigningKey | None = None  # of checkpoints; without one no launch opens
    old_signing_key: SigningKey | None = None  # the one before, which vouches for it
    language_model: Callable[[LanguageModel], LanguageModelClient] | None = (
        None  # opens the one that may write summaries
    )
    source_timeout_s: float = 30
    reads_at_once: int = 8  # of all pulls together
    reads: asyncio.Semaphore = field(init=False, compare=False)
    pulling: WeakValueDictionary[Pulling, asyncio.Lock] = field(
        init=False, compare=False, default_factory=WeakValueDictionary
    )
    folds: Memo[str, Any] = field(
        init=False, compare=False, default_factory=lambda: Memo(512)
    )  # handlers/folds.py
    benches: dict[str, Any] = field(init=False, compare=False, default_factory=dict)  # handlers/decisions.py
    looks: Memo[Any, Any] = field(
        init=False, compare=False, default_factory=lambda: Memo(256)
    )  # handlers/findings.py

    def __post_init__(self) -> None:
        object.__setattr__(self, "reads", asyncio.Semaphore(self.reads_at_once))

    def alone(self, workspace: str, product: str, period: Period) -> asyncio.Lock:
        """Give the lock under which a product's period is pulled, so that many who ask at once cost one pull."""
        return self.pulling.setdefault((workspace, product, period), asyncio.Lock())
