"""Evidence from a shell: typed values and documents, each attributed to whoever gives it."""

import asyncio
import hashlib
import re
import secrets as random
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.desks import at_desk
from bot.commands.remotes import remote
from bot.offline import Desk
from bot.settings import NAMED
from handlers import pipelines
from handlers.pipelines import Giving
from integrations.base import IntegrationError
from integrations.store.errors import StoreError
from schema.errors import Refusal

app = typer.Typer()
evidence_app = typer.Typer(no_args_is_help=True, help="What reviews rest on.")
app.add_typer(evidence_app, name="evidence")

USER = re.compile(r"[UW][A-Z0-9]{4,20}")
OK = 200


@evidence_app.command("put")
def put_command(  # noqa: PLR0913 - each is one option
    target: Annotated[str, typer.Argument(metavar="PRODUCT", help="The product, or one of its launches.")],
    item: Annotated[str, typer.Argument(metavar="ITEM", help="The question, such as LR-10.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="What is asked there, such as switch_off.")],
    *,
    value: Annotated[str | None, typer.Option("--value", help="What was measured.")] = None,
    of: Annotated[
        str | None, typer.Option("--of", help="Of how many, where the value counts a part.")
    ] = None,
    measured_at: Annotated[str, typer.Option("--measured-at", help="When: 2026-11-20, or with a time.")] = "",
    document: Annotated[
        str | None, typer.Option("--document", help="A document: its file, or its link with --digest.")
    ] = None,
    digest: Annotated[str | None, typer.Option("--digest", help="SHA-256 of the document.")] = None,
    dated: Annotated[str, typer.Option("--dated", help="The day on which it was last true.")] = "",
    link: Annotated[str, typer.Option("--link", help="Where people can look it up.")] = "",
    state: Annotated[
        list[str] | None, typer.Option("--state", help="What it states, as name=value; several times.")
    ] = None,
    by: Annotated[
        str, typer.Option("--by", help="Who gives it: a person's Slack id, or a pipeline's name.")
    ] = "",
    url: Annotated[
        str | None, typer.Option("--url", help="A running Muster to give it to, with MUSTER_GATE_TOKEN.")
    ] = None,
) -> None:
    """Give evidence for a question; the newest counts, and what was given earlier stays."""
    if (value is None) == (document is None):
        raise Refusal("Give either --value with --measured-at, or --document with --dated.")
    giving = Giving(
        target=target, item=item, name=name, value=value, of=of, measured=measured_at, link=_link(document, link),
        digest=None if document is None else _digest(document, digest), dated=dated, states=_states(state or []),
    )  # fmt: skip
    typer.echo(_given_there(giving, url) if url else _given_here(giving, by))


def _given_here(giving: Giving, by: str) -> str:
    if not USER.fullmatch(by) and not re.fullmatch(NAMED, by):
        raise Refusal(
            "Say who gives it with --by: a person's Slack id, or a pipeline's name in small letters."
        )

    async def give(opened: Desk) -> str:
        who = (
            await pipelines.somebody(opened.services, opened.snapshot, by)
            if USER.fullmatch(by)
            else f"cli:{by}"
        )
        gave = await pipelines.give(
            opened.services, opened.snapshot, giving, by=who, nonce=random.token_hex(8)
        )
        return gave.line

    return at_desk(give)


def _given_there(giving: Giving, url: str) -> str:
    told = {
        "target": giving.target, "item": giving.item, "name": giving.name, "value": giving.value, "of": giving.of,
        "measured_at": giving.measured, "link": giving.link, "digest": giving.digest, "dated": giving.dated,
        "states": dict(giving.states),
    }  # fmt: skip
    try:
        status, said = asyncio.run(remote(url).post("evidence", {k: v for k, v in told.items() if v}))
    except (StoreError, IntegrationError) as trouble:
        raise Refusal(str(trouble)) from None
    error = said.get("error")
    if status != OK:
        text = error.get("text") if isinstance(error, dict) else None
        raise Refusal(str(text or f"The other Muster answered with HTTP {status}; ask its operator."))
    return str(said["text"])


def _link(document: str | None, link: str) -> str:
    return document if document and _is_link(document) else link


def _is_link(text: str) -> bool:
    return text.startswith(("https://", "http://"))


def _digest(document: str, given: str | None) -> str:
    if _is_link(document):
        if given is None:
            raise Refusal(
                "A link shows something else tomorrow; give --digest, the SHA-256 of what it shows now."
            )
        return given
    try:
        found = hashlib.sha256(Path(document).read_bytes()).hexdigest()
    except OSError as error:
        raise Refusal(
            f"The document “{document}” cannot be read ({error.strerror}); name it again."
        ) from None
    if given is not None and given.lower().removeprefix("sha256:") != found:
        raise Refusal("The file has another digest than --digest says; leave --digest out.")
    return found


def _states(given: list[str]) -> dict[str, str]:
    found = dict(each.partition("=")[::2] for each in given)
    if not all(found.values()):
        raise Refusal("Write each --state as name=value, such as --state prompt=sha256:4f2a….")
    return {name.strip().replace("-", "_"): value.strip() for name, value in found.items()}
