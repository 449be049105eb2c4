"""Which language a text is in."""

import pytest

from andiron_daemon.syntax.languages import LANGUAGES, language_named, language_of, language_of_path, language_of_text


def test_no_name_extension_or_file_name_is_claimed_twice() -> None:
    words = [word for row in LANGUAGES for word in (row.name, *row.aliases)]
    extensions = [extension for row in LANGUAGES for extension in row.extensions]
    assert len(words) == len(set(words))
    assert len(extensions) == len(set(extensions))


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("typescriptreact", "tsx"),
        ("Python", "python"),
        ("c++", "cpp"),
        ("C#", "csharp"),
        ("shellscript", "bash"),
        ("cobol", None),
    ],
)
def test_a_language_goes_by_the_names_editors_use(word: str, name: str | None) -> None:
    found = language_named(word)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/main.py", "python"),
        ("C:\\work\\main.TS", "typescript"),
        ("Gemfile", "ruby"),
        ("home/.bashrc", "bash"),
        ("x.tar.gz", None),
        ("Makefile", None),
        ("", None),
    ],
)
def test_a_path_tells_the_language(path: str, name: str | None) -> None:
    found = language_of_path(path)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("#!/usr/bin/env python3\nprint(1)", "python"),
        ("#!/bin/sh\necho", "bash"),
        ("from os import path\n\ndef f(x):\n    return x\n", "python"),
        ("package main\n\nfunc main() {\n}\n", "go"),
        ("use std::io::Read;\n\nfn main() {\n", "rust"),
        ("import java.util.List;\n\npublic class A {\n", "java"),
        ("#include <vector>\nusing namespace std;\n", "cpp"),
        ("#include <stdio.h>\n#define X 1\n", "c"),
        ("const a = 1;\nfunction f() {\n", "javascript"),
        ("interface A {\n}\nexport type B = A;\n", "typescript"),
        ("<?php\necho 1;", "php"),
        ("<!DOCTYPE html>\n<html>", "html"),
        ('{\n  "a": 1\n}', "json"),
        ("select name from users\n", "sql"),
        ("# Title\n\n* one\n", "markdown"),
        ("", None),
        ("hello there", None),
    ],
)
def test_a_text_gives_its_language_away(text: str, name: str | None) -> None:
    found = language_of_text(text)
    assert (found.name if found else None) == name


def test_what_the_caller_says_comes_first_and_an_unknown_word_is_no_guess() -> None:
    code = "def f(x):\n    return x\n"
    assert (language_of("go", "a.py", code) or LANGUAGES[0]).name == "go"
    assert (language_of("pascal", "a.py", code) or LANGUAGES[1]).name == "python"
    assert language_of("pascal", None, code) is None
    assert language_of(None, None, code) is language_named("python")
