"""The page's files as they are served: whole, light, and with nothing in them that could run what a model wrote."""

import re
from pathlib import Path

from andiron_daemon.api import pages
from andiron_testing.daemons import StartDaemon

_STATIC = Path(pages.__file__).parent.parent / "web" / "static"
_OWN = sorted((_STATIC / "ui").glob("*.js"))
# What is fetched before the first answer may weigh so much; colours come only with the first code.
_MOST_BYTES = 160_000


def _imported(module: Path) -> set[Path]:
    text = module.read_text(encoding="utf-8")
    named = re.findall(r'^import [^;]*?from "([^"]+)";', text, re.MULTILINE)
    return {_STATIC / name.removeprefix("/static/") if name.startswith("/") else module.parent / name for name in named}


def _needed(module: Path) -> set[Path]:
    found, todo = set[Path](), {module}
    while todo:
        one = todo.pop()
        found.add(one)
        todo |= _imported(one) - found
    return found


async def test_the_page_runs_files_of_the_daemon_only(start_daemon: StartDaemon) -> None:
    response = await (await start_daemon(token=None)).get("/ui")
    assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = set(response.headers["Content-Security-Policy"].split("; "))
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"} <= policy
    assert "unsafe" not in response.headers["Content-Security-Policy"]


def test_every_module_is_there_and_belongs_to_the_page() -> None:
    needed = _needed(_STATIC / "ui" / "main.js")
    assert [module for module in needed if not module.is_file()] == []
    text = "".join(module.read_text(encoding="utf-8") for module in _OWN)
    later = {_STATIC / "ui" / name for name in re.findall(r'import\("\./([^"]+)"\)', text)}
    reached = needed.union(*(_needed(module) for module in later))
    assert [module.name for module in _OWN if module not in reached] == []


def test_markup_is_set_in_two_places_and_cleaned_there() -> None:
    setting = {module.name: re.findall(r"innerHTML = (.*)", module.read_text(encoding="utf-8")) for module in _OWN}
    assert {name for name, found in setting.items() if found} == {"code.js", "markdown.js"}
    assert [found for lines in setting.values() for found in lines if not found.startswith("DOMPurify.sanitize(")] == []
    words = re.compile(r"\beval\(|new Function|insertAdjacentHTML|outerHTML|document\.write|\.style\b")
    assert [module.name for module in _OWN if words.search(module.read_text(encoding="utf-8"))] == []


def test_what_comes_before_the_first_answer_is_light() -> None:
    html = (_STATIC / "ui.html").read_text(encoding="utf-8")
    named = {_STATIC / name for name in re.findall(r'"/static/([^"]+)"', html)}
    files = named | _needed(_STATIC / "ui" / "main.js")
    assert sum(file.stat().st_size for file in files) + len(html) < _MOST_BYTES


def test_what_others_wrote_has_its_licence_beside_it() -> None:
    folders = [folder for folder in (_STATIC / "vendor").iterdir() if folder.is_dir()]
    assert {folder.name for folder in folders} == {"dompurify", "highlight", "marked"}
    assert [folder.name for folder in folders if not (folder / "LICENSE").is_file()] == []
