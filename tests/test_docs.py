"""The pages that are made from the code, or promise what the code must hold."""

import re
from pathlib import Path

import click
import pytest

from andiron_daemon.cli.main import main
from andiron_daemon.cli.settings import settings_page
from andiron_daemon.settings import SETTINGS

_ROOT = Path(__file__).parent.parent


def test_the_settings_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--markdown"]) == 0
    page = (_ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out, "run: andiron settings --markdown > docs/settings.md"


def test_the_settings_page_has_every_setting() -> None:
    assert all(f"| `{row.name}` | `{row.variable}` |" in settings_page() for row in SETTINGS)


@pytest.mark.parametrize("group", ["", "db", "models"])
def test_the_readme_names_every_command(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (_ROOT / "README.md").read_text(encoding="utf-8")
    assert main([*group.split(), "--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:\n")[2]
    names = re.findall(r"^  (\S+)", click.unstyle(listed), re.MULTILINE)
    assert names
    assert [name for name in names if f"{group or 'andiron'} {name}" not in readme] == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_a_page_links_to_is_there(page: str) -> None:
    text = (_ROOT / page).read_text(encoding="utf-8")
    targets = [part.partition(")")[0] for part in text.split("](")[1:]]
    local = [target.partition("#")[0] for target in targets if "://" not in target and not target.startswith("#")]
    assert [target for target in local if not ((_ROOT / page).parent / target).exists()] == []
