"""``evalkit ratings``: people's votes."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from evalkit.cli.options import JsonOption, StoreOption
from evalkit.cli.study import StudyArgument
from evalkit.core.errors import InputError

if TYPE_CHECKING:
    from evalkit.ratings import Leaderboard
    from evalkit.run.rankings import Planned

app = typer.Typer(
    help="People's votes: invite raters, bring votes in and out, rank, and say how far it can be trusted.", no_args_is_help=True
)
VotesArgument = Annotated[str, typer.Argument(help="A file of votes, or a study's name.", show_default=False)]
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


@app.command("import")
def import_file(
    study: StudyArgument,
    file: Annotated[Path, typer.Argument(help=".csv, .jsonl, .parquet or .json.", show_default=False)],
    form: Annotated[str, typer.Option("--format", help="auto, table, label-studio or battles.")] = "auto",
    left: Annotated[str | None, typer.Option("--left", help="Label Studio: the data field that names what stood left.")] = None,
    right: Annotated[str | None, typer.Option("--right", help="Label Studio: and right.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Bring votes from elsewhere into a study, which is made if it is not there; none is stored twice."""
    import json as lines

    from evalkit.compare.words import count
    from evalkit.run.label_studio import Fields
    from evalkit.run.vote_files import import_votes
    from evalkit.study import Store

    with Store(store) as opened:
        done, notes = import_votes(
            opened, study, file, one_of(form, ("auto", "table", "label-studio", "battles"), "--format"), Fields(left, right)
        )
    if json:
        typer.echo(lines.dumps({**done._asdict(), "notes": notes}))
        return
    made = "The study is made. " if done.made else ""
    typer.echo(f"{made}Stored: {count(done.stored)} votes of {count(done.raters)} raters; {count(done.there)} were there already.")
    for note in notes:
        typer.echo(f"Note: {note}")


@app.command()
def export(
    study: StudyArgument,
    file: Annotated[Path, typer.Argument(help=".csv, .jsonl or .parquet; .json for Label Studio.", show_default=False)],
    form: Annotated[str, typer.Option("--format", help="table or label-studio.")] = "table",
    store: StoreOption = None,
) -> None:
    """Write a study's votes into a file; raters are keys drawn at random, no names."""
    from evalkit.run.vote_files import export_votes
    from evalkit.study import Store

    with Store(store) as opened:
        export_votes(opened, study, file, one_of(form, ("table", "label-studio"), "--format"))
    typer.echo(f"Written: {file}")


