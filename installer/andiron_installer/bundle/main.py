"""`andiron-bundle`: makes a bundle, or checks one."""

import sys
import tempfile
from pathlib import Path

import click

from andiron_daemon.paths import find_paths
from andiron_installer.bundle.archive import pack
from andiron_installer.bundle.build import build
from andiron_installer.bundle.debian import build_package
from andiron_installer.bundle.errors import BundleError
from andiron_installer.bundle.manifest import check_bundle, read_manifest
from andiron_installer.bundle.trial import measure_start
from andiron_models.errors import ModelError
from andiron_models.library.shelf import find_model


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 1 says that there is no bundle, and why."""
    try:
        status: int | None = _command.main(arguments, prog_name="andiron-bundle", standalone_mode=False)
    except BundleError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return 1
    except ModelError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint or 'See: andiron models list'}\n")
        return 1
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 130
    return status or 0


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--model", "models", multiple=True, help="A model to put in: an id, or a GGUF file. More than one may be."
)
@click.option("--no-model", is_flag=True, help="Put no model in.")
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("dist"),
    show_default=True,
    help="The folder to make it in.",
)
@click.option("--deb", is_flag=True, help="Make a Debian package, too.")
@click.option("--no-archive", is_flag=True, help="Make the folder only.")
@click.option(
    "--check", type=click.Path(file_okay=False, path_type=Path), help="Compare a bundle's files with its manifest."
)
def _command(
    models: tuple[str, ...], no_model: bool, output: Path, deb: bool, no_archive: bool, check: Path | None
) -> None:
    """Make a folder with Andiron, a Python and a model in it, to unpack and run where neither is installed."""
    if check is not None:
        manifest = check_bundle(check)
        click.echo(f"{check}: {len(manifest.files)} files are as they were made")
        return
    if bool(models) == no_model:
        raise click.UsageError("Say which model to put in with --model, or --no-model.")
    files = tuple(find_model(find_paths().models, name).path for name in models)
    with tempfile.TemporaryDirectory(prefix="andiron-bundle-") as work:
        folder = build(output.absolute(), files, Path(work), _note)
    _tell(folder)
    if not no_archive:
        ending = ".zip" if sys.platform == "win32" else ".tar.gz"
        _tell_file("archive", pack(folder, folder.with_name(folder.name + ending)))
    if deb:
        _tell_file("package", build_package(folder, folder.parent))


def _tell(folder: Path) -> None:
    manifest = read_manifest(folder)
    models = sum(model.bytes for model in manifest.models)
    start = measure_start(folder)
    click.echo(f"folder    {folder}")
    click.echo(f"size      {_megabytes(manifest.size_bytes)}, of which models {_megabytes(models)}")
    click.echo(f"parts     {len(manifest.parts)}, in {len(manifest.files)} files")
    click.echo(f"start-up  {start.version_seconds:.2f} s to --version, {start.health_seconds:.2f} s to /health")


def _tell_file(what: str, file: Path) -> None:
    click.echo(f"{what:<9} {file}, {_megabytes(file.stat().st_size)}")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.0f} MB"


def _note(text: str) -> None:
    click.echo(text, err=True)
