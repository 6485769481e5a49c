"""Do the intervals of distribution metrics hold what they say, and do paired differences raise few false alarms?

    python -m tests.benchmarks.metrics_coverage [--only NAME …] [--replicates 500] [--json]

Each scenario draws reference and generated rows from laws for which the figure's true value is known: exactly where there is a
formula, else from one large sample. Over the replicates: how often the 95 % interval holds the truth; how wide it is against what
it would need (3.92 standard deviations of the figure); how often the paired difference of two generators of the same law is called
a difference; and how often a generator that is worse by a set amount is. Runs that are done are kept in
``tests/benchmarks/results/metrics_coverage_runs.jsonl``.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.metrics import Metric
from evalkit.metrics.feature_likelihood import FeatureLikelihood
from evalkit.metrics.frechet import Frechet
from evalkit.metrics.frechet_extrapolated import FrechetExtrapolated
from evalkit.metrics.mauve import Mauve
from evalkit.metrics.mmd import GaussianKernelDistance, KernelDistance, polynomial_about
from evalkit.metrics.sliced_wasserstein import SlicedWasserstein
from evalkit.metrics.vendi import Vendi
from evalkit.statistics.influence import Estimate, difference
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.runs import resume, timed

RUNS = RESULTS / "metrics_coverage_runs.jsonl"
REPLICATES, BATCH = 500, 100
# How much further a worse generator lies, along the feature direction of variance 1.
WORSE = 0.4
Law = Literal["normal", "skewed", "heavy"]
Truth = Callable[["Scenario"], float]
Array = np.ndarray[tuple[int, int], np.dtype[np.float64]]


@dataclass(frozen=True)
class Scenario:
    """Rows of known law: independent standardised coordinates, mixed by a fixed matrix.

    Attributes:
        law: of the coordinates: normal, exponential (skewed), or Student's with 10 degrees of freedom, scaled row by row (heavy).
        n: reference rows.
        m: generated rows.
        d: features, of variance 1 / number.
        shift: 0 for equal laws; else the generated mean moves by 0.3 of it and the mixing by as much in all directions.
    """

    law: Law
    n: int
    m: int
    d: int
    shift: float

    def name(self) -> str:
        """In words."""
        return f"{self.law} features, n={self.n}, m={self.m}, d={self.d}, shift {self.shift:g}"

    def mixing(self, *, generated: bool, extra: float = 0.0) -> tuple[Array, Array]:
        """Mean and mixing matrix of a side; ``extra`` is how much further a worse generator lies."""
        draw = np.random.default_rng(self.d)
        mixing = np.linalg.qr(draw.normal(size=(self.d, self.d)))[0] * (1 + np.arange(self.d)) ** -0.5
        direction = np.eye(self.d) + 0.3 * self.shift * draw.normal(size=(self.d, self.d)) / np.sqrt(self.d)
        mean = np.zeros(self.d)
        if generated:
            mean[0], mixing = 0.3 * self.shift + extra, mixing @ direction
        return mean, mixing

    def draw(self, rows: int, draw: np.random.Generator, *, generated: bool, extra: float = 0.0) -> Array:
        """Rows of a side."""
        mean, mixing = self.mixing(generated=generated, extra=extra)
        if self.law == "normal":
            parts = draw.normal(size=(rows, self.d))
        elif self.law == "skewed":
            parts = draw.exponential(size=(rows, self.d)) - 1
        else:
            parts = draw.normal(size=(rows, self.d)) * np.sqrt(8 / draw.chisquare(10, size=(rows, 1)))
        return parts @ mixing.T + mean


@dataclass(frozen=True)
class Measured:
    """A metric under test.

    Attributes:
        metric: what gives the figure.
        figure: its name.
        truth: of a scenario, or None where it is to be the figure's mean over the replicates (its expectation at n and m).
    """

    metric: Callable[[], Metric]
    figure: str
    truth: Truth | None


def frechet_truth(scenario: Scenario) -> float:
    """By the formula, from the laws' own means and covariances."""
    (mean, half), (other, theirs) = scenario.mixing(generated=False), scenario.mixing(generated=True)
    shared = np.linalg.svd(half.T @ theirs, compute_uv=False).sum()
    return float(((mean - other) ** 2).sum() + (half**2).sum() + (theirs**2).sum() - 2 * shared)


