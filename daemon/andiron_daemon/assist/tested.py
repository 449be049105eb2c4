"""Tests as a model writes them, made into a file: the right imports, nothing of the code under test, nothing broken.

All by tree: imports and copies of the code under test are taken out, and of an answer that was cut only what is whole
is kept. Where the header opens a block, as for tests in the file they are of, the tests stand in it.
"""

import re
import textwrap
from typing import TYPE_CHECKING

import msgspec

from andiron_daemon.assist.calls import problems_of_calls
from andiron_daemon.assist.definitions import definitions_of, identifiers
from andiron_daemon.assist.frameworks import Framework
from andiron_daemon.assist.imports import needed_imports
from andiron_daemon.assist.validation import Problem, problems_of_code
from andiron_daemon.syntax.languages import Language
from andiron_daemon.syntax.parse import Syntax, parse
from andiron_daemon.syntax.scopes import IMPORTS

if TYPE_CHECKING:
    import tree_sitter

_ASSERTION = re.compile(r"(?i)assert|expect|\braises\b|\bfail\b|\bt\.(?:error|fatal)|should_panic")
_RUST_MODULE = re.compile(r"^#\[cfg\(test\)\]\s*(?:pub )?mod \w+ \{\n(.*?)(?:^\}|\Z)", re.DOTALL | re.MULTILINE)
_REQUIRE = re.compile(r"^(?:const|let|var)\b.*\brequire\(")
_PARSE_SECONDS = 5.0


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """A file of tests in parts; `covers` are the symbols its body mentions."""

    header: str
    imports: tuple[str, ...]
    body: str
    covers: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def text(self) -> str:
        """The whole file."""
        return _joined(self.header, self.imports, self.body)


def written_tests(
    code: str, header: str, framework: Framework, source: Syntax, symbols: tuple[str, ...], stem: str
) -> Written:
    """Put a file together and look whether it can be told; `source` is what it tests."""
    language = source.language
    if language.name == "rust":
        # Tests in a file of their own need no module, and where they do the header opens it.
        code = _RUST_MODULE.sub(lambda match: textwrap.dedent(match[1]), code)
    syntax = _parsed(code, language)
    if syntax is None:
        problem = Problem(kind="not_parsed", message="the tests take too long to parse")
        return Written(header=header, imports=(), body=code, problems=(problem,))
    names = {name.rpartition(".")[2] for name in symbols}
    if language.name == "go":
        # Tests share the package's names with the code.
        names = names | {one.name for one in definitions_of(source)}
    written, body = _parted(syntax, names)
    imports = needed_imports(written, header, body, language.name, names, stem)
    return looked_at(Written(header=header, imports=imports, body=body), framework, source, symbols)


def looked_at(written: Written, framework: Framework, source: Syntax, symbols: tuple[str, ...]) -> Written:
    """Say what a file covers, and what is wrong with it."""
    syntax = _parsed(written.body, source.language)
    if syntax is None:
        problem = Problem(kind="not_parsed", message="the tests take too long to parse")
        return msgspec.structs.replace(written, problems=(problem,))
    mentioned = {name for name, _ in identifiers(syntax, 0, len(syntax.text))}
    covers = tuple(name for name in symbols if name.rpartition(".")[2] in mentioned)
    names = {name.rpartition(".")[2] for name in symbols}
    problems = _problems(written, covers, framework, source.language, names)
    problems = problems or problems_of_calls(syntax, source, names)
    return msgspec.structs.replace(written, covers=covers, problems=tuple(problems))


def _parsed(code: str, language: Language) -> Syntax | None:
    """Parse what is to stand behind a header, which in PHP says where code begins."""
    if language.name == "php":
        code = f"<?php\n{code.lstrip().removeprefix('<?php')}"
    return parse(code, language, limit_seconds=_PARSE_SECONDS)


def _parted(syntax: Syntax, names: set[str]) -> tuple[list[str], str]:
    """Part the code into its imports and the rest that is kept."""
    imports: list[str] = []
    kept: list[str] = []
    end = syntax.root.start_byte
    for node in syntax.root.children:
        text = syntax.text_of(node)
        between = syntax.text[syntax.character_of(end) : syntax.character_of(node.start_byte)]
        gap = _gap(between, text, syntax.language)
        end = node.end_byte
        if node.type == "php_tag":
            continue
        if node.type in IMPORTS or _REQUIRE.match(text):
            imports.append(text)
        elif not _is_broken(node, syntax) and not _is_copy(node, names, syntax):
            kept.append(gap + text if kept else text)
    return imports, "".join(kept).strip()


def _gap(between: str, text: str, language: Language) -> str:
    """Return what parts two statements: in Python, two lines before a definition."""
    if language.name == "python" and text.startswith(("def ", "class ", "@", "async def ")):
        return "\n\n\n"
    return "\n\n" if "\n\n" in between else "\n"


def _is_broken(node: "tree_sitter.Node", syntax: Syntax) -> bool:
    """Tell whether this is where an answer broke off: the last thing in it, and not whole."""
    return node.has_error and node.end_byte >= len(syntax.text.rstrip().encode("utf-8", "replace"))


def _is_copy(node: "tree_sitter.Node", names: set[str], syntax: Syntax) -> bool:
    """Tell whether a node defines what is to be tested, or is the usual last line that runs a file."""
    text = syntax.text_of(node)
    if text.startswith("if __name__"):
        return True
    start, end = syntax.character_of(node.start_byte), syntax.character_of(node.end_byte)
    defined = [one for one in definitions_of(syntax) if one.parent is None and start <= one.name_start < end]
    is_shared = syntax.language.name == "go"
    return bool(defined) and all(one.name in names and (is_shared or one.kind != "value") for one in defined)


def _joined(header: str, imports: tuple[str, ...], body: str) -> str:
    if header.count("{") > header.count("}"):
        inside = textwrap.indent("\n".join([*imports, "", body]), "    ")
        return f"{header}\n{inside}\n}}\n"
    if header.startswith("from "):
        top = "\n".join([*imports, "", header]) if imports else header
    else:
        top = "\n".join([header, *imports])
    return f"{top}\n\n\n{body}\n" if header.startswith(("from ", "import unittest")) else f"{top}\n\n{body}\n"


def _problems(
    written: Written, covers: tuple[str, ...], framework: Framework, language: Language, names: set[str]
) -> list[Problem]:
    body = written.body
    problems = problems_of_code(written.text, language)
    if problems:
        return problems
    if not all(re.search(pattern, body, re.MULTILINE) for pattern in (framework.start, framework.around)):
        message = f"there are no tests for {framework.name} in it. {framework.style}"
        problems.append(Problem(kind="no_tests", message=message))
    elif not _ASSERTION.search(body):
        problems.append(Problem(kind="no_assertions", message="nothing is asserted"))
    if not covers:
        shown = ", ".join(sorted(names)[:5])
        problems.append(Problem(kind="covers_nothing", message=f"none of these is called: {shown}"))
    return problems
