"""What `provisional` means on a page: how many outcomes are known, and when all are."""

from collections.abc import Iterable
from typing import Final

from schema import facts, texts
from schema.judgements import MATURITY
from schema.metrics import Audience
from schema.pages import Page, subject
from schema.paragraphs import NOTHING, Paragraph
from schema.statements import levels
from schema.texts import Text

STILL_OPEN: Final = "Provisional figures can still move: {known}."
ALL_KNOWN: Final = "All are known after {matured}."


def still_open(page: Page, told: Iterable[Paragraph]) -> tuple[Paragraph, ...]:
    """Explain the word once, where one of these paragraphs uses it."""
    used = any(each.subject.provisional for paragraph in told for each in paragraph.statements)
    text = explained(page) if used else NOTHING
    return (Paragraph(label="", text=text, metrics=(MATURITY,)),) if text else ()


def explained(page: Page) -> Text:
    """Say how many outcomes are still open; nothing where nobody knows."""
    maturity = page.judged.get(MATURITY)
    if maturity is None or maturity.now is None:
        return NOTHING
    known = levels.level(subject(page, MATURITY), Audience.EXECUTIVE)
    matured = page.product.labels.get("matured")
    until = texts.fill(ALL_KNOWN, {"matured": facts.name(matured)}) if matured else NOTHING
    return texts.join((texts.fill(STILL_OPEN, {"known": known}), until))
