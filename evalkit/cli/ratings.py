"""``evalkit ratings``: people's votes."""

from typing import Annotated

import typer

from evalkit.cli.options import JsonOption
from evalkit.cli.study import StoreOption, StudyArgument
from evalkit.core.errors import InputError

app = typer.Typer(
    help="People's votes: invite raters, bring votes in and out, rank, and say how far it can be trusted.", no_args_is_help=True
)
RaterArgument = Annotated[str, typer.Argument(help="The rater's key, as evalkit study show prints it.", show_default=False)]


@app.command()
def invite(
    study: StudyArgument,
    raters: Annotated[int | None, typer.Option("--raters", min=1, max=10_000, help="So many, called rater 1, rater 2 …")] = None,
    names: Annotated[str, typer.Option("--names", help="Or their names, separated by commas; only you see them.")] = "",
    base: Annotated[str, typer.Option("--base-url", help="Where raters reach the app.")] = "http://127.0.0.1:8501",
    days: Annotated[float, typer.Option("--days", help="For so long the links work.")] = 30.0,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Make a link for each rater. Links are shown once: the store keeps only their hashes."""
    import json as lines

    from evalkit.run.studies import links, study_line
    from evalkit.study import Store
    from evalkit.study import invite as run_invite

    with Store(store) as opened:
        there = study_line(opened, study).raters
        called = [name.strip() for name in names.split(",") if name.strip()]
        called += [f"rater {there + len(called) + i}" for i in range(1, (raters or 0) + 1)]
        if not called:
            raise InputError("whom to invite: --raters 5, or --names Ann,Bob")
        invited = run_invite(opened, study, called, days)
    urls = links([one.token for one in invited], base)
    if json:
        typer.echo(
            lines.dumps([{"rater": one.rater, "name": one.name, "link": url} for one, url in zip(invited, urls, strict=True)])
        )
        return
    for one, url in zip(invited, urls, strict=True):
        typer.echo(f"{one.name}: {url}")


@app.command()
def revoke(study: StudyArgument, rater: RaterArgument, store: StoreOption = None) -> None:
    """Close a rater's link; the votes stay."""
    from evalkit.study import Store
    from evalkit.study import revoke as run_revoke

    with Store(store) as opened:
        run_revoke(opened, study, rater)
    typer.echo("The link is closed; the votes stay.")


@app.command()
def erase(study: StudyArgument, rater: RaterArgument, store: StoreOption = None) -> None:
    """Erase a rater who withdraws: the name, the link and all reasons; the votes stay or go as the study's consent says."""
    from evalkit.study import Store, withdraw

    with Store(store) as opened:
        gone = withdraw(opened, study, rater)
    typer.echo(f"The rater is erased, with {gone} votes." if gone else "The rater is erased; counted votes stay without a name.")
