"""``demo``: the tour. Each part of evalkit adds one stop."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.backbones.selection import select
from evalkit.compare.words import expectation, finding_words, held_out_words, visible
from evalkit.core.bundled import bundled
from evalkit.core.progress import Progress, silent
from evalkit.core.seeds import generator
from evalkit.data.encoders import encoder_for
from evalkit.run.detect import alarms, detect, write_detection
from evalkit.run.evaluate import evaluate, write_evaluation
from evalkit.run.families import title_of
from evalkit.run.fit import fit, read_sample
from evalkit.run.generate import sample
from evalkit.run.ranked import rank_votes
from evalkit.run.rankings import study_comparisons
from evalkit.run.samples import SAMPLES
from evalkit.run.studies import create
from evalkit.study import Invitation, Served, Store, StudyDesign, invite, next_question, vote

_SMALL_FAMILIES = ("vae", "diffusion")
_SMALL_STEPS = 400
_N_RATERS, _N_ITEMS = 4, 20
_SHOWN_FIGURES = ("pair_trends", "c2st")


@dataclass(frozen=True)
class Stop:
    """One stop of the tour: its title and what was seen, a line each."""

    title: str
    lines: tuple[str, ...]


def demo(out: Path, *, seed: int = 0, show: Callable[[Stop], None], progress: Progress = silent) -> None:
    """Take the tour on the bundled data, without a network, and leave its files in ``out``.

    Args:
        out: folder for ``scores.parquet``, ``report.html``, ``model``, ``generated.csv``, ``evaluation.html``, ``studies.sqlite``.
        seed: same seed, same tour.
        show: called with each stop as soon as it is done.
        progress: see :mod:`evalkit.core.progress`.
    """
    show(_find_anomalies(out, seed, progress))
    show(_compare_two(seed, progress))
    show(_fit_and_sample(out, seed, progress))
    show(_evaluate(out, seed, progress))
    show(_ask_raters(out, seed))


def _find_anomalies(out: Path, seed: int, progress: Progress) -> Stop:
    detection = detect(SAMPLES["payments"].path(), fdr=0.1, seed=seed, progress=progress)
    write_detection(detection, out=out / "scores.parquet", report=out / "report.html")
    truth = pd.read_csv(bundled("data_samples") / "payments_truth.csv").set_index("payment_id")
    found = alarms(detection)
    planted = [alarm for alarm in found if alarm["id"] in truth.index]
    named = sum(truth.at[alarm["id"], "column"] in [reason["column"] for reason in alarm["reasons"]] for alarm in planted)
    first_of_each = {alarm["reasons"][0]["column"]: alarm for alarm in reversed(found)}
    lines = [
        f"{detection.summary.finding}. {expectation(detection.summary.expected_false, len(found), detection.summary.fdr)}",
        f"60 rows were planted: {len(planted)} of them found, {len(found) - len(planted)} false alarms;"
        f" the changed column is among the three reasons of {named}.",
        "For example:",
    ]
    for column, alarm in first_of_each.items():
        reason = alarm["reasons"][0]
        lines.append(f"  {alarm['id']}: {column} is {visible(reason['value'], 40)}, usual here: {visible(reason['usual'], 60)}")
    return Stop("Which payments do not belong?", (*lines, f"Every row: {out / 'scores.parquet'}   Report: {out / 'report.html'}"))


def _compare_two(seed: int, progress: Progress) -> Stop:
    wines = read_sample(SAMPLES["wine"].path())
    rows = encoder_for(wines).transform(wines)
    settings = {"steps": _SMALL_STEPS}
    found = select(rows, families=_SMALL_FAMILIES, settings=settings, random_state=seed, progress=progress)
    figures = (f"  {title_of(name)}: {finding_words(finding)}" for name, finding in found.figures.items())
    return Stop(
        "Which of two small generators knows wines better?",
        (found.conclusion, "How far rows that they did not see lie from what they draw (energy score, lower is better):", *figures),
    )


def _fit_and_sample(out: Path, seed: int, progress: Progress) -> Stop:
    model = fit(SAMPLES["wine"].path(), "vae", out / "model", seed=seed, progress=progress).model
    sample(out / "model", 500, out / "generated.csv", seed=seed)
    real = pd.read_csv(SAMPLES["wine"].path())["alcohol"]
    drawn = pd.read_csv(out / "generated.csv")["alcohol"]
    return Stop(
        "A generator of wines",
        (
            f"A VAE fitted to {len(real)} wines. {held_out_words(model.held_out_)}",
            f"Alcohol, real: {real.mean():.2f} ± {real.std():.2f}; in 500 drawn wines: {drawn.mean():.2f} ± {drawn.std():.2f}.",
            f"Model: {out / 'model'}   Drawn rows: {out / 'generated.csv'}",
        ),
    )


def _evaluate(out: Path, seed: int, progress: Progress) -> Stop:
    wines = pd.read_csv(SAMPLES["wine"].path())
    order = [generator(seed, "demo", str(column)).permutation(len(wines)) for column in wines]
    apart = pd.DataFrame({column: wines[column].to_numpy()[rows] for column, rows in zip(wines, order, strict=True)})
    apart.to_csv(out / "drawn_apart.csv", index=False)
    generated = {"VAE": out / "generated.csv", "columns drawn apart": out / "drawn_apart.csv"}
    evaluation = evaluate(SAMPLES["wine"].path(), generated, seed=seed, progress=progress)
    write_evaluation(evaluation, report=out / "evaluation.html")
    seen = [(name, evaluation.of(name)) for name in generated]
    figures = [
        f"  {name}: " + ", ".join(f"{figure} {finding_words(own[figure])}" for figure in _SHOWN_FIGURES if figure in own)
        for name, own in seen
    ]
    return Stop("Are the drawn wines like real ones?", (*evaluation.conclusions, *figures, f"Report: {out / 'evaluation.html'}"))


def _ask_raters(out: Path, seed: int) -> Stop:
    """A study of drawn wines, voted on by raters that are made up: each calls the wine better that is nearer to real ones."""
    path = out / "studies.sqlite"
    path.unlink(missing_ok=True)
    design = StudyDesign(question="Which could be a real wine?", votes_per_question=_N_RATERS, seed=seed)
    drawn = {"VAE": out / "generated.csv", "columns drawn apart": out / "drawn_apart.csv"}
    with Store(path) as store:
        create(store, "wines", dict(drawn), design, items=_N_ITEMS)
        for rater in invite(store, "wines", [f"made-up rater {i + 1}" for i in range(_N_RATERS)]):
            _vote_by_distance(store, rater, seed)
        ranking = rank_votes(study_comparisons(store, "wines"))
    leads = ranking.win_probability(*ranking.generators)
    share = f"{100 * leads.value:.0f} % ({100 * leads.low:.0f} to {100 * leads.high:.0f})"
    return Stop(
        "What would people say?",
        (
            f"{_N_RATERS} made-up raters compared {_N_ITEMS} pairs: {ranking.generators[0]} is preferred in {share} of votes.",
            *(f"Note: {note}" for note in ranking.notes),
            f"The study: evalkit study show wines --store {path}   People rate in the browser: evalkit ratings invite",
        ),
    )


def _vote_by_distance(store: Store, rater: Invitation, seed: int) -> None:
    """One made-up rater answers all questions: the smaller the distance to real wines, the likelier preferred."""
    wines = pd.read_csv(SAMPLES["wine"].path()).select_dtypes("number")
    centre, whitening = wines.to_numpy().mean(axis=0), np.linalg.pinv(np.cov(wines.T))
    chance = generator(seed, f"rater {rater.name}")
    while isinstance(asked := next_question(store, rater.token), Served):
        rows = [np.array([float(output.fields()[str(name)]) for name in wines]) - centre for output in asked.outputs]
        left, right = (float(np.sqrt(row @ whitening @ row)) for row in rows)
        better = "left" if right - left + chance.normal(0.0, 1.5) > 0 else "right"
        vote(store, rater.token, asked.assignment, f"demo-{asked.assignment}", {"choice": better})
