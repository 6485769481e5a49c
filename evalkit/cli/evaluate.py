"""``evalkit evaluate``: how far are generators from real data, and which is better?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer
from typer.core import TyperCommand

from evalkit.cli.options import JsonOption, SeedOption, StoreOption
from evalkit.core.errors import InputError
from evalkit.core.schema import Modality
from evalkit.run.measures import MEASURES

if TYPE_CHECKING:
    from evalkit.compare.evaluation import Evaluation

_WIDTH, _N_CLUES, _N_SLICES = 28, 3, 5


class WithMetrics(TyperCommand):
    """The command, whose help names every metric after the options."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """One line a metric, in the catalogue's order, in which one may say that it is as the one before."""
        with formatter.section("Metrics (*: by default; +: with --fitted)"):
            formatter.write_dl([_metric_line(name) for name in MEASURES])


def evaluate(
    reference: Annotated[Path, typer.Argument(help="Real data: a table, texts, images or series.", show_default=False)],
    generated: Annotated[
        list[str], typer.Argument(help="Each generator's data as NAME=PATH.", metavar="NAME=PATH…", show_default=False)
    ],
    fitted: Annotated[
        Path | None, typer.Option("--fitted", help="The rows that the generators were fitted to: do they copy or betray them?")
    ] = None,
    modality: Annotated[
        Modality | None,
        typer.Option("--modality", help="What the data are; by default found out. With texts, each line of a .txt file is one."),
    ] = None,
    metrics: Annotated[
        str, typer.Option("--metrics", help="Names from below, separated by commas; by default the usual ones.")
    ] = "",
    extractor: Annotated[
        str | None,
        typer.Option(
            "--extractor", help="What the figures see, also an .onnx file or a kept one's folder; by default the usual one."
        ),
    ] = None,
    save_extractor: Annotated[
        Path | None, typer.Option("--save-extractor", help="A folder that keeps the extractor, to see later generators as these.")
    ] = None,
    closer: Annotated[
        bool, typer.Option("--closer-look/--no-closer-look", help="Also look for what gives each generator away.")
    ] = True,
    curves: Annotated[
        bool, typer.Option("--curves", help="Also show in the report how figures move with the number of rows.")
    ] = False,
    in_order: Annotated[
        bool, typer.Option("--in-order", help="They are checkpoints of one generator, the earliest first: say where it got worse.")
    ] = False,
    slices: Annotated[
        str | None, typer.Option("--slices", metavar="COLUMN|clusters", help="Also compare slices: by label, caption or cluster.")
    ] = None,
    column_group: Annotated[
        list[str] | None,
        typer.Option(
            "--column-group",
            metavar="NAME=COLUMN,COLUMN",
            help="Compare again by these columns of the table only; may be given several times.",
            show_default=False,
        ),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            metavar="NAME=MODEL",
            help="Of images: the fitted model that drew a generator's rows, to measure how smoothly it draws.",
            show_default=False,
        ),
    ] = None,
    cache: Annotated[Path | None, typer.Option("--cache", help="A folder that keeps features from run to run.")] = None,
    study: Annotated[
        str | None, typer.Option("--study", help="Also keep the figures in this study, beside people's votes.")
    ] = None,
    store: StoreOption = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write all evidence: a .json file.")] = None,
    report: Annotated[Path | None, typer.Option("--report", help="Write a report: one .html file.")] = None,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> None:
    """Hold generators against real data: figures with intervals, and which generator is better where that may be concluded."""
    named = pairs(generated)
    from evalkit.core.progress import shown
    from evalkit.run.column_groups import read_groups
    from evalkit.run.evaluate import check_files, write_evaluation
    from evalkit.run.evaluate import evaluate as run_evaluate

    check_files(out, report)
    if study is not None:
        from evalkit.run.studies import check_generators

        check_generators(store, study, named)
    groups, models = read_groups(column_group or ()), pairs(model or [])
    chosen = tuple(name.strip() for name in metrics.split(",") if name.strip()) or None
    with shown() as progress:
        evaluation = run_evaluate(
            reference,
            named,
            fitted=fitted,
            modality=modality,
            metrics=chosen,
            extractor=extractor,
            keep_extractor=save_extractor,
            closer=closer,
            curves=curves,
            in_order=in_order,
            slices=slices,
            column_groups=groups,
            models=models,
            cache=cache,
            seed=seed,
            progress=progress,
        )
    if study is not None:
        from evalkit.run.studies import keep_evaluation

        keep_evaluation(store, study, evaluation)
    write_evaluation(evaluation, out=out, report=report)
    typer.echo(evaluation.model_dump_json(indent=1) if json else evaluation_text(evaluation, out, report))


def _metric_line(name: str) -> tuple[str, str]:
    spec = MEASURES[name]
    mark = " *" if spec.usual else " +" if spec.needs_fitted else ""
    only = "" if set(spec.modalities) == set(get_args(Modality)) else f"{', '.join(spec.modalities)}: "
    return f"{name}{mark}", f"{only}{spec.what_it_is}"


