"""What the tray costs at rest, and what a bundle weighs and how fast it starts; parts of `benchmarks.desktop`.

The tray is measured as people have it: in a panel (xfce4-panel on a virtual display), beside a daemon it follows.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psutil

from andiron_daemon.paths import find_paths
from andiron_installer.bundle.archive import pack
from andiron_installer.bundle.build import build
from andiron_installer.bundle.manifest import read_manifest
from andiron_installer.bundle.trial import measure_start
from andiron_models.library.shelf import installed_models
from benchmarks.table import print_table

TRAY_GOAL_MB = 60.0
_TESTS = Path(__file__).parents[1] / "tests"
_SETTLE_SECONDS = 5.0


@contextmanager
def watched_tray(home: str, folder: Path) -> Iterator[psutil.Process]:
    """Show a tray beside the daemon of a home for the block."""
    if find_spec("andiron_testing") is None:
        sys.path.append(str(_TESTS))
    from andiron_testing.desktop import desktop
    from andiron_tray.picture import COLOURS

    with desktop(folder) as screen:
        tray = screen.start(sys.executable, "-P", "-m", "andiron_tray", "--wait", "30", ANDIRON_HOME=home)
        screen.wait_for(COLOURS["error"])  # a daemon without a model cannot answer
        time.sleep(_SETTLE_SECONDS)
        yield psutil.Process(tray.pid)


def print_bundle() -> None:
    """Build a bundle with the smallest model that is installed, and print its size and start-up."""
    models = sorted(installed_models(find_paths().models), key=lambda model: model.size_bytes)[:1]
    with tempfile.TemporaryDirectory(prefix="andiron-figures-") as work:
        began = time.perf_counter()
        folder = build(Path(work) / "made", tuple(model.path for model in models), Path(work) / "work", _say)
        built = time.perf_counter() - began
        archive = pack(folder, folder.with_name("bundle.tar.gz"))
        manifest = read_manifest(folder)
        start = measure_start(folder)
        model_bytes = sum(model.bytes for model in manifest.models)
        rows = [
            ("folder without the model, MB", f"{(manifest.size_bytes - model_bytes) / 1e6:.0f}"),
            (f"model ({', '.join(model.id for model in models) or 'none'}), MB", f"{model_bytes / 1e6:.0f}"),
            ("archive, MB", f"{archive.stat().st_size / 1e6:.0f}"),
            ("built in, s", f"{built:.0f}"),
            ("to --version, s", f"{start.version_seconds:.2f}"),
            ("to /health, s", f"{start.health_seconds:.2f}"),
        ]
    print_table(("bundle", "seen"), rows)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
