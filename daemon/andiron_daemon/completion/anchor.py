"""The places a person edits, and the windows sent for them: kept still while text is typed.

The engine reuses what it has evaluated as long as a prompt begins alike. So a place keeps its window: the same
beginning, the same suffix, the same other files; typing only appends. A place is left for a new one when the
cursor jumps or the suffix really changes, and its window slides in one step when it has grown too long.

    cold ──► small window in force, large one pending ──prepared──► large window in force

What prepares a pending window is the service's affair; it tells through `Place.begin` and `Place.prepared`.
"""

import time
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from andiron_daemon.answers import characters_for
from andiron_daemon.completion.budget import Budgets
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.window import Window, is_trivially_different
from andiron_models.types import ExtraFile

PlaceKey = tuple[str, str, str]


class Material(msgspec.Struct, frozen=True, kw_only=True):
    """What a window can be made of now: the text as it is, and the budgets of the moment."""

    prefix: str
    stable_suffix: str
    budgets: Budgets
    tokens_per_second: float | None


class Place:
    """One place: the window in force, and the one being prepared to follow it."""

    def __init__(self, suffix: str, window: Window, pending: Window | None) -> None:
        self.suffix = suffix
        self.window = window
        self.pending = pending
        self._begun_at: float | None = None

    @property
    def is_being_prepared(self) -> bool:
        """Whether somebody works on the pending window."""
        return self._begun_at is not None

    def begin(self, now: float) -> None:
        """Note that the pending window is being evaluated."""
        self._begun_at = now

    def prepared(self, window: Window, *, is_done: bool) -> None:
        """Note how the preparation of a window ended."""
        if self.pending is window:
            self._begun_at = None
            if is_done:
                self.window, self.pending = window, None

    def take_over(self, now: float, tokens_per_second: float, target_seconds: float) -> None:
        """Put the pending window in force if finishing it would take no longer than answering cold."""
        if self.pending is None or self._begun_at is None:
            return
        remaining = self.pending.tokens / tokens_per_second - (now - self._begun_at)
        if remaining <= target_seconds:
            self.prepared(self.pending, is_done=True)


class Places:
    """The places of all sessions and paths, the least recently used forgotten first."""

    def __init__(self, policy: CompletionPolicy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock
        self._by_key: OrderedDict[PlaceKey, list[Place]] = OrderedDict()

    @property
    def count(self) -> int:
        """How many places are remembered."""
        return sum(len(places) for places in self._by_key.values())

    def quoted(self, key: PlaceKey) -> tuple[ExtraFile, ...]:
        """Return what other files were last quoted with, so that it may be quoted again as it was."""
        for place in self._by_key.get(key, []):
            window = place.pending or place.window
            if window.extra:
                return window.extra
        return ()

    def find(self, key: PlaceKey, material: Material) -> Place | None:
        """Find the place a text is at, as known so far."""
        places = self._by_key.get(key, [])
        for place in sorted(places, key=lambda place: place.suffix != material.stable_suffix):
            if not self._holds(place, material):
                continue
            places.remove(place)
            places.insert(0, place)
            self._by_key.move_to_end(key)
            self._bring_up_to_date(place, material)
            return place
        return None

    def enter(self, key: PlaceKey, material: Material, small: Window, large: Window) -> Place:
        """Begin a new place, with the window to answer from now and the one to prepare; they may be the same."""
        place = Place(material.stable_suffix, small, None if large == small else large)
        places = self._by_key.setdefault(key, [])
        self._by_key.move_to_end(key)
        places.insert(0, place)
        del places[self._policy.places_per_path :]
        while len(self._by_key) > self._policy.places:
            self._by_key.popitem(last=False)
        return place

    def outgrown(self, place: Place, material: Material) -> bool:
        """Tell whether the window has grown so long that another should be prepared."""
        text = (place.pending or place.window).text_for(material.prefix) or ""
        return len(text) > self._policy.window_slack * characters_for(material.budgets.large.prefix)

    def _holds(self, place: Place, material: Material) -> bool:
        """Tell whether a text is still at a place: its beginning is there, no flood of text came in, its end stays."""
        text = place.window.text_for(material.prefix)
        most = 2 * self._policy.window_slack * characters_for(material.budgets.large.prefix)
        return text is not None and len(text) <= most and self._is_same_suffix(place, material)

    def _bring_up_to_date(self, place: Place, material: Material) -> None:
        if place.pending is not None and place.pending.start_in(material.prefix) is None:
            place.pending = None
        if material.tokens_per_second:
            target_seconds = self._policy.cold_target_ms / 1000
            place.take_over(self._clock(), material.tokens_per_second, target_seconds)

    def _is_same_suffix(self, place: Place, material: Material) -> bool:
        suffix = material.stable_suffix
        if place.suffix == suffix:
            return True
        if place.window.tokens <= material.budgets.unnoticed_tokens:
            return False  # this machine evaluates it anew before anybody notices
        sent = len(place.window.suffix)
        return is_trivially_different(place.suffix[:sent], suffix[:sent], self._policy.suffix_similarity)
