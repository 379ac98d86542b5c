"""What a workspace says of its reviews: who may do what, within which limits, and which questions are its own."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from schema.checklists import Checklists, ItemSpec
from schema.configuration.mistakes import read
from schema.configuration.review_items import Known, ids_in, read_items
from schema.metrics import Metric
from schema.plain_values import UserId
from schema.policies import (
    ADMINS,
    DEFAULT_AT_HIGH,
    DEFAULT_RIGHTS,
    LONGEST_BYPASS,
    OWNER,
    Policy,
    Right,
    SelfApproval,
)
from schema.problems import Findings, Path, mistake, nearest, quoted
from schema.products import Role
from schema.sources import Frozen

_HOLDERS: Final = (*(role.value for role in Role), OWNER, ADMINS)
_DEFAULTS: Final = Policy()


def _holder(value: object) -> object:
    if isinstance(value, str) and value in _HOLDERS:
        return value
    raise mistake(f"{quoted(value)} holds no right.", nearest(value, _HOLDERS, kind="roles"))


def _roles(value: object) -> object:
    return [value] if isinstance(value, str) else value


RightHolder = Annotated[str, BeforeValidator(_holder)]
Holders = Annotated[tuple[RightHolder, ...], BeforeValidator(_roles), Field(max_length=len(_HOLDERS))]
SeatRoles = Annotated[tuple[Role, ...], BeforeValidator(_roles), Field(min_length=1)]


class ReviewRules(Frozen):
    """The part `reviews` of muster.yaml; what is absent is as Muster has it."""

    rights: Mapping[Right, Holders] = {}  # each right that is named is said in full
    rights_at_high: Mapping[Right, Holders] = {}  # besides, for launches at the highest tier
    self_approval: SelfApproval = _DEFAULTS.self_approval
    small_team: bool = _DEFAULTS.small_team
    deadline_days: Annotated[int, Field(ge=1, le=60)] = _DEFAULTS.deadline_days  # business days
    sign_off_valid_days: Annotated[int, Field(ge=1, le=365)] = _DEFAULTS.sign_off_valid_days
    waiver_max_days: Annotated[int, Field(ge=1, le=365)] = _DEFAULTS.waiver_max_days
    bypass_max_hours: Annotated[int, Field(ge=1, le=LONGEST_BYPASS)] = _DEFAULTS.bypass_max_hours
    bypass_review_days: Annotated[int, Field(ge=1, le=30)] = _DEFAULTS.bypass_review_days  # business days
    delegation_max_days: Annotated[int, Field(ge=1, le=180)] = _DEFAULTS.delegation_max_days
    delegation_depth: Annotated[int, Field(ge=0, le=3)] = _DEFAULTS.delegation_depth
    different_people: tuple[Mapping[str, SeatRoles], ...] = ()  # item → roles: one person each
    same_person: tuple[tuple[UserId, ...], ...] = ()  # accounts of one person
    admins: tuple[UserId, ...] = ()
    items: tuple[Any, ...] = ()  # read by `read_items`

    @property
    def policy(self) -> Policy:
        """Give the rules that a launch is submitted under."""
        return Policy(
            rights={**DEFAULT_RIGHTS, **_holders(self.rights)},
            rights_at_high={**DEFAULT_AT_HIGH, **_holders(self.rights_at_high)},
            self_approval=self.self_approval, small_team=self.small_team,
            deadline_days=self.deadline_days, sign_off_valid_days=self.sign_off_valid_days,
            waiver_max_days=self.waiver_max_days, bypass_max_hours=self.bypass_max_hours,
            bypass_review_days=self.bypass_review_days, delegation_max_days=self.delegation_max_days,
            delegation_depth=self.delegation_depth,
            different_people=tuple(_seats(each) for each in self.different_people),
        )  # fmt: skip

    def accounts(self, user: str) -> frozenset[str]:
        """Give every account of the person who has this one."""
        return next((frozenset(each) for each in self.same_person if user in each), frozenset({user}))


def _holders(given: Mapping[Right, tuple[str, ...]]) -> dict[Right, frozenset[str]]:
    return {right: frozenset(each) for right, each in given.items()}


def _seats(given: Mapping[str, tuple[Role, ...]]) -> frozenset[tuple[str, Role]]:
    return frozenset((item, role) for item, roles in given.items() for role in roles)


def read_reviews(
    given: object,
    checklists: Checklists | None,
    metrics: Iterable[Metric],
    findings: Findings,
    *,
    metric_names: frozenset[str],
) -> tuple[ReviewRules, tuple[ItemSpec, ...]]:
    """Read `reviews:`; gives the rules and the workspace's own sound items.

    checklists   the program's; None: what the file names was checked before
    """
    if given is None:
        return ReviewRules(), ()
    path: Path = ("reviews",)
    rules = read(ReviewRules, given, path, findings)
    body = given if isinstance(given, Mapping) else {}
    own = read_items(body.get("items"), (*path, "items"), _known(checklists, metrics, metric_names), findings)
    if rules is None:
        return ReviewRules(), own
    if checklists is not None:
        names = ids_in(body.get("items")) | {each.id for each in checklists}
        _check_seats(rules, names, checklists.with_own(own), path=path, findings=findings)
    _check_people(rules, path, findings)
    return rules, own


def _known(checklists: Checklists | None, metrics: Iterable[Metric], names: frozenset[str]) -> Known:
    frameworks = {each.key: each for each in checklists.frameworks} if checklists is not None else None
    return Known(
        metrics={each.key: each for each in metrics}, metric_names=names, frameworks=frameworks,
        taken=frozenset(each.id for each in checklists or ()), own=True,
    )  # fmt: skip


def _check_seats(
    rules: ReviewRules, names: frozenset[str], checklists: Checklists, *, path: Path, findings: Findings
) -> None:
    for place, seats in enumerate(rules.different_people):
        where = (*path, "different_people", place)
        if sum(len(roles) for roles in seats.values()) < 2:
            works = "Name two seats or more, such as `{LR-03: ml, LR-20: exec}`."
            findings.error(where, "One seat is always filled by one person.", works)
        for item, roles in seats.items():
            if item not in names:
                findings.error(
                    (*where, item), f"There is no item {quoted(item)}.", nearest(item, names, kind="items")
                )
            elif item in checklists:
                _check_roles(checklists[item], roles, (*where, item), findings)


def _check_roles(item: ItemSpec, roles: tuple[Role, ...], path: Path, findings: Findings) -> None:
    for role in roles:
        if role not in item.seats:
            what = f"{quoted(role)} has no seat at {item.id}."
            findings.error(path, what, nearest(role, item.seats, kind="seats"))


def _check_people(rules: ReviewRules, path: Path, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for place, accounts in enumerate(rules.same_person):
        where = (*path, "same_person", place)
        if len(set(accounts)) < 2:
            findings.error(
                where, "One account needs no such line.", "Name two accounts or more of one person."
            )
        for account in accounts:
            if seen.setdefault(account, place) != place:
                what = f"{quoted(account)} stands in two of these lines."
                findings.error(where, what, "Put all accounts of one person into one line.")
