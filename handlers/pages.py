"""Pages: load what is stored of a product and period, judge it once, and hand it to the texts."""

from datetime import datetime

from sqlalchemy.orm import Session

from handlers import judgements
from handlers.pulls import troubles
from handlers.services import Services, Snapshot
from integrations.store import readings as stored_readings
from integrations.store import told
from schema.briefs import Brief, compose
from schema.errors import Refusal
from schema.insights import Background, Restated
from schema.judgements import compared_beside, judge_product, past_of, questions_of
from schema.metrics import Audience
from schema.pages import Page, page
from schema.periods import Period
from schema.products import Product
from schema.side_findings import with_findings
from schema.sides import asked_of


def closed_period(product: Product, at: datetime) -> Period:
    """Find the newest period of a product that was complete at a moment."""
    return product.calendar.last_complete(at)


async def load_page(services: Services, snapshot: Snapshot, product: Product, period: Period) -> Page:
    """Judge what is stored for one closed period."""
    needed = max(
        (
            product.history_periods(key, period, compared_beside(product, snapshot.catalogue, key))
            for key in product.metrics
        ),
        default=1,
    )
    first = product.calendar.shift(period, -needed)
    readings = await services.store.read(lambda session: stored_readings.history(
        session, snapshot.workspace, product=product.key, metrics=tuple(asked_of(product)), first=first, last=period,
    ))  # fmt: skip
    blanks = await troubles(services, snapshot, product, period)
    today = services.now().astimezone(product.zoneinfo).date()
    questions = questions_of(product, snapshot.catalogue)
    past = past_of(readings, questions)
    judged = judge_product(product, snapshot.catalogue, period=period, past=past, blanks=blanks, today=today)
    own = [each for each in readings if each.metric in product.metrics]  # what the verdicts rest on
    definitions = {key: each[1] for key, each in questions.items() if key in product.metrics}
    settled = await judgements.settled(
        services, snapshot, product, period=period, judged=judged,
        digest=judgements.digest_of(product, definitions, own),
    )  # fmt: skip
    kept = with_findings(product, snapshot.catalogue, settled, past=past, blanks=blanks, today=today)
    repeats = await judgements.repeats(services, snapshot, product, period=period, judged=kept)
    return page(
        product,
        snapshot.catalogue,
        services.nouns,
        period=period,
        judged=kept,
        today=today,
        background=Background(
            repeats=repeats,
            corrected=await services.store.read(
                lambda session: _restated(session, snapshot, product, product.calendar.shift(period, -1))
            ),
        ),
    )


def _restated(session: Session, snapshot: Snapshot, product: Product, period: Period) -> dict[str, Restated]:
    """Give the figures of a period that were corrected after its post said them, unless they came back to that."""
    kept = told.corrected(session, snapshot.workspace, product=product.key, period=period)
    return {
        each.told.metric: Restated(posted=each.posted.words, now=each.told.words)
        for each in kept
        if each.posted.words != each.told.words
    }


def audience_named(text: str) -> Audience:
    """Read an audience as people type it; raises Refusal with the four that exist."""
    try:
        return Audience(text.strip().lower())
    except ValueError:
        raise Refusal(
            f"“{text}” is no reader I know; try executive, engineer, compliance or support."
        ) from None


async def brief(
    services: Services, snapshot: Snapshot, product: Product, *, audience: Audience, period: Period
) -> Brief:
    """Compose the page of a product from what is stored."""
    return compose(await load_page(services, snapshot, product, period), audience)
