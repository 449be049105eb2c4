"""Filling a gap with a model that can only chat, and keeping a gap's text within its bounds; pure functions.

The model is shown the text with a mark where the gap is and asked for nothing but what belongs there. Chat
models answer with fences and with the line they continue all the same; `clean` takes both off again.
"""

from typing import NamedTuple

from andiron_models.openai.wire import first_line
from andiron_models.types import InfillRequest, Message, Truncated

MARK = "<|gap|>"
# There is no tokenizer for the server's model here; code runs at three to four characters a token.
CHARACTERS_PER_TOKEN = 3
_PREFIX_SHARE = 0.75
_INSTRUCTION = (
    f"You are a code completion engine. The user sends a file in which {MARK} marks the cursor. "
    "Answer with exactly the text to be inserted there and nothing else: no explanation, no code fences, "
    "no repetition of the text before or after it. Keep the file's indentation and style. Stop where the "
    "inserted text is complete."
)
_ONE_LINE = " Insert at most the rest of the current line."


class Gap(NamedTuple):
    """The text around the gap that is sent, and what was left out."""

    prefix: str
    suffix: str
    with_extra: bool
    truncated: Truncated | None


def gap_within(request: InfillRequest, *, takes_extra: bool) -> Gap:
    """Cut the text far from the gap so that it stays within `max_prompt_tokens`, estimated.

    Other files go first (they always go where nothing `takes_extra`), then the suffix's end and the prefix's
    beginning.
    """
    extra = sum(len(file.path) + len(file.content) for file in request.extra)
    around = len(request.prefix) + len(request.suffix)
    room = max(request.max_prompt_tokens, 1) * CHARACTERS_PER_TOKEN if request.max_prompt_tokens else around + extra
    with_extra = takes_extra and extra > 0 and around + extra <= room
    prefix, suffix = request.prefix, request.suffix
    if around > room:
        prefix = prefix[-max(int(room * _PREFIX_SHARE), room - len(suffix)) :]
        suffix = suffix[: room - len(prefix)]
    lengths = {
        "other files": 0 if with_extra else extra,
        "prefix": len(request.prefix) - len(prefix),
        "suffix": len(request.suffix) - len(suffix),
    }
    tokens = -(-sum(lengths.values()) // CHARACTERS_PER_TOKEN)
    if not tokens:
        return Gap(prefix, suffix, with_extra, None)
    what = ", ".join(name for name, length in lengths.items() if length)
    return Gap(prefix, suffix, with_extra, Truncated(dropped_tokens=tokens, what=f"{what} (estimated)"))


def filler_messages(request: InfillRequest, gap: Gap) -> tuple[Message, ...]:
    """Ask a chat model to fill the gap."""
    instruction = _INSTRUCTION + (_ONE_LINE if request.single_line else "")
    parts = [f"Another file, {file.path}:\n{file.content}\n" for file in request.extra if gap.with_extra]
    described = request.path or (f"a {request.language} file" if request.language else "the file")
    parts.append(f"{described}:\n{gap.prefix}{MARK}{gap.suffix}")
    return (Message(role="system", content=instruction), Message(role="user", content="\n".join(parts)))


def clean(answer: str, gap: Gap) -> str:
    """Take off fences, the mark, and what repeats the line before the gap or the line after it."""
    text = _without_fences(answer.replace(MARK, ""))
    line = gap.prefix.rpartition("\n")[2]
    if line.strip() and text.lstrip().startswith(line.strip()):
        text = text.lstrip()[len(line.strip()) :]
        # What stood between the line's last word and the cursor is there already.
        trailing = len(line) - len(line.rstrip())
        text = text[_common_blanks(text, trailing) :]
    following = gap.suffix.partition("\n")[0]
    if following.strip() and text.endswith(following):
        text = text[: -len(following)]
    return text


def finished(text: str, request: InfillRequest) -> tuple[str, bool]:
    """End a cleaned answer at a stop string, and after its first line where one is wanted; says whether it did."""
    ends = [end for end in (text.find(stop) for stop in request.sampling.stop) if end >= 0]
    kept = text[: min(ends)] if ends else text
    line, was_cut = first_line(kept) if request.single_line else (kept, False)
    return line, was_cut or bool(ends)


def _without_fences(text: str) -> str:
    stripped = text.strip()
    if not stripped.startswith("```"):
        return text
    body = stripped.partition("\n")[2]
    return body.rpartition("```")[0].removesuffix("\n") if "```" in body else body


def _common_blanks(text: str, most: int) -> int:
    count = 0
    while count < most and count < len(text) and text[count] in " \t":
        count += 1
    return count
