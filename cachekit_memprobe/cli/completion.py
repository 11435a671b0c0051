"""``completion``: the script by which a shell completes the command line."""

import click
from click.shell_completion import get_completion_class

from cachekit_memprobe.cli.boundary import exits
from cachekit_memprobe.cli.help import command
from cachekit_memprobe.errors import EXIT_OK

SHELLS = ("bash", "zsh", "fish")
_PROGRAM = "cachekit-memprobe"
_VARIABLE = "_CACHEKIT_MEMPROBE_COMPLETE"

_BETTER = {
    "bash": (("    return 0\n", "    [[ ${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace\n    return 0\n"),),
    "zsh": (
        (
            '    if [ -n "$completions_with_descriptions" ]',
            "    local -a joined\n"
            "    [[ -n ${(M)response:#*[=:]} ]] && joined=(-S '')\n"
            '    if [ -n "$completions_with_descriptions" ]',
        ),
        ("completions_with_descriptions -U\n", 'completions_with_descriptions -U "${joined[@]}"\n'),
        ("compadd -U -V unsorted -a", 'compadd -U -V unsorted "${joined[@]}" -a'),
    ),
    "fish": (('string split ","', 'string split --max 1 ","'),),
}
"""What is changed in click's scripts: no blank follows ``rss.peak=``, which fish has so by itself, and
nothing is cut at a comma."""


@command(
    "completion",
    examples=(
        "cachekit-memprobe completion bash \\",
        "  > ~/.local/share/bash-completion/completions/cachekit-memprobe",
        "cachekit-memprobe completion zsh > ~/.zfunc/_cachekit-memprobe",
        "cachekit-memprobe completion fish \\",
        "  > ~/.config/fish/completions/cachekit-memprobe.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@exits
def completion_command(shell: str) -> int:
    """Print the script that completes commands, options and their values.

    Completed are commands, options, scenarios, saved runs, metrics, what explain knows, and the releases that
    have an environment on this machine. It needs bash 4.4 or newer; for zsh, the folder of the file has to be
    in fpath before compinit is called.
    """
    click.echo(script(shell), nl=False)
    return EXIT_OK


def script(shell: str) -> str:
    """The script of one of :data:`SHELLS`."""
    complete = get_completion_class(shell)
    assert complete is not None  # click has these three since 8.0
    made = complete(click.Command(_PROGRAM), {}, _PROGRAM, _VARIABLE)
    # Not source(), which starts a bash to see how old it is.
    text = made.source_template % made.source_vars()
    for theirs, ours in _BETTER[shell]:
        text = text.replace(theirs, ours)
    return text
