"""How many statements a second one core makes of the demo's real subjects, with and without the wording rules."""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from bot.files import Secrets
from bot.offline import Desk, desk
from bot.settings import Settings
from deploy.demo import service
from deploy.demo.story import SERVICE
from handlers.pages import closed_period, load_page
from handlers.pulls import pull
from schema import facts
from schema.briefs import Section, compose
from schema.metrics import Audience
from schema.statements.levels import Subject
from schema.statements.stating import Statement, state
from schema.wording import checks, readability
from schema.wording import words as wording_words
from tests.bench import stories
from tests.bench.measuring import Goal, Line, Size, spread

ROUNDS = {Size.FULL: 7, Size.QUICK: 3, Size.TINY: 1}
PAGES = {
    Size.FULL: (7, 12),
    Size.QUICK: (7, 6),
    Size.TINY: (1, 1),
}  # products, and pages of each, newest first
AT_LEAST_S = {Size.FULL: 1.0, Size.QUICK: 0.4, Size.TINY: 0.0}  # of processor time a round
GOAL = Goal(limit=5_000, unit="a second", at_most=False)
OF_FIGURES = (
    facts.shows,
    readability.grade,
    readability.syllables,
    wording_words.signs,
)  # what remembers what was said before


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a text asked to be stated."""

    subject: Subject
    audience: Audience
    others: tuple[Subject, ...]
    unmarked: frozenset[str]

    def stated(self) -> Statement:
        return state(self.subject, self.audience, others=self.others, unmarked=self.unmarked)


@asynccontextmanager
async def a_desk():
    """Open the story without Slack, its numbers not pulled yet."""
    async with service.serve(stories.told().parent / SERVICE) as address:
        config = Path(mkdtemp(dir=stories.told().parent.parent)) / "muster.yaml"
        text = stories.told().read_text(encoding="utf-8").replace("http://127.0.0.1:8290", address)
        config.write_text(text.replace(":///data/", f":///{stories.told().parent}/data/"), encoding="utf-8")
        settings = Settings.from_env({})
        async with desk(settings, Secrets(environment={}), config=config, now=lambda: stories.AT) as opened:
            yield opened


async def gathered(opened: Desk, products: int, periods: int) -> list[Asked]:
    """Gather every statement of every brief of the newest periods, as the briefs asked for it."""
    found: list[Asked] = []
    for product in [*opened.snapshot.configuration.products.values()][:products]:
        last = closed_period(product, opened.services.now())
        await pull(opened.services, opened.snapshot, product, period=last)
        for period in product.calendar.back(last, periods):
            page = await load_page(opened.services, opened.snapshot, product, period)
            found += [
                Asked(subject=each.subject, audience=audience, others=each.others, unmarked=each.unmarked)
                for audience in Audience
                for each in statements(compose(page, audience).sections)
            ]
    return found


def statements(sections: Sequence[Section]) -> Iterator[Statement]:
    for section in sections:
        for paragraph in section.paragraphs:
            yield from paragraph.statements


def plain_work() -> int:
    """Do a fixed piece of work that every Python does, for comparing machines and moments."""
    total = 0
    for number in range(200):
        words = f"{number} of {number * 7:,} cases, {number / 7:.1f} %".split(" ")
        total += sum(len(word) for word in words) + hash(tuple(words)) % 2
    return total


def a_second(work: Callable[[], int], at_least_s: float) -> float:
    """Give how many pieces of work one core does in a second of its own time."""
    done, began = 0, time.thread_time()
    while not done or time.thread_time() - began < at_least_s:
        done += work()
    return done / (time.thread_time() - began)


def said(asked: Sequence[Asked], *, checked: bool, fresh: bool) -> int:
    """State everything once; `fresh` forgets first what earlier rounds have said."""
    if fresh:
        for memory in OF_FIGURES:
            memory.cache_clear()
    for each in asked:
        statement = each.stated()
        if checked:
            checks.check(statement)
    return len(asked)


def plainly() -> int:
    plain_work()
    return 1


async def speed(size: Size) -> list[Line]:
    async with a_desk() as opened:
        asked = await gathered(opened, *PAGES[size])
    return await asyncio.to_thread(measured, asked, size)


def measured(asked: Sequence[Asked], size: Size) -> list[Line]:
    said(asked, checked=True, fresh=True)  # the templates are parsed once a process
    rounds = []
    for _ in range(ROUNDS[size]):
        long = AT_LEAST_S[size]
        rounds.append((
            a_second(lambda: said(asked, checked=False, fresh=True), long), a_second(plainly, long / 4),
            a_second(lambda: said(asked, checked=True, fresh=True), long),
            a_second(lambda: said(asked, checked=True, fresh=False), long / 4),
        ))  # fmt: skip
    alone, plain, checked, again = (list(column) for column in zip(*rounds, strict=True))
    beside = {"different_statements": len({str(each.stated()) for each in asked}), "stated": len(asked)}
    against = {"× plain work": spread([a / b for a, b in zip(alone, plain, strict=True)])["value"]}
    return [
        Line(what="statements on one core: state()", goal=GOAL, **spread(alone), beside=beside | against),
        Line(
            what="statements on one core: state() and the wording rules",
            goal=Goal(limit=None, unit="a second"), **spread(checked), beside={"said_before_per_s": spread(again)["value"]},
        ),
    ]  # fmt: skip
