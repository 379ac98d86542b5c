"""Evidence as somebody typed it into a modal: read, or refused at the field that is to blame."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from handlers.listeners.answers import Wrong
from handlers.listeners.ids import Field
from handlers.views.items import state_block
from schema.errors import Refusal
from schema.evidence import Document, Record
from schema.evidence_given import Giver, Typed, TypedDocument, read_document, read_record
from schema.requirements import EvidenceKind, RecordUnit, Requirement

SOUND: Final[Mapping[str, str]] = {  # what is never refused at a field
    Field.MEASURED: "2000-01-01",
    Field.DATED: "2000-01-01",
    Field.LINK: "https://example.com/",
    Field.DIGEST: "0" * 64,
}
VALUES: Final[Mapping[RecordUnit, str]] = {
    RecordUnit.SHARE: "1 of 2",
    RecordUnit.YES: "yes",
    RecordUnit.TEXT: "words",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """What somebody typed for one requirement."""

    requirement: Requirement
    values: Mapping[str, str]
    at: datetime
    zone: ZoneInfo

    def read(self) -> Record | Document:
        """Read it; raises Refusal with what would work."""
        giver = Giver(pid="", at=self.at, zone=self.zone)
        if self.requirement.kind is EvidenceKind.DOCUMENT:
            return read_document(self.requirement, self._document(), giver)
        return read_record(self.requirement, self._record(), giver)

    def _record(self) -> Typed:
        given = self.values.get
        return Typed(
            value=given(Field.VALUE, ""), measured=given(Field.MEASURED, ""), link=given(Field.LINK, ""),
            states=self._states(),
        )  # fmt: skip

    def _document(self) -> TypedDocument:
        given = self.values.get
        return TypedDocument(
            link=given(Field.LINK, ""), digest=given(Field.DIGEST, ""), dated=given(Field.DATED, ""),
            states=self._states(),
        )  # fmt: skip

    def _states(self) -> dict[str, str]:
        asked = self.requirement
        names = (*asked.states, *([asked.matches] if asked.matches else []))
        return {name: self.values.get(state_block(name), "") for name in names}

    def mended(self, block: str) -> "Giving":
        """Put something sound into one field."""
        sound = SOUND.get(block) or VALUES.get(self.requirement.unit or RecordUnit.NUMBER, "1")
        return replace(self, values={**self.values, block: sound})


def read_given(giving: Giving) -> Record | Document | Wrong:
    """Read evidence, or say at which field something else would work."""
    try:
        return giving.read()
    except Refusal as refusal:
        words = str(refusal)
    return Wrong(errors={_blamed(giving, words): words})


def _blamed(giving: Giving, words: str) -> str:
    """Find the field without whose fault this would not have been said."""
    asked = giving.requirement
    document = asked.kind is EvidenceKind.DOCUMENT
    blocks = (
        (Field.LINK, Field.DIGEST, Field.DATED) if document else (Field.VALUE, Field.MEASURED, Field.LINK)
    )
    states = [state_block(name) for name in (*asked.states, *([asked.matches] if asked.matches else []))]
    first = str(blocks[0])
    return next(
        (block for block in map(str, (*blocks, *states)) if not _says(giving.mended(block).read, words)),
        first,
    )


def _says(read: Callable[[], object], words: str) -> bool:
    try:
        read()
    except Refusal as refusal:
        return str(refusal) == words
    return False
