"""Summaries by a language model: asked in time, held to the rules, and left for the template where they are not kept."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from handlers.services import Services, Snapshot
from integrations.base import IntegrationError
from integrations.language_models import LanguageModelClient
from schema.errors import Refusal
from schema.pages import Page
from schema.passages import offered, undisputed
from schema.prompts import Message, digest, messages
from schema.standups import Standup
from schema.summaries import Fault, Summary, rewritten
from schema.weeks import Week

log = logging.getLogger(__name__)

SPARE_S: Final = 5.0  # before the post, for freezing what was composed
LEAST_S: Final = 1.0  # less is not worth asking for


async def summarised(
    services: Services, snapshot: Snapshot, standup: Standup, *, page: Page, week: Week, until: datetime
) -> tuple[Standup, Summary | None]:
    """Give a digest in a language model's words with their receipt; as it was where none is configured or keeps to the rules.

    until   when the post is due; nothing here takes longer
    """
    model, opened = snapshot.configuration.workspace.language_model, services.language_model
    if model is None or opened is None:
        return standup, None
    offer = undisputed(offered(standup.parent, week.gathered.checkins, week.names), page)
    if not offer.passages:
        return standup, None
    about = {"product": standup.product, "model": model.model}
    left_s = (until - services.now()).total_seconds() - SPARE_S
    if left_s < LEAST_S:
        return _not_used(standup, about, rule="no_time")
    given = messages(offer)
    try:
        answer = await _answer(opened(model), given, within_s=min(left_s, model.timeout_s))
    except (IntegrationError, Refusal) as trouble:
        return _not_used(standup, about, rule="no_answer", why=str(trouble))
    except TimeoutError:
        return _not_used(standup, about, rule="no_time")
    found = rewritten(standup.parent, offer, answer, model=model.model, given=digest(given))
    if isinstance(found, Fault):
        return _not_used(standup, about, rule=found.rule, passage=found.passage)
    log.info("summary_written", extra=about)
    return replace(standup, parent=found.paragraphs), found.summary


def _not_used(standup: Standup, about: dict[str, str], **why: str) -> tuple[Standup, None]:
    """Leave the digest as it was, and log why: the name of a rule, never what was written."""
    log.warning("summary_not_used", extra={**about, **why})
    return standup, None


async def _answer(client: LanguageModelClient, given: Sequence[Message], *, within_s: float) -> str:
    try:
        async with asyncio.timeout(within_s):
            return await client.write(given)
    finally:
        await client.close()
