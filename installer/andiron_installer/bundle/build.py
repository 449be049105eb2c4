"""Makes the folder: PyInstaller's work by the recipe, then the model, the licences, a page to read and the manifest."""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from andiron_daemon import __version__
from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.manifest import BundledModel, Manifest, list_files, sha256_of, write_manifest
from andiron_installer.bundle.origins import Part, parts
from andiron_installer.bundle.program import MODELS
from andiron_installer.bundle.recipe import NAME, TRAY, Recipe, recipe_for, specification
from andiron_models.errors import ModelFileError
from andiron_models.library.catalogue import load_catalogue
from andiron_models.library.gguf_header import read_gguf_header
from andiron_models.library.shelf import id_of

_BUILD_SECONDS = 900
_LICENCES = "licences"
_NOT_TRIED = "This recipe was not run on {platform}: nobody has seen this bundle start."
Say = Callable[[str], None]


def build(target: Path, models: tuple[Path, ...], work_folder: Path, say: Say) -> Path:
    """Make the bundle's folder below `target`.

    Args:
        target: the folder to make it in; a bundle of the same name there is replaced.
        models: the model files to put in.
        work_folder: where PyInstaller may leave its own files.
        say: tells the person how it goes.

    Raises:
        BundleError: PyInstaller is not there or fails, or a model is none.
    """
    chosen = [_described(file) for file in models]
    recipe = recipe_for()
    if not recipe.is_tried:
        say(_NOT_TRIED.format(platform=recipe.platform))
    say("collecting Python, the daemon and the tray")
    made = _run_pyinstaller(recipe, work_folder)
    folder = target / f"{NAME}-{__version__}-{platform_name()}"
    _replace(made, folder)
    if not recipe.has_tray_program:
        (folder / TRAY).symlink_to(NAME)
    for file, model in zip(models, chosen, strict=True):
        say(f"putting in {model.id}, {model.bytes / 1e6:.0f} MB")
        (folder / MODELS).mkdir(exist_ok=True)
        shutil.copyfile(file, folder / MODELS / model.file)
    found = parts(work_folder)
    _copy_licences(folder, found)
    (folder / "README.txt").write_text(_page(recipe, tuple(chosen)), encoding="utf-8")
    write_manifest(folder, _manifest(folder, recipe, tuple(chosen), found))
    return folder


def platform_name() -> str:
    """Name this platform as archives do."""
    return sysconfig.get_platform().replace(".", "_")


def _described(file: Path) -> BundledModel:
    try:
        read_gguf_header(file)
    except ModelFileError as error:
        raise BundleError(error.message, hint=error.hint or "Name a GGUF file.") from error
    known = load_catalogue()
    entry = known.get(id_of(file, known))
    digest = sha256_of(file)
    if entry is not None and entry.sha256 is not None and digest != entry.sha256:
        raise BundleError(f"{file} is not the {entry.id} of the catalogue", hint=f"Run: andiron models pull {entry.id}")
    return BundledModel(
        id=id_of(file, known),
        file=file.name,
        publisher=entry.publisher if entry is not None else "unknown",
        licence=entry.licence if entry is not None else "unknown",
        sha256=digest,
        bytes=file.stat().st_size,
    )


def _run_pyinstaller(recipe: Recipe, work_folder: Path) -> Path:
    work_folder.mkdir(parents=True, exist_ok=True)
    file = work_folder / f"{NAME}.spec"
    file.write_text(specification(recipe), encoding="utf-8")
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath"]
    command += [str(work_folder / "made"), "--workpath", str(work_folder / "work"), str(file)]
    environment = {**os.environ, "PYINSTALLER_CONFIG_DIR": str(work_folder / "cache")}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(
            f"PyInstaller took over {_BUILD_SECONDS} s", hint="Try again on a quieter machine."
        ) from error
    if "No module named PyInstaller" in done.stderr:
        raise BundleError("PyInstaller is not installed", hint="Install it: pip install 'andiron[bundle,tray]'")
    if done.returncode != 0:
        last = [line for line in done.stderr.splitlines() if line.strip()][-3:]
        raise BundleError(f"PyInstaller failed: {' / '.join(last)}", hint=f"Its files are in {work_folder}.")
    return work_folder / "made" / NAME


def _replace(made: Path, folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(made, folder)
    except OSError as error:
        raise BundleError(f"{folder}: cannot be written: {error.strerror}", hint="Name another folder.") from error


def _copy_licences(folder: Path, found: tuple[Part, ...]) -> None:
    """Copy the texts of every part, as most licences ask."""
    for part in found:
        for text in map(Path, part.texts):
            target = folder / _LICENCES / part.name / text.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(text, target)


def _manifest(folder: Path, recipe: Recipe, models: tuple[BundledModel, ...], found: tuple[Part, ...]) -> Manifest:
    return Manifest(
        name=NAME,
        version=__version__,
        platform=platform_name(),
        is_tried=recipe.is_tried,
        python=platform.python_version(),
        libc=" ".join(platform.libc_ver()).strip() or "none",
        built_with=f"PyInstaller {metadata.version('pyinstaller')}",
        models=models,
        parts=found,
        files=list_files(folder),
    )


def _page(recipe: Recipe, models: tuple[BundledModel, ...]) -> str:
    inside = ", ".join(f"{model.id} ({model.licence})" for model in models) or "none; get one with: andiron models pull"
    tried = "" if recipe.is_tried else f"\n{_NOT_TRIED.format(platform=recipe.platform)}\n"
    return f"""Andiron {__version__}, a coding assistant that lives on your own machine.

Nothing needs to be installed, and no network: Python is inside, and so is the model: {inside}.

    ./{NAME} serve --detach      starts the daemon
    ./{NAME} status              says how it is
    ./{NAME} stop                ends it
    ./{TRAY}               shows the icon in the panel

The folder may lie anywhere and be moved while nothing of it runs. What you make is kept in your own user folders,
not here. manifest.json lists everything inside with its licence and sha256; {_LICENCES}/ has the texts.
{tried}"""
