"""What the numbers say to what somebody claims: from stored verdicts alone, no source is asked."""

from collections.abc import Sequence

from handlers.briefs import read
from handlers.services import Services, Snapshot
from handlers.views.checkins import Contradicted
from schema.contradictions import contradictions
from schema.pages import Page, window
from schema.products import Product
from schema.statements.levels import show
from schema.verdicts import Verdict


async def contradicted(
    services: Services, snapshot: Snapshot, product: Product, typed: Sequence[str]
) -> tuple[Contradicted, ...]:
    """Compare what somebody claims with the verdicts of the newest closed period."""
    if not any(typed):
        return ()
    page = (await read(services, snapshot, product)).page
    verdicts = {
        key: judged.verdict
        for key, judged in page.judged.items()
        if judged.now is not None and judged.compared and judged.compared[0].before is not None
    }
    found = contradictions(typed, snapshot.catalogue, verdicts)
    return tuple(_shown(page, each.metric, each.claim, verdicts[each.metric]) for each in found)


def _shown(page: Page, metric: str, claim: str, verdict: Verdict) -> Contradicted:
    judged = page.judged[metric]
    assert judged.now is not None  # it has a verdict
    before = judged.compared[0].before
    assert before is not None
    currency = page.product.currency
    return Contradicted(
        claim=claim,
        metric=page.catalogue[metric].name,
        rose=verdict.rose,
        before=show(page.catalogue[metric], before.estimate.value, currency),
        now=show(page.catalogue[metric], judged.now.level.estimate.value, currency),
        window=window(page.product, page.period, page.product.metrics[metric].window).shown,
        verdict=verdict.kind.value,
    )
