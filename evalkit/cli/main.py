"""The entry point: all commands, and the one place where errors become a sentence and an exit code."""

import sys

import typer

from evalkit.cli import detect, evaluate, models, ratings, study, tour
from evalkit.core.errors import EvalkitError
from evalkit.core.version import VERSION

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="evalkit",
    help="Find the rows that do not belong, and compare generative models, with figures that say how far they can be trusted.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(tour.demo)
app.command("detect")(detect.detect)
app.command("fit")(models.fit)
app.command("sample")(models.sample)
app.command("reconstruct")(models.reconstruct)
app.command("interpolate")(models.interpolate)
app.command("score")(models.score)
app.command("evaluate", cls=evaluate.WithMetrics)(evaluate.evaluate)
app.add_typer(study.app, name="study")
app.add_typer(ratings.app, name="ratings")
app.command("app")(tour.app)


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"evalkit {VERSION}")
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Show the version."),
) -> None:
    pass


def main() -> None:
    """Run the command line. Bad input is one sentence on standard error and exit code 2, never a traceback."""
    try:
        app()
    except EvalkitError as error:
        typer.echo(f"evalkit: {error}", err=True)
        sys.exit(EXIT_BAD_INPUT)
    except KeyboardInterrupt:
        typer.echo("evalkit: stopped; what was finished is kept", err=True)
        sys.exit(EXIT_INTERRUPTED)
