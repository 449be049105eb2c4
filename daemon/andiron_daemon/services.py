"""Everything the daemon is made of: built in order, closed in the opposite one.

A database that cannot be opened does not keep the daemon from starting: completion and health work without
it, the chat answers with the StorageError until it can be opened, and `/api/v1/status` shows it.
"""

import asyncio
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from andiron_daemon.analysis.linters.desk import desk_for
from andiron_daemon.analysis.service import AnalysisService
from andiron_daemon.assist.instructions import read_assist_instructions
from andiron_daemon.assist.service import AssistService
from andiron_daemon.chat.instructions import read_instructions
from andiron_daemon.chat.service import ChatService
from andiron_daemon.completion.examples import Examples
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.service import CompletionService
from andiron_daemon.counters import Counters
from andiron_daemon.errors import ConfigurationError, StorageError
from andiron_daemon.events import Events
from andiron_daemon.library import Library
from andiron_daemon.lookout import BudgetBell, Lookout
from andiron_daemon.paths import Paths
from andiron_daemon.protection import Protection, protect
from andiron_daemon.runtime import PAUSE, Runtime
from andiron_daemon.settings import SETTINGS, Settings
from andiron_daemon.sockets import is_loopback
from andiron_daemon.storage.completions import SQLiteCompletionStatistics
from andiron_daemon.storage.conversations import SQLiteConversations
from andiron_daemon.storage.database import Database, database_file
from andiron_daemon.storage.examples import SQLiteExamples
from andiron_daemon.storage.settings import SQLiteSettings
from andiron_daemon.storage.usage import SQLiteUsage
from andiron_daemon.tuning import Tuning
from andiron_daemon.upkeep import Upkeep
from andiron_models.backend import Backend
from andiron_models.configuration import Configuration, LocalConfiguration, OpenAIConfiguration
from andiron_models.errors import InvalidRequestError
from andiron_models.library.pulls import Pulls
from andiron_models.registry import create_backends
from andiron_models.router import Router

_log = logging.getLogger(__name__)
_PREFIX = "ANDIRON_"


@dataclass(frozen=True, slots=True)
class Services:
    """What handlers work with; `started_seconds` is of the monotonic clock."""

    settings: Settings
    paths: Paths
    backends: Mapping[str, Backend]
    router: Router
    database: Database
    protection: Protection
    chat: ChatService
    upkeep: Upkeep
    completion: CompletionService
    assist: AssistService
    analysis: AnalysisService
    library: Library
    tuning: Tuning
    runtime: Runtime
    events: Events
    counters: Counters
    started_seconds: float

    @property
    def uptime_seconds(self) -> float:
        """Say how long the daemon has been up."""
        return time.monotonic() - self.started_seconds


@asynccontextmanager
async def build_services(
    settings: Settings, paths: Paths, backends: Mapping[str, Backend] | None = None
) -> AsyncIterator[Services]:
    """Build everything, and close it at the end of the block.

    Args:
        settings: with the token in force in them.
        paths: the folders.
        backends: instead of those registered; they are closed all the same.

    Raises:
        ConfigurationError: if the settings cannot be meant together.
    """
    _check_access(settings)
    file = database_file(settings.database_url, paths.database_file)
    async with AsyncExitStack() as stack:
        if backends is None:
            backends = await asyncio.to_thread(create_backends, backend_configuration(settings, paths))
        database = Database(file)
        protection = protect(settings, paths, backends, database)
        router = _router(protection.backends, settings.backend)
        stack.push_async_callback(router.aclose)
        stack.push_async_callback(database.aclose)
        opening = asyncio.create_task(_open(database))
        stack.push_async_callback(asyncio.wait, {opening})
        counters = Counters()
        runtime = Runtime(settings, paths, router, SQLiteSettings(database))
        policy = CompletionPolicy(post_filters=settings.completion_filters)
        examples = Examples(SQLiteExamples(database, settings.keep_days)) if settings.keep_examples else None
        completion = CompletionService(
            router,
            counters,
            SQLiteCompletionStatistics(database),
            policy,
            is_paused=lambda: runtime.is_paused,
            examples=examples,
        )
        stack.push_async_callback(completion.aclose)
        pulls = Pulls(paths.models)
        stack.push_async_callback(pulls.aclose)
        events = _events(router, backends, runtime, completion)
        stack.push_async_callback(events.aclose)
        library = Library(paths, router, backends, pulls, context_length=settings.context_length, events=events)
        restoring = asyncio.create_task(runtime.restore())
        stack.push_async_callback(asyncio.wait, {restoring})
        instructions = await asyncio.to_thread(read_instructions, paths.prompts)
        chat = ChatService(router, SQLiteConversations(database), counters, instructions)
        stack.push_async_callback(chat.aclose)
        prompts = await asyncio.to_thread(read_assist_instructions, paths.prompts / "assist")
        lint_desk = desk_for(settings)
        stack.push_async_callback(lint_desk.aclose)
        assist = AssistService(router, counters, prompts, lint_desk.lint, has_checks=settings.assist_checks)
        analysis = AnalysisService(lint_desk, assist.insights)
        stack.push_async_callback(analysis.aclose)
        upkeep = Upkeep(chat, SQLiteUsage(database), SQLiteSettings(database), counters, settings.keep_days)
        stack.push_async_callback(upkeep.aclose)
        upkeep.start()
        yield Services(
            settings=settings,
            paths=paths,
            backends=backends,
            router=router,
            database=database,
            protection=protection,
            chat=chat,
            upkeep=upkeep,
            completion=completion,
            assist=assist,
            analysis=analysis,
            library=library,
            tuning=Tuning(paths, library),
            runtime=runtime,
            events=events,
            counters=counters,
            started_seconds=time.monotonic(),
        )


