"""`andiron models`: what can answer here, what could, and which model does what.

Everything but loading works without a running daemon, on the files themselves.
"""

import os
from pathlib import Path
from typing import Any, Literal

import click

from andiron_daemon.cli.connection import connect, start_option
from andiron_daemon.cli.model_files import add, pull, remove, verify_models
from andiron_daemon.cli.model_tuning import tune
from andiron_daemon.cli.output import human_bytes, note, plain, print_table
from andiron_daemon.client import Client, ClientError, find_client
from andiron_daemon.errors import InvalidRequestError
from andiron_daemon.paths import Paths, find_paths
from andiron_daemon.settings import load_settings
from andiron_models.library.catalogue import CatalogueEntry, load_catalogue
from andiron_models.library.hardware import Machine, fit, this_machine
from andiron_models.library.memory import DEFAULT_CONTEXT, need_of_entry, need_of_header
from andiron_models.library.records import read_record
from andiron_models.library.shelf import InstalledModel, find_model, installed_models

Role = Literal["completion", "chat"]
_HEADERS = ("model", "backend", "state", "context", "size", "good for", "fits")
_SHOWN_CONTEXTS = (4096, 8192, 32768)


@click.group("models", short_help="See, get, choose and forget models.")
def command() -> None:
    """See, get, choose and forget models."""


command.add_command(pull)
command.add_command(add)
command.add_command(remove)
command.add_command(verify_models)
command.add_command(tune)


@command.command("list")
@start_option
def list_models(start: bool | None) -> None:
    """List the models that can be asked for: those on this machine, and those of other backends."""
    client = connect(start) if start else find_client(find_paths())
    if client is not None:
        models = [model for model in client.get("/api/v1/models")["models"] if _is_here(model)]
    else:
        models = _models_here(find_paths())
    if not models:
        note("There is no model yet. See `andiron models available`.")
        return
    print_table(_HEADERS, [_row(model) for model in models])


@command.command("available")
def list_available() -> None:
    """List the models that can be had, and whether they fit this machine."""
    paths = find_paths()
    catalogue = load_catalogue(paths.config)
    here = {model.id for model in installed_models(paths.models, catalogue)}
    machine = this_machine()
    rows = [
        (
            entry.id,
            human_bytes(entry.size_bytes) if entry.size_bytes else "",
            str(entry.context_length or ""),
            _good_for(entry.can_chat, entry.infill is not None),
            "here" if entry.id in here else _fits(entry, machine),
            entry.licence,
            entry.name,
        )
        for entry in sorted(catalogue.values(), key=lambda entry: entry.size_bytes or 0)
    ]
    print_table(("model", "size", "context", "good for", "fits", "licence", "name"), rows)
    note(f"This machine has {human_bytes(machine.total_bytes)} of memory. Get one: andiron models pull MODEL")


@command.command("use")
@click.argument("model", required=False)
@click.option(
    "--for", "roles", type=click.Choice(["completion", "chat"]), multiple=True, help="What for; both if not said."
)
@click.option("--default", "is_default", is_flag=True, help="Go back to the model Andiron chooses itself.")
def use(model: str | None, roles: tuple[Role, ...], is_default: bool) -> None:
    """Choose which model completes code and which one chats."""
    if (model is None) != is_default:
        raise click.UsageError("Name a model, or say --default.")
    paths = find_paths()
    roles = roles or ("completion", "chat")
    for role in roles:
        if model is not None:
            _check_suits(find_model(paths.models, model, load_catalogue(paths.config)), role)
        _write_role(paths, role, model)
        note(f"{role}: {model or 'chosen by Andiron'}")
    client = find_client(paths)
    if client is not None:
        note(_tell_daemon(client, roles, model))


@command.command("info")
@click.argument("model", metavar="MODEL|FILE")
def info(model: str) -> None:
    """Show what a model says of itself, without loading it."""
    from andiron_models.library.gguf_header import read_gguf_header

    paths = find_paths()
    found = find_model(paths.models, model, load_catalogue(paths.config))
    header = read_gguf_header(found.path)
    entry, record = found.entry, read_record(paths.models, found.id)
    pinned = (entry.sha256 if entry else None) or record.sha256
    rows = [
        ("model", found.id),
        ("file", str(found.path)),
        ("size", human_bytes(found.size_bytes)),
        ("name", plain(header.name or (entry.name if entry else ""))),
        ("publisher", entry.publisher if entry else plain(str(header.metadata.get("general.organization") or ""))),
        ("licence", entry.licence if entry else plain(str(header.metadata.get("general.license") or ""))),
        ("architecture", plain(header.architecture)),
        ("parameters", _count(header.parameters)),
        ("quantization", header.quantization),
        ("context", str(header.context_length or "")),
        ("vocabulary", str(header.vocabulary_size or "")),
        ("chat template", "yes" if header.chat_template else "none"),
        ("infill tokens", ", ".join(header.fim_tokens.values()) if "prefix" in header.fim_tokens else "none"),
        ("infill tested", {True: "it fills gaps", False: "it does not fill gaps", None: ""}[record.infill_ok]),
        ("measured", _speeds(record.prompt_tokens_per_second, record.generate_tokens_per_second)),
        ("sha256", pinned or "not known; `andiron models verify` pins it"),
    ]
    machine = this_machine()
    for context in _SHOWN_CONTEXTS:
        if context <= (header.context_length or context):
            found_fit = fit(need_of_header(header, context, weights_bytes=found.size_bytes), machine)
            rows.append((f"memory at {context}", f"{human_bytes(found_fit.needed_bytes)}, fits: {found_fit.fits}"))
    print_table(("what", "value"), [row for row in rows if row[1]])


