"""users.* and usergroups.*"""

from bot.local_slack.objects import group_object, user_object
from bot.local_slack.values import Group, Json, User
from bot.local_slack.web_api.calls import Ask, Refused, page_of


def _shown(ask: Ask, user: User) -> Json:
    return user_object(user, with_email="users:read.email" in ask.installation.scopes)


def _known(ask: Ask, user_id: str) -> User:
    user = ask.state.users.get(user_id)
    if user is None or (user.team_id != ask.team_id and not user.stranger):
        raise Refused("user_not_found")
    return user


def info(ask: Ask) -> Json:
    shown = _shown(ask, _known(ask, ask.word("user")))
    return {"user": shown | {"locale": "en-GB"} if ask.flag("include_locale") else shown}


def list_users(ask: Ask) -> Json:
    ids, metadata = page_of([u.id for u in ask.state.users.values() if u.team_id == ask.team_id], ask)
    return {
        "members": [_shown(ask, ask.state.users[i]) for i in ids],
        "cache_ts": int(ask.state.clock.now()),
        "response_metadata": metadata,
    }


def lookup_by_email(ask: Ask) -> Json:
    wanted = ask.word("email").lower()
    for user in ask.state.users.values():
        if user.team_id == ask.team_id and user.email.lower() == wanted and not user.deleted:
            return {"user": _shown(ask, user)}
    raise Refused("users_not_found")


def _paid(ask: Ask) -> None:
    if not ask.state.workspaces[ask.team_id].paid:
        raise Refused("plan_upgrade_required")


def list_groups(ask: Ask) -> Json:
    _paid(ask)
    groups = [g for g in ask.state.groups.values() if g.team_id == ask.team_id]
    if not ask.flag("include_disabled"):
        groups = [g for g in groups if not g.disabled]
    return {"usergroups": [group_object(g, with_users=ask.flag("include_users")) for g in groups]}


def group_users(ask: Ask) -> Json:
    _paid(ask)
    group: Group | None = ask.state.groups.get(ask.word("usergroup"))
    if group is None or group.team_id != ask.team_id:
        raise Refused("no_such_subteam")
    if group.disabled and not ask.flag("include_disabled"):
        return {"users": []}
    return {"users": [u for u in group.members if not ask.state.users[u].deleted]}
