import numpy as np
import pytest
import torch

from evalkit.backbones.vae import VAE
from evalkit.backbones.vae.drawing import SharedValues, joined, loadings_of
from evalkit.core.seeds import generator
from evalkit.data.rows import Feature, Rows


def test_joined_noise_is_normal_and_hangs_together_as_the_residuals_do() -> None:
    random = generator(0, "residuals")
    common = random.normal(size=(4000, 1))
    residuals = np.hstack(
        [0.8 * common + 0.6 * random.normal(size=(4000, 2)), np.zeros((4000, 1)), 3 * random.normal(size=(4000, 1))]
    )
    loadings = torch.tensor(loadings_of(residuals))
    assert loadings.shape == (4, 3)
    noise = joined(torch.tensor(random.normal(size=(20_000, 7))), loadings).numpy()
    np.testing.assert_allclose(noise.std(axis=0), 1, atol=0.03)
    np.testing.assert_allclose(np.corrcoef(noise.T), np.eye(4) + _pair(0.64), atol=0.04)


def _pair(correlation: float) -> np.ndarray:
    matrix = np.zeros((4, 4))
    matrix[0, 1] = matrix[1, 0] = correlation
    return matrix


def test_few_rows_are_believed_less() -> None:
    random = generator(0, "few")
    few, many = (loadings_of(random.normal(size=(n, 20))) for n in (10, 4000))
    assert np.abs(few @ few.T - np.diag(np.diag(few @ few.T))).max() < 0.3
    assert np.abs(many @ many.T - np.diag(np.diag(many @ many.T))).max() < 0.1


def test_residuals_without_spread_have_no_loadings() -> None:
    assert loadings_of(np.zeros((5, 3))).shape == (3, 0)


def test_shared_values_come_back_in_their_shares_and_missing_ones_stay_missing() -> None:
    random = generator(0, "grades")
    wanted = np.column_stack([random.choice([0.0, 1.0, 4.0], 1000, p=[0.6, 0.3, 0.1]), random.normal(size=1000)])
    shared = SharedValues.fit(random.normal(size=(3000, 2)), wanted, [0, 1])
    assert shared.features == (0,)
    drawn = random.normal(size=(3000, 2))
    drawn[:10, 0] = np.nan
    moved = shared.moved(drawn, random.random((3000, 2)))
    assert np.isnan(moved[:10, 0]).all()
    np.testing.assert_array_equal(moved[:, 1], drawn[:, 1])
    values, counts = np.unique(moved[10:, 0], return_counts=True)
    assert values.tolist() == [0.0, 1.0, 4.0]
    np.testing.assert_allclose(counts / 2990, [0.6, 0.3, 0.1], atol=0.03)
    order = np.argsort(drawn[10:, 0])
    assert (np.diff(moved[10:, 0][order]) >= 0).all()


def test_ties_among_drawn_values_are_spread_over_their_share() -> None:
    wanted = np.repeat([1.0, 2.0], [500, 500])[:, None]
    shared = SharedValues.fit(np.repeat([0.0, 9.0], [800, 200])[:, None], wanted, [0])
    uniform = np.linspace(0.001, 0.999, 999)[:, None]
    moved = shared.moved(np.zeros((999, 1)), uniform)
    assert np.mean(moved == 1.0) == pytest.approx(0.5 / 0.8, abs=0.01)


@pytest.fixture(scope="module")
def entangled() -> Rows:
    """Two numbers tied by noise that a code of one dimension must give up, and a grade that is mostly 1."""
    random = generator(0, "entangled")
    noise = random.multivariate_normal(np.zeros(3), [[1, 0.9, 0], [0.9, 1, 0], [0, 0, 1]], 1500)
    other = 4 * random.normal(size=1500)
    grade = random.choice([1.0, 2.0, 7.0], 1500, p=[0.8, 0.15, 0.05])
    values = np.column_stack([other + noise[:, 0], other - noise[:, 1], grade, other + noise[:, 2]])
    return Rows(values, tuple(Feature(column=name, name=name, kind="number") for name in "abcd"))


def test_drawn_rows_keep_what_the_code_left_over(entangled: Rows) -> None:
    vae = VAE(steps=400, latent_size=1).fit_rows(entangled)
    drawn = vae.sample_rows(4000).values
    assert set(np.unique(drawn[:, 2])) == {1.0, 2.0, 7.0}
    assert np.mean(drawn[:, 2] == 1.0) == pytest.approx(0.8, abs=0.04)
    alone = VAE.from_state(vae.to_state())
    alone.network_.loadings = alone.network_.loadings[:, :0]
    wanted, together, apart = (
        np.std(values[:, 0] + values[:, 1] - 2 * values[:, 3])
        for values in (entangled.values, drawn, alone.sample_rows(4000).values)
    )
    assert abs(together - wanted) < 0.5 * abs(apart - wanted)


def test_values_that_rows_share_are_drawn_as_often_where_many_are_missing() -> None:
    random = generator(0, "many missing")
    parts = random.poisson(0.7, 600).astype(float)
    parts[random.random(600) < 0.6] = np.nan
    rows = Rows(parts[:, None], (Feature(column="parts", name="parts", kind="count"),))
    drawn = VAE(steps=200, width=16).fit_rows(rows).sample_rows(4000).values[:, 0]
    for value in (0, 1, 2):
        wanted, found = (np.mean(each[~np.isnan(each)] == value) for each in (parts, drawn))
        assert abs(found - wanted) < 0.04
