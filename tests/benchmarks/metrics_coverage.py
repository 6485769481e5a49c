"""Do the intervals of metrics hold what they say, and do paired differences raise few false alarms?

    python -m tests.benchmarks.metrics_coverage [--only NAME …] [--replicates N] [--processes 1] [--cost] [--json]

Each scenario draws reference and generated rows from laws for which the figure's truth is known: by a formula or a large sample
where the interval is of the laws' own distance, 0 for gaps between equal laws, else the mean over the replicates, since the
interval is of the expectation with so many rows (of an absolute gap, the gap of the expectations). Over the replicates: how often
the 95 % interval holds the truth; how wide it is against what it would need (3.92 standard deviations of the figure); how often the
paired difference of two generators of the same law is called a difference; and how often a generator that is worse by a set amount
is. Figures without a better end are never compared and have the first two only.
``--cost`` prints what a full run would take. Runs that are done are kept in
``tests/benchmarks/results/metrics_coverage_runs.jsonl``.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from typing import Any, cast

import numpy as np
import pandas as pd

from evalkit.metrics import Metric
from evalkit.metrics.row_kernels import polynomial_about
from evalkit.run.measures import MEASURES
from evalkit.statistics import proportion_interval
from evalkit.statistics.influence import Estimate, difference
from tests.benchmarks.figures import RESULTS, Figure, held, keep, table
from tests.benchmarks.laws import (
    Array,
    Autoregression,
    Chains,
    CopyingScenario,
    Counts,
    Features,
    Law,
    MixedTable,
    Probabilities,
    Scenario,
    Separated,
)
from tests.benchmarks.runs import resume, timed

PART = "metrics_coverage"
RUNS = RESULTS / f"{PART}_runs.jsonl"
KEY = ("metric", "scenario", "first", "replicates")
# Least replicates for a bar: the least and the most coverage, and the least and the largest share of false alarms.
BARS = {2000: (0.93, 0.97, 0.035, 0.065), 500: (0.92, 0.98, 0.025, 0.075)}
Truth = Callable[[Scenario], float | None]


@dataclass(frozen=True)
class Measured:
    """A metric under test.

    Attributes:
        scenarios: in which.
        replicates: of each scenario, as many as its cost allows.
        batch: replicates that one process does, about 10 to 30 CPU seconds.
        settings: of the metric, where they are not the usual ones.
        truths: by figure, where it is not the mean over the replicates; None stands for that mean.
    """

    scenarios: tuple[Scenario, ...]
    replicates: int = 2000
    batch: int = 1000
    settings: Mapping[str, Any] = field(default_factory=dict)
    truths: Mapping[str, Truth] = field(default_factory=dict)


def three(law: Law, harder: Law, rows: int = 400) -> tuple[Scenario, ...]:
    """Equal laws, a moderate shift, and a harder law with fewer generated than reference rows."""
    return Scenario(law, rows, rows, 0), Scenario(law, rows, rows, 1), Scenario(harder, rows, rows * 5 // 8, 1)


def frechet_truth(scenario: Scenario) -> float:
    """By the formula, from the laws' own means and covariances; 0 for equal laws, without the formula's rounding."""
    if scenario.equal:
        return 0.0
    law = cast(Features, scenario.law)
    (mean, half), (other, theirs) = law.moments(0), law.moments(scenario.shift)
    shared = np.linalg.svd(half.T @ theirs, compute_uv=False).sum()
    return float(((mean - other) ** 2).sum() + (half**2).sum() + (theirs**2).sum() - 2 * shared)


@cache
def kid_truth(scenario: Scenario, blocks: int = 200) -> float:
    """From 2,000 rows a side in each block; 0 for equal laws."""
    if scenario.equal:
        return 0.0
    law, draw, values = cast(Features, scenario.law), np.random.default_rng(10**6), []
    kernel = polynomial_about(np.zeros(law.d))
    for _ in range(blocks):
        x, y, z, w = (law.rows(1000, shift, draw) for shift in (0.0, scenario.shift) * 2)
        values.append(kernel(x, z).mean() + kernel(y, w).mean() - kernel(x, w).mean() - kernel(y, z).mean())
    return float(np.mean(values))


def none_if_equal(value: float) -> Truth:
    """A truth that is known for equal laws only."""
    return lambda scenario: value if scenario.equal else None


NORMAL, SKEWED = Features("normal", 16), Features("skewed", 16)
OF_FEATURES, OF_FEWER_FEATURES = three(NORMAL, SKEWED), three(NORMAL, SKEWED, 300)
# Few rows for the features, of which none is more than another.
ALIKE = Scenario(Features("alike", 32), 200, 200, 0)
# Hardly more than two rows a feature.
CROWDED = Scenario(Features("normal", 64), 150, 150, 0)
TABLE, MANY_COLOURS = MixedTable(4, 0.0), MixedTable(30, 0.1)
OF_TABLES = three(TABLE, MANY_COLOURS)
COPYING_FEATURES, COPYING_TABLES = (
    (CopyingScenario(law, 300, 300, 0), CopyingScenario(law, 300, 300, 1), CopyingScenario(law, 300, 187, 0.5))
    for law in (SKEWED, MANY_COLOURS)
)
OF_TEXTS, OF_FEWER_TEXTS = three(Chains(60), Chains(2000)), three(Chains(60), Chains(2000), 300)

# Where a share lay beside its bar by less than 2,000 replicates can tell.
LONGER = 8000

MEASURED: dict[str, Measured] = {
    "frechet": Measured((*OF_FEATURES, ALIKE, CROWDED), truths={"frechet": frechet_truth}),
    "kid": Measured(OF_FEATURES, batch=500, truths={"kid": kid_truth}),
    # Elsewhere the bandwidth follows the reference, and the estimate is unbiased given the bandwidth.
    "mmd": Measured(OF_FEATURES, truths={"mmd": none_if_equal(0.0)}),
    "prdc": Measured(OF_FEWER_FEATURES, 500, 125),
    # Counts have exact copies by chance; features have none.
    "copies": Measured(three(Counts(4), SKEWED, 300), batch=250),
    "column_shapes": Measured(OF_TABLES),
    "pair_trends": Measured(OF_TABLES),
    # Of few texts, too, in which hardly anything stands twice.
    "distinct_n": Measured((*OF_TEXTS, Scenario(Chains(2000), 40, 40, 0)), truths={"distinct_gap": none_if_equal(0.0)}),
    "self_bleu": Measured(OF_TEXTS, truths={"self_bleu_gap": none_if_equal(0.0)}),
    # Rows about separate centres make other clusters from sample to sample.
    "mauve": Measured((*OF_FEWER_FEATURES, Scenario(Separated(16), 300, 300, 1)), 500, 125),
    "perplexity": Measured(OF_FEWER_TEXTS, 500, 50, truths={"perplexity_gap": none_if_equal(0.0)}),
    "boundary_adherence": Measured(OF_TABLES, LONGER),
    # One column is foretold, and rows are few: the cost goes with both.
    "ml_efficacy": Measured(
        (Scenario(TABLE, 150, 150, 0), Scenario(TABLE, 150, 150, 1)),
        500,
        50,
        settings={"target": "price"},
    ),
    # With equal laws no network can tell the two apart, and both teach as well.
    "timegan_scores": Measured(
        (Scenario(Autoregression(12), 40, 40, 0),),
        200,
        5,
        truths={"discriminative": none_if_equal(0.5), "predictive": none_if_equal(0.0)},
    ),
    "classifier_score": Measured(three(Probabilities(5), Probabilities(40))),
    "vendi": Measured((*OF_FEATURES, ALIKE), truths={"vendi_gap": none_if_equal(0.0)}),
    "sliced_wasserstein": Measured(OF_FEWER_FEATURES, 500, 25),
    "frechet_extrapolated": Measured(OF_FEATURES, LONGER, batch=500, truths={"frechet_extrapolated": frechet_truth}),
    "feature_likelihood": Measured(OF_FEWER_FEATURES, 500, 100),
    "nearest_share": Measured(COPYING_FEATURES, truths={"nearest_share": none_if_equal(0.5)}),
    "membership_attack": Measured(COPYING_FEATURES, truths={"membership_attack": none_if_equal(0.5)}),
    "closest_record_control": Measured(COPYING_TABLES, truths={"closest_record_control": none_if_equal(0.5)}),
    # The interval is of the expectation over training rows; a classifier finds 0.5 where laws are equal, whatever it learned.
    "c2st": Measured(OF_FEWER_FEATURES, 500, 50, truths={"c2st": none_if_equal(0.5)}),
}


def measure(name: str, scenario: Scenario, first: int, replicates: int) -> dict[str, Any]:
    """One batch of replicates: each figure with its standard error, and how often the paired differences said what."""
    seeds = range(first, first + replicates)
    lines, seconds = timed(lambda: [_replicate(name, scenario, seed) for seed in seeds])
    found = {figure: {key: [line[figure][key] for line in lines] for key in lines[0][figure]} for figure in lines[0]}
    counted = {
        figure: {key: sum(said) if isinstance(said[0], bool) else said for key, said in columns.items()}
        for figure, columns in found.items()
    }
    start = {"metric": name, "scenario": scenario.name(), "first": first, "replicates": replicates}
    return start | {"cpu_seconds": seconds, "figures": counted}


def _replicate(name: str, scenario: Scenario, seed: int) -> dict[str, dict[str, Any]]:
    made = MEASURED[name]
    draw = np.random.default_rng((seed, scenario.n, scenario.m))
    reference, fitted = scenario.reference(draw), scenario.fitted(draw)
    generated = [scenario.generated(draw, worse=worse, **fitted) for worse in (False, False, True)]
    metric = cast(Callable[..., Metric], MEASURES[name].load())(**made.settings)
    of_first, of_second, of_worse = (metric.estimates(reference, rows, seed=seed, **fitted) for rows in generated)
    return {
        figure: dict(zip(("value", "low", "high"), map(_short, one.interval()), strict=True))
        | ({"signed": [_short(part) for part in one.gap.signed]} if one.gap else {})
        | _compared(one, of_second[figure], of_worse[figure])
        for figure, one in of_first.items()
    }


def _compared(first: Estimate, second: Estimate, worse: Estimate) -> dict[str, bool]:
    if first.direction == "neither":
        return {}
    right = (worse.value > first.value) == (first.direction == "lower")
    return {
        "rejected": difference(first, second).p_value <= 0.05,
        "found": right and difference(first, worse).p_value <= 0.05,
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")


@dataclass(frozen=True)
class Coverage:
    """What the replicates say of one figure.

    Attributes:
        covered: share of 95 % intervals that hold the truth.
        bias: mean figure less the truth, in standard deviations of the figure.
        width: mean width of the interval over 3.92 standard deviations of what it errs by.
    """

    covered: float
    bias: float
    width: float


def coverage(values: Array, lows: Array, highs: Array, truth: Array | float) -> Coverage:
    """From each replicate's figure and interval, and the truth, of all or of each.

    >>> coverage(np.arange(10.0), np.arange(10.0) - 0.98, np.arange(10.0) + 0.98, 4.0)  # doctest: +ELLIPSIS
    Coverage(covered=0.1, bias=0.1651..., width=0.1651...)
    """
    away = values - truth
    spread = float(away.std(ddof=1))
    covered = float(((lows <= truth) & (truth <= highs)).mean())
    return Coverage(covered, float(away.mean()) / spread, float((highs - lows).mean()) / (2 * 1.96 * spread))


def figures(runs: pd.DataFrame) -> Iterator[Figure]:
    """Of each metric in each scenario."""
    scenarios = {scenario.name(): scenario for made in MEASURED.values() for scenario in made.scenarios}
    for (metric, scenario), part in runs.groupby(["metric", "scenario"], sort=False):
        yield from _of_scenario(str(metric), scenarios[str(scenario)], part)


def _of_scenario(metric: str, scenario: Scenario, part: pd.DataFrame) -> Iterator[Figure]:
    """Shares with exact binomial intervals; coverage and false alarms held against bars, width and power beside them."""
    made, lines, n = MEASURED[metric], part["figures"].to_list(), int(part["replicates"].sum())
    least, most, fewest, alarms = next((bars for enough, bars in BARS.items() if n >= enough), (None,) * 4)
    kept = partial(held, PART, n=n, seconds_cpu=float(part["cpu_seconds"].sum()), seeds=n)
    for figure in lines[0]:
        whole = {key: [line[figure][key] for line in lines] for key in lines[0][figure]}
        values, lows, highs = (np.concatenate(whole[key]) for key in ("value", "low", "high"))
        # A figure that is the same in every replicate needs no interval, and has none that could be right or wrong.
        if np.ptp(values) == 0:
            continue
        known = made.truths.get(figure, lambda _: None)(scenario)
        # A gap's interval is of the gap of the expectations; the mean gap is larger, for each is folded at 0.
        mean = np.abs(np.concatenate(whole["signed"]).mean(axis=0)).mean() if "signed" in whole else values.mean()
        found = coverage(values, lows, highs, mean if known is None else known)
        title = f"{figure}, {scenario.name()}{'' if least else f', {n} replicates only'}"
        interval = proportion_interval(round(found.covered * n), n)
        yield kept(f"{title}: 95 % interval holds the truth", interval, least=least, most=most)
        yield kept(f"{title}: interval's width over the width needed", (found.width,) * 3)
        if known is not None:
            yield kept(f"{title}: bias in standard deviations", (found.bias,) * 3)
        if "rejected" in whole:
            false, true = (proportion_interval(sum(whole[key]), n) for key in ("rejected", "found"))
            yield kept(f"{title}: equal generators called different at 5 %", false, least=fewest, most=alarms)
            yield kept(f"{title}: worse generator found", true)


def run(only: list[str], replicates: int | None, processes: int) -> pd.DataFrame:
    """All runs that are asked for; those that were done before are read."""
    tasks = {}
    for name, scenario in _asked(only):
        made = MEASURED[name]
        count = made.replicates if replicates is None else replicates
        for first in range(0, count, made.batch):
            size = min(made.batch, count - first)
            tasks[name, scenario.name(), first, size] = (name, scenario, first, size)
    return resume(RUNS, KEY, tasks, measure, _told, processes=processes)


def costs(only: list[str], replicates: int = 2) -> Iterator[tuple[str, float]]:
    """CPU seconds of a full run in each scenario, from few replicates."""
    for name, scenario in _asked(only):
        measure(name, scenario, 0, 1)  # what is imported and compiled on first use
        made = MEASURED[name]
        seconds = float(measure(name, scenario, 1, replicates)["cpu_seconds"]) / replicates * made.replicates
        yield f"{name}, {scenario.name()}, {made.replicates} replicates", seconds


def _asked(only: list[str]) -> list[tuple[str, Scenario]]:
    every = [(name, scenario) for name, made in MEASURED.items() for scenario in made.scenarios]
    return [one for one in every if not only or any(part in f"{one[0]}, {one[1].name()}" for part in only)]


def _told(run: dict[str, Any]) -> str:
    return f"{run['metric']}, {run['scenario']}, {run['first']} + {run['replicates']}: {run['cpu_seconds']:.0f} CPU s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--replicates", type=int)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--cost", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.cost:
        total = 0.0
        for words, seconds in costs(arguments.only):
            total += seconds
            print(f"{words}: {seconds:.0f} CPU s", flush=True)
        print(f"together: {total:.0f} CPU s")
        return
    made = list(figures(run(arguments.only, arguments.replicates, arguments.processes)))
    if arguments.replicates is None:
        keep(PART, made, whole=not arguments.only)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