def _models_here(paths: Paths) -> list[dict[str, Any]]:
    """List what lies on this machine in the form the daemon tells it in."""
    from andiron_models.errors import ModelFileError
    from andiron_models.library.gguf_header import read_gguf_header

    machine = this_machine()
    rows: list[dict[str, Any]] = []
    for model in installed_models(paths.models, load_catalogue(paths.config)):
        row: dict[str, Any] = {"id": model.id, "backend": "local", "state": "installed", "size_bytes": model.size_bytes}
        try:
            header = read_gguf_header(model.path)
        except ModelFileError as error:
            note(f"{error.message}. {error.hint}")
            rows.append(row | {"state": "broken"})
            continue
        entry = model.entry
        row["context_length"] = header.context_length
        row["can_chat"] = entry.can_chat if entry else header.chat_template is not None
        row["can_infill"] = entry.infill is not None if entry else "prefix" in header.fim_tokens
        context = min(DEFAULT_CONTEXT, header.context_length or DEFAULT_CONTEXT)
        row["fits"] = fit(need_of_header(header, context, weights_bytes=model.size_bytes), machine).fits
        rows.append(row)
    return rows


def _is_here(model: dict[str, Any]) -> bool:
    return bool(model.get("is_installed", True)) or _is_pulled(model)


def _is_pulled(model: dict[str, Any]) -> bool:
    return (model.get("pull") or {}).get("state") == "running"


def _row(model: dict[str, Any]) -> tuple[str, ...]:
    context, size = model.get("context_length"), model.get("size_bytes")
    return (
        model["id"],
        model["backend"],
        "pulling" if _is_pulled(model) else model["state"],
        str(context) if context else "",
        human_bytes(size) if size else "",
        _good_for(bool(model.get("can_chat")), bool(model.get("can_infill"))),
        model.get("fits") or "",
    )


def _good_for(can_chat: bool, can_infill: bool) -> str:
    return ", ".join(word for word, can in (("chat", can_chat), ("completion", can_infill)) if can)


def _fits(entry: CatalogueEntry, machine: Machine) -> str:
    context = min(DEFAULT_CONTEXT, entry.context_length or DEFAULT_CONTEXT)
    need = need_of_entry(entry, context)
    return fit(need, machine).fits if need is not None else ""


def _check_suits(model: InstalledModel, role: Role) -> None:
    """Refuse a role the catalogue says a model cannot play; of others only a try tells."""
    entry = model.entry
    if entry is not None and role == "chat" and not entry.can_chat:
        raise InvalidRequestError(f"{model.id} is for completion only", hint="Say --for completion.")
    if entry is not None and role == "completion" and entry.infill is None:
        note(f"{model.id} was not made to fill gaps; completions will come from plain continuation.")


def _write_role(paths: Paths, role: Role, model: str | None) -> None:
    from andiron_daemon.settings_file import write_setting

    is_path = model is not None and Path(model).expanduser().is_file()
    value = str(Path(model).expanduser().absolute()) if model is not None and is_path else model
    write_setting(paths, f"{role}_model", value)
    source = load_settings(paths).sources.get(f"{role}_model", "")
    if source not in ("", str(paths.settings_file)):
        variable = f"ANDIRON_{role.upper()}_MODEL"
        shown = os.environ.get(variable)
        note(f"{variable} is set in the {source}{f' to {shown}' if shown else ''} and still wins.")


def _tell_daemon(client: Client, roles: tuple[Role, ...], model: str | None) -> str:
    """Have the daemon that runs use the model at once, and say whether it does.

    Of a file from elsewhere it learns only when it reads its settings.
    """
    if model is None or not Path(model).expanduser().is_file():
        try:
            client.patch("/api/v1/settings", {f"{role}_model": model for role in roles})
        except ClientError as error:
            note(f"The daemon that runs did not take it: {error.message}")
        else:
            return "The daemon that runs goes by it from now on."
    return "The daemon that runs learns of it at its next start: andiron stop && andiron serve --detach"


def _speeds(prompt: float | None, generate: float | None) -> str:
    if prompt is None or generate is None:
        return ""
    return f"{prompt:.0f} tokens/s read, {generate:.0f} tokens/s written"


def _count(number: int) -> str:
    for limit, unit in ((1_000_000_000, "B"), (1_000_000, "M")):
        if number >= limit:
            return f"{number / limit:.2f} {unit}"
    return str(number)