def kid_truth(scenario: Scenario) -> float:
    """From 400,000 rows a side, in blocks; 0 for equal laws."""
    return _large_sample(scenario, polynomial_about(np.zeros(scenario.d)))


def _large_sample(scenario: Scenario, kernel: Callable[[Array, Array], Array], rows: int = 1000, blocks: int = 200) -> float:
    if scenario.shift == 0:
        return 0.0
    draw, values = np.random.default_rng(10**6), []
    for _ in range(blocks):
        x, y = (scenario.draw(rows, draw, generated=side) for side in (False, True))
        z, w = (scenario.draw(rows, draw, generated=side) for side in (False, True))
        values.append(kernel(x, z).mean() + kernel(y, w).mean() - kernel(x, w).mean() - kernel(y, z).mean())
    return float(np.mean(values))


MEASURED = {
    "frechet": Measured(Frechet, "frechet", frechet_truth),
    "frechet_plain": Measured(Frechet, "frechet_plain", None),
    "kid": Measured(KernelDistance, "kid", kid_truth),
    # The bandwidth follows the reference, so the truth is the mean: the estimate is unbiased given the bandwidth.
    "mmd": Measured(GaussianKernelDistance, "mmd", None),
    # Biased with few rows to a cluster, and without a formula: the truth is its expectation at n and m.
    "mauve": Measured(Mauve, "mauve", None),
    "frechet_extrapolated": Measured(FrechetExtrapolated, "frechet_extrapolated", frechet_truth),
    # Of a finite sample: its expectation at m.
    "vendi": Measured(Vendi, "vendi", None),
    "feature_likelihood": Measured(FeatureLikelihood, "feature_likelihood", None),
    "sliced_wasserstein": Measured(SlicedWasserstein, "sliced_wasserstein", None),
}

SCENARIOS = tuple(
    [Scenario("normal", 500, 500, d, shift) for d in (8, 32, 64) for shift in (0.0, 0.3, 1.0, 3.0)]
    + [Scenario(law, 500, 500, 32, shift) for law in ("skewed", "heavy") for shift in (0.0, 0.3, 1.0, 3.0)]
    + [Scenario("normal", 2000, 500, 32, shift) for shift in (0.0, 1.0)]
    + [Scenario("skewed", 2000, 2000, 8, shift) for shift in (0.0, 0.3, 1.0)]
)


def measure(name: str, scenario: Scenario, batch: int, replicates: int) -> dict[str, Any]:
    """One batch of replicates: each figure with its standard error, and what the paired differences said."""
    made, lines, seconds = MEASURED[name], [], 0.0
    for i in range(batch * replicates, (batch + 1) * replicates):
        draw = np.random.default_rng((i, scenario.n, scenario.m, scenario.d))
        reference = scenario.draw(scenario.n, draw, generated=False)
        rows = [scenario.draw(scenario.m, draw, generated=True) for _ in range(2)]
        rows.append(scenario.draw(scenario.m, draw, generated=True, extra=WORSE))
        (first, second, worse), spent = timed(partial(_estimates, made, reference, rows, i))
        seconds += spent
        lines.append(
            {
                "value": first.value,
                "error": first.variance**0.5,
                "p_null": difference(first, second).p_value,
                "p_worse": difference(first, worse).p_value,
                "worse_above": worse.value > first.value,
            }
        )
    found = {key: [line[key] for line in lines] for key in lines[0]}
    return {"metric": name, "scenario": scenario.name(), "batch": batch, "cpu_seconds": seconds} | found


def _estimates(made: Measured, reference: Array, generated: list[Array], seed: int) -> list[Estimate]:
    return [made.metric().estimates(reference, rows, seed=seed)[made.figure] for rows in generated]


