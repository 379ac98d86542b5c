"""Everything that the environment decides, read once; `deploy/env.example` lists the same names and defaults."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Self

from annotated_types import Ge
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.files import Secrets
from handlers import waits as sender_waits
from schema.configuration.mistakes import sayings
from schema.errors import Refusal
from schema.problems import Problem, mistake, nearest, quoted
from schema.sources import Network

PREFIX: Final = "MUSTER_"
NAMED: Final = r"[a-z0-9][a-z0-9._-]{0,39}"
TOKEN_LEAST: Final = 24  # characters; guessing one takes longer than anybody has
SECRET_LEAST: Final = 16
_SECRETS: Final = f"{PREFIX}SECRET_"


class SlackMode(StrEnum):
    """How Slack reaches us."""

    SOCKET = "socket"
    HTTP = "http"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """The least that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SettingsRefused(Refusal):
    """The environment does not make settings; every problem stands in it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(problem.sentence for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The waits outside of sending, in seconds, as they are used: already divided by the time factor."""

    view_timeout_s: float
    identity_timeout_s: float
    identity_valid_s: float
    source_timeout_s: float
    configuration_every_s: float
    due_every_s: float
    watch_every_s: float
    prepare_before_s: float
    launch_check_every_s: float


def _address(value: str) -> str:
    if re.fullmatch(r"https?://[^\s/]+/(\S*/)?", value):
        return value
    raise mistake(
        f"{quoted(value)} is no address of an API.",
        "Write https:// or http://, a host, a path, and / at the end.",
    )


def _tokens(value: SecretStr | None) -> SecretStr | None:
    """Refuse tokens that somebody could guess, and names that could be anybody's; never shows what was given."""
    if value is None:
        return None
    pairs = [each.strip().partition(":") for each in value.get_secret_value().split(",")]
    names, tokens = [pair[0] for pair in pairs], [pair[2] for pair in pairs]
    sound = all(re.fullmatch(NAMED, name) for name in names) and all(map(_is_token, tokens))
    if not sound or len({*names}) < len(names) or len({*tokens}) < len(tokens):
        raise mistake(
            "These are no names with tokens.",
            f"Write name:token with commas between: names of small letters and digits, tokens of {TOKEN_LEAST}"
            " characters or more, each once.",
        )
    return value


def _is_token(token: str) -> bool:
    return len(token) >= TOKEN_LEAST and token.isascii() and token.isprintable() and " " not in token


def _webhooks(value: SecretStr | None) -> SecretStr | None:
    for address in [] if value is None else value.get_secret_value().split(","):
        if not re.fullmatch(r"https?://[^\s/@,]+(/\S*)?", address.strip()):
            raise mistake(
                "These are no addresses.", "Write each with https:// or http://, and a comma between two."
            )
    return value


def _wait(default: float, floor: float, about: str) -> Any:
    return Field(default=default, ge=floor, le=86_400, description=about)


