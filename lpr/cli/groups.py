"""Groups of commands: help that is not cut off, and what to do about an unknown command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

import click


class CommandGroup(click.Group):
    """A group whose help shows the whole first sentence of each command, and that answers an
    unknown name with the known ones."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        unknown = self.get_command(ctx, name) is None
        if unknown and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(self.advice(ctx, name), ctx)
        return super().resolve_command(ctx, args)

    def advice(self, ctx: click.Context, name: str) -> str:
        """What to say about a command that does not exist."""
        known = self.list_commands(ctx)
        folded = name.lower()
        begun = [each for each in known if each.startswith(folded)]
        close = get_close_matches(folded, known, n=2) or begun
        if close:
            return f"there is no command {name!r}; did you mean {' or '.join(close)}?"
        return f"there is no command {name!r}; the commands are {', '.join(known)}"

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        commands = (self.get_command(ctx, name) for name in self.list_commands(ctx))
        write_commands(formatter, (command for command in commands if command))


def write_commands(formatter: click.HelpFormatter, commands: Iterable[click.Command]) -> None:
    """Write the section of the commands, except hidden ones."""
    rows = [(each.name or "", first_sentence(each)) for each in commands if not each.hidden]
    if rows:
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def first_sentence(command: click.Command) -> str:
    """The first sentence of a command's help in one line."""
    text = (command.short_help or command.help or "").strip().partition("\n\n")[0]
    return re.split(r"(?<=[.!?]) (?=[A-Z])", " ".join(text.split()))[0]