@dataclass(frozen=True)
class Coverage:
    """What the replicates of one metric in one scenario say.

    Attributes:
        covered: share of 95 % intervals that hold the truth.
        below, above: share of intervals that lie wholly below it, and above.
        bias: mean figure less the truth, in standard deviations of the figure.
        width: mean width of the interval over 3.92 standard deviations of the figure.
        rejected: share of paired differences of two generators of one law with p <= 0.05.
        power: share of paired differences with a worse generator with p <= 0.05 and the right sign.
        replicates: how many.
    """

    covered: float
    below: float
    above: float
    bias: float
    width: float
    rejected: float
    power: float
    replicates: int


def coverage(values: Array, errors: Array, truth: float | None, p_null: Array, p_worse: Array, worse_above: Array) -> Coverage:
    """From each replicate's figure, standard error and paired differences; without a truth the mean figure is it.

    >>> ten = np.full(10, 0.5)
    >>> coverage(np.arange(10.0), ten, 4.0, ten, 0.1 * ten, ten > 0)  # doctest: +ELLIPSIS
    Coverage(covered=0.1, below=0.4, above=0.5, bias=0.1651..., width=0.1651..., rejected=0.0, power=1.0, replicates=10)
    """
    truth = float(values.mean()) if truth is None else truth
    away, spread = (values - truth) / errors, float(values.std(ddof=1))
    return Coverage(
        covered=float((abs(away) <= 1.96).mean()),
        below=float((away < -1.96).mean()),
        above=float((away > 1.96).mean()),
        bias=float(values.mean() - truth) / spread,
        width=float(errors.mean()) / spread,
        rejected=float((p_null <= 0.05).mean()),
        power=float(((p_worse <= 0.05) & worse_above).mean()),
        replicates=len(values),
    )


def summaries(runs: pd.DataFrame) -> dict[tuple[str, str], Coverage]:
    """Of each metric in each scenario."""
    by_name, found = {scenario.name(): scenario for scenario in SCENARIOS}, {}
    for (metric, scenario), part in runs.groupby(["metric", "scenario"], sort=False):
        whole = {key: np.concatenate(part[key].to_list()) for key in ("value", "error", "p_null", "p_worse", "worse_above")}
        made = MEASURED[str(metric)].truth
        truth = None if made is None else made(by_name[str(scenario)])
        found[str(metric), str(scenario)] = coverage(
            whole["value"], whole["error"], truth, whole["p_null"], whole["p_worse"], whole["worse_above"]
        )
    return found


def figures(runs: pd.DataFrame) -> list[Figure]:
    """Coverage and false alarms with exact binomial intervals, held against 92 – 98 % and at most 7.5 %; widths, power beside."""
    made = []
    for (metric, scenario), one in summaries(runs).items():
        part = runs[(runs["metric"] == metric) & (runs["scenario"] == scenario)]
        seconds, n = float(part["cpu_seconds"].sum()), one.replicates
        shares: dict[str, tuple[float, dict[str, float]]] = {
            "95 % interval holds the truth": (one.covered, {"least": 0.92, "most": 0.98}),
            "equal generators called different at 5 %": (one.rejected, {"most": 0.075}),
            "worse generator found": (one.power, {}),
        }
        for words, (share, bar) in shares.items():
            low, high = stats.binomtest(round(share * n), n).proportion_ci()
            title = f"{metric}, {scenario}: {words}"
            made.append(held("metrics", title, (share, low, high), n=n, seconds_cpu=seconds, seeds=n, **bar))
        title = f"{metric}, {scenario}: interval's width over the width needed"
        made.append(held("metrics", title, (one.width,) * 3, n=n, seconds_cpu=seconds, seeds=n))
    return made


def run(only: list[str], replicates: int, processes: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    tasks = {
        (name, scenario.name(), batch): (name, scenario, batch, BATCH)
        for scenario in SCENARIOS
        for name in MEASURED
        for batch in range(replicates // BATCH)
        if not only or any(part in f"{name}, {scenario.name()}" for part in only)
    }
    return resume(RUNS, ("metric", "scenario", "batch"), tasks, measure, _told, processes=processes)


def _told(run: dict[str, Any]) -> str:
    return f"{run['metric']} {run['scenario']} batch {run['batch']}: {run['cpu_seconds']:.0f} CPU s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    made = figures(run(arguments.only, arguments.replicates, arguments.processes))
    if not arguments.only and arguments.replicates == REPLICATES:
        keep("metrics", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
