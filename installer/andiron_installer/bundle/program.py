"""What runs when a bundle's program is started: the `andiron` command, the tray, or one of Andiron's own children.

Andiron starts its worker, its downloads and itself as `sys.executable -P -m MODULE …`. In a bundle that program is
this one, so it understands that much of Python's command line, for modules of Andiron alone. Called by the name
`andiron-tray` it is the tray. The model that lies in the bundle is made known to the person's models folder, by
reference, before anything looks there: a bundle may have been moved since.
"""

import os
import runpy
import sys
from pathlib import Path

OWN = ("andiron_daemon", "andiron_models", "andiron_tray", "andiron_installer")
MODELS = "models"
_TRAY = "andiron-tray"
_USAGE_STATUS = 2
# The commands that look at the models folder themselves; all others ask a daemon, which is started by `serve`.
_LOOK_AT_MODELS = ("serve", "up", "models", "doctor")
# What PyInstaller's loader sets for itself, and keeps the person's own value of beside it.
_LIBRARY_PATHS = ("LD_LIBRARY_PATH", "LIBPATH")


def main() -> None:
    """Run what the command line asks for."""
    give_back_library_path()
    if getattr(sys, "frozen", False) and os.name == "nt":
        # The tray is a program of its own there, and must not start itself where it means `andiron`.
        sys.executable = str(Path(sys.executable).with_name("andiron.exe"))
    module, arguments = target(sys.argv)
    if module.split(".")[0] not in OWN:
        sys.stderr.write(f"error: this bundle has no module {module}\nhint: Only Andiron's own can be run by it.\n")
        raise SystemExit(_USAGE_STATUS)
    if module == "andiron_daemon" and arguments[:1] and arguments[0] in _LOOK_AT_MODELS:
        adopt_models(Path(sys.executable).parent / MODELS)
    sys.argv = [sys.argv[0], *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def target(argv: list[str]) -> tuple[str, list[str]]:
    """Tell which module to run, and with which arguments."""
    if argv[1:3] == ["-P", "-m"] and len(argv) > 3:
        return argv[3], argv[4:]
    if Path(argv[0]).name.removesuffix(".exe") == _TRAY:
        return "andiron_tray", argv[1:]
    return "andiron_daemon", argv[1:]


def give_back_library_path() -> None:
    """Have programs this one starts, a browser among them, find their own libraries and not the bundle's."""
    for name in _LIBRARY_PATHS:
        own = os.environ.pop(f"{name}_ORIG", None)
        if own is not None:
            os.environ[name] = own
        elif getattr(sys, "frozen", False):
            os.environ.pop(name, None)


def adopt_models(folder: Path) -> None:
    """Make the models of a folder known to the daemon; what cannot be is said, and keeps nothing from starting."""
    from andiron_daemon.paths import find_paths
    from andiron_models.errors import ModelError

    models_folder = find_paths().models
    for file in sorted(folder.glob("*.gguf")):
        try:
            _adopt(models_folder, file)
        except (ModelError, OSError) as error:
            sys.stderr.write(f"warning: {file} is not used: {error}\n")


def _adopt(models_folder: Path, file: Path) -> None:
    """Refer to a model, in place of where a bundle lay before; one the person has already is left to them."""
    from andiron_models.library.adding import add_reference
    from andiron_models.library.catalogue import load_catalogue
    from andiron_models.library.shelf import id_of, installed_models

    known = load_catalogue()
    model_id = id_of(file, known)
    if all(model.id != model_id for model in installed_models(models_folder, known)):
        add_reference(models_folder, file, model_id=model_id, catalogue=known)


if __name__ == "__main__":
    main()