class Settings(BaseSettings):
    """The settings of one process; immutable, and secrets show as stars."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix=PREFIX)

    home: Path = Field(default=Path(), description="Folder for what Muster writes.")
    database_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL, sqlite or postgresql; empty: muster.db in MUSTER_HOME."
    )
    config: Path = Field(
        default=Path("muster.yaml"), description="The configuration that check and apply read."
    )
    secrets_dir: Path | None = Field(default=None, description="Folder with one file a secret; empty: none.")
    slack_mode: SlackMode = Field(
        default=SlackMode.SOCKET, description="How Slack reaches us: socket or http."
    )
    slack_bot_token: SecretStr | None = Field(default=None, description="xoxb-…, from OAuth & Permissions.")
    slack_app_token: SecretStr | None = Field(
        default=None, description="xapp-…, with connections:write; for socket."
    )
    slack_signing_secret: SecretStr | None = Field(
        default=None, description="From Basic Information; for http."
    )
    slack_api_url: Annotated[str, AfterValidator(_address)] = Field(
        default="https://slack.com/api/", description="Where Slack's Web API is."
    )
    http_host: str = Field(
        default="127.0.0.1", min_length=1, description="Address that the server listens on."
    )
    http_port: int = Field(default=8080, ge=0, le=65_535, description="Its port; 0 takes a free one.")
    metrics_token: SecretStr | None = Field(
        default=None, description="Bearer token of /metrics; empty: closed."
    )
    signing_key: Path | None = Field(
        default=None,
        description="Key file that signs the ledger, by `muster key new`; empty: no launch opens.",
    )
    old_signing_key: Path | None = Field(
        default=None,
        description="Key file that signed before; it vouches for the new one, once, in the ledger.",
    )
    gate_tokens: Annotated[SecretStr | None, AfterValidator(_tokens)] = Field(
        default=None, description="Machines that may ask the gate, name:token with commas; empty: closed."
    )
    gate_asks_a_minute: int = Field(
        default=120,
        ge=1,
        le=10_000,
        description="How often one of them may ask, in a minute; each process counts for itself.",
    )
    gate_token: SecretStr | None = Field(
        default=None, description="What `muster gate --url` shows to another Muster."
    )
    webhook_urls: Annotated[SecretStr | None, AfterValidator(_webhooks)] = Field(
        default=None, description="Who is told when a gate's answer changes: addresses with commas."
    )
    webhook_secret: SecretStr | None = Field(
        default=None, description="What those messages are signed with, 16 characters or more."
    )
    webhook_network: Network = Field(
        default="public", description="Where those addresses may lead: public, or private too."
    )
    log_format: LogFormat = Field(default=LogFormat.TEXT, description="How log lines look: text or json.")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="debug, info, warning or error.")
    posts_a_second_per_channel: float = Field(
        default=1, gt=0, le=2, description="Pace of posts in one channel, at most 2."
    )
    posts_a_minute: float = Field(default=200, gt=0, le=10_000, description="Pace of posts in the workspace.")
    pulls_at_once: int = Field(
        default=8, ge=1, le=64, description="How many questions to sources run side by side."
    )
    settle_s: float = _wait(30, 1, "Wait before a post of unknown outcome is looked up.")
    look_up_every_s: float = _wait(10, 1, "Wait between the two look-ups.")
    lease_s: float = _wait(8.5, 1, "How long the sender of a workspace holds its turn.")
    slack_timeout_s: float = _wait(7, 1, "Time-out of one call to Slack; shorter than MUSTER_LEASE_S.")
    view_timeout_s: float = _wait(2, 0.5, "Time-out of opening a modal.")
    identity_timeout_s: float = _wait(1.5, 0.5, "Time-out of looking a person up before a decision.")
    identity_valid_s: float = _wait(600, 10, "How long a looked-up person is known.")
    source_timeout_s: float = _wait(60, 1, "Time-out of one source in one pull.")
    configuration_every_s: float = _wait(2, 0.5, "Wait between two looks at the configuration.")
    due_every_s: float = _wait(1, 0.1, "Wait between two looks at what is due.")
    watch_every_s: float = _wait(60, 5, "Wait between two looks for what is missing.")
    prepare_before_s: float = _wait(900, 10, "How long before it is due a digest is prepared.")
    launch_check_every_s: float = _wait(3600, 60, "How long the evidence of an open launch is left alone.")
    card_every_s: float = _wait(1, 0.5, "Wait between two edits of one card.")
    time_factor: float = Field(
        default=1, ge=1, le=1_000, description="Divides every wait; for fault tests only."
    )

    @classmethod
    def settings_customise_sources(  # noqa: PLR0917 - the signature is pydantic's
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take only what `from_env` hands over: nothing is read behind its back."""
        return (init_settings,)

    @classmethod
    def from_env(cls, environment: Mapping[str, str]) -> Self:
        """Read the settings; raises SettingsRefused once, with every problem in it."""
        problems = _unknown(environment)
        given = {
            name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if _is_ours(name)
        }
        known = {name: value for name, value in given.items() if name in cls.model_fields and value != ""}
        known = {**_from_folder(known), **known}
        try:
            settings = cls(**known)  # type: ignore[arg-type]  # text from outside: this is where it is validated
        except ValidationError as error:
            found = sayings(cls, known, error.errors(include_url=False))
            problems += [_problem(variable(str(place[0])) if place else "", *said) for place, said in found]
        else:
            if not problems:
                return settings
        raise SettingsRefused(problems)

    @property
    def database(self) -> str:
        """Give the URL of the database."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home / 'muster.db'}"

    def secrets(self, environment: Mapping[str, str]) -> Secrets:
        """Give what looks the secrets of muster.yaml up."""
        return Secrets(environment=environment, folder=self.secrets_dir)

    def slack_problems(self) -> list[Problem]:
        """List what keeps this process from speaking with Slack."""
        wanted = {"slack_bot_token": ("xoxb-", self.slack_bot_token)}
        if self.slack_mode is SlackMode.SOCKET:
            wanted["slack_app_token"] = ("xapp-", self.slack_app_token)
        else:
            wanted["slack_signing_secret"] = ("", self.slack_signing_secret)
        return [problem for name, (start, value) in wanted.items() for problem in _token(name, start, value)]

    @property
    def gate_names(self) -> Mapping[str, str]:
        """Give the token of each machine that may ask the gate, by its name."""
        given = self.gate_tokens.get_secret_value() if self.gate_tokens else ""
        pairs = [each.strip().partition(":") for each in given.split(",") if each.strip()]
        return {name: token for name, _, token in pairs}

    @property
    def webhook_addresses(self) -> tuple[str, ...]:
        """List who is told of the gates' answers."""
        given = self.webhook_urls.get_secret_value() if self.webhook_urls else ""
        return tuple(dict.fromkeys(each.strip() for each in given.split(",") if each.strip()))

    def webhook_problems(self) -> list[Problem]:
        """List what keeps messages about gates from being signed."""
        secret = self.webhook_secret.get_secret_value() if self.webhook_secret else ""
        if not self.webhook_addresses or len(secret) >= SECRET_LEAST:
            return []
        works = f"Set {SECRET_LEAST} random characters or more, and give them to those who are told."
        return [_problem(variable("webhook_secret"), "Messages about gates must be signed.", works)]

    def waits(self) -> Waits:
        """Give every wait as it is used."""
        return Waits(**{wait.name: getattr(self, wait.name) / self.time_factor for wait in fields(Waits)})

    def sending(self) -> sender_waits.Waits:
        """Give the waits of sending; raises Refusal where they do not fit together."""
        return (
            sender_waits.Waits(
                settle_s=self.settle_s,
                look_apart_s=self.look_up_every_s,
                lease_s=self.lease_s,
                request_s=self.slack_timeout_s,
                coalesce_s=self.card_every_s,
                channel_interval_s=1 / self.posts_a_second_per_channel,
                workspace_per_minute=max(1, int(self.posts_a_minute)),
            )
            .checked()
            .divided_by(self.time_factor)
        )

    def hurried(self) -> list[str]:
        """Name what is faster than its default, for `run` to warn of."""
        named = [name for name in Settings.model_fields if name.endswith("_s")]
        short = [
            variable(name) for name in named if getattr(self, name) < Settings.model_fields[name].default
        ]
        paces = ("posts_a_second_per_channel", "posts_a_minute", "time_factor")
        return short + [
            variable(name) for name in paces if getattr(self, name) > Settings.model_fields[name].default
        ]


