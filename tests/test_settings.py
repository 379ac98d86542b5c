"""The environment: every problem at once, secrets as stars, and an example that is the truth."""

import re
from pathlib import Path

import pytest

from bot.settings import PREFIX, Settings, SettingsRefused, SlackMode, Waits, about, shown_default, variable
from schema.errors import Refusal

EXAMPLE = Path(__file__).parent.parent / "deploy" / "env.example"
TOKENS = {
    "MUSTER_SLACK_BOT_TOKEN": "xoxb-topsecret",
    "MUSTER_SLACK_APP_TOKEN": "xapp-topsecret",
    "MUSTER_SLACK_SIGNING_SECRET": "topsecret",
}


def listed() -> list[tuple[str, str, str]]:
    """Give (comment, name, default) of every setting in the example."""
    return re.findall(r"^# (.+)\n(\w+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_example_lists_every_setting_with_its_default_and_one_comment():
    assert listed() == [(about(name), variable(name), shown_default(name)) for name in Settings.model_fields]


def test_the_example_as_an_environment_gives_the_defaults():
    assert Settings.from_env({name: default for _, name, default in listed()}) == Settings.from_env({})


def test_every_problem_of_the_environment_is_told_at_once():
    environment = {
        "MUSTER_HTTP_PORT": "99999",
        "MUSTER_LOG_LEVEL": "verbose",
        "MUSTER_SLACK_BOT_TOKN": "x",
        "MUSTER_SETTLE_S": "0.1",
        "MUSTER_LEASE_S": "soon",
        "MUSTER_SLACK_API_URL": "slack.com",
        "MUSTER_TIME_FACTOR": "nan",
    }

    with pytest.raises(SettingsRefused) as refused:
        Settings.from_env(environment)

    assert {problem.place or "unknown" for problem in refused.value.problems} == {
        "unknown",
        *(name for name in environment if name != "MUSTER_SLACK_BOT_TOKN"),
    }
    assert "Did you mean `MUSTER_SLACK_BOT_TOKEN`" in str(refused.value)
    assert "Write a number of at least 1" in str(refused.value)


def test_secrets_of_sources_are_no_settings_and_other_variables_are_not_ours():
    Settings.from_env({"MUSTER_SECRET_MLFLOW": "x", "PATH": "/bin", "SLACK_BOT_TOKEN": "xoxb-1"})


def test_a_secret_shows_as_stars():
    settings = Settings.from_env(
        {
            **TOKENS,
            "MUSTER_METRICS_TOKEN": "topsecret",
            "MUSTER_DATABASE_URL": "postgresql://m:topsecret@db/m",
        }
    )

    for shown in (repr(settings), str(settings), settings.model_dump_json(), str(settings.model_dump())):
        assert "topsecret" not in shown
        assert "***" in shown


def test_a_secret_may_stand_in_a_file(tmp_path):
    (tmp_path / "MUSTER_SLACK_BOT_TOKEN").write_text("xoxb-filed\n", encoding="utf-8")

    settings = Settings.from_env({"MUSTER_SECRETS_DIR": str(tmp_path)})

    assert settings.slack_bot_token.get_secret_value() == "xoxb-filed"
    assert settings.secrets({}).folder == tmp_path


def test_settings_cannot_be_changed():
    with pytest.raises(ValueError, match="frozen"):
        Settings.from_env({}).http_port = 1


def test_the_database_is_a_file_in_the_home_folder_unless_said_otherwise():
    assert Settings.from_env({}).database == "sqlite:///muster.db"
    assert (
        Settings.from_env({"MUSTER_HOME": "/var/lib/muster"}).database
        == "sqlite:////var/lib/muster/muster.db"
    )
    assert Settings.from_env({"MUSTER_DATABASE_URL": "postgresql://db/m"}).database == "postgresql://db/m"


@pytest.mark.parametrize(
    ("mode", "without"),
    [
        (SlackMode.SOCKET, ["MUSTER_SLACK_BOT_TOKEN", "MUSTER_SLACK_APP_TOKEN"]),
        (SlackMode.HTTP, ["MUSTER_SLACK_BOT_TOKEN", "MUSTER_SLACK_SIGNING_SECRET"]),
    ],
)
def test_each_way_to_slack_asks_for_its_own_tokens(mode, without):
    bare = Settings.from_env({"MUSTER_SLACK_MODE": mode})
    ready = Settings.from_env({"MUSTER_SLACK_MODE": mode, **{name: TOKENS[name] for name in without}})

    assert [problem.place for problem in bare.slack_problems()] == without
    assert ready.slack_problems() == []


def test_tokens_in_each_others_place_are_told_without_showing_them():
    settings = Settings.from_env({"MUSTER_SLACK_BOT_TOKEN": "xapp-1", "MUSTER_SLACK_APP_TOKEN": "xapp-1 "})

    found = settings.slack_problems()

    assert [problem.works[:20] for problem in found] == ["It starts with xoxb-", "It starts with xapp-"]
    assert not any("xapp-1" in problem.sentence for problem in found)


def test_one_factor_divides_every_wait():
    plain, hurried = Settings.from_env({}).waits(), Settings.from_env({"MUSTER_TIME_FACTOR": "10"}).waits()

    for name in Waits.__slots__:
        assert getattr(hurried, name) == pytest.approx(getattr(plain, name) / 10)
    assert (plain.source_timeout_s, plain.configuration_every_s) == (60, 2)


def test_the_sender_waits_as_the_design_says_and_one_factor_divides_that_too():
    plain, hurried = (
        Settings.from_env({}).sending(),
        Settings.from_env({"MUSTER_TIME_FACTOR": "10"}).sending(),
    )

    assert (plain.settle_s, plain.look_apart_s, plain.lease_s) == (30, 10, 8.5)
    assert (plain.channel_interval_s, plain.workspace_per_minute) == (1, 200)
    assert (hurried.settle_s, hurried.lease_s) == (3, 0.85)


def test_a_request_that_could_outlive_the_lease_is_refused():
    with pytest.raises(Refusal, match=r"less than the lease.* Shorten MUSTER_SLACK_TIMEOUT_S"):
        Settings.from_env({"MUSTER_SLACK_TIMEOUT_S": "20"}).sending()


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name.endswith("_s")])
def test_every_wait_has_a_floor_below_its_default(name):
    floor = float(re.search(r"at least ([\d.]+)\.$", about(name)).group(1))

    assert floor < Settings.model_fields[name].default
    Settings.from_env({variable(name): str(floor)})
    with pytest.raises(SettingsRefused):
        Settings.from_env({variable(name): str(floor * 0.99)})


def test_what_is_faster_than_its_default_is_named():
    hurried = Settings.from_env(
        {"MUSTER_SETTLE_S": "5", "MUSTER_POSTS_A_MINUTE": "300", "MUSTER_LEASE_S": "20"}
    ).hurried()

    assert hurried == [f"{PREFIX}SETTLE_S", f"{PREFIX}POSTS_A_MINUTE"]
    assert Settings.from_env({}).hurried() == []
