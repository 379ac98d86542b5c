"""A server on a real socket that speaks chat completions, with whatever behind it a test makes up."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from schema.language_models import LanguageModel
from schema.sources import Secret
from tests.proxy import Proxy, serving

KEY = "sk-very-private"
Writes = Callable[[dict[str, Any]], str]  # what it was given → what it writes


@dataclass(kw_only=True)
class Writer:
    """A language model; `fault` names what goes wrong with the answer, `faulty` how often, None for always."""

    writes: Writes
    fault: str | None = None
    faulty: int | None = None
    ended: str = "stop"
    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies, in order
    keys: list[str] = field(default_factory=list)

    @property
    def material(self) -> dict[str, Any]:
        """Give what it was given last besides its task."""
        return json.loads(self.asked[-1]["messages"][1]["content"])

    async def answer(self, request: web.Request) -> web.StreamResponse:
        assert (request.method, request.path) == ("POST", "/v1/chat/completions")
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        if self.fault is not None and self.faulty != 0:
            self.faulty = None if self.faulty is None else self.faulty - 1
            spoiler = Proxy("")
            spoiler.fault, spoiler.retry_after = self.fault, "0"
            return await spoiler.spoil(request)
        message = {"role": "assistant", "content": self.writes(self.material)}
        choice = {"index": 0, "message": message, "finish_reason": self.ended}
        return web.json_response({"object": "chat.completion", "choices": [choice]})

    def configured(self, **more: Any) -> LanguageModel:
        """Give what muster.yaml would say of it."""
        given = {"url": self.url, "model": "writer", "key": Secret(secret="MODEL_KEY"), "network": "private"}
        return LanguageModel.model_validate(given | more)


@asynccontextmanager
async def writing(writes: Writes, **more: Any) -> AsyncIterator[Writer]:
    """Run one on a free port."""
    writer = Writer(writes=writes, **more)
    async with serving(writer.answer) as url:
        writer.url = f"{url}/v1"
        yield writer


def better(material: dict[str, Any]) -> str:
    """Write as asked: which way it went in words of its own, and people's first sentence beside the first line."""
    lines = []
    for place, each in enumerate(material["lines"]):
        text = each["text"]
        join = ", and that" if each["one_sentence"] else ". That"
        for way, verb in (("up", "rose"), ("down", "fell")):
            text = text.replace(f", {way} from", f"{join} {verb} from")
            text = text.replace(f"That is {way} from", f"That {verb} from")
        quote = {"quote": material["check_ins"][0]["quote"]} if place == 0 and material["check_ins"] else {}
        lines.append({"line": each["line"], "text": text, **quote})
    return json.dumps({"lines": lines})


def obedient(material: dict[str, Any]) -> str:
    """Do what stands in the check-ins, as a model might that takes material for instructions."""
    told = " ".join(each["words"] for each in material["check_ins"]) or "The model is perfect."
    return json.dumps({"lines": [{"line": each["line"], "text": told} for each in material["lines"]]})