@app.command()
def rank(
    votes: VotesArgument,
    until: Annotated[int | None, typer.Option("--until", min=0, help="As it stood after this event of the log.")] = None,
    ridge: Annotated[float, typer.Option("--ridge", min=0.0, help="Pull strengths together where votes do not connect all.")] = 0.0,
    style: Annotated[bool, typer.Option("--style", help="Texts: take out what they owe to their length and Markdown.")] = False,
    attribute: Annotated[str | None, typer.Option("--attribute", help="By this further question, not by the main one.")] = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Rank generators by people's votes: intervals clustered by raters and items, ranks that hold together."""
    import json as lines

    from evalkit.run.rankings import ranking_digest, ranking_of, ranking_of_file
    from evalkit.study import Store

    if Path(votes).is_file():
        if until is not None:
            raise InputError("--until speaks of a study's log, and a file has none")
        if style:
            raise InputError("--style reads the texts of a study: bring the file into one with evalkit ratings import")
        ranking = ranking_of_file(Path(votes), ridge=ridge, attribute=attribute)
    else:
        with Store(store) as opened:
            ranking = ranking_of(opened, votes, until=until, ridge=ridge, style=style, attribute=attribute)
    if not json:
        typer.echo(ranking_text(ranking))
        return
    evidence = {name: one.model_dump(mode="json") for name, one in ranking.evidence().items()}
    board = ranking.table().to_dict("records")
    typer.echo(lines.dumps({"ranking": board, "notes": ranking.notes, "evidence": evidence, "digest": ranking_digest(ranking)}))


@app.command()
def raters(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """Who votes how: agreement with others, speed, leaning to a side, and whether the leader hangs on one rater."""
    from evalkit.compare.words import percent, visible
    from evalkit.run.rankings import rater_lines
    from evalkit.study import Store

    with Store(store) as opened:
        lines = rater_lines(opened, study)
    if json:
        typer.echo(lines.to_json(orient="records"))
        return
    rows = cast(list[dict[str, Any]], lines.to_dict("records"))
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
        parts += [f"without: {visible(row['leader_without'], 40)} leads"] if row["leader_without"] is not None else []
        typer.echo(", ".join(parts))


@app.command()
def stop(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """Whether you may stop asking, pair by pair: valid however often you look."""
    import json as lines

    from evalkit.compare.words import percent, visible
    from evalkit.run.steering import watched
    from evalkit.study import Store

    with Store(store) as opened:
        pairs = watched(opened, study)
    if json:
        known = [(first, second, found) for first, second, found in pairs if found is not None]
        typer.echo(lines.dumps([{"first": first, "second": second, **found._asdict()} for first, second, found in known]))
        return
    for first, second, found in pairs:
        names = f"{visible(first, 40)} against {visible(second, 40)}"
        if found is None:
            typer.echo(f"{names}: nobody has preferred one over the other yet")
            continue
        share = f"wins {percent(found.value)} ({percent(found.low)} to {percent(found.high)}) of {found.n}"
        typer.echo(f"{names}: {share}; {visible(found.decision, 120)}")


@app.command()
def agreement(votes: VotesArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """How far raters agree beyond chance."""
    from evalkit.compare.words import finding_words
    from evalkit.run.rankings import agreement_of, agreement_of_votes, file_votes
    from evalkit.study import Store

    if Path(votes).is_file():
        finding = agreement_of_votes(*file_votes(Path(votes)))
    else:
        with Store(store) as opened:
            finding = agreement_of(opened, votes)
    typer.echo(finding.model_dump_json(indent=1) if json else f"{finding.name}: {finding_words(finding)}")


@app.command()
def verdicts(
    study: StudyArgument,
    run: Annotated[str, typer.Argument(help="A run of the Detect page.", show_default=False)],
    rater: Annotated[str, typer.Option("--rater", help="Who gave the verdicts; only you see the name.", show_default=False)],
    store: StoreOption = None,
) -> None:
    """Bring what a person said of alarms on the Detect page into a review study."""
    from evalkit.compare.words import count
    from evalkit.run.alarm_reviews import bring_verdicts
    from evalkit.study import Store

    with Store(store) as opened:
        done, outside = bring_verdicts(opened, study, run, rater)
    left = f"; {count(outside)} are on rows that the study does not ask about" if outside else ""
    typer.echo(f"Stored: {count(done.stored)} verdicts; {count(done.there)} were there already{left}.")


@app.command()
def precision(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """How many of a detection's alarms were right, by the votes of a review study; where raters disagree."""
    import json as lines

    from evalkit.compare.words import finding_words, visible
    from evalkit.run.alarm_reviews import review_of
    from evalkit.study import Store

    with Store(store) as opened:
        found = review_of(opened, study)
    if json:
        tables = {"rows": found.rows.to_dict("records"), "disagreements": found.disagreements["item"].tolist()}
        typer.echo(lines.dumps({"precision": found.precision.model_dump(mode="json"), **tables}))
        return
    decided = int((found.rows["verdict"] != "open").sum())
    typer.echo(f"{found.precision.name}: {finding_words(found.precision)}; {decided} of {len(found.rows)} alarms are decided.")
    if len(found.disagreements):
        typer.echo("Raters disagree on:")
    for line in found.disagreements.itertuples():
        typer.echo(f"  {visible(line.item, 40)}: {line.no} say no, {line.yes} yes, {line.unsure} unsure")


@app.command()
def plan(
    pilot: Annotated[str | None, typer.Argument(help="Votes there are: a file, or a study's name.", show_default=False)] = None,
    win_rate: Annotated[float, typer.Option("--win-rate", help="To be found: how often the better one is preferred.")] = 0.6,
    power: Annotated[float, typer.Option("--power", help="With this chance.")] = 0.8,
    generators: Annotated[int, typer.Option("--generators", min=2, help="Compared at once.")] = 2,
    raters: Annotated[int, typer.Option("--raters", min=2, help="With a pilot: among so many.")] = 20,
    items: Annotated[int, typer.Option("--items", min=2, help="With a pilot: over so many.")] = 50,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """How many votes to ask for; a pilot tells how much raters and items have tastes of their own."""
    import json as lines

    from evalkit.run.rankings import pairs_of_file, plan_votes, study_comparisons
    from evalkit.study import Store

    votes = None
    if pilot is not None and Path(pilot).is_file():
        votes = pairs_of_file(Path(pilot))
    elif pilot is not None:
        with Store(store) as opened:
            votes = study_comparisons(opened, pilot)
    planned = plan_votes(win_rate, power=power, generators=generators, pilot=votes, raters=raters, items=items)
    if json:
        typer.echo(lines.dumps({**planned._asdict(), "tastes": planned.tastes and planned.tastes._asdict()}))
        return
    typer.echo(plan_text(planned, win_rate, power, generators, raters, items))


def one_of(given: str, known: Collection[str], option: str) -> Any:
    """A word that is one of those known.

    Raises:
        InputError: it is none of them.
    """
    if given not in known:
        raise InputError(f"{option} is one of {', '.join(known)}")
    return given


def plan_text(planned: "Planned", win_rate: float, power: float, generators: int, raters: int, items: int) -> str:
    """The numbers, most useful first, and what they take for granted."""
    from evalkit.compare.words import count, percent

    aim = f"to find a win rate of {percent(win_rate)} with a chance of {percent(power)}"
    lines = []
    if planned.crossed is not None and planned.tastes is not None:
        tastes = f"raters {planned.tastes.rater:.3g}, items {planned.tastes.item:.3g}, the rest {planned.tastes.rest:.3g}"
        lines = [f"{count(planned.crossed)} votes of {raters} raters on {items} items between two generators {aim}."]
        lines += [f"The pilot's variances: {tastes}."]
    lines += [f"{count(planned.independent)} votes between two generators {aim}, if raters and items had no tastes: at least."]
    if planned.board is not None:
        lines += [
            f"{count(planned.board)} votes on all pairs of {generators} generators for two neighbours so far apart, likewise."
        ]
    return "\n".join(lines)


def ranking_text(ranking: "Leaderboard") -> str:
    """The conclusion first, then a line a generator, the side's effect, and what limits it."""
    from evalkit.compare.words import visible
    from evalkit.ratings import Ranking

    rows = cast(list[dict[str, Any]], ranking.table().to_dict("records"))
    names = ", ".join(visible(name, 40) for name in ranking.leaders)
    lines = [f"{names} leads." if len(ranking.leaders) == 1 else f"Votes cannot separate the leaders yet: {names}.", ""]
    with_bad = "both_bad" in rows[0]
    width = max(9, *(len(visible(name, 40)) for name in ranking.generators))
    figure, digits = ranking.FIGURE, 0 if ranking.FIGURE == "strength" else 2
    lines.append(f"{'generator'.ljust(width)}  rank   {figure:>8}  95 % interval   votes" + ("  both bad" if with_bad else ""))
    for row in rows:
        interval = f"{row['low']:.{digits}f} to {row['high']:.{digits}f}"
        figures = f"{row['rank']:5}  {row[figure]:8.{digits}f}  {interval:14}  {row['votes']:5.0f}"
        figures += f"  {100 * row['both_bad']:6.0f} %" if "both_bad" in row else ""
        lines.append(f"{visible(row['generator'], 40).ljust(width)}  {figures}")
    lines += [""]
    lines += [
        f"{effect.name}: {effect.value:+.2f} logits ({effect.low:+.2f} to {effect.high:+.2f}), p = {effect.p_value:.2g}; taken out"
        for effect in (ranking.effects if isinstance(ranking, Ranking) else ())
    ]
    return "\n".join([*lines, *(f"Note: {note}" for note in ranking.notes), f"Method: {ranking.method}"])
