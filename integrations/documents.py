"""A vendor's JSON, held to the part of its form that we rely on."""

from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from integrations.base import Call, UnexpectedAnswer


class Document(BaseModel):
    """What we rely on; what else a vendor sends is left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore")


D = TypeVar("D", bound=Document)


def shaped(model: type[D], document: Any, *, call: Call) -> D:
    """Read a document as a model; raises UnexpectedAnswer naming the first place that does not fit."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors(include_input=False)[0]["loc"]) or "the whole"
        # not `from error`: its text holds what was sent
        raise UnexpectedAnswer(call, f"the answer has another form than known, at {place[:100]}") from None
