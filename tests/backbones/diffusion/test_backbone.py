import numpy as np
import pandas as pd
import pytest

from evalkit.backbones.diffusion import Diffusion
from evalkit.backbones.diffusion.samplers import SAMPLERS, SamplerName
from evalkit.core.errors import InputError
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import mixed_rows


@pytest.fixture(scope="module")
def rows() -> Rows:
    return mixed_rows(600)


@pytest.fixture(scope="module")
def model(rows: Rows) -> Diffusion:
    return Diffusion(steps=500, width=48, depth=2).fit_rows(rows)


def like(drawn: Rows, rows: Rows) -> None:
    """Every margin and the table's dependencies are there."""
    given, made = pd.DataFrame(rows.values), pd.DataFrame(drawn.values)
    for column in (0, 1, 4):
        quantiles = [0.1, 0.25, 0.5, 0.75, 0.9]
        spread = given[column].quantile(0.9) - given[column].quantile(0.1)
        np.testing.assert_allclose(made[column].quantile(quantiles), given[column].quantile(quantiles), atol=0.2 * spread)
    for column in (2, 3, 5):
        shares = given[column].value_counts(normalize=True)
        assert (made[column].value_counts(normalize=True).reindex(shares.index).fillna(0) - shares).abs().max() < 0.08
    assert made[[0, 4]].corr(method="spearman").iloc[0, 1] > 0.85
    assert made[3][made[2] == 3].mean() > 0.8


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_draws_rows_like_the_given_ones_from_one_network(model: Diffusion, rows: Rows, sampler: SamplerName) -> None:
    steps = 150 if sampler == "ddpm" else 40
    drawer = Diffusion.from_state(model.to_state()).set_params(sampler=sampler, sampling_steps=steps)
    drawn = drawer.sample_rows(600, 1)
    like(drawn, rows)
    assert set(np.unique(drawn.values[:, 5])) == {-1.0, 6.5}
    assert (drawn.values[:, 4] == np.round(drawn.values[:, 4])).all()


def test_missing_values_are_drawn_where_they_were_found(model: Diffusion, rows: Rows) -> None:
    drawn = model.sample_rows(1500, 2).values
    missing = np.isnan(drawn)
    assert not missing[:, [0, 1, 3, 4, 5]].any()
    night = drawn[:, 1] < 8
    assert missing[night, 2].mean() > 2 * missing[~night, 2].mean()
    assert missing[:, 2].mean() == pytest.approx(np.isnan(rows.values[:, 2]).mean(), abs=0.05)


def test_rows_that_contradict_what_was_learned_score_higher(model: Diffusion, rows: Rows) -> None:
    usual = rows.take(slice(0, 200))
    odd = usual.values.copy()
    odd[:, 0], odd[:, 4] = np.quantile(rows.values[:, 0], 0.97), 0.0
    scores, odd_scores = model.score_rows(usual), model.score_rows(Rows(odd, rows.features))
    assert np.mean(odd_scores[:, None] > scores[None, :]) > 0.95
    terms = model.terms_rows(Rows(odd, rows.features)).mean(axis=0) - model.terms_rows(usual).mean(axis=0)
    assert set(np.argsort(terms)[-2:]) == {list(rows.columns).index("amount"), list(rows.columns).index("items")}


def test_huge_values_and_unseen_levels_have_finite_scores(model: Diffusion, rows: Rows) -> None:
    values = rows.values[:5].copy()
    values[0, 0], values[1, 0], values[2, 2], values[3, :] = 1e300, -1e300, 4.0, np.nan
    scores = model.score_rows(Rows(values, rows.features))
    assert np.isfinite(scores).all()
    assert scores[0] > model.score_rows(rows).max()


def test_noising_goes_from_the_rows_to_what_has_nothing_to_do_with_them(model: Diffusion, rows: Rows) -> None:
    some = rows.take(slice(0, 300))
    way = model.noising_rows(some, steps=6)
    assert len(way) == 7
    np.testing.assert_allclose(way[0].values, some.values, equal_nan=True, rtol=1e-9)
    kinship = [abs(np.corrcoef(step.values[:, 0].argsort().argsort(), some.values[:, 0].argsort().argsort())[0, 1]) for step in way]
    assert kinship[0] > kinship[3] > kinship[5]
    assert kinship[6] < 0.2


def test_denoising_ends_with_the_rows_that_are_drawn(model: Diffusion) -> None:
    way = model.denoising_rows(20, steps=5, random_state=3)
    assert len(way) == 6
    np.testing.assert_array_equal(way[-1].values, model.sample_rows(20, 3).values)


def test_reconstructions_stay_near_and_are_complete(model: Diffusion, rows: Rows) -> None:
    back = model.reconstruct_rows(rows)
    assert np.corrcoef(back.values[:, 0].argsort().argsort(), rows.values[:, 0].argsort().argsort())[0, 1] > 0.7
    assert np.isnan(back.values).mean() < 0.2 * np.isnan(rows.values).mean()


def test_the_way_between_two_rows_begins_and_ends_with_them(model: Diffusion, rows: Rows) -> None:
    first, last = rows.take(slice(0, 1)), rows.take(slice(1, 2))
    way = model.interpolate_rows(first, last, 5).values
    for end, row in ((way[0], first.values[0]), (way[-1], last.values[0])):
        np.testing.assert_allclose(end[[0, 1]], row[[0, 1]], rtol=0.1)
        assert end[3] == row[3]
    np.testing.assert_array_equal(
        model.interpolate_rows(first, first, 3).values[0], model.interpolate_rows(first, first, 3).values[2]
    )


def test_few_correlated_rows_are_enough() -> None:
    random = np.random.default_rng(0)
    base = random.normal(size=(60, 1))
    values = np.hstack([base, base * 2 + 0.1 * random.normal(size=(60, 1)), random.normal(size=(60, 1))])
    features = tuple(Feature(column=name, name=name, kind="number") for name in "abc")
    drawn = Diffusion(steps=30, width=16).fit_rows(Rows(values, features)).sample_rows(300)
    assert np.corrcoef(drawn.values.T)[0, 1] > 0.97


def test_held_out_figure_says_what_it_is(model: Diffusion) -> None:
    assert model.held_out_.name == "denoising error a held-out row"


def test_unknown_sampler_is_refused(rows: Rows) -> None:
    with pytest.raises(InputError, match="flow, ddim, ddpm"):
        Diffusion(sampler="euler").fit_rows(rows)  # type: ignore[arg-type]
