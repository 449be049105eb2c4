"""One request made fit to leave the machine: its private files taken out and its secrets masked; it blocks."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from andiron_daemon.privacy.environment_files import environment_values
from andiron_daemon.privacy.ignore import IgnoredPaths, absolute_path
from andiron_daemon.privacy.mask import Mask
from andiron_daemon.privacy.quotes import quoted_paths, without_private, workspace_of
from andiron_models.errors import BackendUnavailableError
from andiron_models.types import ChatRequest, InfillRequest, Message, Sampling, Tool

_HEAD = re.compile(r"^(File |Workspace: )(/[^\n]*)", re.MULTILINE)
Request = TypeVar("Request", ChatRequest, InfillRequest)


class PrivatePathError(BackendUnavailableError):
    """The file that is worked on is never sent away; under `auto` the local engine answers instead."""

    code = "private_path"


class Covered(msgspec.Struct, Generic[Request], frozen=True, kw_only=True):
    """A request as it may be sent; `paths` went along, `withheld` were left out."""

    request: Request
    mask: Mask
    paths: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()


def cover_chat(request: ChatRequest, ignored: IgnoredPaths, known: Iterable[str] = ()) -> Covered[ChatRequest]:
    """Make a chat fit to be sent.

    Raises:
        PrivatePathError: it is about a private file as a whole.
    """
    workspace = next((found for message in request.messages if (found := workspace_of(message.content))), None)

    def is_private(path: str) -> bool:
        return ignored.is_private(path, workspace)

    for path in request.paths:
        if is_private(path):
            raise _private(path)
    left = [without_private(message.content, is_private) for message in request.messages]
    contents = [content for content, _ in left]
    withheld = tuple(dict.fromkeys(path for _, paths in left for path in paths))
    quoted = (path for content in contents for path in quoted_paths(content))
    paths = tuple(dict.fromkeys((*request.paths, *quoted)))
    values = {*known, *_environment(paths, workspace)}
    calls = [call.arguments for message in request.messages for call in message.tool_calls]
    mask = Mask([*contents, *calls, *_texts_of_tools(request.tools), *_texts_of(request.sampling)], values)
    messages = tuple(
        _covered_message(message, content, mask) for message, content in zip(request.messages, contents, strict=True)
    )
    tools = tuple(_covered_tool(tool, mask) for tool in request.tools)
    covered = msgspec.structs.replace(
        request, messages=messages, tools=tools, sampling=_covered_sampling(request.sampling, mask)
    )
    return Covered(request=covered, mask=mask, paths=paths, withheld=withheld)


def cover_infill(request: InfillRequest, ignored: IgnoredPaths, known: Iterable[str] = ()) -> Covered[InfillRequest]:
    """Make a gap fit to be sent.

    Raises:
        PrivatePathError: the gap is in a private file.
    """
    if request.path is not None and ignored.is_private(request.path):
        raise _private(request.path)
    workspace = _folder_of(request.path)
    private = {file.path for file in request.extra if ignored.is_private(file.path, workspace)}
    extra = tuple(file for file in request.extra if file.path not in private)
    paths = tuple(dict.fromkeys([*([request.path] if request.path else []), *(file.path for file in extra)]))
    texts = [request.prefix, request.suffix, *(file.content for file in extra), *_texts_of(request.sampling)]
    mask = Mask(texts, {*known, *_environment(paths, workspace)}, seams=((request.prefix, request.suffix),))
    covered = msgspec.structs.replace(
        request,
        prefix=mask.cover(request.prefix),
        suffix=mask.cover(request.suffix),
        path=None if request.path is None else _without_home(mask.cover(request.path)),
        extra=tuple(
            msgspec.structs.replace(file, path=_without_home(mask.cover(file.path)), content=mask.cover(file.content))
            for file in extra
        ),
        sampling=_covered_sampling(request.sampling, mask),
    )
    return Covered(request=covered, mask=mask, paths=paths, withheld=tuple(sorted(private)))


def _private(path: str) -> PrivatePathError:
    return PrivatePathError(
        f"{path} is private, and its text is not sent to a backend that is not on this machine",
        hint="Let the local engine answer (backend `local`), or take the file back in .andironignore "
        "with a line that begins with `!`.",
        # The backend itself is well: the router need not leave it alone for a while.
        details={"path": path, "retry_after_seconds": 0},
    )


def size_bytes(request: ChatRequest | InfillRequest) -> int:
    """Say how much text of a person's a request holds, in UTF-8."""
    if isinstance(request, ChatRequest):
        texts = [message.content for message in request.messages]
        texts += [call.arguments for message in request.messages for call in message.tool_calls]
        texts += [image for message in request.messages for image in message.images]
        texts += _texts_of_tools(request.tools)
    else:
        texts = [request.prefix, request.suffix]
        texts += [text for file in request.extra for text in (file.path, file.content)]
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


def _covered_message(message: Message, content: str, mask: Mask) -> Message:
    calls = tuple(msgspec.structs.replace(call, arguments=mask.cover(call.arguments)) for call in message.tool_calls)
    return msgspec.structs.replace(message, content=_without_home_in_heads(mask.cover(content)), tool_calls=calls)


def _covered_tool(tool: Tool, mask: Mask) -> Tool:
    description = None if tool.description is None else mask.cover(tool.description)
    return msgspec.structs.replace(tool, description=description, parameters=_covered_json(tool.parameters, mask))


def _covered_sampling(sampling: Sampling, mask: Mask) -> Sampling:
    """Stop strings and grammars are made of a person's text too."""
    return msgspec.structs.replace(
        sampling,
        stop=tuple(mask.cover(stop) for stop in sampling.stop),
        grammar=None if sampling.grammar is None else mask.cover(sampling.grammar),
        json_schema=None if sampling.json_schema is None else _covered_json(sampling.json_schema, mask),
    )


def _covered_json(value: Any, mask: Mask) -> Any:
    if isinstance(value, str):
        return mask.cover(value)
    if isinstance(value, list):
        return [_covered_json(item, mask) for item in value]
    if isinstance(value, dict):
        return {mask.cover(key): _covered_json(item, mask) for key, item in value.items()}
    return value


def _texts_of(sampling: Sampling) -> list[str]:
    schema = [] if sampling.json_schema is None else list(_strings(sampling.json_schema))
    return [*sampling.stop, sampling.grammar or "", *schema]


def _texts_of_tools(tools: Iterable[Tool]) -> list[str]:
    return [text for tool in tools for text in (tool.name, tool.description or "", *_strings(tool.parameters))]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)


def _environment(paths: Iterable[str], workspace: str | None) -> set[str]:
    """Return the values of the environment files around the workspace and the files that go along."""
    folders = {file.parent for path in paths if (file := absolute_path(path, workspace)) is not None}
    if workspace is not None and Path(workspace).is_absolute():
        folders.add(Path(workspace))
    return {value for folder in folders for value in environment_values(folder)}


def _folder_of(path: str | None) -> str | None:
    file = absolute_path(path, None) if path else None
    return None if file is None else str(file.parent)


def _without_home(path: str) -> str:
    """Write a person's home folder as `~`: its name is mostly theirs."""
    home = f"{Path.home()}/"
    return f"~/{path[len(home) :]}" if len(home) > 2 and path.startswith(home) else path


def _without_home_in_heads(text: str) -> str:
    """Do so where a chat names a file or the workspace."""
    return _HEAD.sub(lambda match: match[1] + _without_home(match[2]), text)
