"""The manifest: what the code answers to is what Slack is told of, and nothing else."""

from pathlib import Path

import pytest

from bot.files import load_yaml
from handlers.listeners.ids import COMMAND, Action, Callback, Event
from handlers.listeners.register import SURFACE
from handlers.listeners.showing import Kind

MANIFEST = load_yaml(Path(__file__).parent.parent / "deploy" / "slack_manifest.yaml").document
SCOPES = set(MANIFEST["oauth_config"]["scopes"]["bot"])
NEEDED = {  # SLACK.md 6.1
    Event.MENTION: {"app_mentions:read"},
    Event.DIRECT_MESSAGE: {"im:history"},
    Event.HOME: set(),
    Event.JOINED: {"channels:read", "groups:read"},
    Event.GROUP_CHANGED: {"usergroups:read"},
    Event.GROUP_UPDATED: {"usergroups:read"},
    Event.PERSON_CHANGED: {"users:read"},
}


def ids(kind):
    return [str(row.id) for row in SURFACE if row.kind is kind]


def test_the_manifest_has_the_commands_and_events_of_the_register():
    assert (
        [each["command"] for each in MANIFEST["features"]["slash_commands"]] == ids(Kind.COMMAND) == [COMMAND]
    )
    assert sorted(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == sorted(ids(Kind.EVENT))
    assert MANIFEST["settings"]["interactivity"]["is_enabled"]


def test_every_name_is_in_the_register_once():
    assert sorted(ids(Kind.ACTION)) == sorted(Action)
    assert sorted(ids(Kind.VIEW)) == sorted(Callback)
    assert sorted(ids(Kind.EVENT)) == sorted(Event)


@pytest.mark.parametrize("event", Event)
def test_the_manifest_asks_for_the_scopes_of_every_event(event):
    assert NEEDED[event] <= SCOPES


def test_people_may_write_to_us_and_their_mentions_are_resolved():
    assert not MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"]
    assert all(each["should_escape"] for each in MANIFEST["features"]["slash_commands"])


def test_the_manifest_fits_slacks_limits():
    shown = MANIFEST["display_information"]
    [command] = MANIFEST["features"]["slash_commands"]
    assert (
        len(shown["name"]) <= 35,
        len(shown["description"]) <= 140,
        len(command["usage_hint"]) <= 1000,
    ) == (True,) * 3
