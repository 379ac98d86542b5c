"""Pages without Slack: from a file that is applied nowhere, or from what is stored."""

import pytest

from bot.files import Secrets, load_yaml
from bot.offline import Unsound, desk, probed, sound
from bot.settings import Settings
from handlers.pages import closed_period
from handlers.standups import preview
from handlers.views import plain
from schema.errors import Refusal
from tests import builders
from tests.test_cli import written

NONE = Secrets(environment={})


def now():
    return builders.NOW


@pytest.fixture
def settings(tmp_path):
    builders.write_outcomes(tmp_path)
    return Settings.from_env({"MUSTER_HOME": str(tmp_path), "MUSTER_CONFIG": str(tmp_path / "muster.yaml")})


async def test_a_file_is_read_pulled_and_told_and_leaves_nothing_behind(settings, tmp_path):
    path = written(tmp_path / "muster.yaml", builders.document())
    before = set(tmp_path.iterdir())

    async with desk(settings, NONE, config=path, now=now) as opened:
        product = opened.snapshot.product("fraud-detection")
        period = closed_period(product, builders.NOW)
        standup, _ = await preview(opened.services, opened.snapshot, product, period)
        text = plain.standup(standup)

    assert "Clear loss" in text
    assert "<@" not in text
    assert set(tmp_path.iterdir()) == before


async def test_a_file_that_is_wrong_says_everything_that_is(settings, tmp_path):
    document = builders.document()
    document["products"]["fraud-detection"] |= {"channel": "#fraud", "owner": "ana"}
    path = written(tmp_path / "muster.yaml", document)

    with pytest.raises(Unsound) as refused:
        async with desk(settings, NONE, config=path, now=now):
            pass

    assert str(refused.value).count("\n") >= 1
    assert "`#fraud`" in str(refused.value)
    assert "`ana`" in str(refused.value)


async def test_a_secret_that_is_missing_is_named_before_anything_is_asked(settings, tmp_path):
    document = builders.document()
    document["sources"]["warehouse"]["url"] = {"secret": "WAREHOUSE"}
    path = written(tmp_path / "muster.yaml", document)

    with pytest.raises(Refusal, match="There is no secret `WAREHOUSE`"):
        async with desk(settings, NONE, config=path, now=now):
            pass
    lent = Secrets(environment={"MUSTER_SECRET_WAREHOUSE": "sqlite:///fraud.db"})
    async with desk(settings, lent, config=path, now=now) as opened:
        assert await opened.snapshot.connectors["warehouse"].probe()


async def test_without_a_file_the_stored_configuration_counts(settings):
    with pytest.raises(Refusal, match="Nothing has been set up here yet"):
        async with desk(settings, NONE, config=None, now=now):
            pass


async def test_sources_are_tried_side_by_side_and_each_says_its_line(tmp_path):
    builders.write_outcomes(tmp_path)
    document = builders.document()
    document["sources"]["odd"] = {"kind": "sql", "url": {"secret": "ODD"}}
    document["sources"]["shut"] = {"kind": "http_json", "url": "http://127.0.0.1:9", "network": "private"}
    sources = sound(written(tmp_path / "muster.yaml", document), builders.NOW).sources

    def secret(name):
        return "oracle://host/db" if name == "ODD" else name

    lines = await probed(sources, secrets=secret, folder=tmp_path, timeout_s=5)

    assert [line.partition(":")[0] for line in lines] == list(
        load_yaml(tmp_path / "muster.yaml").document["sources"]
    )
    assert any(line.startswith("warehouse: reached sqlite") for line in lines)
    assert "shut: no answer (GET /: no connection)" in lines
    assert any(line.startswith("odd: cannot be asked. Muster can hold these databases") for line in lines)


async def test_a_source_that_never_answers_is_given_up_in_time(tmp_path):
    builders.write_outcomes(tmp_path)
    sources = sound(written(tmp_path / "muster.yaml", builders.document()), builders.NOW).sources

    assert await probed(sources, secrets=str, folder=tmp_path, timeout_s=0) == [
        "warehouse: no answer within 0 s"
    ]
