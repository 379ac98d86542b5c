"""Let GitHub ask Muster's gate before a deployment: a custom deployment protection rule.

Run it where GitHub reaches it over HTTPS (put a TLS proxy before it), and name its address as the webhook of a GitHub
App with the event `deployment_protection_rule` and the permissions deployments: write, actions: read, contents: read.
The repository holds `.muster/launch.yaml` at the commit that is deployed:

    launch: nearby-offers-3
    manifest: {model: ranker, model_version: v3.1, prompt: none, configuration: sha256:…, data: [offers-2026-11-01]}

The part `code` is the commit that GitHub deploys, whatever the file says. An answer of yes approves the deployment, no
rejects it with the reasons; where it cannot be told nothing is decided, GitHub shows why, and the webhook may be sent again.

    GITHUB_APP_ID  GITHUB_APP_KEY (its PEM file)  GITHUB_WEBHOOK_SECRET  MUSTER_URL  MUSTER_GATE_TOKEN
    GITHUB_API (https://api.github.com)  PORT (8090)  RECORD_USE (yes: an approval records that it goes out)
"""

import asyncio
import hashlib
import hmac
import json
import logging
import os
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from schema.errors import Refusal
from schema.manifests import pinned

log = logging.getLogger("muster.github")
EVENT = "deployment_protection_rule"
FILE = ".muster/launch.yaml"
LONGEST = 1024  # characters of a comment (GitHub's documentation of protection rules, seen 2026-11-23)
LARGEST = 1024 * 1024  # bytes of a webhook
TIMEOUT = aiohttp.ClientTimeout(total=20)
YES, NO = "approved", "rejected"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the adapter needs to know."""

    app_id: str
    key: rsa.RSAPrivateKey
    secret: str
    muster: str
    token: str
    api: str = "https://api.github.com"
    record_use: bool = False

    @classmethod
    def from_env(cls, given: Mapping[str, str]) -> "Settings":
        """Read the environment; ends with one line that says what is missing."""
        wanted = (
            "GITHUB_APP_ID",
            "GITHUB_APP_KEY",
            "GITHUB_WEBHOOK_SECRET",
            "MUSTER_URL",
            "MUSTER_GATE_TOKEN",
        )
        missing = [name for name in wanted if not given.get(name)]
        if missing:
            raise SystemExit(f"Set {', '.join(missing)}.")
        key = serialization.load_pem_private_key(Path(given["GITHUB_APP_KEY"]).read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise SystemExit("GITHUB_APP_KEY must name the RSA key that GitHub made for the app.")
        return cls(
            app_id=given["GITHUB_APP_ID"], key=key, secret=given["GITHUB_WEBHOOK_SECRET"],
            muster=given["MUSTER_URL"].rstrip("/"), token=given["MUSTER_GATE_TOKEN"],
            api=given.get("GITHUB_API", cls.api).rstrip("/"), record_use=given.get("RECORD_USE") == "yes",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What GitHub is told; without a state nothing is decided yet."""

    state: str | None
    comment: str


class CannotTell(Exception):  # noqa: N818 - named for what happened
    """Nothing was decided, and why."""


def signed_by_github(secret: str, body: bytes, signature: str) -> bool:
    """Tell whether GitHub sent this."""
    wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted.encode(), signature.encode(errors="replace"))


def app_token(settings: Settings, now: int) -> str:
    """Sign who we are, for some minutes (RFC 7519, RS256)."""
    claims = {"iat": now - 60, "exp": now + 540, "iss": settings.app_id}
    parts = [_packed(json.dumps(each).encode()) for each in ({"alg": "RS256", "typ": "JWT"}, claims)]
    signature = settings.key.sign(".".join(parts).encode(), padding.PKCS1v15(), hashes.SHA256())
    return ".".join([*parts, _packed(signature)])


