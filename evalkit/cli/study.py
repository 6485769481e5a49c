"""``evalkit study``: what people and judges are asked."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evalkit.cli.evaluate import pairs
from evalkit.cli.options import JsonOption, ModalityOption, SeedOption, StoreOption
from evalkit.core.errors import InputError
from evalkit.study.tasks import PAIRINGS, STOP_RULES, TASKS

if TYPE_CHECKING:
    from evalkit.run.studies import StudyState

app = typer.Typer(help="Studies: what people and judges are asked, and how far they are.", no_args_is_help=True)
StudyArgument = Annotated[str, typer.Argument(help="The study's name.", show_default=False)]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What to call the study.", show_default=False)],
    generator: Annotated[
        list[str], typer.Option("--generator", metavar="NAME=PATH", help="A generator's outputs; once each.", show_default=False)
    ],
    reference: Annotated[Path | None, typer.Option("--reference", help="What outputs are compared with, shown above them.")] = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="A line or row each, in the order of the outputs: .txt, .csv, .jsonl …")
    ] = None,
    task: Annotated[str, typer.Option("--task", help=f"{', '.join(TASKS)}.")] = "pairwise",
    question: Annotated[str, typer.Option("--question", help="What the rater reads above the outputs.")] = "Which is better?",
    votes: Annotated[int, typer.Option("--votes", min=1, help="Votes a question.")] = 3,
    per_rater: Annotated[int | None, typer.Option("--per-rater", min=1, help="At most so many questions a rater.")] = None,
    items: Annotated[int | None, typer.Option("--items", min=1, help="Ask about so many; by default at most 100.")] = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Tables: so many rows make one output.")] = 1,
    attributes: Annotated[str, typer.Option("--attributes", help="Further things to rate, separated by commas.")] = "",
    rationale: Annotated[str, typer.Option("--rationale", help="none, optional or required.")] = "optional",
    pairing: Annotated[str, typer.Option("--pairing", help=f"Which question next: {', '.join(PAIRINGS)}.")] = "least_voted",
    stop_rule: Annotated[
        str, typer.Option("--stop-rule", help=f"Close when every pair is decided, looked at by: {', '.join(STOP_RULES)}.")
    ] = "none",
    points: Annotated[int, typer.Option("--points", min=2, help="Of a rating scale.")] = 5,
    mask: Annotated[
        str, typer.Option("--mask", help="Words to cover in texts, separated by commas; they betray a generator.")
    ] = "",
    consent: Annotated[Path | None, typer.Option("--consent", help="A text that raters agree to first.")] = None,
    keep_counts: Annotated[
        bool, typer.Option("--keep-counts/--drop-votes", help="Whether votes stay, without the person, when a rater withdraws.")
    ] = True,
    open_to_logins: Annotated[
        bool, typer.Option("--open-to-logins", help="Whoever your identity provider vouches for may rate, without a link.")
    ] = False,
    lease: Annotated[float, typer.Option("--lease", min=0.1, help="Hold a question for a rater for so many minutes.")] = 30.0,
    modality: ModalityOption = None,
    seed: SeedOption = 0,
    store: StoreOption = None,
) -> None:
    """Make a study from what generators made; then invite raters."""
    named = pairs(generator)
    from pydantic import ValidationError

    from evalkit.run.studies import create as run_create
    from evalkit.run.studies import study_line
    from evalkit.study import Attribute, Store, StudyDesign

    try:
        design = StudyDesign(
            question=question,
            task=task,
            points=points,
            attributes=tuple(Attribute(name=word) for word in _words(attributes)),
            rationale=rationale,
            votes_per_question=votes,
            votes_per_rater=per_rater,
            lease_minutes=lease,
            pairing=pairing,
            stop_rule=stop_rule,
            mask=tuple(_words(mask)),
            consent=None if consent is None else _text(consent),
            keeps_counts=keep_counts,
            open_to_logins=open_to_logins,
            seed=seed,
        )
    except ValidationError as error:
        first = error.errors()[0]
        what = first["loc"][0] if first["loc"] else "design"
        raise InputError(f"the study's {what} cannot be that: {first['msg']}") from error
    with Store(store) as opened:
        shown = {"reference": reference, "prompts": prompts}
        n = run_create(opened, name, dict(named), design, **shown, items=items, rows=rows, modality=modality)
        line = study_line(opened, name)
    typer.echo(f"Study made: {n} items, {line.questions} questions, {line.wanted} votes wanted.")
    typer.echo(f"Next: evalkit ratings invite {shlex.quote(name)} --raters 5, then evalkit app")


@app.command()
def review(
    name: Annotated[str, typer.Argument(help="What to call the study.", show_default=False)],
    alarms: Annotated[str, typer.Argument(help="A run of the Detect page, or a file of evalkit detect --out.", show_default=False)],
    data: Annotated[Path | None, typer.Option("--data", help="With such a file: the table that was scored.")] = None,
    votes: Annotated[int, typer.Option("--votes", min=1, help="Votes a row.")] = 3,
    items: Annotated[int, typer.Option("--items", min=1, help="Ask about so many; more alarms are drawn from at random.")] = 100,
    seed: SeedOption = 0,
    store: StoreOption = None,
) -> None:
    """Make a study that asks of each row that a detection flagged whether it belongs."""
    from evalkit.run.alarm_reviews import create_review, flagged_by_run, flagged_by_scores
    from evalkit.study import Store

    if Path(alarms).is_file() and data is None:
        raise InputError("a file of scores does not hold the rows: name the table that was scored with --data")
    flagged = flagged_by_run(alarms) if data is None else flagged_by_scores(Path(alarms), data)
    with Store(store) as opened:
        n = create_review(opened, name, flagged, votes=votes, items=items, seed=seed)
    typer.echo(f"Study made: it asks about {n} of {len(flagged.rows)} alarms, {n * votes} votes wanted.")
    typer.echo("Next: evalkit ratings invite STUDY --raters 3, or evalkit ratings verdicts STUDY RUN --rater NAME")


@app.command("list")
def list_studies(store: StoreOption = None, json: JsonOption = False) -> None:
    """All studies of the store."""
    from evalkit.compare.words import count, visible
    from evalkit.run.studies import studies
    from evalkit.study import Store

    with Store(store) as opened:
        lines = studies(opened)
    if json:
        typer.echo("[" + ", ".join(line.model_dump_json() for line in lines) + "]")
    elif not lines:
        typer.echo("No study yet. Next: evalkit study create NAME --generator a=PATH --generator b=PATH")
    for line in [] if json else lines:
        typer.echo(
            f"{visible(line.name, 40)}: {line.state}, {count(line.votes)} of {count(line.wanted)} votes, {line.raters} raters"
        )


@app.command()
def show(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """How a study stands: votes, raters, checks, time left."""
    from evalkit.run.study_progress import study_progress
    from evalkit.study import Store

    with Store(store) as opened:
        progress = study_progress(opened, study)
    if json:
        typer.echo(progress.model_dump_json(indent=1))
        return
    from evalkit.cli.study_text import progress_text

    typer.echo(progress_text(progress))


@app.command()
def pause(study: StudyArgument, store: StoreOption = None) -> None:
    """Ask nobody anything more for now; what raters are looking at may still be answered."""
    _set(store, study, "paused")


@app.command()
def reopen(study: StudyArgument, store: StoreOption = None) -> None:
    """Go on after a pause."""
    _set(store, study, "open")


@app.command()
def close(study: StudyArgument, store: StoreOption = None) -> None:
    """End a study; its votes stay."""
    _set(store, study, "closed")


@app.command()
def verify(study: StudyArgument, store: StoreOption = None, json: JsonOption = False) -> None:
    """Check that nothing in the study's log was changed, left out or added; print its head to keep elsewhere."""
    from evalkit.study import Store
    from evalkit.study.log import found
    from evalkit.study.log import verify as verify_log

    with Store(store) as opened, opened.reading() as session:
        head = verify_log(session, found(session, study))
    if json:
        typer.echo(f'{{"events": {head.number}, "digest": "{head.digest}"}}')
    else:
        typer.echo(f"The log holds: {head.number} events, head {head.digest}")


