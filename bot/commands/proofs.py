"""Keys, certificates, and checking them."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from bot import verifier
from bot.commands.desks import at_desk
from bot.offline import Desk
from handlers import erasures, proofs
from handlers.proofs import Proof
from integrations import keys
from schema.audits import Audit
from schema.checkpoints import PublicKey, read_checkpoint
from schema.errors import Refusal

app = typer.Typer()
key_app = typer.Typer(no_args_is_help=True, help="The key that signs the ledger.")
app.add_typer(key_app, name="key")

SOUND, ALTERED, CANNOT_TELL = 0, 1, 2
CERTIFICATE, PAGE, VERIFIER = "certificate.json", "certificate.html", "verify.py"


@key_app.command("new")
def key_new_command(
    path: Annotated[Path, typer.Argument(help="The file to write; its public half goes beside it.")],
) -> None:
    """Write a new key, which only you can read, and its public half."""
    public = keys.new(path)
    typer.echo(
        f"{path} holds the new key; name it in MUSTER_SIGNING_KEY, and keep a copy where nobody else reads."
    )
    typer.echo(f"{keys.public_path(path)} is its public half; give it to whoever checks certificates.")
    typer.echo(f"The key's id is {public.id}.")


@app.command("proof")
def proof_command(
    launch: Annotated[str, typer.Argument(metavar="LAUNCH", help="Its id, such as nearby-offers-3.")],
    *,
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder to write; LAUNCH-certificate without it.")
    ] = None,
) -> None:
    """Write a launch's certificate: its events, a page to read and print, and a program that checks them."""

    async def prove(opened: Desk) -> Proof:
        return await proofs.prove(opened.services, opened.snapshot, launch)

    folder = to or Path(f"{launch}-certificate")
    _need_free(folder)
    proof = at_desk(prove)
    _write(folder, proof)
    typer.echo(f"{folder} holds the certificate of {launch}, up to event {proof.gate.seq}.")
    typer.echo(f"{folder / PAGE} is the page to read and print.")
    typer.echo(f"Key {proof.key} signed it. To check it: muster verify {folder} --key YOUR-KEY.pub")


@app.command("checkpoint")
def checkpoint_command() -> None:
    """Print the newest signed checkpoint of the ledger, to keep where nobody here can alter it."""

    async def newest(opened: Desk) -> str:
        return await proofs.newest_checkpoint(opened.services, opened.snapshot)

    typer.echo(at_desk(newest), nl=False)


@app.command("forget")
def forget_command(
    user: Annotated[
        str, typer.Argument(metavar="USER", help="The person's id in Slack, such as U0ANA00001.")
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="You are sure.")] = False,
    words: Annotated[
        bool, typer.Option("--words", help="Erase the reasons, comments and titles that they wrote, too.")
    ] = False,
) -> None:
    """Forget who a person was: their name leaves the ledger's side, and what they signed counts no more."""

    async def leave(opened: Desk) -> str:
        name = await erasures.name_of(opened.services, opened.snapshot, user)
        if not yes:
            raise Refusal(f"Nobody can bring the name of {name} back; add --yes when you are sure.")
        return (await erasures.forget(opened.services, opened.snapshot, user, words=words)).line

    typer.echo(at_desk(leave))


def _need_free(folder: Path) -> None:
    try:
        taken = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    except OSError as error:
        raise Refusal(f"{folder} cannot be looked into ({error.strerror}). Name another with --to.") from None
    if taken:
        raise Refusal(f"{folder} is there already and is not overwritten. Name another folder with --to.")


def _write(folder: Path, proof: Proof) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CERTIFICATE).write_bytes(proof.certificate)
        (folder / PAGE).write_bytes(proof.page)
        shutil.copyfile(verifier.__file__, folder / VERIFIER)
    except OSError as error:
        raise Refusal(f"{folder} cannot be written ({error.strerror}). Name another with --to.") from None


@app.command("verify")
def verify_command(
    folder: Annotated[
        Path | None, typer.Argument(help="A certificate's folder; without it, this database's whole ledger.")
    ] = None,
    *,
    key: Annotated[
        list[Path] | None, typer.Option("--key", help="A public key that you have from outside the folder.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="A checkpoint that you kept elsewhere.")
    ] = None,
) -> None:
    """Say whether anything was altered: 0 nothing and the signer was checked, 1 something, 2 that cannot be told."""
    if folder is not None:
        named = [part for path in key or () for part in ("--key", str(path))]
        kept = ["--checkpoint", str(checkpoint)] if checkpoint else []
        raise typer.Exit(verifier.main([str(folder), *named, *kept]))
    try:
        given = [PublicKey.read(_text(path)) for path in key or ()]
        outside = [_kept_outside(checkpoint)] if checkpoint else []
        found = _audited(given, outside)
    except Refusal as refusal:
        typer.echo(str(refusal), err=True)
        raise typer.Exit(CANNOT_TELL) from None
    typer.echo("\n".join(_lines(found)))
    raise typer.Exit(ALTERED if found.flaws else SOUND if _believed(found) else CANNOT_TELL)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise Refusal(f"{path} cannot be read; name the file again.") from None


def _kept_outside(path: Path) -> str:
    """Read a checkpoint that was copied, perhaps without its last line feed; one that is none says nothing of the ledger."""
    written = _text(path).removeprefix("\ufeff").strip() + "\n"
    if read_checkpoint(written) is None:
        raise Refusal(f"{path} holds no checkpoint; give a file with what `muster checkpoint` printed.")
    return written


def _audited(given: list[PublicKey], outside: list[str]) -> Audit:
    async def audit(opened: Desk) -> Audit:
        own = opened.services.signing_key
        trusted = given or ([own.public] if own else [])
        return await proofs.audit(opened.services, opened.snapshot, keys=trusted, outside=outside)

    return at_desk(audit)


def _believed(found: Audit) -> bool:
    return bool(found.signers and found.checkpoints)


def _lines(found: Audit) -> list[str]:
    checkpoints = "checkpoint" if found.checkpoints == 1 else "checkpoints"
    counted = f"{found.events} events and {found.checkpoints} {checkpoints}."
    if found.flaws:
        told = [f"- {each.text}" for each in found.flaws]
        return [f"Something is wrong with this ledger ({len(told)}):", *told, counted]
    if not found.checkpoints:
        return [*found.notices, counted, "Consistent, but no checkpoint has been signed yet."]
    if not found.signers:
        return [*found.notices, counted, "Consistent, signer not checked. Give the public key with --key."]
    return [*found.notices, counted, f"Nothing was altered. Key {', '.join(found.signers)} signed it."]
