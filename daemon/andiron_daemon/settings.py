"""Every setting, once: name, variable, type, default and help.

`SETTINGS` feeds parsing, `--help`, docs/settings.md and the masked view in `/api/v1/status`.
Precedence: command line > environment > `.env` > TOML in the config folder > default. The `.env` is the
one named by `--env-file`, else the config folder's; a working folder's own is never read, because it
belongs to whatever project lies there and could redirect keys and code. An empty variable stands for the
default: an empty HOST must never come to mean every address.
"""

import io
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from andiron_daemon.errors import ConfigurationError
from andiron_daemon.paths import Paths

Kind = Literal["text", "secret", "flag", "integer", "seconds", "choice", "list", "url"]
_PASSWORD = re.compile(r"(?<=://)[^/@]*@")
_ABSENT = (FileNotFoundError, NotADirectoryError)
_FLAGS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table; `minimum` and `maximum` bound numbers, `choices` are the words, or a URL's schemes."""

    name: str
    variable: str
    kind: Kind
    default: Any
    help: str
    minimum: float = 0
    maximum: float = 2**53
    choices: tuple[str, ...] = ()


def _setting(name: str, kind: Kind, default: Any, help_text: str, **more: Any) -> Setting:
    variable = more.pop("variable", f"ANDIRON_{name.upper()}")
    return Setting(name=name, variable=variable, kind=kind, default=default, help=help_text, **more)


