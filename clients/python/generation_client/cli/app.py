"""Puts the commands together."""

import typer

from generation_client.cli import chat, frames, listings, pictures, text
from generation_client.cli.session import EXIT_CODES

app = typer.Typer(
    name="generate",
    help="Text, images, edits and frames from a generation service.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    text.text,
    chat.chat,
    pictures.image,
    pictures.edit,
    frames.frames,
    listings.models,
    listings.styles,
    listings.health,
):
    app.command(epilog=EXIT_CODES)(command)
