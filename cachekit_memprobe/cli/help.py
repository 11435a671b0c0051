"""How help is laid out: what a command does, examples of it, its options in groups, its exit codes."""

import functools
import inspect
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


class Group(Enum):
    """The headings of options, in the order in which help has them. To add one takes a line here."""

    OWN_CALL = "Your own function"
    OWN_DATA = "Your own data"
    SIZES = "Sizes and variants"
    JUDGING = "What is judged"
    TARGET = "Which cachekit"
    MEASURING = "How it is measured"
    SERVERS = "Your own servers"
    OUTPUT = "What is shown and written"
    OTHER = "Options"


class Option(click.Option):
    """An option with a heading, and without the bounds of its number, which only refuse nonsense."""

    def __init__(self, *args: Any, group: Group = Group.OTHER, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.group = group

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)
        return extra


option = partial(click.option, cls=Option)
"""Like ``click.option``, with ``group=Group.TARGET`` for its heading."""


def grouped(group: Group, *options: Callable[[Any], Any]) -> Callable[[_Command], _Command]:
    """Options under one heading, but for those that have another one already."""

    def decorate(command: Any) -> Any:
        earlier = len(getattr(command, "__click_params__", ()))
        decorated = functools.reduce(lambda made, one: one(made), reversed(options), command)
        for param in decorated.__click_params__[earlier:]:
            if isinstance(param, Option) and param.group is Group.OTHER:
                param.group = group
        return decorated

    return decorate


class Command(click.Command):
    """A command with examples, and exit codes that mean something of its own.

    Args:
        examples: the command lines; a longer one goes on in the next, which is indented.
        exit_codes: what 0, 1, 2 and 3 mean, as far as they can come.
        remark: to the exit codes.
    """

    def __init__(
        self,
        *args: Any,
        examples: Sequence[str] = (),
        exit_codes: Sequence[tuple[int, str]] = (),
        remark: str = "",
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.examples = examples
        self.exit_codes = exit_codes
        self.remark = remark

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        summary, _, details = inspect.cleandoc(self.help or "").partition("\n\n")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(summary)
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {line}\n" for line in self.examples))
        if details:
            with formatter.section("Details"):
                formatter.write_text(details)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[Group, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                groups.setdefault(getattr(param, "group", Group.OTHER), []).append(record)
        for group in Group:
            if group in groups:
                with formatter.section(group.value):
                    formatter.write_dl(groups[group])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if not self.exit_codes:
            return
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in self.exit_codes])
            if self.remark:
                formatter.write_paragraph()
                formatter.write_text(self.remark)


class Commands(Command, click.Group):
    """The same with commands of its own, which come before its options."""

    command_class = Command

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse a name that there is no command of with those that look like it."""
        from cachekit_memprobe.guesses import guess

        names = self.list_commands(ctx)
        if args[0] in names or ctx.resilient_parsing or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        remedy = guess(args[0], names, f"the commands are {', '.join(names)}")
        ctx.fail(f"there is no command {args[0]!r}; {remedy}")


command = partial(click.command, cls=Command)
"""Like ``click.command``, with ``examples`` and ``exit_codes``."""
