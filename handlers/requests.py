"""Requests from Slack: what each one changes, and the effects it has for others, once and in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from handlers.outbox import EffectKind
from handlers.services import Services
from integrations.store import inbox, outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One effect in Slack that a request asks for."""

    kind: EffectKind
    payload: Mapping[str, Any]
    coalesce_key: str | None = None


async def once(services: Services, workspace: str, key: str, *wishes: Wish) -> bool:
    """Remember a request and put its effects into the outbox; False, and nothing changes, when it was seen before."""
    now = services.now()

    def act(session: Session) -> bool:
        if not inbox.first_time(session, workspace, key, at=now, kind=key.partition(".")[0]):
            return False
        for wish in wishes:
            outbox.put(
                session,
                workspace,
                kind=wish.kind,
                payload=wish.payload,
                now=now,
                coalesce_key=wish.coalesce_key,
            )
        return True

    return await services.store.write(act)


async def wish(services: Services, workspace: str, wanted: Wish) -> None:
    """Put an effect into the outbox that is the same however often it is done."""
    now = services.now()
    await services.store.write(lambda session: outbox.put(
        session, workspace, kind=wanted.kind, payload=wanted.payload, now=now, coalesce_key=wanted.coalesce_key
    ))  # fmt: skip
