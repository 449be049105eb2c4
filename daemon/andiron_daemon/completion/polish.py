"""From what a model wrote to what is worth showing: every filter, in its order.

Text comes in as it was stopped, and leaves cut to one unit, without what stands there already, with both
seams mended; or a reason comes instead. How it fits over brackets right of the cursor is decided when it is
shown (`Suggestion.insertion`), since those may come and go until then.
"""

from collections.abc import Sequence

import msgspec

from andiron_daemon.completion.brackets import enclosure_of, without_excess
from andiron_daemon.completion.duplicates import duplicates_suffix, without_following_lines, without_line_rest
from andiron_daemon.completion.gap import Gap
from andiron_daemon.completion.gate import refusal
from andiron_daemon.completion.multiline import Extent
from andiron_daemon.completion.policy import CompletionPolicy
from andiron_daemon.completion.repetition import cut_repetitions
from andiron_daemon.completion.replace import Insertion, fit_to_closers
from andiron_daemon.completion.seams import mend_left, mend_right
from andiron_daemon.completion.stop import Watch
from andiron_daemon.completion.truncate import drop_unfinished, least_broken
from andiron_daemon.completion.types import Reason
from andiron_daemon.syntax.cursor import Surroundings
from andiron_daemon.syntax.languages import Language
from andiron_models.types import TokenLogprob

# A model that writes one of these has lost its place, unless the text around it is about them.
_STRAYS = (
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|endoftext|>",
    "<|file_sep|>",
    "<|repo_name|>",
    "<|im_start|>",
    "<|im_end|>",
    "<fim_prefix>",
    "<fim_suffix>",
    "<fim_middle>",
    "<file_sep>",
    "<|file_separator|>",
)


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """All the filters know of where a suggestion goes.

    `is_asked_for`: the caller wants several lines; `is_confined`: one line, whatever that line opens.
    """

    gap: Gap
    extent: Extent
    surroundings: Surroundings
    language: Language | None
    is_asked_for: bool = False
    is_confined: bool = False

    @property
    def is_single_line(self) -> bool:
        """Whether no more than a line can come: where it may open a block, more can."""
        is_at_line_end = self.surroundings is Surroundings.CODE and not self.gap.line_behind.strip()
        return self.extent is Extent.LINE and (self.is_confined or not is_at_line_end)


class Suggestion(msgspec.Struct, frozen=True):
    """A text worth showing."""

    text: str

    def insertion(self, gap: Gap, policy: CompletionPolicy) -> Insertion:
        """Say what to insert at a gap, and over how much."""
        return fit_to_closers(self.text, gap) if policy.does("replace_closers") else Insertion(self.text)


def polish(
    written: str, scene: Scene, policy: CompletionPolicy, *, is_cut_short: bool, logprobs: Sequence[TokenLogprob] = ()
) -> Suggestion | Reason:
    """Make a suggestion of what was written; `is_cut_short` says that the token limit ended it."""
    if not policy.post_filters:
        return Suggestion(written) if written else "no_confidence"
    text = _cut(written, scene, policy, is_cut_short=is_cut_short)
    if (
        policy.drop_duplicates
        and not text.strip()
        and duplicates_suffix(written, scene.gap, policy.duplicate_similarity)
    ):
        return "duplicates_suffix"
    if policy.mend_seams:
        text = mend_left(text, scene.gap, scene.language)
    if policy.balance_brackets and scene.surroundings is not Surroundings.COMMENT:
        text = without_excess(text, scene.gap, enclosure_of(scene.gap, scene.language), scene.language)
    if policy.drop_duplicates:
        # What the cut left nothing of said the same as the suffix from its first line on.
        if duplicates_suffix(text if text.strip() else written, scene.gap, policy.duplicate_similarity):
            return "duplicates_suffix"
        kept = without_following_lines(without_line_rest(text, scene.gap), scene.gap)
        if text.strip() and not kept.strip():
            return "duplicates_suffix"
        text = kept
    if policy.mend_seams:
        text = mend_right(text, scene.gap, scene.language)
    reason = refusal(text, scene.gap, policy, logprobs) if policy.gate else None
    if reason is None and not text:
        reason = "no_confidence"
    return Suggestion(text) if reason is None else reason


def watch_for(scene: Scene, policy: CompletionPolicy) -> Watch:
    """Make the watch over a suggestion for a place."""
    return Watch(
        scene.gap,
        scene.extent,
        scene.language,
        policy,
        is_asked_for=scene.is_asked_for,
        fills_blocks=policy.fill_opened_blocks and not scene.is_single_line,
    )


def _cut(text: str, scene: Scene, policy: CompletionPolicy, *, is_cut_short: bool) -> str:
    """Cut a text at its end: strays, the unit's end, repetitions, what breaks the syntax."""
    if not any(stray in scene.gap.prefix or stray in scene.gap.suffix for stray in _STRAYS):
        for stray in _STRAYS:
            text = text.partition(stray)[0]
    if policy.truncate:
        if is_cut_short:
            text = drop_unfinished(text, scene.extent, scene.language)
        watch = watch_for(scene, policy)
        verdict = watch.feed(text) or watch.finish()
        text = text if verdict is None else text[: verdict.length]
    if policy.cut_repetitions:
        text = cut_repetitions(text)
    return least_broken(text, scene.gap, scene.language) if policy.truncate else text
