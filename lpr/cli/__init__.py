"""The command line: one module per command, registered by the hook ``lpr_commands``.

Exit statuses: 0 success; 1 something failed, the rest was done; 2 the call cannot work: wrong
usage, or a backend that is not available here.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import NoReturn

import click

from lpr.cli.messages import configure_logging, say
from lpr.errors import BackendError, LprError, StuckError, describe
from lpr.loading import registry
from lpr.plugins.lazy_command import LazyCommand
from lpr.utils.closing import CLOSE_TIMEOUT
from lpr.utils.text import visible

_exit = os._exit
_PLUGIN = "lpr.plugin"  # Key in a context's ``meta``: the name of a third-party command


class _Commands(click.Group):
    """The commands of all plugins, lpr's own among them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_commands())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        command = _commands().get(name)
        if isinstance(command, LazyCommand):
            return command.load()
        ctx.meta[_PLUGIN] = command and name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing lpr's own."""
        commands = sorted(_commands().items())
        limit = formatter.width - 6 - max(len(name) for name, _ in commands)
        with formatter.section("Commands"):
            formatter.write_dl([(n, command.get_short_help_str(limit)) for n, command in commands])


def _commands() -> dict[str, click.Command]:
    return {command.name: command for command in registry().commands if command.name}


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lpr")
@click.option("--debug", is_flag=True, help="Show a traceback with every error.")
def cli(debug: bool) -> None:
    """Find and read number plates in pictures and videos; train and evaluate the networks."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; errors are one message each unless ``--debug`` is given."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # After an error people append the flag to the failed line, so it may stand anywhere.
    before_operands = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in before_operands
    if debug:
        given.remove("--debug")
    configure_logging()
    # SIGTERM acts like Ctrl-C: files are closed and videos stay playable.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _refused_exits():
        status = _run(given, debug)
    _limit_exit_time(status)
    sys.exit(status)


def _run(given: list[str], debug: bool) -> int:
    """Run a command and return the exit status; with ``debug``, errors propagate."""
    context = None
    try:
        # Not cli.main(), which exits with 1 on a broken pipe.
        with cli.make_context("lpr", given) as context:
            cli.invoke(context)
        return 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        say("interrupted")
        return 130
    except BrokenPipeError:
        # `lpr detect ... | head -1` is no error; Python's flush at exit must not report it either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except click.ClickException as error:
        text = io.StringIO()
        error.show(text)
        click.echo(visible(text.getvalue(), keep="\n\t"), nl=False, err=True)
        return error.exit_code
    except (LprError, OSError) as error:
        if debug:
            raise
        say(str(error))
        if isinstance(error, StuckError):
            _leave(1)
        return 2 if isinstance(error, BackendError) else 1
    # BaseException: a plugin may raise anything.
    except BaseException as error:
        if debug:
            raise
        command = context and context.meta.get(_PLUGIN)
        whose = f"the plugin that gives lpr {command}" if command else "lpr"
        say(f"{describe(error)} (a fault of {whose}; --debug shows where)")
        return 1


def _limit_exit_time(status: int) -> None:
    """Exit after :data:`CLOSE_TIMEOUT` even if a plugin's threads still run."""

    def leave() -> None:
        time.sleep(CLOSE_TIMEOUT)
        main = threading.main_thread()
        threads = [t.name for t in threading.enumerate() if not t.daemon and t is not main]
        if threads:
            names = ", ".join(threads)
            say(f"threads of a plugin were left behind, because it did not end them: {names}")
            _leave(status or 1)

    threading.Thread(target=leave, daemon=True).start()


@contextlib.contextmanager
def _refused_exits() -> Iterator[None]:
    """Turn ``os._exit`` into an exception, so that a plugin which calls it is named."""
    process = os.getpid()

    def refuse(status: int) -> NoReturn:
        if os.getpid() != process:  # a forked child, which has to end so
            _exit(status)
        raise SystemExit(f"it called os._exit({status})")

    os._exit = refuse
    try:
        yield
    finally:
        os._exit = _exit


def _leave(status: int) -> NoReturn:
    """Exit without waiting for threads, some of which would never end."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    _exit(status)
