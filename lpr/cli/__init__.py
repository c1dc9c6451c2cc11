"""The command line: one module per command, registered by the hook ``lpr_commands``.

Exit statuses: 0 success; 1 something failed, the rest was done; 2 the call cannot work: wrong
usage, or a backend that is not available here.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import click

from lpr.cli.groups import CommandGroup, write_commands
from lpr.cli.interrupts import INTERRUPTED, Interrupts, leave
from lpr.cli.messages import configure_logging, say
from lpr.cli.missing import advice_about
from lpr.errors import BackendError, LprError, StuckError, describe
from lpr.loading import registry
from lpr.plugins.lazy_command import LazyCommand
from lpr.utils.closing import CLOSE_TIMEOUT
from lpr.utils.text import visible

_exit = os._exit
# Keys in a context's ``meta``.
_PLUGIN = "lpr.plugin"  # The name of a third-party command
_INTERRUPTS = "lpr.interrupts"  # The handlers of signals, in force once the command is loaded
_COMPLETE = "_LPR_COMPLETE"
"""The environment variable in which a shell asks for completions (docs/cli.md)."""


class _Commands(CommandGroup):
    """The commands of all plugins, lpr's own among them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_commands())

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        command = _commands().get(name)
        if isinstance(command, LazyCommand):
            return command.load()
        ctx.meta[_PLUGIN] = command and name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        resolved = super().resolve_command(ctx, args)
        if interrupts := ctx.meta.get(_INTERRUPTS):
            interrupts.raise_from_now()
        return resolved

    def advice(self, ctx: click.Context, name: str) -> str:
        if missing := advice_about(name, registry()):
            return missing
        if Path(name).exists():
            return f"{name} is no command; to read its plates: lpr detect {shlex.quote(name)}"
        return super().advice(ctx, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing lpr's own."""
        write_commands(formatter, (command for _, command in sorted(_commands().items())))


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
    interrupts = Interrupts()
    try:
        try:
            with _refused_exits():
                status = _complete() if _COMPLETE in os.environ else _run(given, debug, interrupts)
        finally:
            interrupts.leave_from_now()
    except KeyboardInterrupt:  # A second signal, or one between two lines here
        status = INTERRUPTED
    _limit_exit_time(status)
    sys.exit(status)


def _complete() -> int:
    """Answer a shell that asks for its completion script, or for completions."""
    from click.shell_completion import shell_complete

    return shell_complete(cli, {}, "lpr", _COMPLETE, os.environ[_COMPLETE])


def _run(given: list[str], debug: bool, interrupts: Interrupts) -> int:
    """Run a command and return the exit status; with ``debug``, errors propagate."""
    context = None
    try:
        # Not cli.main(), which exits with 1 on a broken pipe.
        with cli.make_context("lpr", given) as context:
            context.meta[_INTERRUPTS] = interrupts
            cli.invoke(context)
        return 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _interrupted()
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
        if interrupts.came:
            return _interrupted()
        say(str(error))
        if isinstance(error, StuckError):
            leave(1)
        return 2 if isinstance(error, BackendError) else 1
    # BaseException: a plugin may raise anything.
    except BaseException as error:
        if debug:
            raise
        if interrupts.came:  # An import turned the interrupt into an error of its own.
            return _interrupted()
        command = context and context.meta.get(_PLUGIN)
        whose = f"the plugin that gives lpr {command}" if command else "lpr"
        say(f"{describe(error)} (a fault of {whose}; --debug shows where)")
        return 1


def _limit_exit_time(status: int) -> None:
    """Exit after :data:`CLOSE_TIMEOUT` even if a plugin's threads still run."""

    def leave_later() -> None:
        time.sleep(CLOSE_TIMEOUT)
        main = threading.main_thread()
        threads = [t.name for t in threading.enumerate() if not t.daemon and t is not main]
        if threads:
            names = ", ".join(threads)
            say(f"threads of a plugin were left behind, because it did not end them: {names}")
            leave(status or 1)

    threading.Thread(target=leave_later, daemon=True).start()


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


def _interrupted() -> int:
    say("interrupted")
    return INTERRUPTED
