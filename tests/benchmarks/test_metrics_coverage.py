import numpy as np
import pandas as pd
import pytest

from evalkit.metrics.frechet import frechet_distance_of_rows
from tests.benchmarks import metrics_coverage
from tests.benchmarks.metrics_coverage import Scenario, coverage, figures, frechet_truth, kid_truth, measure


@pytest.mark.parametrize("law", ["normal", "skewed", "heavy"])
def test_rows_have_the_moments_that_the_truth_is_of(law: str) -> None:
    scenario = Scenario(law, 10, 10, 4, 2.0)
    draw = np.random.default_rng(0)
    first, second = (scenario.draw(100_000, draw, generated=side) for side in (False, True))
    assert frechet_distance_of_rows(first, second) == pytest.approx(frechet_truth(scenario), rel=0.05)


def test_equal_laws_are_at_distance_0() -> None:
    scenario = Scenario("normal", 10, 10, 4, 0.0)
    assert frechet_truth(scenario) == pytest.approx(0, abs=1e-12)
    assert kid_truth(scenario) == 0


def test_coverage_of_a_normal_figure_with_the_right_error() -> None:
    draw = np.random.default_rng(0)
    values, p_values = draw.normal(3.0, 0.5, size=20_000), draw.uniform(size=20_000)
    found = coverage(values, np.full(20_000, 0.5), 3.0, p_values, np.zeros(20_000), np.ones(20_000, dtype=bool))
    assert found.covered == pytest.approx(0.95, abs=0.01)
    assert found.below == pytest.approx(found.above, abs=0.01)
    assert (found.bias, found.width, found.rejected) == pytest.approx((0, 1, 0.05), abs=0.02)
    assert found.power == 1


def test_a_small_run_gives_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = Scenario("normal", 40, 30, 3, 0.0)
    monkeypatch.setattr(metrics_coverage, "SCENARIOS", (scenario,))
    runs = pd.DataFrame([measure(name, scenario, batch, 2) for name in metrics_coverage.MEASURED for batch in (0, 1)])
    made = figures(runs)
    assert len(made) == 4 * len(metrics_coverage.MEASURED)
    assert {one.n for one in made} == {4}
    assert all(one.holds is None or one.bar for one in made)
