"""The backends as the daemon may use them: screened where they are not on this machine, and within limits."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from andiron_daemon.limits.backend import Deadlines, LimitedBackend
from andiron_daemon.limits.budget import Budget, BudgetStatus
from andiron_daemon.limits.turnstile import Turnstile, TurnstileStatus
from andiron_daemon.paths import Paths
from andiron_daemon.privacy.ignore import IgnoredPaths
from andiron_daemon.privacy.screen import ScreenedBackend
from andiron_daemon.settings import Settings
from andiron_daemon.sockets import is_loopback
from andiron_daemon.storage.budgets import SQLiteBudgets
from andiron_daemon.storage.database import Database
from andiron_daemon.storage.sendings import Sending, SQLiteSendings
from andiron_models.backend import Backend
from andiron_models.openai.client import Server
from andiron_models.router import CLOUD, LOCAL

__all__ = ("LimitsStatus", "PrivacyStatus", "Protection", "Sending", "protect")


class LimitsStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Every limit in force; 0 is none."""

    clients: TurnstileStatus
    body_bytes: int
    frame_bytes: int
    queue_requests: int
    queue_seconds: float
    first_token_seconds: float
    answer_seconds: float
    budget: BudgetStatus


class PrivacyStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Which backends are not on this machine, with their hosts, and which of them may answer."""

    outside: dict[str, str]
    trusted: tuple[str, ...]
    leaves_by_default: bool
    log_days: int


@dataclass(frozen=True, slots=True)
class Protection:
    """The backends behind what protects them, and what there is to tell of it."""

    settings: Settings
    backends: Mapping[str, Backend]
    outside: Mapping[str, str]
    sendings: SQLiteSendings
    budget: Budget
    turnstile: Turnstile
    known_secrets: list[str]

    def know(self, secret: str) -> None:
        """Mask one more value from now on; what was known before stays so, since it may still be written somewhere."""
        self.known_secrets.append(secret)

    async def limits(self) -> LimitsStatus:
        """Say which limits are in force and how they stand."""
        settings = self.settings
        return LimitsStatus(
            clients=self.turnstile.status(),
            body_bytes=settings.max_body_bytes,
            frame_bytes=settings.max_frame_bytes,
            queue_requests=settings.queue_limit,
            queue_seconds=settings.queue_seconds,
            first_token_seconds=settings.first_token_seconds,
            answer_seconds=settings.answer_seconds,
            budget=await self.budget.status(),
        )

    def privacy(self, policy: str) -> PrivacyStatus:
        """Say what may leave the machine under a policy."""
        return PrivacyStatus(
            outside=dict(self.outside),
            trusted=self.settings.trusted_backends,
            leaves_by_default=policy != LOCAL and (policy in self.outside or policy not in self.backends),
            log_days=self.settings.privacy_log_days,
        )


def protect(settings: Settings, paths: Paths, backends: Mapping[str, Backend], database: Database) -> Protection:
    """Put every backend behind what protects it; closing the result closes the backends."""
    outside = {name: host for name in backends if (host := outside_host(name, settings)) is not None}
    sendings = SQLiteSendings(database, settings.privacy_log_days)
    budget = Budget(SQLiteBudgets(database), CLOUD, settings.openai_daily_tokens)
    ignored = IgnoredPaths(paths.config / "andironignore")
    secrets = [secret for secret in (settings.token, settings.openai_api_key) if secret]
    deadlines = Deadlines(
        queue_seconds=settings.queue_seconds,
        first_token_seconds=settings.first_token_seconds,
        answer_seconds=settings.answer_seconds,
    )
    behind: dict[str, Backend] = {}
    for name, backend in backends.items():
        screened = backend
        if name in outside and name not in settings.trusted_backends:
            screened = ScreenedBackend(backend, outside[name], sendings, ignored, secrets)
        behind[name] = LimitedBackend(screened, deadlines, budget if name == CLOUD else None)
    turnstile = Turnstile(
        {
            "completions": settings.rate_completions,
            "generations": settings.rate_generations,
            "requests": settings.rate_requests,
        },
        settings.client_concurrency,
    )
    return Protection(settings, behind, outside, sendings, budget, turnstile, secrets)


def outside_host(name: str, settings: Settings) -> str | None:
    """Say where a backend is; None for one that is on this machine.

    Where a plug-in sends what it is given cannot be known, so that it counts as outside.
    """
    if name == LOCAL:
        return None
    if name != CLOUD:
        return f"wherever the plug-in {name} sends it"
    host = Server(settings.openai_base_url).host
    return None if is_loopback(host) else host