SETTINGS: tuple[Setting, ...] = (
    _setting("debug", "flag", False, "Log more, and errors with their traces.", variable="DEBUG"),
    _setting("host", "text", "127.0.0.1", "Address to listen on.", variable="HOST"),
    _setting("port", "integer", 8000, "Port to listen on; 0 takes a free one.", variable="PORT", maximum=65535),
    _setting(
        "extra_ports", "list", (), "More ports to listen on where they are free: 8012 as llama.cpp, 11434 as Ollama."
    ),
    _setting("token", "secret", "", "Token clients must show; empty makes one and keeps it in the state folder."),
    _setting("auth", "flag", True, "Whether a token is asked for; off only on a loopback address."),
    _setting(
        "allowed_hosts",
        "list",
        (),
        "More Host names to answer to, beside loopback and the address listened on.",
    ),
    _setting(
        "backend_cors_origins",
        "list",
        (),
        "More web origins that may call the API.",
        variable="BACKEND_CORS_ORIGINS",
    ),
    _setting("max_body_bytes", "integer", 8 * 1024 * 1024, "Largest request body.", minimum=1024),
    _setting("max_connections", "integer", 512, "Connections at once; the longest idle one gives way.", minimum=8),
    _setting("head_seconds", "seconds", 10.0, "Longest time for the head of a request to come.", minimum=0.1),
    _setting("body_seconds", "seconds", 30.0, "Longest time for the body of a request to come.", minimum=0.1),
    _setting("backend", "text", "local", "Who answers: local, openai, auto, or the name of a backend plug-in."),
    _setting("completion_model", "text", "", "Model for code completion: an id, or the path of a GGUF file."),
    _setting("chat_model", "text", "", "Model for chat: an id, or the path of a GGUF file."),
    _setting("embedding_model", "text", "", "Model for embeddings; without one there are none."),
    _setting("context_length", "integer", 0, "Tokens of context of the local engine; 0 chooses by the machine."),
    _setting("threads", "integer", 0, "Threads of the local engine; 0 takes the physical cores.", maximum=1024),
    _setting("gpu_layers", "integer", -1, "Layers on the GPU; -1 takes all if the build can.", minimum=-1),
    _setting("idle_seconds", "seconds", 900.0, "How long an unused model stays in memory; 0 is for ever."),
    _setting("queue_limit", "integer", 64, "Requests that may wait for the local engine.", minimum=1),
    _setting("state_cache_bytes", "integer", 256 * 1024 * 1024, "Memory for evaluated prompts of places left."),
    _setting("assist_checks", "flag", True, "Check what assists write; off shows what the model wrote, for measuring."),
    _setting("completion_filters", "flag", True, "Judge and cut suggestions; off shows what the model wrote."),
    _setting("linters", "list", (), "Linters to ask, andiron for its own rules; empty is all there are, off is none."),
    _setting("linter_seconds", "seconds", 10.0, "How long one run of a linter may take.", minimum=0.1, maximum=600),
    _setting(
        "trusted_folders",
        "list",
        (),
        "Folders of projects whose linter configuration may run as code, as ESLint's does.",
    ),
    _setting(
        "keep_examples", "flag", False, "Keep suggestions with the text around them, to measure models on your code."
    ),
    _setting(
        "keep_states", "flag", False, "Keep evaluated prompts on disk across restarts; text can be read from them."
    ),
    _setting("openai_api_key", "secret", "", "Key for OpenAI; else the system keyring.", variable="OPENAI_API_KEY"),
    _setting("openai_model", "text", "gpt-4o-mini", "Model asked of OpenAI.", variable="OPENAI_MODEL"),
    _setting(
        "openai_max_tokens",
        "integer",
        2048,
        "Longest answer asked of OpenAI.",
        variable="OPENAI_MAX_TOKENS",
        minimum=1,
    ),
    _setting(
        "openai_base_url",
        "url",
        "",
        "Address of an OpenAI-compatible server.",
        variable="OPENAI_BASE_URL",
        choices=("http", "https"),
    ),
    _setting("trusted_backends", "list", (), "Backends that see text as it is, beside those on this machine."),
    _setting(
        "privacy_log_days", "integer", 90, "Days it is kept what was sent to other machines; 0 keeps it for ever."
    ),
    _setting("openai_daily_tokens", "integer", 0, "Tokens a day that may be spent on OpenAI, in UTC; 0 is no limit."),
    _setting("rate_completions", "integer", 100, "Code completions a second one client may ask for; 0 is no limit."),
    _setting("rate_generations", "integer", 20, "Other generated answers a second for one client; 0 is no limit."),
    _setting("rate_requests", "integer", 200, "Other requests a second for one client; 0 is no limit."),
    _setting("client_concurrency", "integer", 128, "Generated answers one client may wait for at once; 0: no limit."),
    _setting("max_frame_bytes", "integer", 1024 * 1024, "Largest WebSocket message.", minimum=1024),
    _setting("queue_seconds", "seconds", 300.0, "Longest wait for a backend to take a request, a model's loading too."),
    _setting("first_token_seconds", "seconds", 300.0, "Longest wait from the asking to the first text; 0 is no limit."),
    _setting("answer_seconds", "seconds", 1800.0, "Longest time for a whole answer; 0 is no limit."),
    _setting(
        "database_url",
        "url",
        "",
        "sqlite:///path of the database; empty is the data folder.",
        variable="DATABASE_URL",
        choices=("sqlite",),
    ),
    _setting("keep_days", "integer", 0, "Days a conversation is kept after its last message; 0 keeps it for ever."),
    _setting(
        "redis_url",
        "url",
        "",
        "Kept for team mode; not used yet.",
        variable="REDIS_URL",
        choices=("redis", "rediss", "unix"),
    ),
    _setting("log_format", "choice", "json", "How the log file is written.", choices=("plain", "json")),
    _setting("sentry_dsn", "secret", "", "Where errors are reported, without text or values.", variable="SENTRY_DSN"),
)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force, parsed once and passed down; `sources` says where each value came from."""

    debug: bool = False
    host: str = "127.0.0.1"
    port: int = 8000
    extra_ports: tuple[str, ...] = ()
    token: str = ""
    auth: bool = True
    allowed_hosts: tuple[str, ...] = ()
    backend_cors_origins: tuple[str, ...] = ()
    max_body_bytes: int = 8 * 1024 * 1024
    max_connections: int = 512
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    backend: str = "local"
    completion_model: str = ""
    chat_model: str = ""
    embedding_model: str = ""
    context_length: int = 0
    threads: int = 0
    gpu_layers: int = -1
    idle_seconds: float = 900.0
    queue_limit: int = 64
    state_cache_bytes: int = 256 * 1024 * 1024
    completion_filters: bool = True
    linters: tuple[str, ...] = ()
    linter_seconds: float = 10.0
    trusted_folders: tuple[str, ...] = ()
    assist_checks: bool = True
    keep_examples: bool = False
    keep_states: bool = False
    openai_api_key: str = ""
    openai_model: str = "gpt-4o-mini"
    openai_max_tokens: int = 2048
    openai_base_url: str = ""
    trusted_backends: tuple[str, ...] = ()
    privacy_log_days: int = 90
    openai_daily_tokens: int = 0
    rate_completions: int = 100
    rate_generations: int = 20
    rate_requests: int = 200
    client_concurrency: int = 128
    max_frame_bytes: int = 1024 * 1024
    queue_seconds: float = 300.0
    first_token_seconds: float = 300.0
    answer_seconds: float = 1800.0
    database_url: str = ""
    keep_days: int = 0
    redis_url: str = ""
    log_format: str = "json"
    sentry_dsn: str = ""
    sources: dict[str, str] = {}

    def __repr__(self) -> str:
        """Show the settings with their secrets masked."""
        return f"Settings({masked(self)})"


def masked(settings: Settings) -> dict[str, Any]:
    """Show every setting, secrets as `set` or `not set`."""
    view: dict[str, Any] = {}
    for setting in SETTINGS:
        value = getattr(settings, setting.name)
        if setting.kind == "secret":
            value = "set" if value else "not set"
        elif setting.kind == "url":
            value = _PASSWORD.sub("***@", value)
        view[setting.name] = list(value) if isinstance(value, tuple) else value
    return view


def load_settings(
    paths: Paths,
    command_line: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    env_file: Path | None = None,
) -> Settings:
    """Read every source and check every value.

    Args:
        paths: where `.env` and the TOML file are.
        command_line: values given as options, by setting name; `None` values count as not given.
        environment: variables instead of the process's own.
        env_file: a `.env` instead of the config folder's.

    Raises:
        ConfigurationError: naming file, key, value and what was expected.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}

    def take(name: str, value: Any, source: str) -> None:
        values[name] = value
        sources[name] = source

    for setting, raw in _from_toml(paths.settings_file):
        take(setting.name, _parse(setting, raw, str(paths.settings_file)), str(paths.settings_file))
    dotenv_file = env_file or paths.env_file
    for source, variables in (
        (str(dotenv_file), _from_dotenv(dotenv_file, required=env_file is not None)),
        ("environment", os.environ if environment is None else environment),
    ):
        for setting in SETTINGS:
            if setting.variable in variables:
                raw = variables[setting.variable]
                take(setting.name, _parse(setting, raw, source) if raw.strip() else setting.default, source)
    for setting in SETTINGS:
        given = (command_line or {}).get(setting.name)
        if given is not None:
            take(setting.name, _parse(setting, given, "command line"), "command line")
    return Settings(**values, sources=sources)


