"""What goes into a bundle, as a PyInstaller specification: the same for every platform but for a few words.

Tried on Linux. The words for macOS and Windows are written by their documentation and were not run there: on
Windows the tray is a second program, because one with a console would show it; on macOS the programs are signed ad
hoc, and a person's first start needs a right click and Open.
"""

import sys
from pathlib import Path

import msgspec

NAME = "andiron"
TRAY = "andiron-tray"
TRIED_PLATFORMS = ("linux",)
# Andiron's own packages, whole: much of them is imported late and by name.
_PACKAGES = ("andiron_models", "andiron_daemon", "andiron_tray", "andiron_installer")
_LATE = ("keyring.backends", "tree_sitter", "llama_cpp", "aiohttp", "huggingface_hub", "openai")
# What the analysis finds and Andiron never asks for: tools of development, and pictures of other kinds.
_NEVER = (
    "IPython",
    "PIL.AvifImagePlugin",
    "PIL.ImageCms",
    "PIL.ImageTk",
    "PIL.WebPImagePlugin",
    "PIL._avif",
    "PIL._imagingcms",
    "PIL._imagingft",
    "PIL._webp",
    "PyInstaller",
    "_distutils_hack",
    "_pytest",
    "graphql",
    "greenlet",
    "hypothesis",
    "matplotlib",
    "mypy",
    "numpy.f2py",
    "numpy.testing",
    "pandas",
    "pip",
    "pkg_resources",
    "pytest",
    "setuptools",
    "tkinter",
    "torch",
    "transformers",
    "werkzeug",
    # GNU Readline's licence would be everybody's who hands the bundle on; the prompt works without it.
    "readline",
)
# Its panels are spoken to over D-Bus; GTK is not in a bundle.
_NEVER_ON_LINUX = ("pystray", "Xlib", "gi")


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """One bundle: where the program begins, and what differs by platform."""

    program: str
    platform: str
    excluded: tuple[str, ...]
    has_tray_program: bool

    @property
    def is_tried(self) -> bool:
        """Whether this recipe has been run on its platform."""
        return self.platform in TRIED_PLATFORMS


def recipe_for(platform: str = sys.platform) -> Recipe:
    """Give the recipe of a platform: `linux`, `darwin` or `win32`."""
    return Recipe(
        program=str(Path(__file__).with_name("program.py")),
        platform=platform,
        excluded=_NEVER + (_NEVER_ON_LINUX if platform == "linux" else ()),
        has_tray_program=platform == "win32",
    )


def specification(recipe: Recipe) -> str:
    """Write what PyInstaller is given."""
    tray = (
        f"\nTRAY = EXE(PYTHON, ANALYSIS.scripts, [], exclude_binaries=True, name={TRAY!r}, console=False)"
        if recipe.has_tray_program
        else ""
    )
    programs = "PROGRAM, TRAY" if recipe.has_tray_program else "PROGRAM"
    return f"""# Written by andiron-bundle.
from importlib.metadata import distributions
from PyInstaller.utils.hooks import collect_data_files, collect_dynamic_libs, collect_submodules, copy_metadata

HIDDEN, DATA, LIBRARIES = list({_LATE!r}), [], collect_dynamic_libs("llama_cpp")
for package in {_PACKAGES!r}:
    HIDDEN += collect_submodules(package)
    DATA += collect_data_files(package, excludes=["**/.*", "**/.*/**"])
# Grammars are imported by name, back ends and key rings are found by their distributions' entry points.
for distribution in distributions():
    name = distribution.metadata["Name"].lower().replace("-", "_")
    if name.startswith("tree_sitter_"):
        HIDDEN.append(name)
HIDDEN += collect_submodules("keyring.backends")
DATA += copy_metadata("andiron", recursive=True)

ANALYSIS = Analysis(
    [{recipe.program!r}], hiddenimports=HIDDEN, datas=DATA, binaries=LIBRARIES, excludes=list({recipe.excluded!r})
)
PYTHON = PYZ(ANALYSIS.pure)
PROGRAM = EXE(PYTHON, ANALYSIS.scripts, [], exclude_binaries=True, name={NAME!r}, console=True){tray}
COLLECT({programs}, ANALYSIS.binaries, ANALYSIS.datas, name={NAME!r})
"""
