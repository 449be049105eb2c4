"""`andiron settings`: every setting, its value and where the value comes from."""

import click

from andiron_daemon.cli.output import print_table
from andiron_daemon.paths import find_paths
from andiron_daemon.settings import SETTINGS, Setting, load_settings, masked

_PAGE_HEAD = """\
# Settings

This page is made from the table in `daemon/andiron_daemon/settings.py` by `andiron settings --markdown`.

A setting can be given in five places; the first that has it wins:

1. an option of `andiron serve`: `--port 9000` (secrets have none, since every user of a machine sees command lines)
2. an environment variable: `PORT=9000`
3. a line of the `.env` in the config folder, or of the file named by `--env-file`: `PORT=9000`
4. a line of `andiron.toml` in the config folder, by the setting's name: `port = 9000`
5. the default

A `.env` in the working folder is not read: it belongs to whatever project lies there. An empty variable stands for
the default. A wrong value stops start-up with exit status 78 and says where it stands and what was expected.
`andiron settings` shows what is in force and where each value comes from.

`ANDIRON_HOME` moves the config, data, state, models and cache folders below one root; without it they are where
the platform keeps such things.

| setting | variable | default | meaning |
|---|---|---|---|
"""


@click.command("settings", short_help="Show the settings in force.")
@click.option("--markdown", is_flag=True, help="Print the reference page instead.")
def command(markdown: bool) -> None:
    """Print every setting with its value, and where the value comes from."""
    if markdown:
        click.echo(settings_page(), nl=False)
        return
    paths = find_paths()
    settings = load_settings(paths)
    values = masked(settings)
    rows = [(row.variable, _shown(values[row.name]), settings.sources.get(row.name, "default")) for row in SETTINGS]
    print_table(("setting", "value", "from"), rows)


def settings_page() -> str:
    """Return docs/settings.md."""
    rows = [f"| `{row.name}` | `{row.variable}` | {_default(row)} | {_meaning(row)} |\n" for row in SETTINGS]
    return _PAGE_HEAD + "".join(rows)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else str(value)


def _default(row: Setting) -> str:
    if row.default in ("", ()):
        return ""
    return f"`{_shown(row.default)}`"


def _meaning(row: Setting) -> str:
    words = f" One of {', '.join(f'`{choice}`' for choice in row.choices)}." if row.kind == "choice" else ""
    return f"{row.help}{words}"
