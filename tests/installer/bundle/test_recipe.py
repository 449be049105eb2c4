"""What PyInstaller is told."""

import ast
from pathlib import Path

import pytest

from andiron_installer.bundle.recipe import recipe_for, specification

PLATFORMS = ("linux", "darwin", "win32")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_specification_is_python_and_begins_at_the_program(platform: str) -> None:
    recipe = recipe_for(platform)
    text = specification(recipe)
    ast.parse(text)
    assert repr(recipe.program) in text
    assert Path(recipe.program).name == "program.py"
    assert Path(recipe.program).is_file()


@pytest.mark.parametrize("platform", PLATFORMS)
def test_everything_that_is_imported_late_is_collected(platform: str) -> None:
    text = specification(recipe_for(platform))
    needed = ("andiron_daemon", "andiron_models", "andiron_tray", "keyring.backends", "tree_sitter_", "llama_cpp")
    assert [name for name in needed if name not in text] == []
    assert 'copy_metadata("andiron", recursive=True)' in text


def test_only_windows_needs_a_second_program() -> None:
    assert [specification(recipe_for(platform)).count("EXE(") for platform in PLATFORMS] == [1, 1, 2]
    assert "console=False" in specification(recipe_for("win32"))


def test_only_linux_goes_without_pystray_and_only_it_was_tried() -> None:
    assert ["pystray" in recipe_for(platform).excluded for platform in PLATFORMS] == [True, False, False]
    assert [recipe_for(platform).is_tried for platform in PLATFORMS] == [True, False, False]


def test_a_path_with_quotes_and_backslashes_stays_one_text() -> None:
    import msgspec

    hard = 'C:\\a b\\it\'s "ü"\\program.py'
    text = specification(msgspec.structs.replace(recipe_for("win32"), program=hard))
    texts = {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    assert hard in texts
