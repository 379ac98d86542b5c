"""What Slack refuses and takes of the forms, cards and confirmations that a review is made of."""

import pytest

from bot.local_slack.blocks import problems, view_problems
from tests.local_slack_reviews import asked, card, every_question, option, review_modal
from tests.local_slacks import actions, button, modal, plain, text_input

TWO = [option("1", "One"), option("2", "Two")]
SURE = {"title": plain("Sure?"), "text": plain("Everybody is told.")}


def test_a_review_of_twenty_items_fits_a_view_and_one_more_does_not():
    assert view_problems(review_modal(20)) == []
    assert [p.message for p in view_problems(review_modal(21))] == ["no more than 100 blocks allowed"]
    assert view_problems(modal(*every_question())) == []
    assert problems(card(3)) == []


def an_input(kind, **fields):
    return [asked("b", "Label", {"type": kind, "action_id": "a"} | fields)]


REFUSED = [
    ("a placeholder on radio buttons", an_input("radio_buttons", options=TWO, placeholder=plain("x"))),
    ("eleven boxes", an_input("checkboxes", options=[option(str(i), "x") for i in range(11)])),
    ("a long description", an_input("radio_buttons", options=[option("1", "One", "x" * 76)])),
    ("an unknown property", an_input("datepicker", initial_day="2026-12-01")),
    ("more at least than at most", an_input("plain_text_input", min_length=9, max_length=8)),
    ("an unknown trigger", an_input("plain_text_input", dispatch_action_config={"trigger_actions_on": ["x"]})),
    ("no trigger", an_input("url_text_input", dispatch_action_config={"trigger_actions_on": []})),
    ("a trigger without list", an_input("email_text_input", dispatch_action_config="on_enter_pressed")),
    ("a number in words", an_input("number_input", is_decimal_allowed=True, min_value="ten")),
    ("a bare number", an_input("number_input", is_decimal_allowed=True, max_value=10)),
    ("bounds the wrong way", an_input("number_input", is_decimal_allowed=True, min_value="2", max_value="1")),
    ("a confirmation in words", [actions(button() | {"confirm": "Sure?"})]),
    ("a confirmation without title", [actions(button() | {"confirm": {"text": plain("x")}})]),
    ("an unknown colour", [actions(button() | {"confirm": SURE | {"style": "red"}})]),
    ("a confirmation with more", [actions(button() | {"confirm": SURE | {"hint": plain("x")}})]),
]  # fmt: skip
TAKEN = [
    ("descriptions and what is chosen at first", an_input("radio_buttons", options=TWO, initial_option=TWO[0])),
    ("both triggers", an_input("plain_text_input", dispatch_action_config={"trigger_actions_on": ["on_enter_pressed", "on_character_entered"]})),
    ("bounds", an_input("number_input", is_decimal_allowed=False, min_value="-1", max_value="1.5", initial_value="0")),
    ("a confirmation", [actions(button() | {"confirm": SURE | {"style": "danger", "confirm": plain("Do"), "deny": plain("No")}})]),
    ("25 buttons", [actions(*(button(str(i)) for i in range(25)))]),
    ("two people at most", an_input("multi_users_select", max_selected_items=2, initial_users=["U1"])),
]  # fmt: skip


@pytest.mark.parametrize(("what", "blocks"), REFUSED, ids=[c[0] for c in REFUSED])
def test_what_slack_refuses_of_a_form_is_refused(what, blocks):
    assert problems(blocks)


@pytest.mark.parametrize(("what", "blocks"), TAKEN, ids=[c[0] for c in TAKEN])
def test_what_slack_takes_of_a_form_is_taken(what, blocks):
    assert problems(blocks) == []


def test_a_view_has_one_focus_and_no_property_of_an_answer():
    focused = {"element": {"type": "plain_text_input", "action_id": "a", "focus_on_load": True}}
    one, two = text_input("b1", **focused), text_input("b2", **focused)
    assert view_problems(modal(one)) == []
    assert [p.pointer for p in view_problems(modal(one, two))] == ["/blocks/1"]
    assert [p.message for p in view_problems(modal(state={}))] == ["invalid additional property: state"]
