"""Every number and switch of code completion that measurements may decide, in one place.

The defaults are what benchmarks/infill_quality.py and benchmarks/typing_replay.py were last decided by; the
tables are in docs/completion.md. Nothing else in this package holds a constant that changes what is suggested.
"""

from typing import Literal

import msgspec

SuffixStart = Literal["whole", "closers", "next_line"]


class CompletionPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How completion works; pass another to CompletionService to measure it.

    Budgets
        `cold_target_ms`, `warm_target_ms`: how long a first and a following request may spend on the prompt; the
            budgets are these times at the speed measured.
        `least_prefix_tokens`, `least_suffix_tokens`: what a cold window has at least, however slow the machine.
        `warm_seconds`: how long the background may work to prepare the large window of a place;
        `most_window_tokens` bounds that window on fast machines, `remote_window_tokens` is the window for backends
            that tell no speed.
        `suffix_share`, `context_share`, `header_share`: parts of a window for the text behind the cursor, for
            other files, and for the imports and signatures above a cut.
        `default_tokens_per_second`: believed until the engine told its own.
        `two_stage`: answer a cold place from the small window while the large one is prepared, where that is at
            least `worth_two_stages` times as large.
        `prompt_slack`: how many times the tokens estimated the backend may find before it cuts itself.

    Context
        `context_similarity`: the share of its lines around the cursor by which a snippet is no news;
        `context_recency`: how much more the newest file's snippets weigh than the oldest one's;
        `context_characters`: how much text before the cursor names are taken from (half of it behind).

    Anchor
        `window_slack`: how far a window may grow beyond its budget before it slides.
        `suffix_start`: whether the rest of the line is part of the suffix sent: `whole` always, `closers` unless it
            is only closing brackets and quotes, `next_line` never.
        `suffix_similarity`: the share of lines by which a suffix still counts as unchanged.
        `places_per_path`, `places`: how many are remembered; `preparations`: how many windows may wait for the
            background to prepare them.

    Length
        `line_tokens`, `statement_tokens`, `block_tokens`: most new tokens by kind of gap;
        `open_block_lines`: most lines where a block goes on without an end in sight.
        `fill_opened_blocks`: where the rest of a line opens a block that is empty, fill that too.

    Filters (`post_filters` false turns all of them off, and stopping early with them)
        `stop_early`, `truncate`, `balance_brackets`, `drop_duplicates`, `cut_repetitions`, `mend_seams`,
        `replace_closers`, `gate`.
        `duplicate_similarity`: how alike two lines must be to be the same one.
        `least_characters`: shorter suggestions are not worth showing.
        `least_line_logprob`: drop a text whose first line the model itself gives less chance than that; None does
            not ask how sure it is.
        `second_way`: where the first text is of no use, have it written anew from where the model was least sure, by
            another token at least as likely as `least_fork_logprob`.
        `skip_inside_words`: do not complete between two letters.

    Cache
        `cache_entries`; `cache_lines`: lines before the cursor that must agree; `renew_below`: what the token limit
            cut short is written anew once less than this share of it is left to type; `follow_running`: a request
            that goes on where a running one is heading waits for that instead of starting anew; `prefetch`: prepare
            the next suggestion after one was accepted.

    Candidates
        `most_candidates` may be asked for; those behind the first, greedy one are sampled at `candidate_temperature`.
    """

    cold_target_ms: float = 600.0
    warm_target_ms: float = 150.0
    least_prefix_tokens: int = 256
    least_suffix_tokens: int = 192
    warm_seconds: float = 6.0
    most_window_tokens: int = 3072
    remote_window_tokens: int = 3072
    suffix_share: float = 0.3
    context_share: float = 0.25
    header_share: float = 0.2
    default_tokens_per_second: float = 150.0
    two_stage: bool = True
    worth_two_stages: float = 1.5
    prompt_slack: float = 1.6

    context_similarity: float = 0.5
    context_recency: float = 0.3
    context_characters: int = 2500

    window_slack: float = 1.4
    suffix_start: SuffixStart = "closers"
    suffix_similarity: float = 0.9
    places_per_path: int = 4
    places: int = 64
    preparations: int = 8

    line_tokens: int = 64
    statement_tokens: int = 96
    block_tokens: int = 160
    open_block_lines: int = 8
    fill_opened_blocks: bool = True

    post_filters: bool = True
    stop_early: bool = True
    truncate: bool = True
    balance_brackets: bool = True
    drop_duplicates: bool = True
    cut_repetitions: bool = True
    mend_seams: bool = True
    replace_closers: bool = True
    gate: bool = True
    duplicate_similarity: float = 0.9
    least_characters: int = 1
    least_line_logprob: float | None = -9.0
    second_way: bool = True
    least_fork_logprob: float = -4.0
    skip_inside_words: bool = False

    cache_entries: int = 256
    cache_lines: int = 12
    renew_below: float = 0.5
    follow_running: bool = True
    prefetch: bool = True

    most_candidates: int = 8
    candidate_temperature: float = 0.6

    def does(self, filter_name: str) -> bool:
        """Tell whether a filter is on."""
        return self.post_filters and bool(getattr(self, filter_name))
