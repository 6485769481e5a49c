import numpy as np
import pandas as pd
import pytest

from evalkit.discriminator import CLASSIFIER_TESTS
from evalkit.metrics.mmd import kernel_inception_distance
from evalkit.run.measures import MEASURES
from tests.benchmarks import metrics_coverage
from tests.benchmarks.laws import Features, Scenario
from tests.benchmarks.metrics_coverage import KEY, MEASURED, coverage, figures, kid_truth, measure

SLOW = {"ml_efficacy", "timegan_scores"}


def test_every_metric_is_measured_in_scenarios_of_different_names() -> None:
    # Other families than the usual one are measured in discriminator_level.py, and the detector's shares have exact intervals.
    assert set(MEASURES) - set(MEASURED) == (set(CLASSIFIER_TESTS) - {"c2st"}) | {"detector"}
    for name, made in MEASURED.items():
        assert len({scenario.name() for scenario in made.scenarios}) == len(made.scenarios)
        assert made.scenarios[0].equal
        assert set(made.truths) <= set(MEASURES[name].figures)
        assert made.replicates % made.batch == 0


def test_coverage_of_a_normal_figure_with_the_right_error() -> None:
    values = np.random.default_rng(0).normal(3.0, 0.5, size=20_000)
    found = coverage(values, values - 0.98, values + 0.98, 3.0)
    assert (found.covered, found.bias, found.width) == pytest.approx((0.95, 0, 1), abs=0.02)


@pytest.mark.parametrize("name", sorted(set(MEASURED) - SLOW))
def test_few_replicates_give_all_figures_and_no_bar(name: str) -> None:
    scenario = MEASURED[name].scenarios[0]
    runs = pd.DataFrame([measure(name, scenario, 0, 2), measure(name, scenario, 2, 1)])
    assert runs[list(KEY)].to_numpy().tolist() == [[name, scenario.name(), first, count] for first, count in ((0, 2), (2, 1))]
    made = list(figures(runs))
    assert {one.n for one in made} == {3}
    assert all(one.bar is None and "3 replicates only" in one.figure for one in made)
    assert {one.figure.partition(",")[0] for one in made} == set(MEASURES[name].figures)


def test_a_figure_that_never_varies_is_left_out() -> None:
    scenario = MEASURED["copies"].scenarios[-1]
    made = list(figures(pd.DataFrame([measure("copies", scenario, 0, 3)])))
    assert {one.figure.partition(",")[0] for one in made} == {"authenticity"}


def test_the_large_sample_of_a_kernel_distance_agrees_with_the_metric() -> None:
    scenario = Scenario(Features("skewed", 4), 3000, 3000, 2)
    draw = np.random.default_rng(0)
    found = kernel_inception_distance(scenario.reference(draw), scenario.generated(draw))
    assert kid_truth(scenario, 10) == pytest.approx(found, rel=0.2)


def test_batches_make_the_replicates_that_one_run_makes() -> None:
    scenario = Scenario(Features("normal", 3), 40, 30, 0)
    whole, *parts = (measure("frechet", scenario, *part)["figures"]["frechet"] for part in ((0, 4), (0, 2), (2, 2)))
    assert whole["value"] == parts[0]["value"] + parts[1]["value"]
    assert whole["rejected"] == parts[0]["rejected"] + parts[1]["rejected"]


@pytest.mark.parametrize(("covered", "holds"), [(500, False), (475, True), (450, False)])
def test_an_interval_may_be_neither_too_short_nor_too_wide(covered: int, holds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario(Features("normal", 3), 40, 30, 1)
    monkeypatch.setitem(metrics_coverage.MEASURED, "kid", metrics_coverage.Measured((scenario,), truths={"kid": lambda _: 0.0}))
    values = np.where(np.arange(500) < covered, 1.0, 3.0) * np.where(np.arange(500) % 2, 1, -1)
    ends = {"low": (values - 1.96).tolist(), "high": (values + 1.96).tolist()}
    columns = {"value": values.tolist(), **ends, "rejected": 30, "found": 100}
    start = {"metric": "kid", "scenario": scenario.name(), "first": 0, "replicates": 500, "cpu_seconds": 1.0}
    made = {one.figure.rpartition(": ")[2]: one for one in figures(pd.DataFrame([start | {"figures": {"kid": columns}}]))}
    assert made["95 % interval holds the truth"].value == covered / 500
    assert made["95 % interval holds the truth"].holds is holds
    assert made["equal generators called different at 5 %"].holds
    assert made["worse generator found"].bar is None