def of_this_process() -> tuple[Settings, Secrets]:
    """Read this process's environment; raises SettingsRefused once, with every problem in it."""
    settings = Settings.from_env(os.environ)
    return settings, settings.secrets(os.environ)


def variable(name: str) -> str:
    """Name a setting as the environment does."""
    return f"{PREFIX}{name.upper()}"


def _is_ours(name: str) -> bool:
    return name.startswith(PREFIX) and not name.startswith(_SECRETS)


def _unknown(environment: Mapping[str, str]) -> list[Problem]:
    known = [variable(name) for name in Settings.model_fields]
    return [
        _problem("", f"There is no setting {quoted(name)}.", nearest(name, known, kind="settings"))
        for name in sorted(environment)
        if _is_ours(name) and name not in known
    ]


def _problem(name: str, what: str, works: str) -> Problem:
    return Problem(path=(name,) if name else (), line=None, what=what, works=works)


def _from_folder(given: Mapping[str, str]) -> dict[str, str]:
    """Take secret settings from the secrets' folder too: a file named as the variable."""
    if "secrets_dir" not in given:
        return {}
    secrets = Secrets(environment={}, folder=Path(given["secrets_dir"]))
    names = [
        name for name, setting in Settings.model_fields.items() if setting.annotation == SecretStr | None
    ]
    found = {name: secrets.find(variable(name)) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def _token(name: str, start: str, value: SecretStr | None) -> list[Problem]:
    if value is None:
        return [_problem(variable(name), "This is not set.", "Copy it from your app's page at Slack.")]
    text = value.get_secret_value()
    if not text.startswith(start) or text != text.strip() or not text.isascii():
        return [
            _problem(variable(name), "This is no such token.", f"It starts with {start} and holds no space.")
        ]
    return []


def shown_default(name: str) -> str:
    """Write a setting's default as the environment would."""
    default = Settings.model_fields[name].default
    if default is None:
        return ""
    return f"{default:g}" if isinstance(default, float | int) else str(default)


def about(name: str) -> str:
    """Say in one sentence what a setting is."""
    setting = Settings.model_fields[name]
    said = setting.description or ""
    if not name.endswith("_s"):
        return said
    floor = next(mark.ge for mark in setting.metadata if isinstance(mark, Ge))
    return f"{said.removesuffix('.')}, in seconds; at least {floor}."
