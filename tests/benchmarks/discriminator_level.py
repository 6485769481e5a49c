"""Does the classifier test reject as rarely as it says, and what does it find?

    python -m tests.benchmarks.discriminator_level [--only NAME …] [--replicates N] [--processes 1] [--json]

Level: both samples from one law; the share of replicates with p <= 0.05, of the rank test and of the accuracy's, and the share of
intervals that hold one half. Power: Gaussians a distance apart in one of five coordinates. Giveaways: the share of equal tables in
which anything is significant. Runs that are done are kept in ``tests/benchmarks/results/discriminator_level_runs.jsonl``.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from evalkit.data import load
from evalkit.discriminator import OF_FEATURES
from evalkit.discriminator.c2st import ClassifierTest
from evalkit.discriminator.giveaways import find_giveaways
from evalkit.statistics import proportion_interval
from tests.anomaly.mixed_rows import frame
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

PART = "discriminator_level"
RUNS = RESULTS / f"{PART}_runs.jsonl"
KEY = ("trial", "first", "replicates")
GIVEAWAYS = "giveaways"
# Least replicates for a bar, and the largest share of false alarms. A test may reject less often than it says.
BARS = {2000: 0.065, 500: 0.075}
Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Samples = tuple[Array, Array]


def gaussians(draw: np.random.Generator, distance: float, n: int) -> Samples:
    """Two samples of five columns, the means a distance apart."""
    generated = draw.normal(size=(n, 5))
    generated[:, 0] += distance
    return draw.normal(size=(n, 5)), generated


def whole_numbers(draw: np.random.Generator, distance: float, n: int) -> Samples:
    """Few distinct rows: many copies, in and across the samples."""
    return draw.poisson(1.5, (n, 3)).astype(float), draw.poisson(1.5 + distance, (n, 3)).astype(float)


def unequal(draw: np.random.Generator, distance: float, n: int) -> Samples:
    """Nine generated rows a reference row."""
    return draw.normal(size=(n * 3 // 5, 3)), draw.normal(size=(n * 27 // 5, 3)) + distance


def images(draw: np.random.Generator, distance: float, n: int) -> Samples:
    """Images of 6 x 6 pixels, darker by a distance."""
    reference, generated = draw.normal(size=(2, n, 6, 6, 1))
    return reference, generated + distance


def walks(draw: np.random.Generator, distance: float, n: int) -> Samples:
    """Random walks of 8 steps in two channels, with a drift."""
    reference, generated = draw.normal(size=(2, n, 8, 2))
    return reference.cumsum(axis=1), (generated + distance).cumsum(axis=1)


@dataclass(frozen=True)
class Trial:
    """One family on one kind of samples.

    Attributes:
        family: of the classifier.
        samples: how they are drawn.
        distance: between the laws; 0: level, else power.
        n: rows a side, about.
        replicates: as many as the cost allows.
        batch: replicates that one process does.
    """

    family: str
    samples: Callable[[np.random.Generator, float, int], Samples]
    distance: float
    n: int
    replicates: int
    batch: int

    @property
    def name(self) -> str:
        """In words."""
        what = "equal laws" if self.distance == 0 else f"distance {self.distance:g}"
        return f"{self.family}, {self.samples.__name__.replace('_', ' ')}, {self.n} rows, {what}"


def trials() -> dict[str, Trial]:
    """By name. Families that train networks on raw rows get fewer replicates."""
    made = [
        Trial(family, samples, 0.0, 100, 2000, 500) for family in OF_FEATURES for samples in (gaussians, whole_numbers, unequal)
    ]
    made += [Trial("convolutional", images, 0.0, 60, 500, 100), Trial("recurrent", walks, 0.0, 60, 500, 100)]
    made += [Trial(family, gaussians, distance, 400, 500, 250) for family in OF_FEATURES for distance in (0.25, 0.5, 1.0)]
    return {trial.name: trial for trial in made}


def measure(name: str, first: int, replicates: int) -> dict[str, Any]:
    """One batch: how often what happened."""
    seeds = range(first, first + replicates)
    trial = trials().get(name)
    counts, seconds = timed(
        lambda: [sum(one) for one in zip(*(_replicate(trial, i) if trial else _giveaways(i) for i in seeds), strict=True)]
    )
    keys = ("rank", "accuracy", "auc_holds", "accuracy_holds") if trial else ("significant",)
    start = {"trial": name, "first": first, "replicates": replicates, "cpu_seconds": seconds}
    return start | dict(zip(keys, map(int, counts), strict=True))


def _replicate(trial: Trial, seed: int) -> tuple[bool, ...]:
    reference, generated = trial.samples(np.random.default_rng(seed), trial.distance, trial.n)
    found = ClassifierTest(trial.family).run(reference, generated, seed=seed, control=False).found
    holds = (one.low <= 0.5 <= one.high for one in (found.auc, found.accuracy))
    return found.p_value <= 0.05, found.accuracy_p_value <= 0.05, *holds


def _giveaways(seed: int, n: int = 200) -> tuple[bool]:
    found = find_giveaways(load(frame(n, 2 * seed)), load(frame(n, 2 * seed + 1)), seed=seed)
    return (found[0].p_value <= 0.05,)


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Shares of the replicates with exact binomial intervals."""
    for name, part in runs.groupby("trial", sort=False):
        trial, n = trials().get(str(name)), int(part["replicates"].sum())
        most = next((bar for enough, bar in BARS.items() if n >= enough), None)
        kept = partial(held, PART, n=n, seconds_cpu=float(part["cpu_seconds"].sum()), seeds=n)

        def share(column: str, part: pd.DataFrame = part, n: int = n) -> Any:
            return proportion_interval(int(part[column].sum()), n)

        if trial is None:
            yield kept(
                "giveaways, equal tables: anything significant at 5 %", share("significant"), most=0.075 if n >= 300 else None
            )
        elif trial.distance:
            yield kept(f"{name}: found by the rank test", share("rank"))
        else:
            yield kept(f"{name}: rejected at 5 % by the rank test", share("rank"), most=most)
            yield kept(f"{name}: rejected at 5 % by the accuracy", share("accuracy"), most=most)
            yield kept(f"{name}: interval of the AUC holds one half", share("auc_holds"))
            yield kept(f"{name}: interval of the accuracy holds one half", share("accuracy_holds"))


def run(only: list[str], replicates: int | None, processes: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    sizes = {name: (trial.replicates, trial.batch) for name, trial in trials().items()} | {GIVEAWAYS: (300, 50)}
    tasks = {}
    for name, (usual, batch) in sizes.items():
        count = usual if replicates is None else replicates
        for first in range(0, count, batch) if not only or any(part in name for part in only) else ():
            size = min(batch, count - first)
            tasks[name, first, size] = (name, first, size)
    return resume(RUNS, KEY, tasks, measure, _told, processes=processes)


def _told(run: dict[str, Any]) -> str:
    return f"{run['trial']}, {run['first']} + {run['replicates']}: {run['cpu_seconds']:.0f} CPU s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--replicates", type=int)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = list(figures(run(arguments.only, arguments.replicates, arguments.processes)))
    if arguments.replicates is None:
        keep(PART, made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