def backend_configuration(settings: Settings, paths: Paths) -> Configuration:
    """Tell the backends what the settings say; a plug-in finds its own variables in `extra`."""
    known = {setting.variable for setting in SETTINGS}
    own = {name: value for name, value in os.environ.items() if name.startswith(_PREFIX) and name not in known}
    return Configuration(
        local=LocalConfiguration(
            models_folder=paths.models,
            catalogue_folder=paths.config,
            cache_folder=paths.cache,
            completion_model=settings.completion_model or None,
            chat_model=settings.chat_model or None,
            embedding_model=settings.embedding_model or None,
            context_length=settings.context_length,
            threads=settings.threads,
            gpu_layers=None if settings.gpu_layers < 0 else settings.gpu_layers,
            idle_seconds=settings.idle_seconds,
            queue_limit=settings.queue_limit,
            state_cache_bytes=settings.state_cache_bytes,
            keeps_states_on_disk=settings.keep_states,
        ),
        openai=OpenAIConfiguration(
            api_key=settings.openai_api_key or None,
            base_url=settings.openai_base_url or None,
            model=settings.openai_model,
            max_tokens=settings.openai_max_tokens,
        ),
        extra=own,
    )


def _check_access(settings: Settings) -> None:
    if settings.auth and not settings.token:
        raise ConfigurationError("there is no token, and ANDIRON_AUTH is on", hint="Set ANDIRON_TOKEN.")
    if not settings.auth and not is_loopback(settings.host):
        raise ConfigurationError(
            f"ANDIRON_AUTH is off and HOST is {settings.host}, which others can reach",
            hint="Listen on 127.0.0.1, or leave ANDIRON_AUTH on.",
        )


def _router(backends: Mapping[str, Backend], policy: str) -> Router:
    try:
        return Router(backends, policy)
    except InvalidRequestError as error:
        raise ConfigurationError(
            f"ANDIRON_BACKEND is {policy!r}, but {error.message}", hint=error.hint, details={"setting": "backend"}
        ) from error


def _events(router: Router, backends: Mapping[str, Backend], runtime: Runtime, completion: CompletionService) -> Events:
    """Make the events, and have everything that changes the daemon's state say so."""
    lookout = Lookout(router, backends, runtime)
    events = Events(lookout.look)

    def changed(names: frozenset[str]) -> None:
        if names - {PAUSE}:
            completion.forget_suggestions()
        events.changed()

    lookout.watcher = events.changed
    router.activity.listener = events.changed
    router.activity.complainant = BudgetBell(events).hear
    runtime.on_change = changed
    return events


async def _open(database: Database) -> None:
    try:
        await database.open()
    except StorageError as error:
        _log.warning("the chat cannot keep anything: %s; %s", error.message, error.hint)
