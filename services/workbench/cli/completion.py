"""`banyan completion`: a shell's completion script."""

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """打印补全脚本 · Print the script that completes `banyan` in SHELL.

    For bash: `eval "$(banyan completion bash)"` in ~/.bashrc; zsh likewise in ~/.zshrc; fish: save it as
    ~/.config/fish/completions/banyan.fish.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    click.echo(kind(ctx.find_root().command, {}, "banyan", "_BANYAN_COMPLETE").source())
