"""Seats: quorum by matching, people who count as one, delegations, and seats that nobody can fill."""

from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schema.attempts import Code, Declined
from schema.delegations import Handover, authorities, delegate, end_delegation, fold_delegations
from schema.ledger import begin, chain
from schema.policies import Policy, SelfApproval
from schema.products import Role
from schema.seats import Place, Signer, apart, helpful, infeasible, matched, places_of, shared
from tests.launch_stage import EVE, LEA, MEL, MEMBERS, NOW, RAY, SAM, person, question

PM, ML, LEG, RAI = Role.PM, Role.ML, Role.LEG, Role.RAI
A_DAY = timedelta(days=1)
ROLE_SETS = st.frozensets(st.sampled_from((PM, ML, LEG, RAI)), max_size=3)


def signers(*role_sets):
    return tuple(Signer(name=f"p{n}", roles=frozenset(roles)) for n, roles in enumerate(role_sets))


def most_by_trying(places, people):
    """Count the seats that can be filled, by trying every order of people."""
    best = 0
    for order in permutations((*people, *[None] * len(places)), len(places)):
        fits = [who for place, who in zip(places, order, strict=True) if who and place.role in who.roles]
        best = max(best, len(fits))
    return best


@given(st.lists(st.sampled_from((PM, ML, LEG)), max_size=3), st.lists(ROLE_SETS, max_size=4))
def test_matching_fills_as_many_seats_as_any_way_could(roles, people):
    places = tuple(Place(item="LR-01", role=role, nth=nth) for nth, role in enumerate(roles))
    listed = signers(*people)

    filled = matched(places, listed)

    assert len(filled) == most_by_trying(places, listed)
    assert len(set(filled.values())) == len(filled)
    assert all(place.role in {who.name: who.roles for who in listed}[name] for place, name in filled.items())


@given(st.permutations(signers({PM, ML}, {PM}, {ML, LEG}, {ML})))
def test_who_signs_first_changes_nothing(order):
    places = places_of(question("LR-01", PM, ML, LEG))

    assert len(matched(places, order)) == 3


def test_a_person_in_two_roles_leaves_the_seat_that_only_they_can_leave():
    places = places_of(question("LR-01", PM, ML))
    both, only_pm = signers({PM, ML}, {PM})

    filled = matched(places, (both, only_pm))

    assert {place.role: name for place, name in filled.items()} == {PM: "p1", ML: "p0"}


def test_several_of_a_role_are_several_people():
    places = places_of(question("LR-01", ML, counts={ML: 2}))

    assert len(matched(places, signers({ML}))) == 1
    assert len(matched(places, signers({ML}, {ML}))) == 2
    assert len(shared(places, signers({ML}))) == 2  # a small team, which is said


def test_a_call_names_the_roles_of_which_one_more_person_helps():
    places = places_of(question("LR-01", PM, ML))

    assert helpful(places, ()) == {PM, ML}
    assert helpful(places, signers({PM, ML})) == {
        PM,
        ML,
    }  # whichever comes, the first person takes the other seat
    assert helpful(places, signers({PM})) == {ML}
    assert helpful(places, signers({PM}, {ML})) == frozenset()


@given(st.lists(ROLE_SETS, min_size=1, max_size=5))
@example([{PM, ML, LEG}, {ML}])  # no seat can be set aside: all are searched
def test_seats_apart_are_found_whenever_there_is_a_way(people):
    items = [question("LR-01", PM, ML), question("LR-02", LEG)]
    places = [place for item in items for place in places_of(item)]
    different = (frozenset({("LR-01", ML), ("LR-02", LEG)}),)
    listed = signers(*people)
    who = {place: tuple(each.name for each in listed if place.role in each.roles) for place in places}

    found = apart(places, who, different)

    ways = [
        (pm, one, two)
        for pm in who[places[0]]
        for one in who[places[1]]
        for two in who[places[2]]
        if one not in (pm, two)
    ]
    assert (found is not None) is bool(ways)
    assert found is None or tuple(found[place] for place in places) in ways


def test_a_seat_that_nobody_but_the_requester_can_fill_is_named():
    items = (question("LR-01", PM), question("ETH-01", LEG, RAI))

    def empty(requester, **rules):
        return infeasible(
            items, {**MEMBERS, PM: frozenset({"pia"})}, requester=requester, policy=Policy(**rules)
        )

    assert empty("pia") == (Place(item="LR-01", role=PM),)
    assert empty("lea") == (Place(item="ETH-01", role=LEG),)
    assert empty("pia", self_approval=SelfApproval.ALLOW_MARKED) == ()
    assert empty("sam") == ()


def test_one_person_on_both_seats_of_a_set_is_infeasible():
    items = (question("LR-01", ML), question("LR-02", ML))
    apart_rule = Policy(different_people=(frozenset({("LR-01", ML), ("LR-02", ML)}),))

    alone = infeasible(items, MEMBERS, requester="pia", policy=apart_rule)
    two = infeasible(items, {**MEMBERS, ML: frozenset({"mel", "max"})}, requester="pia", policy=apart_rule)

    assert alone == (Place(item="LR-02", role=ML),)
    assert two == ()


