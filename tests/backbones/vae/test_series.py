import numpy as np
import pandas as pd
import pytest

from evalkit.backbones.vae import VAE
from evalkit.core.sample import Series
from evalkit.data.windows import Windows
from tests.backbones.waves import waves


@pytest.fixture(scope="module")
def rows() -> Windows:
    return waves(800)


@pytest.fixture(scope="module")
def vae(rows: Windows) -> VAE:
    return VAE(steps=600).fit_rows(rows)


def test_terms_are_steps_and_channels_and_the_odd_one_stands_out(vae: VAE) -> None:
    fresh = waves(100, seed=5)
    spoiled = fresh.values.copy()
    spoiled[:, 6, 0] += 2.0
    spoiled = Windows(spoiled, fresh.channels, fresh.entities, fresh.starts)
    more = (vae.terms_rows(spoiled) - vae.terms_rows(fresh)).reshape(100, 12, 3)
    assert np.median(vae.score_rows(spoiled)) > np.quantile(vae.score_rows(fresh), 0.99)
    assert (more.reshape(100, -1).argmax(axis=1) == 6 * 3).mean() > 0.9


def test_a_switch_against_its_wave_is_odd(vae: VAE) -> None:
    fresh = waves(100, seed=6)
    turned = fresh.values.copy()
    turned[:, :, 2] = 1 - turned[:, :, 2]
    turned = Windows(turned, fresh.channels, fresh.entities, fresh.starts)
    assert np.median(vae.score_rows(turned)) > np.quantile(vae.score_rows(fresh), 0.99)


def test_drawn_windows_move_as_the_windows_do(vae: VAE, rows: Windows) -> None:
    drawn = vae.sample_rows(500)
    assert drawn.layout == rows.layout
    assert len(np.unique(drawn.entities)) == 500
    for channel in (0, 1):
        for away in (1, 4):
            found, wanted = (_echo(values[:, :, channel], away) for values in (drawn.values, rows.values))
            assert found == pytest.approx(wanted, abs=0.15)
    assert np.isnan(drawn.values[:, :, 1]).mean() == pytest.approx(0.05, abs=0.02)
    assert not np.isnan(drawn.values[:, :, [0, 2]]).any()
    high = drawn.values[:, :, 0] > 0.7
    assert drawn.values[:, :, 2][high].mean() > 0.9


def _echo(values: np.ndarray, away: int) -> float:
    pairs = pd.DataFrame({"now": values[:, :-away].ravel(), "then": values[:, away:].ravel()})
    return float(pairs.corr().iloc[0, 1])


def test_reconstructed_windows_keep_their_place_and_fill_in_what_is_missing(vae: VAE, rows: Windows) -> None:
    seen = vae.reconstruct_rows(rows)
    np.testing.assert_array_equal(seen.starts, rows.starts)
    assert not np.isnan(seen.values).any()
    known = ~np.isnan(rows.values[:, :, 1])
    assert np.corrcoef(seen.values[:, :, 1][known], rows.values[:, :, 1][known])[0, 1] > 0.9
    gone = rows.values[:, :, 1].copy()
    gone[:, 5] = np.nan
    filled = vae.reconstruct_rows(Windows(np.stack([rows.values[:, :, 0], gone, rows.values[:, :, 2]], -1), *_places(rows)))
    there = known[:, 5]
    assert np.corrcoef(filled.values[there, 5, 1], rows.values[there, 5, 1])[0, 1] > 0.9


def _places(rows: Windows) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    return rows.channels, rows.entities, rows.starts


def test_values_that_steps_share_come_back() -> None:
    rows = waves(200)
    grades = np.round(rows.values[:, :, 1:2] / 200)
    vae = VAE(steps=100).fit_rows(Windows(grades, ("grade",), rows.entities, rows.starts))
    drawn = vae.sample_rows(50).values
    assert set(drawn[~np.isnan(drawn)]) <= set(grades[~np.isnan(grades)])


def test_series_are_fitted_and_drawn_as_series() -> None:
    steps = np.arange(400)
    given = Series.of([np.column_stack([np.sin(steps / 5), np.cos(steps / 9)])], channels=("a", "b"))
    vae = VAE(steps=50).fit(given)
    for made in (vae.sample(3), vae.reconstruct(given)):
        assert isinstance(made, Series)
        assert made.channels == ("a", "b")
    assert len(vae.reconstruct(given).values) == 400
