"""Users, channels, groups, views and files in the shapes that Slack's answers have (SLACK.md 8.2)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.local_slack.state import File, State, View
from bot.local_slack.values import App, Channel, ChannelKind, Group, Json, User

IMAGE_TYPES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}


def user_object(user: User, *, with_email: bool) -> Json:
    now = datetime.now(ZoneInfo(user.tz))
    offset = now.utcoffset()
    profile: Json = {
        "real_name": user.real_name,
        "display_name": user.name,
        "title": user.title,
        "team": user.team_id,
        "status_emoji": user.status_emoji,
    }
    if with_email and user.email and not user.stranger:
        profile["email"] = user.email
    shown: Json = {
        "id": user.id,
        "team_id": user.team_id,
        "name": user.name,
        "real_name": user.real_name,
        "deleted": user.deleted,
        "tz": user.tz,
        "tz_label": now.tzname() or user.tz,
        "tz_offset": int(offset.total_seconds()) if offset else 0,
        "profile": profile,
        "is_admin": False,
        "is_owner": False,
        "is_bot": user.bot,
        "is_app_user": False,
        "is_restricted": user.guest or user.single_channel_guest,
        "is_ultra_restricted": user.single_channel_guest,
        "updated": user.updated,
    }
    if user.stranger:
        shown["is_stranger"] = True
    return shown


def channel_object(state: State, channel: Channel, *, member: str) -> Json:
    """A conversation as `member` (a bot's user id) sees it."""
    common: Json = {
        "id": channel.id,
        "created": channel.created,
        "is_archived": channel.archived,
        "is_org_shared": False,
        "context_team_id": channel.team_id,
        "updated": channel.created * 1000,
    }
    if channel.kind is ChannelKind.DM:
        others = [m for m in state.members[channel.id] if m != member]
        return common | {
            "is_im": True,
            "user": others[0] if others else member,
            "is_user_deleted": False,
            "priority": 0,
        }
    return common | {
        "name": channel.name,
        "name_normalized": channel.name,
        "is_channel": True,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": channel.kind is ChannelKind.PRIVATE,
        "is_general": channel.name == "general",
        "is_member": state.is_member(channel.id, member),
        "is_shared": channel.ext_shared,
        "is_ext_shared": channel.ext_shared,
        "is_pending_ext_shared": False,
        "creator": channel.creator,
        "topic": {"value": channel.topic, "creator": "", "last_set": 0},
        "purpose": {"value": channel.purpose, "creator": "", "last_set": 0},
        "num_members": len(state.members[channel.id]),
        "shared_team_ids": [channel.team_id],
    }


def group_object(group: Group, *, with_users: bool) -> Json:
    shown: Json = {
        "id": group.id,
        "team_id": group.team_id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "handle": group.handle,
        "description": "",
        "is_external": False,
        "date_create": group.updated,
        "date_update": group.updated,
        "date_delete": group.updated if group.disabled else 0,
        "user_count": len(group.members),
        "prefs": {"channels": [], "groups": []},
    }
    return shown | {"users": list(group.members)} if with_users else shown


def bot_profile(state: State, app: App, team_id: str) -> Json:
    return {
        "id": state.bot_of(app.id, team_id).bot_id,
        "app_id": app.id,
        "name": app.name,
        "icons": {"image_36": f"{state.base}/page/bot.svg"},
        "deleted": False,
        "updated": 1,
        "team_id": team_id,
    }


def view_object(state: State, view: View) -> Json:
    content = view.content
    shown: Json = {
        "id": view.id,
        "team_id": view.team_id,
        "type": str(view.surface),
        "blocks": content.get("blocks", []),
        "private_metadata": content.get("private_metadata", ""),
        "callback_id": content.get("callback_id", ""),
        "state": {"values": {block: dict(typed) for block, typed in view.state.items()}},
        "hash": view.hash,
        "title": content.get("title") or {"type": "plain_text", "text": "View Title", "emoji": True},
        "clear_on_close": bool(content.get("clear_on_close")),
        "notify_on_close": bool(content.get("notify_on_close")),
        "close": content.get("close"),
        "submit": content.get("submit"),
        "previous_view_id": view.previous_view_id,
        "root_view_id": view.root_view_id,
        "app_id": view.app_id,
        "external_id": content.get("external_id", ""),
        "app_installed_team_id": view.team_id,
        "bot_id": state.bot_of(view.app_id, view.team_id).bot_id,
    }
    return shown


def file_object(state: State, file: File) -> Json:
    extension = file.name.rpartition(".")[2].lower()
    ready = file.completed and state.clock.now() >= file.ready_at
    url = f"{state.base}/files-pri/{file.team_id}-{file.id}/{file.name}"
    shown: Json = {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": IMAGE_TYPES.get(extension, "text/plain") if ready else "",
        "filetype": extension if ready else "",
        "user": file.user_id,
        "user_team": file.team_id,
        "size": len(file.content),
        "is_external": False,
        "is_public": bool(file.channels),
        "url_private": url,
        "url_private_download": url,
        "permalink": f"{state.workspaces[file.team_id].url}files/{file.user_id}/{file.id}/{file.name}",
        "channels": [c for c in file.channels if state.channels[c].kind is ChannelKind.PUBLIC],
        "groups": [c for c in file.channels if state.channels[c].kind is ChannelKind.PRIVATE],
        "ims": [c for c in file.channels if state.channels[c].kind is ChannelKind.DM],
        "alt_txt": file.alt_txt,
    }
    if ready:
        shown["shares"] = _shares(state, file)
        shown |= _size(file.content)
    return shown


def _shares(state: State, file: File) -> Json:
    shares: Json = {}
    for channel_id, ts in file.shares:
        side = "public" if state.channels[channel_id].kind is ChannelKind.PUBLIC else "private"
        shares.setdefault(side, {}).setdefault(channel_id, []).append(
            {"ts": ts, "share_user_id": file.user_id}
        )
    return shares


def _size(content: bytes) -> Json:
    """Width and height of a PNG, out of its header."""
    if content[:8] != b"\x89PNG\r\n\x1a\n" or len(content) < 24:
        return {}
    return {
        "original_w": int.from_bytes(content[16:20], "big"),
        "original_h": int.from_bytes(content[20:24], "big"),
    }