# --- delegations ---


def handed(standing, who, to, *roles, days=3, starts=NOW, policy=None, product="fraud-detection"):
    wanted = Handover(
        product=product, to=to, roles=frozenset(roles), starts_at=starts, ends_at=starts + days * A_DAY
    )
    drafts = delegate(standing, who, wanted, policy=policy or Policy(), now=NOW)
    events = chain(begin("T1"), drafts, NOW)
    return (*standing, *fold_delegations(events))


def may(standing, who, *, at=NOW, depth=1, product="fraud-detection", people=(LEA, RAY, MEL, SAM, EVE)):
    found = authorities(standing, who.pid, product=product, people={each.pid: each for each in people}, depth=depth, now=at)  # fmt: skip
    return {each.principal: (each.through, set(each.roles)) for each in found}


def test_a_delegate_signs_inside_the_window_and_product_only():
    standing = handed((), LEA, SAM, LEG)

    assert may(standing, SAM) == {"lea": ((), {LEG})}
    assert may(standing, SAM, at=NOW + 3 * A_DAY) == {}
    assert may(standing, SAM, at=NOW - A_DAY) == {}
    assert may(standing, SAM, product="job-matching") == {}
    assert may(standing, MEL) == {}


def test_a_role_that_the_principal_lost_is_not_lent_any_more():
    standing = handed((), LEA, SAM, LEG)

    assert may(standing, SAM, people=(person("lea", PM),)) == {}
    assert may(standing, SAM, people=(person("lea", LEG, barred="You are a guest here."),)) == {}
    assert may(standing, SAM, people=()) == {}


def test_a_chain_is_as_long_as_the_rules_allow_and_names_everybody():
    twice = Policy(delegation_depth=2)
    standing = handed(handed((), LEA, SAM, LEG), SAM, MEL, LEG, policy=twice)

    assert may(standing, MEL, depth=2)["lea"] == (("sam",), {LEG})
    assert may(standing, MEL, depth=1) == {}
    assert may(standing, SAM, depth=0) == {}


@pytest.mark.parametrize(
    ("who", "to", "roles", "words"),
    [
        (LEA, LEA, (LEG,), "Name a colleague who may decide here"),
        (LEA, person("gus", barred="He is a guest."), (LEG,), "Name a colleague who may decide here"),
        (LEA, SAM, (RAI,), "You can only hand on roles that you hold"),
        (LEA, SAM, (), "You can only hand on roles that you hold"),
        (SAM, MEL, (LEG,), "A seat may not be handed on that often"),
        (SAM, LEA, (LEG,), "already signs for others through you"),
    ],
)
def test_a_handover_that_makes_no_sense_is_refused(who, to, roles, words):
    standing = handed((), LEA, SAM, LEG)

    with pytest.raises(Declined, match=words):
        handed(standing, who, to, *roles)


@pytest.mark.parametrize(("starts", "days"), [(NOW, 0), (NOW, 31), (NOW - 5 * A_DAY, 4)])
def test_a_window_that_is_over_or_too_long_is_refused(starts, days):
    with pytest.raises(Declined, match="Choose an end after the start, at most 30 days later") as refused:
        handed((), LEA, SAM, LEG, starts=starts, days=days)

    assert refused.value.code is Code.LIMIT


def test_either_of_the_two_ends_a_delegation_and_nobody_else():
    head = begin("T1")
    wanted = Handover(
        product="fraud-detection", to=SAM, roles=LEA.roles, starts_at=NOW, ends_at=NOW + 9 * A_DAY
    )
    events = chain(head, delegate((), LEA, wanted, policy=Policy(), now=NOW), NOW)
    [standing] = fold_delegations(events)

    with pytest.raises(Declined, match="Only the two people of a delegation"):
        end_delegation(standing, MEL, NOW)
    ended = chain(head, end_delegation(standing, SAM, NOW + A_DAY), NOW + A_DAY)

    [folded] = fold_delegations((*events, *ended))
    assert folded.ends_at == NOW + A_DAY
    assert end_delegation(folded, LEA, NOW + A_DAY) == ()  # the end does not belong to it
    assert not folded.lasts(NOW + A_DAY / 2)  # nor does a clock that goes back bring it to life


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=8), st.integers(1, 3))
def test_delegations_never_turn_in_a_circle_and_never_grow_too_long(pairs, depth):
    people = [person(f"p{n}", LEG) for n in range(4)]
    policy, standing = Policy(delegation_depth=depth), ()
    for giver, taker in pairs:
        try:
            standing = handed(standing, people[giver], people[taker], LEG, policy=policy)
        except Declined:
            continue

    for who in people:
        for each in authorities(standing, who.pid, product="fraud-detection", people={p.pid: p for p in people}, depth=depth, now=NOW):  # fmt: skip
            chained = (who.pid, *each.through, each.principal)
            assert len(set(chained)) == len(chained) <= depth + 1
