"""Reading a product: its page from what is stored, pulled first where nothing was ever asked."""

from dataclasses import dataclass, replace

from handlers.pages import closed_period, load_page
from handlers.pulls import pull, troubles
from handlers.services import Services, Snapshot
from integrations.store import readings as stored_readings
from schema.briefs import Brief, compose
from schema.errors import Refusal
from schema.metrics import Audience
from schema.pages import Page
from schema.periods import Period
from schema.products import Product
from schema.readings import Blank, Reading
from schema.sides import metric_of, with_sides


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A product's page of one period, and whether a source must be asked before it says anything."""

    page: Page
    key: str  # of the period, for buttons
    pulled: bool

    def brief(self, audience: Audience) -> Brief:
        """Compose the page for one audience."""
        return compose(self.page, audience)


async def read(
    services: Services, snapshot: Snapshot, product: Product, period: Period | None = None
) -> Read:
    """Load a product's page from what is stored; the newest closed period unless another is named."""
    chosen = period or closed_period(product, services.now())
    page = await load_page(services, snapshot, product, chosen)
    lacking = tuple(key for key, each in page.judged.items() if each.now is None)
    pulled = not lacking or not await _never_asked(
        services, snapshot, product, period=chosen, metrics=lacking
    )
    return Read(page=page, key=product.calendar.key(chosen), pulled=pulled)


async def _never_asked(
    services: Services, snapshot: Snapshot, product: Product, *, period: Period, metrics: tuple[str, ...]
) -> bool:
    """Tell whether a source was never asked for some of these metrics in this period."""
    known = await how_we_know(services, snapshot, product, period=period, metrics=metrics)
    return not (known.answered | known.blanks.keys()).issuperset(metrics)


async def pull_and_read(
    services: Services, snapshot: Snapshot, product: Product, period: Period | None = None
) -> Read:
    """Ask the sources, then load the page; who comes while another asks waits for the same answer."""
    chosen = period or closed_period(product, services.now())
    async with services.alone(snapshot.workspace, product.key, chosen):
        found = await read(services, snapshot, product, chosen)
        if found.pulled:
            return found
        await pull(services, snapshot, product, period=chosen)
    return await read(services, snapshot, product, chosen)


def period_named(product: Product, key: str) -> Period:
    """Read a period that a button carries; raises Refusal for what is none of this product's."""
    try:
        return product.calendar.named(key)
    except (ValueError, OverflowError):
        raise Refusal("This button is from a page that I no longer know. Type the command again.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """How we know: the readings of one period and the reasons where there is none."""

    product: Product
    metrics: tuple[str, ...]
    readings: tuple[Reading, ...]  # of each metric its own first, then what its side questions brought
    answered: frozenset[str]  # metrics whose own question has a reading
    blanks: dict[str, Blank]


async def how_we_know(
    services: Services, snapshot: Snapshot, product: Product, *, period: Period, metrics: tuple[str, ...]
) -> Known:
    """Load the receipts behind some of a product's figures."""
    asked = tuple(key for key in metrics if key in product.metrics)
    keys = with_sides(product, asked)
    found = await services.store.read(lambda session: stored_readings.history(
        session, snapshot.workspace, product=product.key, metrics=keys, first=period, last=period,
    ))  # fmt: skip
    blanks = await troubles(services, snapshot, product, period)
    return Known(
        product=product, metrics=asked, readings=_by_metric(newest(found)), blanks=blanks,
        answered=frozenset(each.metric for each in found).intersection(asked),
    )  # fmt: skip


def _by_metric(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Put what side questions brought to their metric, after its own readings."""
    own = [each for each in readings if each.metric == metric_of(each.metric)]
    beside = [each for each in readings if each.metric != metric_of(each.metric)]
    return (*own, *(replace(each, metric=metric_of(each.metric)) for each in beside))


def newest(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Keep the newest answer for each metric and group, where the question changed."""
    return tuple({(each.metric, each.group): each for each in readings}.values())


def metrics_of(shown: Brief) -> tuple[str, ...]:
    """List the metrics that a page speaks of, in its order."""
    return tuple(dict.fromkeys(
        key for section in shown.sections for paragraph in section.paragraphs for key in paragraph.metrics
    ))  # fmt: skip
