"""``lpr plugins``: lists plugins and their problems, writes new ones, checks conformance."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import click

from lpr.cli.groups import CommandGroup
from lpr.cli.messages import say
from lpr.cli.options import Finite, path_option
from lpr.errors import PluginError
from lpr.loading import registry
from lpr.models import DEFAULT_MODEL, installed_models, load_model
from lpr.plugins.check_process import Finding, run_check
from lpr.plugins.conformance import checks_of, plugin_called
from lpr.plugins.scaffold import KINDS, new_plugin
from lpr.utils.text import visible

MAX_LOAD_SECONDS = 1.0
"""Seconds that a plugin may take to load. Every command loads every plugin; lpr's own take 0.1 s at
most."""


@click.group("plugins", cls=CommandGroup, invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List plugins: their names, origins, what they provide and their problems."""
    if context.invoked_subcommand is not None:
        return
    for plugin in registry().plugins:
        click.echo(f"{plugin.name}\t{plugin.origin}\t{', '.join(plugin.provides) or '-'}")
        for problem in plugin.problems:
            say(f"plugin {plugin.name} ({plugin.origin}): {problem}")
    if any(plugin.problems for plugin in registry().plugins):
        raise click.exceptions.Exit(1)


@command.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="recognizer",
    show_default=True,
    help="What the plugin adds.",
)
@path_option("--out", "The folder; by default NAME.")
def new(name: str, kind: str, out: Path | None) -> None:
    """Write a new plugin NAME: a package that installs and passes its tests."""
    if name in registry().names():
        raise click.BadParameter(f"{name!r} is taken: lpr plugins and lpr models list the names")
    try:
        files = new_plugin(name, out or Path(name), kind)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    for file in files:
        click.echo(file)
    install = f"install it with: pip install -e '{files[0].parent}[test]'"
    say(f"{install}; its {kind} is in {files[1]}")


@command.command("check")
@click.argument("name")
@click.option(
    "--model",
    default=DEFAULT_MODEL,
    show_default=True,
    help="Name or folder of the model that runtimes are tried with.",
)
@click.option(
    "--argument",
    default="",
    metavar="FILE",
    help="What detectors that need something after their name are tried with.",
)
@click.option(
    "--timeout",
    type=Finite(1),
    default=120.0,
    show_default=True,
    metavar="SECONDS",
    help="Time limit of each check.",
)
@click.option("--require", is_flag=True, help="Fail if a check cannot be tried here, too.")
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object for each check.")
def check(
    name: str, model: str, argument: str, timeout: float, require: bool, as_json: bool
) -> None:
    """Run the conformance suite on the plugin or model pack NAME and measure its speed.

    Each check runs in a process of its own, which is ended after the time limit.
    """
    load_model(model)
    findings = []
    run = partial(run_check, name, model=model, argument=argument, timeout=timeout)
    for finding in _findings(name, model, run):
        findings.append(finding)
        _show(finding, as_json)
    if len(findings) < 2 and name not in installed_models():
        say(f"{name} provides nothing that can be checked")
    bad = ("failed", "not tried") if require else ("failed",)
    failed = [finding for finding in findings if finding.status in bad]
    if failed or (require and len(findings) < 2 and name not in installed_models()):
        raise PluginError(f"{name}: {len(failed)} of {len(findings)} checks failed")


def _findings(name: str, model: str, run: Callable[[str], Finding]) -> Iterator[Finding]:
    """The findings on what ``name`` provides, and first on loading it if it is a plugin; ``run``
    runs the check of a subject."""
    plugin = plugin_called(registry(), name)
    if plugin is None:
        for one in checks_of(registry(), name, load_model(model)):
            yield run(one.subject)
        return
    loaded = run("")
    if loaded.status == "ok" and loaded.seconds > MAX_LOAD_SECONDS:
        # The first time, the files of a library may have to be read from the disk.
        loaded = run("")
        if loaded.seconds > MAX_LOAD_SECONDS:
            reason = (
                f"takes {loaded.seconds:.1f} s to load, which slows every command down: import "
                "large libraries in open()"
            )
            loaded = replace(loaded, status="failed", reason=reason)
    yield loaded
    for subject in loaded.subjects:
        yield run(subject)


def _show(finding: Finding, as_json: bool) -> None:
    if as_json:
        speeds = [asdict(speed) for speed in finding.speeds]
        record = {"subject": finding.subject, "status": finding.status, "reason": finding.reason}
        click.echo(json.dumps({**record, "speeds": speeds}))
        return
    prefix = "not tried: " if finding.status == "not tried" else ""
    click.echo(visible(f"{finding.subject}\t{prefix}{finding.reason or 'ok'}", keep="\t"))
    for speed in finding.speeds:
        each = f"{speed.ms_each:.2f} ms each"
        click.echo(f"{finding.subject}\tbatch of {speed.batch}: {each}, one thread")
