"""``evalkit ratings``: people's votes."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from evalkit.cli.options import JsonOption
from evalkit.cli.study import StoreOption, StudyArgument
from evalkit.core.errors import InputError

if TYPE_CHECKING:
    from evalkit.ratings import Ranking

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


@app.command()
def rank(
    study: StudyArgument,
    until: Annotated[int | None, typer.Option("--until", min=0, help="As it stood after this event of the log.")] = None,
    ridge: Annotated[float, typer.Option("--ridge", min=0.0, help="Pull strengths together where votes do not connect all.")] = 0.0,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Rank generators by people's votes: intervals clustered by raters and items, ranks that hold together."""
    import json as lines

    from evalkit.run.rankings import ranking_digest, ranking_of
    from evalkit.study import Store

    with Store(store) as opened:
        ranking = ranking_of(opened, study, until=until, ridge=ridge)
    if not json:
        typer.echo(ranking_text(ranking))
        return
    evidence = {name: one.model_dump(mode="json") for name, one in ranking.evidence().items()}
    board = ranking.table().to_dict("records")
    typer.echo(lines.dumps({"ranking": board, "notes": ranking.notes, "evidence": evidence, "digest": ranking_digest(ranking)}))


@app.command()
def raters(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """Who votes how: agreement with others, speed, leaning to a side, and whether the leader hangs on one rater."""
    from evalkit.compare.words import percent
    from evalkit.run.rankings import rater_lines
    from evalkit.study import Store

    with Store(store) as opened:
        lines = rater_lines(opened, study)
    if json:
        typer.echo(lines.to_json(orient="records"))
        return
    rows: list[dict[str, Any]] = lines.to_dict("records")  # type: ignore[assignment]
    hangs = [row for row in rows if row["leader_without"] is not None]
    typer.echo(
        f"The leader would change without any one of {len(hangs)} of {len(rows)} raters."
        if hangs
        else "No single rater decides who leads."
    )
    for row in rows:
        parts = [f"{row['rater']}: {row['votes']} votes"]
        parts += [f"agrees {percent(row['agreement'])} of {row['shared']:.0f} shared"] if row["shared"] else []
        parts += [f"median {row['median_seconds']:.1f} s"] if row["median_seconds"] == row["median_seconds"] else []
        parts += [f"left {percent(row['left'])}"] if row["left"] == row["left"] else []
        parts += [f"without: {row['leader_without']} leads"] if row["leader_without"] is not None else []
        typer.echo(", ".join(parts))


@app.command()
def stop(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """Whether you may stop asking, pair by pair: valid however often you look."""
    import json as lines

    from evalkit.compare.words import percent, visible
    from evalkit.run.rankings import watched
    from evalkit.study import Store

    with Store(store) as opened:
        pairs = watched(opened, study)
    if json:
        typer.echo(lines.dumps([{"first": first, "second": second, **found._asdict()} for first, second, found in pairs]))
        return
    if not pairs:
        typer.echo("Nobody has preferred one generator over another yet.")
    for first, second, found in pairs:
        names = f"{visible(first, 40)} against {visible(second, 40)}"
        share = f"wins {percent(found.value)} ({percent(found.low)} to {percent(found.high)}) of {found.n}"
        typer.echo(f"{names}: {share}; {visible(found.decision, 120)}")


@app.command()
def plan(
    win_rate: Annotated[float, typer.Option("--win-rate", help="The difference to find: how often the better one wins.")] = 0.6,
    generators: Annotated[int, typer.Option("--generators", min=2, help="So many on the board.")] = 2,
    ties: Annotated[float, typer.Option("--ties", help="The share of votes that prefer neither.")] = 0.0,
    power: Annotated[float, typer.Option("--power", help="The chance to find the difference.")] = 0.8,
    pilot: Annotated[
        str | None, typer.Option("--pilot", help="A study whose raters and items differ as the next one's will.")
    ] = None,
    raters: Annotated[int, typer.Option("--raters", min=2, help="With --pilot: among so many raters.")] = 10,
    items: Annotated[int, typer.Option("--items", min=2, help="With --pilot: on so many items.")] = 100,
    store: StoreOption = None,
) -> None:
    """How many votes a difference takes."""
    from evalkit.ratings import components, votes_for_ranking, votes_needed
    from evalkit.ratings import plan as votes_of_plan

    if pilot is not None:
        from evalkit.run.rankings import study_comparisons
        from evalkit.study import Store

        with Store(store) as opened:
            found = components(study_comparisons(opened, pilot))
        n = votes_of_plan(found, win_rate, raters=raters, items=items, power=power)
        typer.echo(f"{n} votes between two generators, of {raters} raters on {items} items that differ as in the pilot.")
    elif generators == 2:
        typer.echo(f"{votes_needed(win_rate, power=power, tie_share=ties)} votes, if raters and items have no tastes of their own.")
    else:
        n = votes_for_ranking(generators, win_rate, power=power, tie_share=ties)
        typer.echo(f"{n} votes over all pairs of {generators} generators, if raters and items have no tastes of their own.")


@app.command()
def agreement(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """How far raters agree beyond chance."""
    from evalkit.compare.words import finding_words
    from evalkit.run.rankings import agreement_of
    from evalkit.study import Store

    with Store(store) as opened:
        finding = agreement_of(opened, study)
    typer.echo(finding.model_dump_json(indent=1) if json else f"{finding.name}: {finding_words(finding)}")


def ranking_text(ranking: "Ranking") -> str:
    """The conclusion first, then a line a generator, the side's effect, and what limits it."""
    from evalkit.compare.words import visible

    rows: list[dict[str, Any]] = ranking.table().to_dict("records")  # type: ignore[assignment]
    first = [row["generator"] for row in rows if str(row["rank"]).startswith("1")]
    names = ", ".join(visible(name, 40) for name in first)
    lines = [f"{names} leads." if len(first) == 1 else f"Votes cannot separate the leaders yet: {names}.", ""]
    width = max(9, *(len(visible(name, 40)) for name in ranking.generators))
    lines.append(f"{'generator'.ljust(width)}  rank   strength  95 % interval   votes" + ("  both bad" if ranking.both_bad else ""))
    for row in rows:
        interval = f"{row['low']:.0f} to {row['high']:.0f}"
        figures = f"{row['rank']:5}  {row['strength']:8.0f}  {interval:14}  {row['votes']:5.0f}"
        figures += f"  {100 * row['both_bad']:6.0f} %" if "both_bad" in row else ""
        lines.append(f"{visible(row['generator'], 40).ljust(width)}  {figures}")
    lines += [""]
    lines += [
        f"{effect.name}: {effect.value:+.2f} logits ({effect.low:+.2f} to {effect.high:+.2f}), p = {effect.p_value:.2g}; taken out"
        for effect in ranking.effects
    ]
    return "\n".join([*lines, *(f"Note: {note}" for note in ranking.notes), f"Method: {ranking.method}"])
