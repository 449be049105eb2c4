"""The pages that are made from the code, or promise what the code must hold."""

import re
import tomllib
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path

import click
import pytest

from andiron_daemon.analysis.linters.every import every_linter
from andiron_daemon.analysis.linters.process import Limits
from andiron_daemon.analysis.rules.rule import all_rules
from andiron_daemon.cli.main import main
from andiron_daemon.cli.settings import settings_page
from andiron_daemon.connect.clients import CLIENTS
from andiron_daemon.settings import SETTINGS

_ROOT = Path(__file__).parent.parent


def test_the_settings_page_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings", "--markdown"]) == 0
    page = (_ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert page == capsys.readouterr().out, "run: andiron settings --markdown > docs/settings.md"


def test_the_settings_page_has_every_setting() -> None:
    assert all(f"| `{row.name}` | `{row.variable}` |" in settings_page() for row in SETTINGS)


@pytest.mark.parametrize("group", ["", "db", "models", "service"])
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


def test_every_dependency_says_why_it_is_there_and_nothing_else_does() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    needed = [*project["project"]["dependencies"], *chain(*extras), *project["build-system"]["requires"]]
    names = [re.split(r"[^\w-]", requirement)[0] for requirement in needed]
    page = (_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Dependencies")[2]
    rows = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    assert [row for row in rows if len(row) != 3] == []
    told = [name.strip("`") for first, *_ in rows for name in first.split(", ") if first != "library"]
    assert [name for name in names if not any(fnmatch(name, pattern) for pattern in told)] == []
    assert [pattern for pattern in told if not any(fnmatch(name, pattern) for name in names)] == []


def test_every_file_and_folder_the_architecture_names_is_there() -> None:
    page = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w[\w./-]*(?:\.py|/)|(?:daemon|docs|installer|models|tests|tray)/[\w./-]+)`", page))
    assert named >= {"completion/anchor.py", "worker/", "tests/e2e"}
    folders = (".", "daemon", "daemon/andiron_daemon", "models", "models/andiron_models")
    assert [name for name in sorted(named) if not any((_ROOT / folder / name).exists() for folder in folders)] == []


def test_the_architecture_names_every_package_and_every_module_beside_them() -> None:
    page = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    roots = (_ROOT / "daemon" / "andiron_daemon", _ROOT / "models" / "andiron_models")
    packages = [
        initial.parent.relative_to(root).as_posix() for root in roots for initial in root.glob("*/**/__init__.py")
    ]
    modules = [module.name for root in roots for module in root.glob("*.py") if not module.name.startswith("__")]
    assert "chat" in packages
    assert [name for name in packages if f"`{name}/`" not in page] == []
    assert [name for name in modules if f"`{name}`" not in page] == []


def test_the_linters_page_has_every_linter_and_every_rule() -> None:
    page = (_ROOT / "docs" / "linters.md").read_text(encoding="utf-8")
    assert [linter.name for linter in every_linter(Limits()) if f"\n| {linter.name} |" not in page] == []
    assert [rule.id for rule in all_rules() if f"\n| `{rule.id}` |" not in page] == []


def test_the_clients_page_has_every_client() -> None:
    page = (_ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
    assert [name for name in CLIENTS if f"\n| `{name}` |" not in page] == []


def test_the_architecture_has_the_import_contracts() -> None:
    page = (_ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("## Import contracts")[2].partition("\n## ")[0]
    told = re.findall(r"^\| (.*?) \|", table, re.MULTILINE)
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert told == ["contract", *(contract["name"] for contract in project["tool"]["importlinter"]["contracts"])]
