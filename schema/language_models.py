"""The language model that may write summaries, as it stands in muster.yaml."""

from typing import Annotated, Final

from pydantic import Field

from schema.plain_values import OneLine
from schema.sources import Frozen, Network, Secret

NAME: Final = "language model"  # what people read of it in a line about sources


class LanguageModel(Frozen):
    """An endpoint that speaks chat completions as OpenAI does: a hosted one, or one's own."""

    url: str  # what stands before /chat/completions
    model: OneLine
    key: Secret | None = None  # sent as Bearer; one's own server may need none
    network: Network = "public"
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 30
