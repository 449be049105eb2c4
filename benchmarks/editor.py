"""Keystroke to ghost text in a real Code-OSS, what the extension weighs, and what its activation takes.

    PYTHONPATH=tests python -m benchmarks.editor MODEL.gguf [--lines 4]

Keys are typed by a real browser into code-server; a clock inside the page runs from the key to the first frame that
shows a suggestion. Cold is the first suggestion in a file nobody looked at; warm the next ones, behind keys the
suggestion did not foresee; typed through are keys that it did foresee.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from andiron_testing.browser import chromium
from andiron_testing.code_editor import editor_window
from andiron_testing.code_server import CodeServer, built_extension
from andiron_testing.daemon_process import daemon_with
from benchmarks.table import print_table

_GOAL_BYTES = 100_000
_GOAL_ACTIVATION_MS = 50
_LONGEST_MS = 5_000
_NAMES = ("access", "client", "events", "health", "logs", "paths", "runfile", "sockets", "tokens", "upkeep")
_SOURCES = tuple(Path(f"daemon/andiron_daemon/{name}.py") for name in _NAMES)
_STARTS = "firwxapm"
_FORESEEN = 3
_CLOCK = """() => {
  const ghosts = () => [...document.querySelectorAll('.ghost-text, .ghost-text-decoration')];
  const shown = () => ghosts().map((ghost) => ghost.textContent).join('');
  window.clockBefore = shown();
  window.clockStart = undefined;
  window.clockEnd = undefined;
  addEventListener('keydown', () => {
    window.clockStart = performance.now();
    const look = () => {
      const now = shown();
      if (now && now !== window.clockBefore) {
        window.clockEnd = performance.now();
      } else {
        requestAnimationFrame(look);
      }
    };
    requestAnimationFrame(look);
  }, { once: true, capture: true });
}"""


def main() -> None:
    """Measure with one model and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--lines", type=int, default=4, help="lines begun in each file")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, daemon_with(options.model, Path(folder) / "home"):
        (Path(folder) / "code").mkdir()
        server = CodeServer(Path(folder) / "code", {"ANDIRON_HOME": f"{folder}/home"}, {})
        try:
            measured, activation = _typed(server, options.lines)
        finally:
            server.stop()
    _print(options.model.name, measured, activation)


def _typed(server: CodeServer, lines: int) -> tuple[dict[str, list[float]], int]:
    measured: dict[str, list[float]] = {"cold": [], "warm": [], "typed through": []}
    for source in _SOURCES:
        shutil.copy(source, server.workspace)
    with chromium() as browser, editor_window(browser, server) as editor:
        page = editor.page
        for source in _SOURCES:
            editor.open(source.name)
            page.keyboard.insert_text("\n\ndef count_lines(path: Path) -> int:\n    ")
            _measure(page, "f", measured["cold"])
            for key in _STARTS[:lines]:
                page.keyboard.press("Escape")
                page.keyboard.type("\n")
                page.keyboard.press("Escape")
                _measure(page, key, measured["warm"])
                for _ in range(_FORESEEN):
                    shown = "".join(editor.ghost.all_inner_texts()).replace("\xa0", " ")
                    if len(shown) > 1:  # behind the last sign the model has to go on
                        _measure(page, shown[0], measured["typed through"])
            editor.close_all()
        page.bring_to_front()
        editor.command("Andiron: Copy a Report")
        page.wait_for_timeout(500)
        report = json.loads(page.evaluate("navigator.clipboard.readText()"))
    return measured, report["activation_milliseconds"]


def _measure(page: Page, key: str, into: list[float]) -> None:
    """Press a key and note how long it took to another suggestion; nothing where none came."""
    page.evaluate(_CLOCK)
    page.keyboard.press("Space" if key == " " else key)
    try:
        page.wait_for_function("window.clockEnd !== undefined", timeout=_LONGEST_MS)
    except PlaywrightTimeoutError:  # there was no suggestion
        return
    into.append(page.evaluate("window.clockEnd - window.clockStart"))


def _print(model: str, measured: dict[str, list[float]], activation: int) -> None:
    rows = [
        [f"keystroke to ghost text, {name}", str(len(values)), _percentile(values, 50), _percentile(values, 95)]
        for name, values in measured.items()
    ]
    print_table((f"{model}", "keys", "p50 ms", "p95 ms"), rows)
    dist = built_extension().parent
    sizes = {name: (dist / name).stat().st_size for name in ("extension.js", "chat.js", "andiron.vsix")}
    goal = f"< {_GOAL_BYTES // 1000} kB"
    rows = [[name, f"{size / 1000:.1f} kB", goal] for name, size in sizes.items()]
    rows.append(["activation, of its own", f"{activation} ms", f"< {_GOAL_ACTIVATION_MS} ms"])
    print_table(("what", "measured", "goal"), rows)


def _percentile(values: list[float], percent: int) -> str:
    if len(values) < 2:
        return f"{values[0]:.0f}" if values else "-"
    return f"{statistics.quantiles(values, n=100, method='inclusive')[percent - 1]:.0f}"


if __name__ == "__main__":
    main()
