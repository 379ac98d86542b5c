"""What each view of a launch says of it, read back from its own words: the card, the command line, the API, the certificate."""

import html
import json
import re
from dataclasses import dataclass

from handlers.views import gates, launches
from handlers.views.certificates import Told, certificate
from schema.role_words import ROLE_WORDS
from tests.conversations import words

STATE_OF = {said: state.value for state, said in launches.STATES.items()}
ITEM_STATE_OF = {said: state.value for state, said in launches.ITEM_STATES.items()}
ROLE_OF = {said: role.value for role, said in ROLE_WORDS.items()}
CODES = {"yes": 0, "no": 1, "unknown": 2}
MAY = {
    "It may go out.": "yes",
    "It may not go out.": "no",
    "Whether it may go out cannot be told.": "unknown",
}
LONGEST_FIRST = sorted(STATE_OF, key=len, reverse=True)
EMERGENCY = "In this emergency it may pass until"
NOTICE = re.compile(f"- ({EMERGENCY}|Somebody objected to|Signed by)")  # what an open gate says too
SHUT = "Approved, but it may not go out now"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """May it go out, and why not; None where the view does not say."""

    launch: str | None = None
    passes: bool
    answer: str | None = None  # yes, no, unknown
    state: str
    seq: int | None = None
    emergency: bool | None = None  # it may pass for a while, though nobody approved it
    settled: tuple[int, int] | None = None  # so many, of how many
    waits_for: dict[str, int] | None = None  # role → items
    held_back: str | None = None  # what most of all does
    reasons: tuple[str, ...] | None = None
    items: dict[str, str] | None = None  # by id


def of_card(shown):
    """Read the card as somebody in the channel does."""
    text = words(shown)
    lines = [block["text"]["text"] for block in shown["blocks"] if block["type"] == "section"]
    loud = next((line for line in lines if "*BYPASSED: this was not approved.*" in line), None)
    told = lines[1 if loud else 0].splitlines()
    bold = re.match(r"\*(.+?)\*", told[0])
    state = STATE_OF[launches.STATES["bypassed"]] if loud else STATE_OF.get(bold[1], "approved")
    assert loud or bold[1] in STATE_OF or bold[1] == SHUT
    counts = [tuple(map(int, each)) for each in re.findall(r"(\d+) of (\d+) \w+ items settled", text)]
    held = re.search(r"^\*Held back most by\* (.+)$", text, re.MULTILINE)
    asked = re.search(r"^Waits for (.+)\.$", text, re.MULTILINE)
    waiting = re.findall(r"(?:^|, | and )([\w ]+?) \((\d+) items?\)", asked[1]) if asked else []
    return Answer(
        passes=not loud and bold[1] == launches.STATES["approved"],
        state=state,
        emergency=bool(loud) and ", and that time is over." not in loud,
        settled=tuple(map(sum, zip(*counts, strict=True))) if counts else None,
        waits_for={ROLE_OF[role]: int(items) for role, items in waiting},
        held_back=held[1] if held else None,
    )


def of_lines(code, printed):
    """Read what a pipeline's log shows."""
    first, *more = printed.strip().splitlines()
    may = re.fullmatch(r"(\S+) may (not )?go out: (\w+), (\d+) of (\d+) items settled\.", first)
    unknown = re.fullmatch(
        r"It cannot be told whether (\S+) may go out: ()(\w+), (\d+) of (\d+) items settled\.", first
    )
    found = may or unknown
    answer = "unknown" if unknown else "no" if may[2] else "yes"
    assert CODES[answer] == code, printed
    until = more.index("The least that is missing:") if "The least that is missing:" in more else None
    return Answer(
        launch=found[1],
        passes=code == 0,
        answer=answer,
        state=found[3],
        emergency=any(line.startswith(f"- {EMERGENCY}") for line in more),
        settled=(int(found[4]), int(found[5])),
        reasons=tuple(line.removeprefix("- ") for line in more[:until] if not NOTICE.match(line)),
    )


def of_body(body):
    """Read what the API gives, after its way over the wire."""
    told = json.loads(json.dumps(body))
    return Answer(
        launch=told["launch"],
        passes=told["answer"] == "yes",
        answer=told["answer"],
        state=told["state"],
        seq=told["seq"],
        emergency=told["bypass_until"] is not None,
        settled=(told["settled"], len(told["items"])),
        waits_for={role: len(items) for role, items in told["waits_for"].items()},
        reasons=tuple(reason["text"] for reason in told["reasons"]),
        items=told["items"],
    )


def of_page(written):
    """Read a certificate as somebody who was handed it."""
    page = html.unescape(written.decode())
    marks = dict(re.findall(r'<meta name="muster-(\w+)" content="(.*?)">', page))
    answer = re.search(r'<p class="answer">(.+?)</p>', page, re.DOTALL)[1]
    said = [word for may, word in MAY.items() if may in answer]
    assert said in ([], [marks["answer"]]), answer  # after it went out the page says when instead
    asked = re.findall(r'<h3>([\w-]+): .+?<p class="state">(.+?)(?:\. It takes .+?)?\.</p>', page, re.DOTALL)
    return Answer(
        launch=marks["launch"],
        passes=marks["answer"] == "yes",
        answer=marks["answer"],
        state=next(STATE_OF[each] for each in LONGEST_FIRST if answer.startswith(f"{each}.")),
        seq=int(marks["seq"]),
        emergency=EMERGENCY in answer if said else None,
        items={item: ITEM_STATE_OF[text] for item, text in asked if text in ITEM_STATE_OF},
    )


def differences(answers):
    """Compare what several views say; only what two of them say can differ. Gives the fields that do."""
    found = {}
    for name in Answer.__dataclass_fields__:
        if name in {"held_back", "items"}:
            continue
        said = {
            view: getattr(each, name) for view, each in answers.items() if getattr(each, name) is not None
        }
        if len({json.dumps(each, sort_keys=True) for each in said.values()}) > 1:
            found[name] = said
    api, page, card = answers["API"], answers.get("certificate"), answers.get("card")
    if page is not None and {**api.items, **page.items} != api.items:
        found["items"] = (api.items, page.items)
    if card is not None and card.held_back is not None and not _held_by(card.held_back, api):
        found["held back"] = (card.held_back, api.reasons)
    return found


def _held_by(words_, api):
    """Tell whether what the card names is a reason of the gate."""
    objection = re.match(r"the objection to ([\w-]+): \w", words_)
    if objection:
        return any(f"objects to {objection[1]}" in reason for reason in api.reasons)
    return html.unescape(words_) in api.reasons


class Themselves(dict):
    """Names and texts that are their own ids."""

    def get(self, key, _=None):
        return key


@dataclass(frozen=True)
class About:
    """A launch in which everybody is called as the ledger calls them."""

    product: str = "Fraud detection"
    users = names = texts = Themselves()


def all_four(launch, gate, missing, *, events, found, at):
    """Ask the four views of the same launch, in process."""
    about = About()
    body = gates.body(launch, gate, missing, at=at, asked=None)
    told = Told(
        workspace="Acme", product=about.product, launch=launch, events=events, gate=gate, found=found,
        names=about.names, texts=about.texts, shown={}, checkpoint="", key="", at=at,
    )  # fmt: skip
    return {
        "card": of_card(launches.card(launch, gate, about)),
        "command line": of_lines(gates.exit_code(body), "\n".join(gates.lines(body))),
        "API": of_body(body),
        "certificate": of_page(certificate(told)),
    }
