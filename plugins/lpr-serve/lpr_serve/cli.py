"""``lpr serve``: the service on the command line."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from lpr.cli.messages import say
from lpr_serve.auth import new_token
from lpr_serve.config import read_config


@click.command("serve")
@click.option(
    "--config", "file", type=click.Path(path_type=Path), help="A TOML file with the settings."
)
@click.option("--host", help="The address to listen on; by default 127.0.0.1, this machine alone.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; by default 8080.")
@click.option("--model", help="Model, by name or folder.")
@click.option("--region", "regions", help="Codes of regions such as tw, or any for all.")
@click.option(
    "--store", help="sqlite:///FILE or postgresql://...; by default in the user's folder."
)
@click.option(
    "--new-token",
    "token_name",
    metavar="NAME",
    help="Make a token, print it and its entry, and end.",
)
def command(
    file: Path | None,
    host: str | None,
    port: int | None,
    model: str | None,
    regions: str | None,
    store: str | None,
    token_name: str | None,
) -> None:
    """Serve number plates by HTTP, and watch cameras.

    POST a picture to /api/v1/read, or to /v1/plate-reader/ as for Plate Recognizer, or to
    /v1/vision/alpr as for CodeProject.AI. /docs describes everything.
    """
    if token_name is not None:
        _print_token(token_name)
        return
    config = read_config(file, host=host, port=port, model=model, regions=regions, store=store)
    import uvicorn

    from lpr_serve.app import create_app

    logging.getLogger("lpr").setLevel(logging.INFO)
    say(f"http{'s' if config.tls_certificate else ''}://{config.host}:{config.port}/docs")
    uvicorn.run(
        create_app(config),
        host=config.host,
        port=config.port,
        log_level="warning",
        access_log=False,  # texts of plates are in addresses; the audit log has them
        server_header=False,
        ssl_certfile=config.tls_certificate,
        ssl_keyfile=config.tls_key,
        timeout_graceful_shutdown=5,
    )


def _print_token(name: str) -> None:
    token, digest = new_token()
    say(f"the token of {name}, which is shown only now; for the configuration:")
    click.echo(token)
    say(f'[[tokens]]\nname = "{name}"\nsha256 = "{digest}"\nscopes = ["read"]')
