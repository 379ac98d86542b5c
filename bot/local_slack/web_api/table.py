"""The method table: what the local Slack answers, who may ask, how often, and by which transport."""

from bot.local_slack.web_api import about, chat, conversations, files, people, reactions, views
from bot.local_slack.web_api.calls import Entry

TIER_1, TIER_2, TIER_3, TIER_4, SPECIAL = 1, 20, 50, 100, 600
WRITE, READ_USERS, GROUPS = ("chat:write",), ("users:read",), ("usergroups:read",)
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")

METHODS: dict[str, Entry] = {
    "auth.test": Entry(run=about.auth_test, per_minute=SPECIAL, json=True),
    "team.info": Entry(run=about.team_info, scopes=("team:read",)),
    "bots.info": Entry(run=about.bots_info, scopes=READ_USERS),
    "chat.postMessage": Entry(
        run=chat.post_message, scopes=WRITE, required=("channel",), per_minute=SPECIAL * 100, json=True
    ),
    "chat.update": Entry(run=chat.update, scopes=WRITE, required=("channel", "ts"), json=True),
    "chat.postEphemeral": Entry(
        run=chat.post_ephemeral, scopes=WRITE, required=("channel", "user"), per_minute=TIER_4, json=True
    ),
    "chat.delete": Entry(run=chat.delete, scopes=WRITE, required=("channel", "ts"), json=True),
    "chat.getPermalink": Entry(
        run=chat.get_permalink, required=("channel", "message_ts"), per_minute=SPECIAL
    ),
    "views.open": Entry(run=views.open_view, required=("trigger_id", "view"), per_minute=TIER_4, json=True),
    "views.push": Entry(run=views.push, required=("trigger_id", "view"), per_minute=TIER_4, json=True),
    "views.update": Entry(run=views.update, required=("view",), per_minute=TIER_4, json=True),
    "views.publish": Entry(run=views.publish, required=("user_id", "view"), per_minute=TIER_4, json=True),
    "conversations.list": Entry(run=conversations.list_channels, per_minute=TIER_2),
    "conversations.info": Entry(run=conversations.info, required=("channel",)),
    "conversations.members": Entry(run=conversations.members, required=("channel",), per_minute=TIER_4),
    "conversations.history": Entry(run=conversations.history, scopes=HISTORY, required=("channel",)),
    "conversations.replies": Entry(run=conversations.replies, scopes=HISTORY, required=("channel", "ts")),
    "conversations.open": Entry(run=conversations.open_direct, scopes=("im:write", "mpim:write"), json=True),
    "conversations.join": Entry(
        run=conversations.join, scopes=("channels:join",), required=("channel",), json=True
    ),
    "users.info": Entry(run=people.info, scopes=READ_USERS, required=("user",), per_minute=TIER_4),
    "users.list": Entry(run=people.list_users, scopes=READ_USERS, per_minute=TIER_2),
    "users.conversations": Entry(run=conversations.users_conversations, per_minute=TIER_2),
    "users.lookupByEmail": Entry(
        run=people.lookup_by_email, scopes=("users:read.email",), required=("email",)
    ),
    "usergroups.list": Entry(run=people.list_groups, scopes=GROUPS, per_minute=TIER_2),
    "usergroups.users.list": Entry(
        run=people.group_users, scopes=GROUPS, required=("usergroup",), per_minute=TIER_2
    ),
    "reactions.add": Entry(
        run=reactions.add, scopes=("reactions:write",), required=("channel", "timestamp", "name"), json=True
    ),
    "reactions.remove": Entry(
        run=reactions.remove,
        scopes=("reactions:write",),
        required=("channel", "timestamp", "name"),
        per_minute=TIER_2,
        json=True,
    ),
    "reactions.get": Entry(run=reactions.get, scopes=("reactions:read",), required=("channel", "timestamp")),
    "files.getUploadURLExternal": Entry(
        run=files.get_upload_url, scopes=("files:write",), required=("filename", "length"), per_minute=TIER_4
    ),
    "files.completeUploadExternal": Entry(
        run=files.complete_upload, scopes=("files:write",), required=("files",), per_minute=TIER_4
    ),
    "files.info": Entry(run=files.info, scopes=("files:read",), required=("file",), per_minute=TIER_4),
}
TOKENLESS = {
    "api.test",
    "blocks.validate",
    "apps.connections.open",
}  # answered before a bot token is asked for
