"""A bundle as a Debian package: the folder below /usr/lib, the commands, an entry for the menu, and what Debian asks.

It installs files and nothing else: no service is started, nothing is put into anybody's login. Everything is owned
by root whoever builds it, and dpkg-deb alone is needed, not debhelper.
"""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.manifest import Manifest, read_manifest
from andiron_installer.bundle.recipe import NAME, TRAY

_TREE = Path("usr/lib") / NAME
_DOC = Path("usr/share/doc") / NAME
_SECONDS = 600
_LICENCE = Path(__file__).parents[3] / "LICENSE"
# Each with its reason; whatever else lintian says is to be heard.
_OVERRIDES = (
    ("embedded-library", "a bundle brings its own libraries: that is what it is for"),
    ("shared-library-is-executable", "the modes are those of the wheels the libraries come from"),
    ("unstripped-binary-or-object", "stripping a library that was patched for its wheel breaks it"),
    ("hardening-no-fortify-functions", "built by the authors of the wheels"),
    ("hardening-no-pie", "PyInstaller's loader is built so"),
    ("hardening-no-bindnow", "built by the authors of the wheels"),
    ("custom-library-search-path", "the libraries find each other inside the folder"),
    ("extra-license-file", "each part keeps the text of its licence"),
    ("package-contains-documentation-outside-usr-share-doc", "parts keep their files together"),
    ("embedded-javascript-library", "the daemon's pages are served from this machine alone"),
    ("shared-library-lacks-prerequisites", "extension modules find what they need in the interpreter"),
    ("library-not-linked-against-libc", "the same"),
    ("missing-depends-on-sensible-utils", "a word in a library's text, not a call"),
    ("initial-upload-closes-no-bugs", "not made for Debian's own archive"),
)


def build_package(folder: Path, target: Path) -> Path:
    """Make the package of a bundle in a folder.

    Raises:
        BundleError: this system has no dpkg-deb, or it fails.
    """
    if shutil.which("dpkg-deb") is None:
        raise BundleError("there is no dpkg-deb here", hint="Build the package on Debian or Ubuntu.")
    manifest = read_manifest(folder)
    architecture = _output("dpkg", "--print-architecture")
    root = target / "debian-tree"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(folder, root / _TREE, symlinks=True, copy_function=_link)
    _write_commands(root)
    _write_documents(root, manifest)
    _write_desktop(root)
    _mend_modes(root)
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN" / "control").write_text(control(manifest, architecture, _kibibytes(root)), encoding="utf-8")
    package = target / f"{NAME}_{manifest.version}_{architecture}.deb"
    _output("dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(root), str(package))
    shutil.rmtree(root)
    return package


def control(manifest: Manifest, architecture: str, size_kibibytes: int) -> str:
    """Write what dpkg must know."""
    libc = manifest.libc.removeprefix("glibc").strip()
    inside = ", ".join(model.id for model in manifest.models) or "none"
    return f"""Package: {NAME}
Version: {manifest.version}
Section: devel
Priority: optional
Architecture: {architecture}
Maintainer: The Andiron authors <andiron@example.org>
Installed-Size: {size_kibibytes}
Depends: libc6 (>= {libc})
Recommends: dbus
Description: coding assistant that lives on your own machine
 Andiron completes code and answers questions in your editor from a language
 model that runs on this machine, without any network.
 .
 This package brings its own Python and the model: {inside}.
"""


def _link(source: str, target: str) -> None:
    """Copy without a second copy on the disk where that is possible; nothing of it is changed but its mode."""
    if Path(source).is_symlink():
        Path(target).symlink_to(Path(source).readlink())
    else:
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def _write_commands(root: Path) -> None:
    commands = root / "usr" / "bin"
    commands.mkdir(parents=True)
    pages = root / "usr/share/man/man1"
    pages.mkdir(parents=True)
    for name, what in ((NAME, "coding assistant on this machine"), (TRAY, "icon of the coding assistant in the panel")):
        (commands / name).symlink_to(f"../lib/{NAME}/{name}")
        page = (
            f".TH {name.upper()} 1\n.SH NAME\n{name} \\- {what}\n.SH SYNOPSIS\n.B {name}\n[\\fIoptions\\fR]\n"
            f".SH DESCRIPTION\nSee\n.B {name} \\-\\-help\n"
        )
        (pages / f"{name}.1.gz").write_bytes(gzip.compress(page.encode(), mtime=0))


def _write_documents(root: Path, manifest: Manifest) -> None:
    folder = root / _DOC
    folder.mkdir(parents=True)
    parts = "\n".join(f" {part.name} {part.version}: {part.licence}" for part in manifest.parts)
    models = "\n".join(f" {model.id} of {model.publisher}: {model.licence}" for model in manifest.models)
    own = _LICENCE.read_text(encoding="utf-8") if _LICENCE.is_file() else "MIT licence"
    text = (
        f"Andiron, copyright 2026 the Andiron authors.\n\n{own}\n"
        f"Parts by others, whose texts are in /{_TREE.as_posix()}/licences:\n{parts}\n\nModels:\n{models}\n"
    )
    (folder / "copyright").write_text(text, encoding="utf-8")
    changes = (
        f"{NAME} ({manifest.version}) unstable; urgency=medium\n\n  * Made by andiron-bundle.\n\n"
        " -- The Andiron authors <andiron@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n"
    )
    (folder / "changelog.gz").write_bytes(gzip.compress(changes.encode(), mtime=0))
    overrides = root / "usr/share/lintian/overrides"
    overrides.mkdir(parents=True)
    lines = "".join(f"# {reason}\n{NAME}: {tag}\n" for tag, reason in _OVERRIDES)
    (overrides / NAME).write_text(lines, encoding="utf-8")


def _write_desktop(root: Path) -> None:
    from andiron_tray.picture import SIZES, picture

    entries = root / "usr/share/applications"
    entries.mkdir(parents=True)
    (entries / f"{TRAY}.desktop").write_text(
        "[Desktop Entry]\nType=Application\nName=Andiron\nComment=How the coding assistant on this machine is\n"
        f"Exec={TRAY}\nIcon={NAME}\nTerminal=false\nCategories=Development;\nKeywords=completion;assistant;\n",
        encoding="utf-8",
    )
    for size in SIZES:
        folder = root / f"usr/share/icons/hicolor/{size}x{size}/apps"
        folder.mkdir(parents=True)
        picture("ready", size).save(folder / f"{NAME}.png")


def _mend_modes(root: Path) -> None:
    for path in (root, *root.rglob("*")):
        if not path.is_symlink():
            runs = path.is_dir() or (os.access(path, os.X_OK) and not path.name.endswith((".so", ".py", ".txt")))
            path.chmod(0o755 if runs and ".so." not in path.name else 0o644)


def _kibibytes(root: Path) -> int:
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink()) // 1024


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode != 0:
        raise BundleError(f"{command[0]} failed: {done.stderr.strip()}", hint="See that there is room on the disk.")
    return done.stdout.strip()
