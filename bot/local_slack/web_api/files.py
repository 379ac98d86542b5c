"""files.*: an upload in three steps, ready only a while later (SLACK.md 161-166)."""

import secrets

from bot.local_slack.objects import file_object
from bot.local_slack.posting import bot_message, post
from bot.local_slack.state import File
from bot.local_slack.values import Json
from bot.local_slack.web_api.calls import Ask, Refused, invalid_arguments

CHANNELS_MAX = 100


def get_upload_url(ask: Ask) -> Json:
    length = ask.number("length", 0)
    if length <= 0:
        raise invalid_arguments("length must be greater than 0 [json-pointer:/length]")
    file = File(
        id=ask.state.new_id("F", ask.word("filename")),
        secret=secrets.token_urlsafe(12),
        team_id=ask.team_id,
        user_id=ask.bot_user_id,
        name=ask.word("filename"),
        length=length,
        created=int(ask.state.clock.now()),
        alt_txt=ask.word("alt_txt"),
    )
    ask.state.files[file.id] = file
    return {"upload_url": f"{ask.state.base}/upload/{file.id}/{file.secret}", "file_id": file.id}


def complete_upload(ask: Ask) -> Json:
    given = ask.blob("files")
    if not isinstance(given, list) or not given:
        raise invalid_arguments("missing required field: files")
    files = [_uploaded(ask, one) for one in given]
    targets = [c for c in (ask.word("channels") or ask.word("channel_id")).split(",") if c]
    if len(targets) > CHANNELS_MAX:
        raise invalid_arguments("too many channels")
    _may_share(ask, targets)
    for file, one in zip(files, given, strict=True):
        file.title = one.get("title") or file.name
        file.completed = True
        file.ready_at = ask.state.clock.now() + ask.state.clock.limit(ask.state.file_delay_s)
    for target in targets:
        _share(ask, files, target)
    return {"files": [file_object(ask.state, f) for f in files]}


def _uploaded(ask: Ask, one: Json) -> File:
    file = ask.state.files.get(str(one.get("id")))
    if file is None or file.team_id != ask.team_id:
        raise Refused("file_not_found")
    if not file.uploaded:
        raise Refused("file_upload_size_restricted" if file.content else "file_not_found")
    if file.completed:
        raise Refused("already_completed")
    return file


def _may_share(ask: Ask, targets: list[str]) -> None:
    for target in targets:
        channel = ask.state.channels.get(target)
        if channel is None or channel.team_id != ask.team_id:
            raise Refused("channel_not_found")
        if not ask.state.is_member(target, ask.bot_user_id):
            raise Refused("not_in_channel")


def _share(ask: Ask, files: list[File], channel_id: str) -> None:
    content: Json = {"text": ask.word("initial_comment"), "files": [file_object(ask.state, f) for f in files]}
    message = bot_message(ask.state, ask.app, ask.team_id, content) | {"subtype": "file_share"}
    thread_ts = ask.word("thread_ts")
    if thread_ts and thread_ts not in ask.state.logs[channel_id].by_ts:
        raise Refused("thread_not_found")
    posted = post(ask.state, ask.events, channel_id, message, thread_ts=thread_ts)
    for file in files:
        file.channels.append(channel_id)
        file.shares.append((channel_id, posted["ts"]))


def info(ask: Ask) -> Json:
    file = ask.state.files.get(ask.word("file"))
    if file is None or file.team_id != ask.team_id:
        raise Refused("file_not_found")
    return {"file": file_object(ask.state, file), "comments": [], "response_metadata": {"next_cursor": ""}}
