"""What a review looks like on the wire, as any app might send it: a card, and a modal with an item after the other."""

from tests.local_slacks import actions, button, modal, plain, section

EVIDENCE = (
    "*Recall* 0.92 :large_green_circle: small gain\n"
    "Of 100 real cases it finds 92; the target is 90, and it could be 89 to 94. "
    "Measured on 4,812 cases from 16 to 22 November 2026. <https://example.com/run/17|The run>"
)
DECISIONS = (
    ("sign", "Sign it", "You have read the evidence and stand for it."),
    ("object", "Object", "It must not go out like this; say why below."),
    ("skip", "Does not apply", "Also a signature: say why below."),
    ("comment", "Comment only", ""),
)


def option(value: str, text: str, description: str = "") -> dict:
    made = {"value": value, "text": plain(text)}
    return made | {"description": plain(description)} if description else made


def asked(block_id: str, label: str, element: dict, **more) -> dict:
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element} | more


def review_item(number: int) -> list[dict]:
    radio = {
        "type": "radio_buttons",
        "action_id": "decision",
        "options": [option(*one) for one in DECISIONS],
    }
    reason = {"type": "plain_text_input", "action_id": "reason", "multiline": True, "max_length": 600}
    return [
        {"type": "header", "text": plain(f"LAU-{number:02d}  Is the model good enough for its users?")},
        section(EVIDENCE),
        {"type": "context", "elements": [plain("Everybody who relies on the product is touched by this.")]},
        asked(f"decision-{number}", "Your decision", radio, optional=True),
        asked(f"reason-{number}", "Reason", reason, optional=True, hint=plain("Everybody reads it.")),
    ]


def review_modal(items: int = 20, **more) -> dict:
    blocks = [block for number in range(1, items + 1) for block in review_item(number)]
    return modal(*blocks, title=plain("Ethics review"), submit=plain("Decide"), callback_id="review", **more)


def card(signed: int, *, of: int = 20) -> list[dict]:
    sure = {
        "title": plain("Withdraw the launch?"),
        "text": plain("Everybody who signed is told."),
        "confirm": plain("Withdraw"),
        "deny": plain("Keep it"),
        "style": "danger",
    }
    menu = {
        "type": "overflow",
        "action_id": "more",
        "options": [option("why", "Why is it held?"), option("delegate", "Hand over my seat")],
    }
    return [
        {"type": "header", "text": plain("Nearby offers 2.4 waits for sign-off")},
        section(
            "*Launch review* 14 of 20 settled\n*Ethics review* 17 of 22 settled\n:hourglass_flowing_sand: waits for *legal* and *responsible AI*"
        )
        | {"accessory": menu},
        {
            "type": "context",
            "elements": [
                {
                    "type": "mrkdwn",
                    "text": f"{signed} of {of} have signed  ·  high risk  ·  asked by Ann Keller",
                }
            ],
        },
        {"type": "divider"},
        actions(
            button("sign", text="Review and sign") | {"style": "primary"},
            button("why", text="Why is it held?"),
            button("withdraw", text="Withdraw") | {"style": "danger", "confirm": sure},
        ),
    ]


def every_question() -> list[dict]:
    """Give one input of each kind; what, owner, part and choice must be answered."""
    risks = [
        option("a", "Banned practice", "Something that the law forbids"),
        option("b", "Personal data", "Anything that tells of a person"),
        *(option(f"o{i}", f"Question {i}", "One more plain sentence") for i in range(8)),
    ]
    yes_no = [option("yes", "Yes"), option("no", "No")]
    parts = [option("m", "Model"), option("p", "Prompt")]
    return [
        section("Tell what goes out. Everything is pinned."),
        asked("what", "What launches?", _element("plain_text_input", max_length=80)),
        asked("boxes", "What is true of it?", _element("checkboxes", options=risks), optional=True),
        asked("day", "When?", _element("datepicker"), optional=True),
        asked("time", "At what time?", _element("timepicker"), optional=True),
        asked("expires", "Until when?", _element("datetimepicker"), optional=True),
        asked(
            "signers", "Who else signs?", _element("multi_users_select", max_selected_items=2), optional=True
        ),
        asked("owner", "Owner", _element("users_select")),
        asked("part", "Which part?", _element("static_select", options=parts)),
        asked("link", "Link to the record", _element("url_text_input"), optional=True),
        asked(
            "share",
            "Share, 0 to 1",
            _element("number_input", is_decimal_allowed=True, min_value="0", max_value="1"),
            optional=True,
        ),
        asked("choice", "Is it ready?", _element("radio_buttons", options=yes_no)),
    ]


def _element(kind: str, **fields: object) -> dict:
    return {"type": kind, "action_id": "x"} | fields
