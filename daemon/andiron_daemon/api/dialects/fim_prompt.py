"""Prompts that carry the tokens of a model that fills gaps, taken apart again.

Clients write them by templates of their own, often for another model than the one that answers. Whatever the
family, what is found is a gap, and goes the way of all gaps.
"""

import re
from typing import NamedTuple

from andiron_models.types import ExtraFile


class FimPrompt(NamedTuple):
    """The text around the gap, and what the prompt told of files."""

    prefix: str
    suffix: str
    path: str | None = None
    context: tuple[ExtraFile, ...] = ()


# (prefix token, suffix token, middle token); CodeLlama's have blanks of their own.
_FAMILIES = (
    ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    ("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    ("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    ("<|fim\u2581begin|>", "<|fim\u2581hole|>", "<|fim\u2581end|>"),
    ("<\uff5cfim\u2581begin\uff5c>", "<\uff5cfim\u2581hole\uff5c>", "<\uff5cfim\u2581end\uff5c>"),
    ("<PRE> ", " <SUF>", " <MID>"),
    ("<PRE>", "<SUF>", "<MID>"),
    ("[PREFIX]", "[SUFFIX]", None),
    ("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
)
_FILE_TOKENS = re.compile(r"<\|file_sep\|>|<file_sep>|<filename>|<\|file_separator\|>")
_REPOSITORY = re.compile(r"^(?:<\|repo_name\|>|<repo_name>|<reponame>)[^\n<]*\n?")
_LONGEST_PATH = 300


def parse_fim_prompt(prompt: str) -> FimPrompt | None:
    """Find the gap in a prompt; None where it is no such prompt."""
    for prefix_token, suffix_token, middle_token in _FAMILIES:
        if prefix_token in prompt and suffix_token in prompt:
            found = _take_apart(prompt, prefix_token, suffix_token, middle_token)
            if found is not None:
                return found
    return None


def _take_apart(prompt: str, prefix_token: str, suffix_token: str, middle_token: str | None) -> FimPrompt | None:
    at_prefix, at_suffix = prompt.find(prefix_token), prompt.find(suffix_token)
    behind_prefix, behind_suffix = at_prefix + len(prefix_token), at_suffix + len(suffix_token)
    end = len(prompt)
    typed = ""
    if middle_token is not None:
        end = prompt.rfind(middle_token)
        if end < max(at_prefix, at_suffix):
            return None
        typed = prompt[end + len(middle_token) :]
    if at_prefix < at_suffix:
        head, prefix, suffix = prompt[:at_prefix], prompt[behind_prefix:at_suffix], prompt[behind_suffix:end]
    else:
        head, suffix, prefix = prompt[:at_suffix], prompt[behind_suffix:at_prefix], prompt[behind_prefix:end]
    path, context = _files_of(head)
    return FimPrompt(prefix + typed, suffix, path, context)


def _files_of(head: str) -> tuple[str | None, tuple[ExtraFile, ...]]:
    """Read what stands before the gap: other files, and at its end the name of the gap's own."""
    _, *parts = _FILE_TOKENS.split(_REPOSITORY.sub("", head))
    files = [part.partition("\n") for part in parts]
    own = files[-1][0].strip() if files and not files[-1][2].strip() else None
    others = files[:-1] if own is not None else files
    context = tuple(
        ExtraFile(path=path.strip(), content=content)
        for path, _, content in others
        if path.strip() and len(path) <= _LONGEST_PATH and content.strip()
    )
    return (own or None), context
