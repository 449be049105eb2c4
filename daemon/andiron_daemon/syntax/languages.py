"""The languages Andiron knows: how they are named, recognised, commented and cut into blocks.

`language_of` goes by the caller's word first, then by the path, then by the text itself. A language without a
grammar is still worth its row: indentation, comments and quotes carry completion a long way.
"""

import re
from pathlib import PurePosixPath

import msgspec

# Text that is looked at to recognise a language; what matters stands at the top of a file.
_SNIFFED_CHARACTERS = 4096
_NAMES_WITH_DOTS = re.compile(r"[\\/]")


class Language(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the table.

    `grammar` is `module:function` of a tree-sitter wheel. `blocks_by_indentation` is for languages where dedenting
    ends a block. `aliases` are the words editors and people use for it beside `name`.
    """

    name: str
    extensions: tuple[str, ...]
    grammar: str | None = None
    aliases: tuple[str, ...] = ()
    file_names: tuple[str, ...] = ()
    line_comments: tuple[str, ...] = ("//",)
    block_comment: tuple[str, str] | None = ("/*", "*/")
    quotes: tuple[str, ...] = ('"', "'")
    blocks_by_indentation: bool = False
    block_ends: tuple[str, ...] = ("}",)
    is_prose: bool = False


_HASH = ("#",)

LANGUAGES: tuple[Language, ...] = (
    Language(
        name="python",
        extensions=("py", "pyi", "pyw"),
        grammar="tree_sitter_python:language",
        aliases=("py", "python3"),
        file_names=("SConstruct", "SConscript"),
        line_comments=_HASH,
        block_comment=None,
        quotes=('"""', "'''", '"', "'"),
        blocks_by_indentation=True,
        block_ends=(),
    ),
    Language(
        name="javascript",
        extensions=("js", "jsx", "mjs", "cjs"),
        grammar="tree_sitter_javascript:language",
        aliases=("js", "javascriptreact", "jsx"),
        quotes=('"', "'", "`"),
    ),
    Language(
        name="typescript",
        extensions=("ts", "mts", "cts"),
        grammar="tree_sitter_typescript:language_typescript",
        aliases=("ts",),
        quotes=('"', "'", "`"),
    ),
    Language(
        name="tsx",
        extensions=("tsx",),
        grammar="tree_sitter_typescript:language_tsx",
        aliases=("typescriptreact",),
        quotes=('"', "'", "`"),
    ),
    Language(
        name="go", extensions=("go",), grammar="tree_sitter_go:language", aliases=("golang",), quotes=('"', "'", "`")
    ),
    # A quote may begin a lifetime in Rust, so only double ones count.
    Language(name="rust", extensions=("rs",), grammar="tree_sitter_rust:language", aliases=("rs",), quotes=('"',)),
    Language(name="java", extensions=("java",), grammar="tree_sitter_java:language"),
    Language(name="c", extensions=("c", "h"), grammar="tree_sitter_c:language"),
    Language(
        name="cpp",
        extensions=("cpp", "cc", "cxx", "hpp", "hh", "hxx", "ipp", "cu"),
        grammar="tree_sitter_cpp:language",
        aliases=("c++", "cuda-cpp"),
    ),
    Language(name="csharp", extensions=("cs",), grammar="tree_sitter_c_sharp:language", aliases=("c#", "cs")),
    Language(
        name="ruby",
        extensions=("rb", "rake", "gemspec"),
        grammar="tree_sitter_ruby:language",
        aliases=("rb",),
        file_names=("Rakefile", "Gemfile"),
        line_comments=_HASH,
        block_comment=None,
        block_ends=("end", "}"),
    ),
    Language(
        name="php", extensions=("php", "phtml"), grammar="tree_sitter_php:language_php", line_comments=("//", "#")
    ),
    Language(
        name="bash",
        extensions=("sh", "bash", "zsh", "ksh"),
        grammar="tree_sitter_bash:language",
        aliases=("shellscript", "shell", "sh", "zsh"),
        file_names=(".bashrc", ".bash_profile", ".profile", ".zshrc"),
        line_comments=_HASH,
        block_comment=None,
        block_ends=("fi", "done", "esac", "}"),
    ),
    Language(name="kotlin", extensions=("kt", "kts"), grammar="tree_sitter_kotlin:language", quotes=('"""', '"', "'")),
    Language(name="swift", extensions=("swift",), grammar="tree_sitter_swift:language", quotes=('"""', '"')),
    Language(
        name="sql",
        extensions=("sql",),
        grammar="tree_sitter_sql:language",
        aliases=("mysql", "postgres", "postgresql", "sqlite", "plsql"),
        line_comments=("--",),
        block_ends=("end",),
    ),
    Language(
        name="html",
        extensions=("html", "htm", "xhtml", "vue", "svelte"),
        grammar="tree_sitter_html:language",
        aliases=("vue", "svelte"),
        line_comments=(),
        block_comment=("<!--", "-->"),
        block_ends=("</",),
    ),
    Language(
        name="css",
        extensions=("css", "scss", "less"),
        grammar="tree_sitter_css:language",
        aliases=("scss", "less"),
        line_comments=(),
    ),
    Language(
        name="json",
        extensions=("json", "jsonc", "json5", "webmanifest"),
        grammar="tree_sitter_json:language",
        aliases=("jsonc", "json5"),
        quotes=('"',),
        block_ends=("}", "]"),
    ),
    Language(
        name="yaml",
        extensions=("yaml", "yml"),
        grammar="tree_sitter_yaml:language",
        aliases=("yml", "dockercompose"),
        line_comments=_HASH,
        block_comment=None,
        blocks_by_indentation=True,
        block_ends=(),
    ),
    Language(
        name="markdown",
        extensions=("md", "markdown", "mdx"),
        grammar="tree_sitter_markdown:language",
        aliases=("md",),
        line_comments=(),
        block_comment=("<!--", "-->"),
        quotes=(),
        block_ends=(),
        is_prose=True,
    ),
)