def _packed(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def verdict_of(status: int, answered: Mapping[str, Any]) -> Verdict:
    """Turn the gate's answer into GitHub's; a use that was recorded is a yes."""
    reasons = [reason["text"] for reason in answered.get("reasons", ())]
    if status == 200 and (answered.get("recorded") or answered.get("answer") == "yes"):
        return Verdict(
            state=YES, comment=f"{answered['launch']} may go out, says Muster (event {answered['seq']})."
        )
    if status in (200, 409) and answered.get("answer") == "no":
        lines = [
            f"{answered['launch']} may not go out: {answered['state']}.",
            *(f"- {each}" for each in reasons),
        ]
        return Verdict(state=NO, comment=cut(lines))
    error = answered.get("error") or {}
    raise CannotTell(cut([error.get("text") or "The evidence could not be looked at.", *reasons]))


def cut(lines: list[str]) -> str:
    """Join what fits, and count the rest."""
    text = "\n".join(lines)
    kept = list(lines)
    while len(text) > LONGEST and len(kept) > 1:
        kept.pop()
        text = "\n".join([*kept, f"And {len(lines) - len(kept)} more; `muster gate` lists them."])
    return text[:LONGEST]


class Adapter:
    """Takes GitHub's webhook, asks Muster, answers GitHub."""

    def __init__(self, settings: Settings, session: aiohttp.ClientSession) -> None:
        self.settings = settings
        self.session = session

    async def hook(self, request: web.Request) -> web.Response:
        """Answer one webhook when GitHub has been told."""
        body = await request.read()
        if not signed_by_github(self.settings.secret, body, request.headers.get("X-Hub-Signature-256", "")):
            return web.Response(status=401, text="The signature does not fit.")
        if request.headers.get("X-GitHub-Event") != EVENT:
            return web.Response(text="Nothing to do.")
        asked = json.loads(body)
        try:
            token = await self._installation(asked)
            verdict = await self._verdict(asked, token)
            await self._tell(asked, token, verdict)
        except (aiohttp.ClientError, TimeoutError, CannotTell, KeyError) as trouble:
            log.warning("not_decided: %s", type(trouble).__name__)
            return web.Response(status=503, text="Nothing was decided; send it again.")
        return web.Response(text=verdict.state or "Nothing was decided.")

    async def _verdict(self, asked: Mapping[str, Any], token: str) -> Verdict:
        try:
            launch, manifest = await self._going_out(asked, token)
            return verdict_of(*await self._gate(launch, manifest))
        except CannotTell as trouble:
            return Verdict(state=None, comment=cut([f"It cannot be told whether this may go out: {trouble}"]))
        except Refusal as refusal:
            return Verdict(state=NO, comment=cut([f"{FILE} does not say what goes out: {refusal}"]))

    async def _installation(self, asked: Mapping[str, Any]) -> str:
        path = f"/app/installations/{int(asked['installation']['id'])}/access_tokens"
        status, told = await self._github("POST", path, app_token(self.settings, int(time.time())))  # noqa: TID251 - a program of its own
        if status != 201:
            raise CannotTell(f"GitHub gave no token (HTTP {status}).")
        return str(told["token"])

    async def _going_out(self, asked: Mapping[str, Any], token: str) -> tuple[str, str]:
        """Read the launch and the digest of what goes out, as the deployed commit has them."""
        commit = asked["deployment"]["sha"]
        path = f"/repos/{asked['repository']['full_name']}/contents/{FILE}?ref={quote(commit)}"
        status, told = await self._github("GET", path, token)
        if status == 404:
            raise Refusal(f"it is not in commit {commit[:12]}; add it.")
        if status != 200:
            raise CannotTell(f"{FILE} could not be read (HTTP {status}).")
        try:
            found = YAML(typ="safe", pure=True).load(b64decode(told["content"]))
            launch, parts = str(found["launch"]), dict(found["manifest"])
        except (YAMLError, ValueError, KeyError, TypeError):
            raise Refusal("write `launch:` and `manifest:` as its first lines.") from None
        return launch, pinned({**parts, "code": commit}).digest

    async def _gate(self, launch: str, manifest: str) -> tuple[int, Mapping[str, Any]]:
        address = f"{self.settings.muster}/gates/{quote(launch, safe='')}"
        headers = {"Authorization": f"Bearer {self.settings.token}"}
        if self.settings.record_use:
            sent = self.session.post(
                f"{address}/use", json={"manifest": manifest}, headers=headers, timeout=TIMEOUT
            )
        else:
            sent = self.session.get(address, params={"manifest": manifest}, headers=headers, timeout=TIMEOUT)
        async with sent as answer:
            return answer.status, await answer.json()

    async def _tell(self, asked: Mapping[str, Any], token: str, verdict: Verdict) -> None:
        address = urlsplit(asked["deployment_callback_url"])
        api = urlsplit(self.settings.api)
        if (address.scheme, address.netloc) != (api.scheme, api.netloc):
            raise CannotTell("GitHub's address for the answer is not GitHub's.")
        told = {"environment_name": asked["environment"], "comment": verdict.comment}
        if verdict.state is not None:
            told["state"] = verdict.state
        status, _ = await self._github("POST", address.path.removeprefix(api.path), token, told)
        if status != 204:
            raise CannotTell(f"GitHub did not take the answer (HTTP {status}).")

    async def _github(
        self, method: str, path: str, token: str, told: Mapping[str, Any] | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        headers = {
            "Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "muster",
        }  # fmt: skip
        async with self.session.request(
            method,
            f"{self.settings.api}{path}",
            headers=headers,
            json=told,
            timeout=TIMEOUT,
            allow_redirects=False,
        ) as answer:
            found = await answer.json(content_type=None) if answer.status in (200, 201) else {}
            return answer.status, found


def application(settings: Settings) -> web.Application:
    """Make the server."""
    made = web.Application(client_max_size=LARGEST)

    async def session(app: web.Application):  # noqa: ANN202 - aiohttp's own shape
        async with aiohttp.ClientSession(trust_env=True) as opened:
            app.router.add_post("/", Adapter(settings, opened).hook)
            yield

    made.cleanup_ctx.append(session)
    return made


async def serve(settings: Settings, port: int) -> None:
    """Run until it is stopped."""
    runner = web.AppRunner(application(settings), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(serve(Settings.from_env(os.environ), int(os.environ.get("PORT", "8090"))))  # noqa: TID251 - as above
