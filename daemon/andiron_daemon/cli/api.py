"""`andiron api`: the description of the API, without a running daemon."""

import click


@click.command("api", short_help="Print the description of the API.")
@click.option("--markdown", is_flag=True, help="As the page docs/api.md, instead of OpenAPI in JSON.")
def command(markdown: bool) -> None:
    """Print the API's description in OpenAPI 3.1, for a generator of clients or a validator."""
    import msgspec

    from andiron_daemon.api.openapi import make_document
    from andiron_daemon.api.openapi_page import make_page
    from andiron_daemon.api.routes import ROUTES

    document = make_document(ROUTES)
    if markdown:
        click.echo(make_page(document), nl=False)
    else:
        click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