def _from_toml(file: Path) -> Iterable[tuple[Setting, Any]]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except _ABSENT:
        return
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _unreadable(file, error) from error
    by_name = {setting.name: setting for setting in SETTINGS}
    for name, raw in table.items():
        if name not in by_name:
            raise ConfigurationError(f"{file}: there is no setting {name!r}", hint=_suggest(name, by_name))
        yield by_name[name], raw


def _unreadable(file: Path, error: Exception) -> ConfigurationError:
    reason = getattr(error, "strerror", None) or error
    return ConfigurationError(f"{file}: cannot be read: {reason}", hint="Mend or remove the file.")


def _suggest(name: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"The settings are: {', '.join(sorted(known))}."


def _from_dotenv(file: Path, *, required: bool) -> Mapping[str, str]:
    try:
        text = file.read_text(encoding="utf-8")
    except _ABSENT:
        if required:
            raise ConfigurationError(f"{file}: no such file", hint="Name an existing .env with --env-file.") from None
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from error
    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            raise ConfigurationError(f"{file}: line {binding.original.line} is not NAME=VALUE", hint="Mend the line.")
    return {key: value for key, value in dotenv_values(stream=io.StringIO(text)).items() if value is not None}


def _parse(setting: Setting, raw: Any, source: str) -> Any:
    """Turn one raw value, text or already typed, into the setting's type."""
    try:
        return _PARSERS[setting.kind](setting, raw)
    except (ValueError, TypeError) as error:
        key = {"command line": f"--{setting.name.replace('_', '-')}"}.get(source, setting.variable)
        if source.endswith(".toml"):
            key = setting.name
        shown = "(secret)" if setting.kind == "secret" else _PASSWORD.sub("***@", repr(raw))
        raise ConfigurationError(
            f"{source}: {key} is {shown}, but {error}", hint=setting.help, details={"setting": setting.name}
        ) from error


def _parse_text(setting: Setting, raw: Any) -> str:
    if not isinstance(raw, str):
        raise TypeError("text was expected")
    if "\0" in raw or "\n" in raw:
        raise ValueError("one line of text was expected")
    if not raw.strip() and setting.default:
        raise ValueError("a text that is not empty was expected")
    return raw.strip()


def _parse_flag(setting: Setting, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.strip().lower() in _FLAGS:
        return _FLAGS[raw.strip().lower()]
    raise ValueError("on or off was expected")


def _parse_number(setting: Setting, raw: Any) -> float:
    expected = f"a number from {setting.minimum:g} to {setting.maximum:g} was expected"
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise TypeError(expected)
    try:
        value = float(raw)
    except ValueError:
        raise ValueError(expected) from None
    if not setting.minimum <= value <= setting.maximum:
        raise ValueError(expected)
    return value


def _parse_integer(setting: Setting, raw: Any) -> int:
    value = _parse_number(setting, raw)
    if not value.is_integer():
        raise ValueError("a whole number was expected")
    return int(value)


def _parse_choice(setting: Setting, raw: Any) -> str:
    if raw not in setting.choices:
        raise ValueError(f"one of {', '.join(setting.choices)} was expected")
    return str(raw)


def _parse_url(setting: Setting, raw: Any) -> str:
    text = _parse_text(setting, raw)
    scheme, separator, rest = text.partition("://")
    if text and (scheme not in setting.choices or not separator or not rest or not _is_address(text)):
        raise ValueError(
            f"an address beginning with {' or '.join(f'{word}://' for word in setting.choices)} was expected"
        )
    return text


def _is_address(text: str) -> bool:
    """Tell whether host and port can be read; a database's file has neither."""
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return has_host or parts.scheme not in ("http", "https")


def _parse_list(setting: Setting, raw: Any) -> tuple[str, ...]:
    if isinstance(raw, str):
        text = raw.strip()
        raw = msgspec.json.decode(text) if text.startswith("[") else text.split(",")
    if not isinstance(raw, list | tuple) or not all(isinstance(item, str) for item in raw):
        raise TypeError("a list of texts, or texts separated by commas, was expected")
    return tuple(item.strip() for item in raw if item.strip())


_PARSERS = {
    "text": _parse_text,
    "secret": _parse_text,
    "flag": _parse_flag,
    "integer": _parse_integer,
    "seconds": _parse_number,
    "choice": _parse_choice,
    "list": _parse_list,
    "url": _parse_url,
}
