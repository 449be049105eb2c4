"""The bodies of the API: what the services take and give, and what only travels over HTTP.

Unknown fields are ignored. The OpenAPI document is made from these.
"""

from typing import Annotated, Any, Literal

import msgspec

from andiron_daemon.analysis.types import AnalysisInput
from andiron_daemon.assist.types import ExplainInput, FindBugsInput, GenerateTestsInput, RefactorInput
from andiron_daemon.chat.types import ChatInput, RegenerateInput
from andiron_daemon.completion.statistics import CompletionStatus
from andiron_daemon.completion.types import CompletionInput
from andiron_daemon.counters import ErrorNote, TokenCounts
from andiron_daemon.health import ModelWord
from andiron_daemon.library import ListedModel
from andiron_daemon.protection import LimitsStatus, PrivacyStatus
from andiron_daemon.runtime import RuntimeSettings
from andiron_daemon.upkeep import DayUsage
from andiron_models.types import BackendStatus


class ChatBody(ChatInput, frozen=True, kw_only=True):
    """A message, and whether the answer is to come as events."""

    stream: bool = False


class RegenerateBody(RegenerateInput, frozen=True, kw_only=True):
    """How to answer again, and whether as events; it may be left out."""

    stream: bool = False


class TitleBody(msgspec.Struct, frozen=True, kw_only=True):
    """A person's title for a conversation; without one nothing is changed."""

    title: str | None = None


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations: so many, from where the page before ended, and those in which `q` was said."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 50
    cursor: str | None = None
    q: str | None = None


class ExportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversation is handed out as."""

    format: Literal["markdown", "json"] = "markdown"


class CompleteBody(CompletionInput, frozen=True, kw_only=True):
    """A cursor, and whether the completion is to come as events."""

    stream: bool = False


class AnalyzeBody(AnalysisInput, frozen=True, kw_only=True):
    """Code to be analysed, and whether the answer is to come as events."""

    stream: bool = False


class ExplainBody(ExplainInput, frozen=True, kw_only=True):
    """Code to be explained, and whether the answer is to come as events."""

    stream: bool = False


class RefactorBody(RefactorInput, frozen=True, kw_only=True):
    """Code to be written better, and whether the answer is to come as events."""

    stream: bool = False


class FindBugsBody(FindBugsInput, frozen=True, kw_only=True):
    """Code that may have bugs, and whether the answer is to come as events."""

    stream: bool = False


class GenerateTestsBody(GenerateTestsInput, frozen=True, kw_only=True):
    """Code to be tested, and whether the answer is to come as events."""

    stream: bool = False


class WarmUp(msgspec.Struct, frozen=True, kw_only=True):
    """A place is being warmed up."""

    id: str


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """What answers here, and where."""

    name: str
    version: str
    api: str
    docs: str
    endpoints: tuple[str, ...]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon is there; `model` is the local one."""

    status: Literal["ok"]
    version: str
    uptime_s: float
    model: ModelWord


class ProcessInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon's own process; the workers have theirs."""

    pid: int
    rss_bytes: int
    uptime_s: float


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Why a part does not work, and what to do."""

    message: str
    hint: str | None


class StorageInfo(msgspec.Struct, frozen=True, kw_only=True):
    """The database; `error` says why nothing can be counted."""

    path: str
    bytes: int
    conversations: int | None = None
    messages: int | None = None
    error: Trouble | None = None


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the start: requests by route, errors by code, tokens by backend."""

    requests: dict[str, int]
    errors: dict[str, int]
    tokens: dict[str, TokenCounts]


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the daemon tells of itself; secrets are masked."""

    version: str
    process: ProcessInfo
    settings: dict[str, Any]
    backends: tuple[BackendStatus, ...]
    local_engine: dict[str, Any]
    storage: StorageInfo
    rates: Rates
    usage: tuple[DayUsage, ...]
    completion: CompletionStatus
    runtime: RuntimeSettings
    limits: LimitsStatus
    privacy: PrivacyStatus
    last_errors: tuple[ErrorNote, ...]


class ModelList(msgspec.Struct, frozen=True, kw_only=True):
    """The models that are here, and those that can be had."""

    models: tuple[ListedModel, ...]


class Stopping(msgspec.Struct, frozen=True, kw_only=True):
    """The daemon is about to stop."""

    stopping: Literal[True] = True


class LinkBody(msgspec.Struct, frozen=True, kw_only=True):
    """Which page a link is to lead to; without one the description of the API."""

    page: str | None = None


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An address that signs one browser in, once; what stands behind its `#` is secret until then."""

    url: str
    expires_in_seconds: float


class SignInBody(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a link."""

    code: str


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """The browser has its cookie; it is good for so long after its last use."""

    expires_in_seconds: float


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """The description of the API, in OpenAPI 3.1."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What lets this client's requests in; `nothing` where no token is asked for."""

    admitted_by: Literal["token", "session", "nothing"]