_BY_WORD = {word: row for row in LANGUAGES for word in (row.name, *row.aliases)}
_BY_EXTENSION = {extension: row for row in LANGUAGES for extension in row.extensions}
_BY_FILE_NAME = {name: row for row in LANGUAGES for name in row.file_names}

_INTERPRETERS = (("python", "python"), ("node", "javascript"), ("ruby", "ruby"), ("php", "php"), ("sh", "bash"))

# What gives a language away at the beginning of a line; each hit counts, the most telling come first.
_TELLING: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("php", re.compile(r"<\?php")),
    ("html", re.compile(r"(?i)\A\s*(<!doctype html|<html)")),
    ("go", re.compile(r"(?m)^(package \w+$|func (\(\w+ \*?\w+\) )?\w+\(|import \($)")),
    ("rust", re.compile(r"(?m)^\s*(pub )?(fn \w+.*\{|impl\b|use \w+(::\w+)+;|let mut |#\[derive)")),
    ("cpp", re.compile(r"(?m)^\s*(#include <\w+>$|using namespace |template ?<|std::|class \w+ .*\{|namespace \w+)")),
    ("csharp", re.compile(r"(?m)^\s*(using System|namespace [\w.]+|public (sealed |static |partial )*class )")),
    (
        "java",
        re.compile(r"(?m)^\s*(package [\w.]+;|import (static )?[\w.]+(\.\*)?;|public (final )?(class|interface) )"),
    ),
    ("kotlin", re.compile(r"(?m)^\s*(fun \w+\(.*[{=]$|val \w+( :|:| =)|data class |import [\w.]+$)")),
    ("swift", re.compile(r"(?m)^\s*(import (Foundation|SwiftUI|UIKit)|func \w+\(.*\{$|guard let |struct \w+: )")),
    (
        "c",
        re.compile(r"(?m)^\s*(#include [<\"][\w/.]+\.h[>\"]|#define |typedef struct|(static |int |void )\w+\(.*\{?$)"),
    ),
    ("ruby", re.compile(r"(?m)^\s*(require(_relative)? ['\"]|def \w+[^:]*$|module \w+$|end$|attr_(reader|accessor) )")),
    ("python", re.compile(r"(?m)^\s*(def \w+\(.*:$|class \w+.*:$|from [\w.]+ import |import \w+|if __name__|@\w+)")),
    ("typescript", re.compile(r"(?m)^\s*(interface \w+ \{|type \w+ =|export (type|interface|enum) |import type )")),
    ("javascript", re.compile(r"(?m)^\s*((const|let|var) \w+ =|function \w*\(|import .* from ['\"]|module\.exports)")),
    ("sql", re.compile(r"(?im)^\s*(select .* from |create (table|index|view) |insert into |alter table )")),
    ("bash", re.compile(r"(?m)^\s*(fi|done|esac|if \[\[? .*|export \w+=|\w+\(\) \{)$")),
    ("css", re.compile(r"(?m)^\s*([.#]?[\w-]+( [.#]?[\w-]+)* \{|@media |--[\w-]+:)")),
    ("json", re.compile(r'\A\s*[{[]\s*("[^"\n]*"\s*:|[{["])')),
    ("yaml", re.compile(r"(?m)\A---$|^[\w-]+:( \S.*)?$")),
    ("markdown", re.compile(r"(?m)^(#{1,6} \S|```|\* \S|- \[[ x]\] )")),
)


def language_named(word: str) -> Language | None:
    """Find a language by one of its names, as editors and people spell them."""
    return _BY_WORD.get(word.strip().lower())


def language_of_path(path: str) -> Language | None:
    """Find a language by a file's name."""
    name = PurePosixPath(_NAMES_WITH_DOTS.sub("/", path)).name
    if name in _BY_FILE_NAME:
        return _BY_FILE_NAME[name]
    _, dot, extension = name.rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot else None


def language_of_text(text: str) -> Language | None:
    """Guess a language by a text's beginning; None where nothing speaks for one."""
    head = text[:_SNIFFED_CHARACTERS]
    if head.startswith("#!"):
        line = head.partition("\n")[0]
        for word, name in _INTERPRETERS:
            if word in line:
                return _BY_WORD[name]
    scores = [(len(pattern.findall(head)), name) for name, pattern in _TELLING]
    score, name = max(scores, key=lambda scored: scored[0])
    return _BY_WORD[name] if score else None


def language_of(word: str | None, path: str | None, text: str) -> Language | None:
    """Find the language by what the caller says, else by the path, else by the text."""
    found = language_named(word) if word else None
    if found is None and path:
        found = language_of_path(path)
    if found is None and not word:
        found = language_of_text(text)
    return found
