"""GitHub's deployment protection rule: its webhook becomes a question to the gate, the answer an approval or a no."""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64decode
from contextlib import asynccontextmanager

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from deploy.ci import github_protection_rule as rule
from integrations.store import ledger
from integrations.store.engine import Store
from schema.manifests import pinned
from schema.products import Role
from schema.votes import Intent
from tests.launch_rooms import MANIFEST, MIA, RON, Room
from tests.test_gate_api import TOKEN, a_door

SECRET, COMMIT = "hook-secret", "4f2a9c1e7b3d5a6f8c0e"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SIGN = Intent.SIGN
LAUNCH_FILE = """\
launch: {launch}
manifest:
  model: ranker
  model_version: {version}
  prompt: none
  configuration: sha256:{digits}
  data: [offers-2026-11-01]
"""


class GitHub:
    """The part of GitHub's API that a rule uses."""

    def __init__(self):
        self.file, self.told, self.tokens, self.url, self.down = None, [], [], "", False

    def app(self):
        made = web.Application()
        made.router.add_post("/app/installations/{id}/access_tokens", self.token)
        made.router.add_get("/repos/acme/offers/contents/.muster/launch.yaml", self.content)
        made.router.add_post("/repos/acme/offers/actions/runs/7/deployment_protection_rule", self.review)
        return made

    async def token(self, request):
        assert request.match_info["id"] == "99"
        self.tokens.append(request.headers["Authorization"].removeprefix("Bearer "))
        return web.json_response({"token": "installation-token"}, status=201)

    async def content(self, request):
        assert request.headers["Authorization"] == "Bearer installation-token"
        assert request.query["ref"] == COMMIT
        if self.file is None:
            return web.json_response({}, status=404)
        return web.json_response({"content": b64encode(self.file.encode()).decode()})

    async def review(self, request):
        if self.down:
            return web.Response(status=502)
        self.told.append(await request.json())
        return web.Response(status=204)


class Stand:
    """A room with its gate, GitHub, and the adapter between them."""

    def __init__(self, room, github, asks, url):
        self.room, self.github, self.asks, self.url = room, github, asks, url

    async def opened(self, version="v3.1"):
        launch = await self.room.opened()
        self.github.file = LAUNCH_FILE.format(launch=launch, version=version, digits="ab" * 32)
        return launch

    async def hooked(self, *, secret=SECRET, event=rule.EVENT, **more):
        body = json.dumps({
            "action": "requested", "environment": "production", "installation": {"id": 99},
            "deployment": {"sha": COMMIT, "ref": "main"}, "repository": {"full_name": "acme/offers"},
            "deployment_callback_url": f"{self.github.url}/repos/acme/offers/actions/runs/7/deployment_protection_rule",
            **more,
        }).encode()  # fmt: skip
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Hub-Signature-256": signature, "X-GitHub-Event": event}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers=headers) as answer,
        ):
            return answer.status, await answer.text()


@asynccontextmanager
async def served(app):
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture(name="stand", params=["asks", "records"])
async def a_stand(request, tmp_path):
    store = Store(f"sqlite:///{tmp_path}/muster.db")
    store.upgrade()
    room, github = Room(store), GitHub()
    async with a_door(room) as asks, served(github.app()) as api:
        github.url = api
        pem = KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (tmp_path / "app.pem").write_bytes(pem)
        settings = rule.Settings.from_env({
            "GITHUB_APP_ID": "12", "GITHUB_APP_KEY": str(tmp_path / "app.pem"), "GITHUB_WEBHOOK_SECRET": SECRET,
            "MUSTER_URL": asks.url, "MUSTER_GATE_TOKEN": TOKEN, "GITHUB_API": api,
            "RECORD_USE": "yes" if request.param == "records" else "no",
        })  # fmt: skip
        async with served(rule.application(settings)) as url:
            stand = Stand(room, github, asks, url)
            stand.records = request.param == "records"
            yield stand
    store.close_sync()


