"""A language model behind the chat completions that OpenAI's servers and most others speak."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from integrations.base import Truncated, UnexpectedAnswer
from integrations.guard import Resolve, system_resolve
from integrations.http import HttpClient, Limits, Patience
from schema.language_models import NAME, LanguageModel
from schema.prompts import Message

ENDPOINT: Final = "chat/completions"
LARGEST_ANSWER: Final = 200_000  # bytes
PATIENCE: Final = Patience(attempts=2, first_wait_s=1, wait_limit_s=2, retry_after_limit_s=10)


class LanguageModelClient:
    """One configured endpoint."""

    def __init__(
        self,
        model: LanguageModel,
        *,
        secrets: Callable[[str], str],
        patience: Patience = PATIENCE,
        resolve: Resolve = system_resolve,
    ) -> None:
        """Prepare; nothing is connected to before the first question. Raises Refusal."""
        # a secret read from a file often ends with a line break
        key = secrets(model.key.secret).strip() if model.key is not None else ""
        self._model = model.model
        self._client = HttpClient(
            source=NAME,
            url=model.url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            network=model.network,
            limits=Limits(timeout_s=model.timeout_s, size_bytes=LARGEST_ANSWER),
            patience=patience,
            resolve=resolve,
        )

    async def write(self, messages: Sequence[Message]) -> str:
        """Ask once, and once more where the server is busy; gives what was written. Raises IntegrationError.

        Only what every server of this kind understands is sent: many refuse a temperature or a form of answer.
        """
        body = {"model": self._model, "messages": [dict(each) for each in messages]}
        return self._written(await self._client.post(ENDPOINT, body))

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()

    def _written(self, document: Any) -> str:
        call = self._client.call("POST", ENDPOINT)
        try:
            choice = document["choices"][0]
            text, ended = choice["message"]["content"], choice.get("finish_reason")
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise UnexpectedAnswer(call, "the answer holds no message") from error
        if ended == "length":
            raise Truncated(call, "the model stopped before its end")
        if not isinstance(text, str) or not text.strip():
            raise UnexpectedAnswer(call, "the message holds no text")
        return text


def opener(secrets: Callable[[str], str]) -> Callable[[LanguageModel], LanguageModelClient]:
    """Give what opens an endpoint with this process's secrets."""
    return partial(LanguageModelClient, secrets=secrets)
