"""May it go out? The gate for a shell, and the list of launches."""

import asyncio
import json
import re
import secrets as random
from typing import Annotated, Any, NoReturn
from urllib.parse import quote

import typer

from bot.commands.desks import At, at_desk
from bot.commands.remotes import remote
from bot.manifests import digest_of
from bot.offline import Desk
from bot.settings import NAMED
from handlers import gate_answers
from handlers.gate_answers import Using
from handlers.views.gates import CANNOT_TELL, MAY_NOT_PASS, MAY_PASS, NO, UNKNOWN, Body, exit_code, lines
from integrations.base import IntegrationError
from integrations.store.errors import StoreError
from schema.attempts import Declined
from schema.errors import Refusal

app = typer.Typer()
NEVER = "No launch was ever opened. In Slack, `/muster launch <product>` opens one."
OK, CONFLICT = 200, 409  # what the API answers where it could tell


@app.command("gate")
def gate_command(  # noqa: PLR0913 - each is one option
    launch: Annotated[str, typer.Argument(metavar="LAUNCH", help="Its id, such as nearby-offers-3.")],
    *,
    manifest: Annotated[
        str | None, typer.Option("--manifest", help="What goes out: a file with its parts, or its digest.")
    ] = None,
    use: Annotated[bool, typer.Option("--use", help="Record, once, that it goes out now.")] = False,
    accept_bypass: Annotated[
        bool, typer.Option("--accept-bypass", help="Pass in an emergency that was called, without approval.")
    ] = False,
    url: Annotated[
        str | None, typer.Option("--url", help="A running Muster to ask, with MUSTER_GATE_TOKEN.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as the API gives it.")] = False,
    by: Annotated[
        str, typer.Option("--by", help="The release system that uses it, never a person: it stays for good.")
    ] = "cli",
    at: At = None,
) -> None:
    """Say whether a launch may go out: 0 it may, 1 it may not, 2 that cannot be told."""
    try:
        asked = (
            None if manifest is None else digest_of(manifest)
        )  # an empty one is a variable that nobody set
        if use:
            using = _using(launch, asked, by=by, accept_bypass=accept_bypass, at=at)
            _end_use(_used(using, url), as_json=as_json)
        _end(_asked(launch, asked, url, at=at), as_json=as_json, accept_bypass=accept_bypass)
    except Declined as declined:  # the manifest itself may not go out
        _say(launch, str(declined), as_json=as_json, code=MAY_NOT_PASS)
    except IntegrationError as trouble:
        text = f"The other Muster could not be asked: {trouble}. See that it runs at --url, and ask again."
        _say(launch, text, as_json=as_json, code=CANNOT_TELL)
    except (Refusal, StoreError) as trouble:
        _say(launch, str(trouble), as_json=as_json, code=CANNOT_TELL)


def _using(launch: str, asked: str | None, *, by: str, accept_bypass: bool, at: str | None) -> Using:
    if asked is None:
        raise Refusal("Name what goes out with --manifest, so that its use can be recorded.")
    if at is not None:
        raise Refusal("A use is recorded at the time at which it happens; leave --at out.")
    if not re.fullmatch(NAMED, by):
        raise Refusal(
            "Name the release system with small letters, digits, points and dashes, such as ci-prod."
        )
    return Using(
        launch=launch, manifest=asked, by=f"cli:{by}", nonce=random.token_hex(8), accept_bypass=accept_bypass
    )


def _asked(launch: str, manifest: str | None, url: str | None, *, at: str | None) -> Body:
    async def ask(opened: Desk) -> Body:
        return await gate_answers.ask(opened.services, opened.snapshot, launch, manifest=manifest)

    if url is None:
        return at_desk(ask, at=at)
    params = {"manifest": manifest} if manifest else {}
    return _understood(*asyncio.run(remote(url).get(f"gates/{quote(launch, safe='')}", params)))


def _used(using: Using, url: str | None) -> Body:
    async def use(opened: Desk) -> Body:
        return (await gate_answers.use(opened.services, opened.snapshot, using)).body

    if url is None:
        return at_desk(use)
    told = {"manifest": using.manifest, "accept_bypass": using.accept_bypass}
    return _understood(*asyncio.run(remote(url).post(f"gates/{quote(using.launch, safe='')}/use", told)))


def _understood(status: int, answered: dict[str, Any]) -> Body:
    if status not in (OK, CONFLICT) or "answer" not in answered:
        error = answered.get("error")
        text = error.get("text") if isinstance(error, dict) else None
        raise Refusal(str(text or f"The other Muster answered with HTTP {status}; ask its operator."))
    return answered


def _end(answered: Body, *, as_json: bool, accept_bypass: bool) -> NoReturn:
    _print(answered, lines(answered), as_json=as_json)
    raise typer.Exit(exit_code(answered, accept_bypass=accept_bypass))


def _end_use(answered: Body, *, as_json: bool) -> NoReturn:
    if answered["recorded"]:
        _print(answered, [_record(answered)], as_json=as_json)
        raise typer.Exit(MAY_PASS)
    _print(answered, [*lines(answered), f"Nothing was recorded: {answered['refused']}"], as_json=as_json)
    raise typer.Exit(CANNOT_TELL if answered["answer"] == UNKNOWN else MAY_NOT_PASS)


def _print(answered: Body, said: list[str], *, as_json: bool) -> None:
    typer.echo(json.dumps(answered, ensure_ascii=False, indent=2) if as_json else "\n".join(said))


def _record(answered: Body) -> str:
    used = answered["used"]
    how = ", without approval, in an emergency" if used["bypass"] else ""
    return f"{answered['launch']} may go out{how}: recorded as event {used['seq']} by {used['by']} at {used['at']}."


def _say(launch: str, text: str, *, as_json: bool, code: int) -> NoReturn:
    if as_json:
        answer = UNKNOWN if code == CANNOT_TELL else NO
        typer.echo(json.dumps({"launch": launch, "answer": answer, "error": {"text": text}}))
    typer.echo(text, err=True)
    raise typer.Exit(code)


@app.command("launches")
def launches_command(
    product: Annotated[
        str | None, typer.Argument(metavar="PRODUCT", help="One product; all of them without it.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Those that have ended, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print them as JSON.")] = False,
    at: At = None,
) -> None:
    """List the launches, and whether each may go out."""

    async def listed(opened: Desk) -> list[Body]:
        return await gate_answers.every(opened.services, opened.snapshot, product=product, ended=every)

    found = at_desk(listed, at=at)
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(lines(each)[0] for each in found) or (NEVER if every else "No launch is open."))
