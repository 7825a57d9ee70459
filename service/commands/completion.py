"""`matryoshka completion SHELL`: the script that makes a shell complete verbs, options and ids."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from service.commands.verbs import Verb

SHELLS = ("bash", "zsh", "fish", "powershell")
PROGRAM, _VARIABLE = "matryoshka", "_MATRYOSHKA_COMPLETE"


_HELP = """Print the completion script of a shell.

\b
bash         eval "$(matryoshka completion bash)"    in ~/.bashrc
zsh          eval "$(matryoshka completion zsh)"     in ~/.zshrc
fish         matryoshka completion fish | source     in ~/.config/fish/config.fish
powershell   matryoshka completion powershell | Out-String | Invoke-Expression    in $PROFILE
"""


@click.command(cls=Verb, help=_HELP)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"This click knows no {shell}.")
    click.echo(found(context.find_root().command, {}, PROGRAM, _VARIABLE).source())
