"""``snowpit completion``: completion for shells."""

import click
from click.shell_completion import get_completion_class

from snowpit.cli.output import write

SHELLS = ("bash", "zsh", "fish")


@click.command("completion")
@click.argument("shell", type=click.Choice(SHELLS))
def command(shell: str) -> int:
    """Print a completion script.

    \b
    bash: eval "$(snowpit completion bash)"      in ~/.bashrc
    zsh:  eval "$(snowpit completion zsh)"       in ~/.zshrc
    fish: snowpit completion fish > ~/.config/fish/completions/snowpit.fish
    """  # noqa: D301 - click takes the backspace as "do not wrap"
    from snowpit.cli import main  # noqa: PLC0415 - the group loads this module

    found = get_completion_class(shell)
    if found is not None:
        write(found(main, {}, "snowpit", "_SNOWPIT_COMPLETE").source() + "\n")
    return 0
