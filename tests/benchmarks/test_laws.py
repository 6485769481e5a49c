import numpy as np
import pytest

from evalkit.core.sample import Series, Table, Texts
from evalkit.metrics.frechet import frechet_distance_of_rows
from tests.benchmarks.laws import Autoregression, Chains, Counts, Features, Law, MixedTable, Scenario
from tests.benchmarks.metrics_coverage import MEASURED, frechet_truth, kid_truth

LAWS = sorted({scenario.law for made in MEASURED.values() for scenario in made.scenarios}, key=lambda law: law.name())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name())
def test_a_law_gives_as_many_rows_as_are_asked_for_and_the_same_ones_for_one_seed(law: Law) -> None:
    assert len(law.rows(7, 1.0, np.random.default_rng(0))) == 7
    first, second = (_content(law.rows(7, 1.0, np.random.default_rng(0))) for _ in range(2))
    assert first == second
    assert ": " not in law.name()


def _content(rows):
    if isinstance(rows, Texts):
        return rows.texts.to_pylist()
    return repr(rows.frame if isinstance(rows, Table) else rows.values if isinstance(rows, Series) else rows)


@pytest.mark.parametrize("coordinates", ["normal", "skewed", "alike"])
def test_features_have_the_moments_that_the_truth_is_of(coordinates: str) -> None:
    scenario = Scenario(Features(coordinates, 4), 100_000, 100_000, 2.0)
    draw = np.random.default_rng(0)
    found = frechet_distance_of_rows(scenario.reference(draw), scenario.generated(draw))
    assert found == pytest.approx(frechet_truth(scenario), rel=0.05)


def test_equal_laws_are_at_distance_0() -> None:
    scenario = Scenario(Features("normal", 4), 10, 10, 0)
    assert frechet_truth(scenario) == pytest.approx(0, abs=1e-12)
    assert kid_truth(scenario) == 0


def test_counts_repeat_and_a_shift_raises_them() -> None:
    near, far = (Counts(4).rows(2000, shift, np.random.default_rng(0)) for shift in (0.0, 1.0))
    assert 0.1 < len(np.unique(near, axis=0)) / 2000 < 0.5
    assert far.mean() - near.mean() == pytest.approx(0.3, abs=0.05)


def test_columns_of_a_table_depend_on_each_other_and_a_shift_weakens_that() -> None:
    near, far = (MixedTable(4, 0.1).rows(5000, shift, np.random.default_rng(0)).frame for shift in (0.0, 1.0))
    bonds = [np.corrcoef(frame["size"], np.log(frame["price"]))[0, 1] for frame in (near, far)]
    assert bonds == pytest.approx([0.8, 0.8 / 1.3], abs=0.03)
    assert far["size"].mean() - near["size"].mean() == pytest.approx(0.3, abs=0.01)
    assert near["visits"].isna().mean() == pytest.approx(0.1, abs=0.02)
    assert near["visits"].corr(near["size"]) > 0.3
    assert set(near["colour"]) == {f"colour {i}" for i in range(1, 5)}
    assert near.groupby("colour")["size"].mean().is_monotonic_decreasing


def test_every_other_word_follows_from_the_one_before_and_a_shift_favours_frequent_words() -> None:
    near, far = (Chains(60).rows(500, shift, np.random.default_rng(0)).texts.to_pylist() for shift in (0.0, 3.0))
    assert {len(text.split()) for text in near} == set(range(5, 16))
    pairs = [pair for text in near for pair in zip(text.split(), text.split()[1:], strict=False)]
    after = [second for first, second in pairs if first == "baba"]
    assert max(map(after.count, after)) / len(after) > 0.4
    assert len({word for text in near for word in text.split()}) <= 60
    shares = [" ".join(texts).split().count("baba") / len(" ".join(texts).split()) for texts in (near, far)]
    assert shares[1] > shares[0]


def test_series_keep_their_variance_and_a_shift_makes_them_rougher() -> None:
    for shift, kept in ((0.0, 0.8), (1.0, 0.5)):
        steps = Autoregression(12).rows(4000, shift, np.random.default_rng(0)).values.reshape(4000, 12, 2)
        assert steps.var(axis=(0, 2)) == pytest.approx(np.full(12, 1 / (1 - kept**2)), rel=0.1)
        assert np.corrcoef(steps[:, 3, 0], steps[:, 4, 0])[0, 1] == pytest.approx(kept, abs=0.03)
