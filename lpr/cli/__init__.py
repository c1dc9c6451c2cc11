"""The command line: one file per command; plugins add theirs through ``lpr_commands``.

Exit statuses: 0 all is well; 1 something failed (the rest was done); 2 the call itself cannot
work: wrong usage, or a backend that is not to be had here.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from lpr.errors import BackendError, LprError, StuckError, describe
from lpr.plugins.registry import BUILTIN_COMMANDS
from lpr.utils.closing import CLOSE_TIMEOUT


class _Commands(click.Group):
    """The built-in commands, imported when used, and those of the plugins."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*BUILTIN_COMMANDS, *_plugin_commands()})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in BUILTIN_COMMANDS:
            command: Any = importlib.import_module(f"lpr.cli.{name}").command
            return command if isinstance(command, click.Command) else None
        plugged = _plugin_commands().get(name)
        # Whoever sees an error that is nobody's fault but the plugin's should not ask lpr about it.
        ctx.meta[_PLUGGED] = name if plugged else None
        return plugged


_PLUGGED = "lpr.plugged"


def _plugin_commands() -> dict[str, click.Command]:
    from lpr.loading import registry

    return {command.name: command for command in registry().commands if command.name}


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lpr")
@click.option("--debug", is_flag=True, help="Show a traceback with every error.")
def cli(debug: bool) -> None:
    """Find and read number plates in pictures and videos; train and evaluate the networks."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; every error is one message unless ``--debug`` is given."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Whoever just saw an error appends the flag to the line that failed: let it stand anywhere.
    before_operands = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in before_operands
    if debug:
        given.remove("--debug")
    logging.basicConfig(format="lpr: %(message)s")
    # Whoever ends a long run from outside gets what a Ctrl-C gives: files closed, videos playable.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    status = _run(given, debug)
    _watch_the_end(status)
    sys.exit(status)


def _run(given: list[str], debug: bool) -> int:
    """The exit status; with ``debug``, errors come through."""
    context = None
    try:
        # Not cli.main(): that ends with 1 where the reader of our output has gone.
        with cli.make_context("lpr", given) as context:
            cli.invoke(context)
        return 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        _complain("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`lpr detect ... | head -1`): there is nothing to say,
        # and Python's own flush at exit must not say it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except LprError as error:
        if debug:
            raise
        _complain(str(error))
        if isinstance(error, StuckError):
            _leave(1)
        return 2 if isinstance(error, BackendError) else 1
    except OSError as error:
        if debug:
            raise
        _complain(str(error))
        return 1
    # BaseException: a plugin may raise whatever it likes.
    except BaseException as error:
        if debug:
            raise
        plugged = context and context.meta.get(_PLUGGED)
        whose = f"the plugin that gives lpr {plugged}" if plugged else "lpr"
        _complain(f"{describe(error)} (a fault of {whose}; --debug shows where)")
        return 1


def _watch_the_end(status: int) -> None:
    """Python waits at its end for threads that are still running, for ever and in silence: see to
    it that one which a plugin left does not keep the program."""

    def watch() -> None:
        time.sleep(CLOSE_TIMEOUT)
        main = threading.main_thread()
        left = [t.name for t in threading.enumerate() if not t.daemon and t is not main]
        if left:
            names = ", ".join(left)
            _complain(f"left behind are threads that a plugin started and did not end: {names}")
            _leave(status or 1)

    threading.Thread(target=watch, daemon=True).start()


def _leave(status: int) -> NoReturn:
    """End without waiting for threads, some of which would never end."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def _complain(message: str) -> None:
    click.echo(f"lpr: {message}", err=True)
