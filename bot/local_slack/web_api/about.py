"""api.test, auth.test, team.info, bots.info and apps.connections.open: who and where one is."""

from bot.local_slack.objects import bot_profile
from bot.local_slack.values import Json
from bot.local_slack.web_api.calls import Ask, Refused


def auth_test(ask: Ask) -> Json:
    workspace = ask.state.workspaces[ask.team_id]
    return {
        "url": workspace.url,
        "team": workspace.name,
        "user": ask.state.user_name(ask.bot_user_id),
        "team_id": workspace.id,
        "user_id": ask.bot_user_id,
        "bot_id": ask.installation.bot_id,
        "is_enterprise_install": False,
    }


def team_info(ask: Ask) -> Json:
    workspace = ask.state.workspaces.get(ask.word("team", ask.team_id))
    if workspace is None or workspace.id != ask.team_id:
        raise Refused("team_not_found")
    return {"team": {"id": workspace.id, "name": workspace.name, "domain": workspace.domain, "icon": {}}}


def bots_info(ask: Ask) -> Json:
    wanted = ask.word("bot")
    for installation in ask.state.installations.values():
        if installation.bot_id == wanted and installation.team_id == ask.team_id:
            app = ask.state.apps[installation.app_id]
            profile = bot_profile(ask.state, app, ask.team_id)
            return {"bot": profile | {"user_id": installation.bot_user_id}}
    raise Refused("bot_not_found")