def pairs(generated: list[str]) -> dict[str, Path]:
    """Generators' paths by their names.

    Raises:
        InputError: one is not NAME=PATH, or two have one name.

    >>> pairs(["a=one.csv"])
    {'a': PosixPath('one.csv')}
    """
    named: dict[str, Path] = {}
    for each in generated:
        name, equals, path = each.partition("=")
        if not (name and equals and path):
            raise InputError("each generator is given as NAME=PATH, for example a=drawn.csv: give it a name")
        if name in named:
            raise InputError("two generators have one name: give each its own")
        named[name] = Path(path)
    return named


def evaluation_text(evaluation: "Evaluation", out: Path | None, report: Path | None) -> str:
    """The conclusions, every figure with its interval, what limits them, and where the rest is."""
    from evalkit.compare.drift import drift
    from evalkit.compare.evaluation import headline, in_order
    from evalkit.compare.words import count

    names = ", ".join(f"{source.name} ({count(source.rows)})" for source in evaluation.generators)
    lines = in_order(evaluation) or [f"{headline(evaluation)}."]
    lines += ["", *drift(evaluation)] if evaluation.in_order else []
    lines += ["", f"Figures with 95 % intervals, held against {count(evaluation.reference.rows)} reference rows: {names}", ""]
    lines += [*_aligned(evaluation), "", *_column_groups(evaluation), *_slices(evaluation), *_giveaways(evaluation)]
    lines += [*(f"Note: {sentence}" for sentence in evaluation.cautions)]
    lines += [f"{name}: {path}" for name, path in (("Evidence", out), ("Report", report)) if path]
    if not report:
        lines.append("Next: --report report.html draws every figure and shows the rows that give each generator away")
    return "\n".join(lines)


def _column_groups(evaluation: "Evaluation") -> list[str]:
    """What each group of columns allows to say; nothing where nobody asked."""
    from evalkit.compare.evaluation import headline

    lines: list[str] = []
    for group in evaluation.column_groups:
        said = group.conclusions or (headline(evaluation.by_columns(group)),)
        lines += [f"By {group.title}:", *(f"  - {sentence}" for sentence in said)]
    return [*lines, ""] if lines else []


def _slices(evaluation: "Evaluation") -> list[str]:
    """The slices of each generator whose shares differ, most telling first; nothing where nobody asked."""
    from evalkit.compare.slices import slice_sentence, slices_sentence
    from evalkit.compare.words import visible

    if evaluation.slices is None:
        return []
    lines: list[str] = []
    for source in evaluation.generators:
        lines.append(f"{visible(source.name, _WIDTH)}: {slices_sentence(evaluation.slices, source.name)}")
        telling = [each for each in evaluation.slices.of(source.name) if each.what]
        lines += [f"  - {slice_sentence(each)}" for each in telling[:_N_SLICES]]
        lines += [f"  - {rest} more in the report"] if (rest := len(telling) - _N_SLICES) > 0 else []
    return [*lines, ""]


def _giveaways(evaluation: "Evaluation") -> list[str]:
    """What gives each generator away, most telling first; nothing where nobody looked."""
    from evalkit.compare.closer_look import copies_sentence, is_odd, odd_sentence, told_apart_sentence
    from evalkit.compare.words import visible

    lines: list[str] = []
    for look in evaluation.looks:
        lines.append(f"{visible(look.generator, _WIDTH)}: {told_apart_sentence(look)}")
        lines += [f"  - {copies_sentence(look)}"] if look.n_copied else []
        lines += [f"  - {odd_sentence(look)}"] if is_odd(look) else []
        lines += [f"  - {visible(clue.sentence, 200)}" for clue in look.clues[:_N_CLUES]]
        lines += [f"  - {rest} more in the report"] if (rest := len(look.clues) - _N_CLUES) > 0 else []
    return [*lines, ""] if lines else []


def _aligned(evaluation: "Evaluation") -> list[str]:
    from evalkit.compare.words import figure, visible
    from evalkit.core.evidence import Evidence

    generators = [source.name for source in evaluation.generators]
    rows: list[tuple[str, ...]] = [("figure", "better", *(visible(name, _WIDTH) for name in generators))]
    cells: dict[str, dict[str, str]] = {}
    directions: dict[str, str] = {}
    failures: list[str] = []
    for each in evaluation.measured:
        finding = each.finding
        if isinstance(finding, Evidence):
            cell = f"{figure(finding.value)} ({figure(finding.low)} to {figure(finding.high)})"
            directions[finding.name] = finding.direction
        else:
            cell = "failed"
            failures.append(f"{visible(each.generator, _WIDTH)}, {finding.name} failed: {finding.reason}; {finding.remedy}")
        cells.setdefault(finding.name, {})[each.generator] = cell
    for name, own in cells.items():
        rows.append((name, directions.get(name, ""), *(own.get(generator, "") for generator in generators)))
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return table + (["", *failures] if failures else [])
