"""Series: how well is a machine's next quarter of a minute foretold, and do windows with a fault in them stand out?

Two recordings of SKAB (a water circuit with eight sensors, a step a second). A family is fitted to the first 400 steps, which are
free of faults, as windows of 32 steps. It never sees a label.

**Forecasts** (language models): from every sixteenth step between the 400th and the fault, the next 16 steps are foretold from
what was before. The figure is the continuous ranked probability score, in standard deviations of each channel over the fitted
steps: the mean distance of the draws to what came less half that among themselves, which for a single guess is the absolute error.
Beside it stands a guess that everything stays as it is, and one that draws from the fitted steps.

**Windows** (all families): the windows behind the 400th step are scored, and those of which at least half is labelled faulty
should rank above those without a fault; beside it the distance to the nearest fitted window. Windows overlap and faults come in one
piece, so an interval over windows would claim too much; there is none over one recording.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from evalkit.backbones import BACKBONES
from evalkit.core.sample import Series
from evalkit.data.series_encoding import SeriesEncoder
from evalkit.data.windows import Windows
from evalkit.kernels.neighbours import nearest
from evalkit.statistics import auc, mean_interval
from tests.benchmarks.backbone_tables import title_of
from tests.benchmarks.figures import Figure, held
from tests.benchmarks.runs import Key, Run, lines, timed

RECORDINGS = ("valve1/0", "valve1/1")
NEAREST = "nearest"
FITTED, LENGTH, AHEAD, DRAWS, CHECKS = 400, 32, 16, 200, 8
FORETELL = ("recurrent_lm", "transformer_lm")

Values = NDArray[np.float64]


def tasks(arguments: argparse.Namespace) -> dict[Key, tuple[Any, ...]]:
    """What :func:`measure` is asked for."""
    families = [name for name, spec in BACKBONES.items() if "series" in spec.modalities]
    generators = arguments.family or [NEAREST, *families]
    names = [name for name in RECORDINGS if not arguments.only or any(part in name for part in arguments.only)]
    wanted = [
        (f"skab {name}", generator, seed)
        for seed in range(arguments.seeds)
        for generator in generators
        for name in names
        if seed == 0 or generator != NEAREST
    ]
    return {key: (*key, arguments.data) for key in wanted}


def told(run: Run) -> str:
    """A finished run in a line."""
    figures = {name: round(run[name], 3) for name in ("auc", "crps", "covered") if name in run}
    return f"{run['generator']} {run['dataset']} {run['seed']} {figures}"


def load(dataset: str, data: Path) -> tuple[Values, NDArray[np.bool_], tuple[str, ...]]:
    """The steps of a recording, (steps, channels), which of them are labelled faulty, and the channels."""
    frame = pd.read_csv(data / "series" / "skab" / f"{dataset.removeprefix('skab ')}.csv", sep=";", index_col="datetime")
    faulty = frame["anomaly"].to_numpy() > 0
    channels = frame.drop(columns=["anomaly", "changepoint"])
    return channels.to_numpy(np.float64), faulty, tuple(channels)


def measure(dataset: str, generator: str, seed: int, data: Path) -> Run:
    """One run."""
    steps, faulty, channels = load(dataset, data)
    fitted = Series.of([steps[:FITTED]], channels)
    encoder = SeriesEncoder(length=LENGTH, stride=1).fit(fitted)
    windows = encoder.transform(Series.of([steps[FITTED:]], channels))
    share = np.array([faulty[FITTED:][start : start + LENGTH].mean() for start in windows.starts])
    run = {"dataset": dataset, "generator": generator, "seed": seed, "n": int(((share >= 0.5) | (share == 0)).sum())}
    if generator == NEAREST:
        scores, seconds = timed(lambda: _distances(encoder.transform(fitted), windows))
        run |= _foretold(steps, faulty, _stays(steps), "stays") | _foretold(steps, faulty, _usual(steps), "usual")
        return run | {"auc": auc(scores[share >= 0.5], scores[share == 0]), "fit_seconds": seconds}
    model, seconds = timed(lambda: BACKBONES[generator].load()(random_state=seed).fit(fitted, encoder=encoder))
    scores = model.score_rows(windows)
    run |= {"auc": auc(scores[share >= 0.5], scores[share == 0]), "fit_seconds": seconds}
    if generator in FORETELL:
        run |= _foretold(steps, faulty, lambda start: model.continued([steps[:start]], AHEAD, DRAWS, seed)[0])
        return run | {"covered": float(np.mean(inside := _inside(model, steps, faulty, seed))), "coverages": inside}
    return run


def _inside(model: Any, steps: Values, faulty: NDArray[np.bool_], seed: int) -> list[float]:
    """How much of what came lay within the 90 % intervals that a user gets, at each origin."""
    shares = []
    for start in _origins(faulty):
        _, low, high = model.foretold(steps[:start], AHEAD, DRAWS, seed, level=0.9, checks=CHECKS)
        came = steps[start : start + AHEAD]
        shares.append(float(((low <= came) & (came <= high)).mean()))
    return shares


def _origins(faulty: NDArray[np.bool_]) -> range:
    return range(FITTED, int(np.argmax(faulty)) - AHEAD + 1, AHEAD)


def _distances(fitted: Windows, windows: Windows) -> Values:
    center, spread = fitted.values.mean(axis=(0, 1)), fitted.values.std(axis=(0, 1)) + 1e-9
    places = [((part.values - center) / spread).reshape(len(part), -1) for part in (fitted, windows)]
    return nearest(*places, 1).distances[:, 0]


def _stays(steps: Values) -> Any:
    return lambda start: np.repeat(steps[None, start - 1 : start], AHEAD, axis=1)


def _usual(steps: Values) -> Any:
    return lambda start: np.repeat(steps[:FITTED, None], AHEAD, axis=1)


def _foretold(steps: Values, faulty: NDArray[np.bool_], paths_from: Any, name: str = "") -> Run:
    """The score at each origin in the channels' spreads."""
    spread = steps[:FITTED].std(axis=0)
    scores = []
    for start in _origins(faulty):
        paths, came = paths_from(start), steps[start : start + AHEAD]
        scores.append(float((ranked_probability(paths, came) / spread).mean()))
    return {f"{name}_scores": scores} if name else {"crps": float(np.mean(scores)), "scores": scores}