@app.command()
def export(
    study: StudyArgument,
    folder: Annotated[Path, typer.Argument(help="A new folder; it appears whole or not at all.", show_default=False)],
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Write a whole study into a folder, without names of raters: to keep, to publish, or to move to another store."""
    import json as lines

    from evalkit.compare.words import count
    from evalkit.study import Store, export_study

    with Store(store) as opened:
        done = export_study(opened, study, folder)
    if json:
        typer.echo(lines.dumps(done._asdict()))
        return
    typer.echo(f"Written: {count(done.items)} items, {count(done.votes)} votes, {count(done.events)} events, head {done.head}")
    typer.echo("It holds the reasons that raters wrote, not their names.")


@app.command("import")
def import_folder(
    folder: Annotated[Path, typer.Argument(help="What evalkit study export wrote.", show_default=False)],
    name: Annotated[str | None, typer.Option("--name", help="What to call the study; by default as it was called.")] = None,
    store: StoreOption = None,
) -> None:
    """Make a study of an exported folder: the same votes, the same log, the same ranking; or nothing."""
    from evalkit.compare.words import visible
    from evalkit.run.studies import study_line
    from evalkit.study import Store, import_study

    with Store(store) as opened:
        line = study_line(opened, import_study(opened, folder, name))
    typer.echo(f"{visible(line.name, 40)} is there: {line.questions} questions, {line.votes} votes; its log holds.")
    typer.echo("Raters come without links: evalkit ratings invite STUDY makes new ones.")


@app.command()
def organiser(
    days: Annotated[float, typer.Option("--days", help="For so long the token opens the organiser's pages.")] = 30.0,
    store: StoreOption = None,
) -> None:
    """Make a token that opens the organiser's pages of the app; it is shown once."""
    from evalkit.study import Store
    from evalkit.study.raters import new_organiser

    with Store(store) as opened:
        typer.echo(new_organiser(opened, days))


def _set(store: str | None, study: str, state: "StudyState") -> None:
    from evalkit.run.studies import set_state
    from evalkit.study import Store

    with Store(store) as opened:
        set_state(opened, study, state)
    typer.echo(f"The study is {state}.")


def _words(given: str) -> list[str]:
    return [word.strip() for word in given.split(",") if word.strip()]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the text {path.name} cannot be read: give a file in UTF-8") from error