async def test_a_closed_gate_rejects_with_its_reasons_and_an_open_one_approves(stand):
    launch = await stand.opened()
    assert MANIFEST.code == COMMIT

    closed = await stand.hooked()
    await stand.room.said(launch, MIA, Role.ML, T_1=SIGN)
    await stand.room.said(launch, RON, Role.RAI, T_2=SIGN)
    open_ = await stand.hooked()

    assert (closed, open_) == ((200, "rejected"), (200, "approved"))
    [no, yes] = stand.github.told
    assert (no["state"], no["environment_name"]) == ("rejected", "production")
    assert "- T-1 has 0 of 1 signatures and waits for data science." in no["comment"]
    assert yes["state"] == "approved"
    events = stand.room.store.read_sync(lambda session: ledger.events_of(session, "main", launch))
    assert ("used" in [event.kind for event in events]) is stand.records


async def test_another_version_than_the_signed_one_is_rejected(stand):
    launch = await stand.opened(version="v3.2")
    await stand.room.said(launch, MIA, Role.ML, T_1=SIGN)
    await stand.room.said(launch, RON, Role.RAI, T_2=SIGN)

    await stand.hooked()

    assert stand.github.told[0]["state"] == "rejected"
    assert "manifest" in stand.github.told[0]["comment"]


@pytest.mark.parametrize(
    ("written", "said"),
    [(None, "add it"), ("launch: x", "first lines"), ("[", "first lines"), (LAUNCH_FILE.format(launch="x", version="latest", digits="a" * 64), "latest")],
)  # fmt: skip
async def test_a_commit_that_does_not_say_what_goes_out_is_rejected(stand, written, said):
    stand.github.file = written

    await stand.hooked()

    assert stand.github.told[0]["state"] == "rejected"
    assert said in stand.github.told[0]["comment"]


async def test_where_it_cannot_be_told_nothing_is_decided_and_github_shows_why(stand):
    stand.github.file = LAUNCH_FILE.format(launch="fraud-detection-99", version="v3.1", digits="ab" * 32)

    unknown = await stand.hooked()
    stand.github.down = True
    down = await stand.hooked()

    assert unknown == (200, "Nothing was decided.")
    assert "state" not in stand.github.told[0]
    assert "It cannot be told" in stand.github.told[0]["comment"]
    assert down[0] == 503


async def test_only_github_is_heard_and_only_github_is_told(stand):
    await stand.opened()

    assert (await stand.hooked(secret="another"))[0] == 401
    assert await stand.hooked(event="push") == (200, "Nothing to do.")
    elsewhere = await stand.hooked(deployment_callback_url="http://127.0.0.1:9/repos/acme/offers")
    assert elsewhere[0] == 503
    assert stand.github.told == []


async def test_the_app_says_who_it_is_with_its_own_key(stand):
    await stand.opened()
    await stand.hooked()

    head, claims, signature = stand.github.tokens[0].split(".")
    KEY.public_key().verify(
        padded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    said = json.loads(padded(claims))
    assert said["iss"] == "12"
    assert 0 < said["exp"] - said["iat"] <= 600


def padded(part):
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_comment_is_never_longer_than_github_takes():
    reasons = [{"text": f"LR-{n:02} has 0 of 1 signatures and waits for data science."} for n in range(60)]
    told = rule.verdict_of(200, {"answer": "no", "launch": "x-1", "state": "open", "reasons": reasons})

    assert len(told.comment) <= rule.LONGEST
    shown = told.comment.count("LR-")
    assert told.comment.endswith(f"And {60 - shown} more; `muster gate` lists them.")
    assert len(rule.cut(["x" * 5000])) == rule.LONGEST


def test_what_cannot_be_told_is_never_an_approval():
    for status, answered in (
        (200, {"answer": "unknown"}),
        (503, {"error": {"text": "Down."}}),
        (500, {}),
        (404, {"error": {"text": "No."}}),
    ):
        with pytest.raises(rule.CannotTell):
            rule.verdict_of(status, answered)


def test_missing_settings_are_named_at_once():
    with pytest.raises(
        SystemExit,
        match="GITHUB_APP_ID, GITHUB_APP_KEY, GITHUB_WEBHOOK_SECRET, MUSTER_URL, MUSTER_GATE_TOKEN",
    ):
        rule.Settings.from_env({})


def test_the_file_in_a_repository_is_a_manifest_but_for_its_commit():
    assert pinned({**MANIFEST.parts, "data": list(MANIFEST.data)}).digest == MANIFEST.digest