def ranked_probability(paths: Values, came: Values) -> Values:
    """The continuous ranked probability score of each step and channel, from draws (draws, steps, channels)."""
    m = len(paths)
    miss = np.abs(paths - came).mean(axis=0)
    if m == 1:
        return miss
    weights = (2 * np.arange(1, m + 1) - m - 1)[:, None, None]
    return miss - (weights * np.sort(paths, axis=0)).sum(axis=0) / (m * (m - 1))


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Means over seeds; a forecast's gain over the better simple guess with its interval over the origins of both recordings."""
    simple = {run["dataset"]: run for run in lines(runs) if run["generator"] == NEAREST}
    for (dataset, generator), part in runs.groupby(["dataset", "generator"], sort=False):
        seconds = float(part["fit_seconds"].sum())
        behind = {"n": int(part["n"].iloc[0]), "seconds_cpu": seconds, "seeds": len(part)}
        who = "nearest window" if generator == NEAREST else title_of(str(generator))
        values = part["auc"].to_numpy(np.float64)
        interval = mean_interval(values) if len(values) > 1 else [float(values[0])] * 3
        yield held("backbones", f"{dataset}, {who}: ROC-AUC of faulty windows", interval, **behind)
    for generator in FORETELL:
        its = [run for run in lines(runs) if run["generator"] == generator and run["dataset"] in simple]
        if its:
            yield from _forecast_figures(generator, its, simple)


def _forecast_figures(generator: str, its: list[Run], simple: dict[str, Run]) -> Iterator[Figure]:
    seeds = len({run["seed"] for run in its})
    by_origin = {name: _by_origin(its, name) for name in ("scores", "coverages")}
    guesses = {
        "that all stays as it is": np.concatenate(
            [simple[name]["stays_scores"] for name in dict.fromkeys(r["dataset"] for r in its)]
        ),
        "from the fitted steps": np.concatenate(
            [simple[name]["usual_scores"] for name in dict.fromkeys(r["dataset"] for r in its)]
        ),
    }
    behind = {"n": len(by_origin["scores"]), "seconds_cpu": sum(run["fit_seconds"] for run in its), "seeds": seeds}
    title = f"skab, {title_of(generator)}"
    yield held("backbones", f"{title}: score of forecasts", mean_interval(by_origin["scores"]), **behind)
    for guess, scores in guesses.items():
        gain = mean_interval(by_origin["scores"] - scores)
        yield held("backbones", f"{title}: score of forecasts less that of a guess {guess}", gain, **behind, most=0.0)
    coverage = mean_interval(by_origin["coverages"])
    yield held("backbones", f"{title}: share of steps within the 90 % interval", coverage, **behind, least=0.85, most=0.95)


def _by_origin(its: list[Run], name: str) -> Values:
    """A figure a forecast origin, its mean over seeds, recording after recording."""
    datasets = dict.fromkeys(run["dataset"] for run in its)
    return np.concatenate([np.mean([run[name] for run in its if run["dataset"] == dataset], axis=0) for dataset in datasets])
