from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from evalkit.backbones.checkpoint import load_state, save_state
from evalkit.backbones.vae import VAE
from evalkit.core.errors import CapabilityError, EvalkitError, InputError, ModelError, SchemaError, ShapeError
from evalkit.core.sample import Table
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import FEATURES, mixed_rows


@pytest.fixture(scope="module")
def rows() -> Rows:
    return mixed_rows(1000)


@pytest.fixture(scope="module")
def vae(rows: Rows) -> VAE:
    return VAE(steps=1000).fit_rows(rows)


def numbers(*columns: list[float]) -> Rows:
    features = tuple(Feature(column=f"c{i}", name=f"c{i}", kind="number") for i in range(len(columns)))
    return Rows(np.array(columns, dtype=float).T.reshape(-1, len(columns)), features)


def test_a_row_alone_scores_as_in_a_batch(vae: VAE, rows: Rows) -> None:
    scores, terms = vae.score_rows(rows), vae.terms_rows(rows)
    assert scores.dtype == np.float64
    for i in (0, 7, 511, 512, 999):
        np.testing.assert_allclose(vae.score_rows(rows.take(slice(i, i + 1))), scores[i : i + 1], rtol=1e-9)
        np.testing.assert_allclose(vae.terms_rows(rows.take(slice(i, i + 1))), terms[i : i + 1], rtol=1e-9, atol=1e-9)
    backwards = np.arange(len(rows))[::-1]
    np.testing.assert_allclose(vae.score_rows(rows.take(backwards)), scores[backwards], rtol=1e-9)


def test_terms_a_column_add_up_to_the_score(vae: VAE, rows: Rows) -> None:
    terms = vae.terms_rows(rows)
    assert terms.shape == (len(rows), 5)
    np.testing.assert_allclose(terms.sum(axis=1), vae.score_rows(rows), rtol=1e-12)


def test_rows_that_break_a_dependency_score_higher_and_the_column_says_so(vae: VAE) -> None:
    fresh = mixed_rows(300, seed=9)
    values = fresh.values.copy()
    values[:, 0] = np.exp(1 + 0.3 * (12 - values[:, 4]))
    broken = Rows(values, FEATURES)
    assert np.median(vae.score_rows(broken)) > np.quantile(vae.score_rows(fresh), 0.95)
    usual = np.median(vae.terms_rows(fresh), axis=0)
    blamed = (vae.terms_rows(broken) - usual).argmax(axis=1)
    assert np.isin(blamed, [0, 4]).mean() > 0.9


def test_each_kind_of_odd_value_scores_above_every_usual_row(vae: VAE, rows: Rows) -> None:
    usual = vae.score_rows(rows)
    for column, value in ((0, 1e300), (0, -1e300), (2, 4.0), (3, np.nan), (4, 1e12), (5, 3.0)):
        values = rows.values[:1].copy()
        values[0, column] = value
        score = vae.score_rows(Rows(values, FEATURES))
        assert np.isfinite(score).all()
        assert score[0] > np.quantile(usual, 0.99), f"feature {column}"


def test_same_seed_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        save_state(tmp_path / name, "vae", VAE(steps=20, random_state=seed).fit_rows(mixed_rows(80)).to_state())
    a, b, c = ((tmp_path / name / "arrays.safetensors").read_bytes() for name in "abc")
    assert a == b
    assert a != c


def test_a_saved_model_is_the_model(vae: VAE, rows: Rows, tmp_path: Path) -> None:
    save_state(tmp_path / "model", "vae", vae.to_state())
    loaded = VAE.from_state(load_state(tmp_path / "model")[1])
    assert (loaded.score_rows(rows) == vae.score_rows(rows)).all()
    assert (loaded.terms_rows(rows) == vae.terms_rows(rows)).all()
    np.testing.assert_array_equal(loaded.sample_rows(20).values, vae.sample_rows(20).values)
    assert loaded.get_params() == vae.get_params()
    assert loaded.history_ == vae.history_
    save_state(tmp_path / "again", "vae", loaded.to_state())
    for name in ("model.json", "arrays.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "model" / name).read_bytes()


def test_a_state_that_does_not_fit_is_refused(vae: VAE) -> None:
    good = vae.to_state()
    plan, facts = good["network"], good["network"]["facts"]
    for change in (
        {"settings": {"no_such_setting": 1}},
        {"settings": {**good["settings"], "width": 10**9}},
        {"settings": {**good["settings"], "draws": 10**9}},
        {"layout": {"modality": "table"}},
        {"layout": {"modality": "sounds"}},
        {"network": {**plan, "width": 10**7}},
        {"network": {**plan, "latent_size": "8"}},
        {"network": {**plan, "facts": {**facts, "levels": [0, 0, 10**7, 0, 0, 0]}}},
        {"network": {**plan, "facts": {**facts, "heads": ["number"] * 6}}},
        {"network": {**plan, "facts": {**facts, "scale": np.zeros(3)}}},
        {"weights": {}},
        {"weights": {**good["weights"], "more": np.zeros(1)}},
        {"history": {}},
    ):
        with pytest.raises(ModelError):
            VAE.from_state({**good, **change})
    with pytest.raises(ModelError):
        VAE.from_state({})


def test_drawn_rows_resemble_the_rows(vae: VAE, rows: Rows) -> None:
    drawn = vae.sample_rows(3000).values
    given = rows.values
    for i in (0, 1, 4):
        assert np.median(drawn[:, i]) == pytest.approx(np.median(given[:, i]), abs=0.3 * given[:, i].std())
        assert drawn[:, i].std() == pytest.approx(given[:, i].std(), rel=0.35)
    shops = [np.bincount(values[~np.isnan(values[:, 2]), 2].astype(int), minlength=4) for values in (drawn, given)]
    np.testing.assert_allclose(shops[0] / shops[0].sum(), shops[1] / shops[1].sum(), atol=0.08)
    assert np.isnan(drawn[:, 2]).mean() == pytest.approx(np.isnan(given[:, 2]).mean(), abs=0.05)
    assert not np.isnan(drawn[:, [0, 1, 3, 4, 5]]).any()
    assert drawn[drawn[:, 2] == 3, 3].mean() > 0.8
    assert np.corrcoef(np.log(drawn[:, 0]), drawn[:, 4])[0, 1] > 0.7


def test_row_i_is_the_same_however_many_are_drawn(vae: VAE) -> None:
    np.testing.assert_allclose(vae.sample_rows(300, 5).values[:10], vae.sample_rows(10, 5).values, rtol=1e-12)
    assert not np.array_equal(vae.sample_rows(10, 5).values, vae.sample_rows(10, 6).values)


def test_reconstructions_are_near_and_fill_in_what_is_missing(vae: VAE, rows: Rows) -> None:
    seen = vae.reconstruct_rows(rows).values
    assert not np.isnan(seen).any()
    assert np.corrcoef(np.log(seen[:, 0]), np.log(rows.values[:, 0]))[0, 1] > 0.9
    there = ~np.isnan(rows.values[:, 2])
    assert (seen[there, 2] == rows.values[there, 2]).mean() > (rows.values[there, 2] == 0).mean() + 0.05


def test_interpolation_goes_from_one_reconstruction_to_the_other(vae: VAE, rows: Rows) -> None:
    first, last = rows.take(slice(0, 1)), rows.take(slice(1, 2))
    way = vae.interpolate_rows(first, last, 7).values
    assert way.shape == (7, 6)
    np.testing.assert_allclose(way[0], vae.reconstruct_rows(first).values[0], rtol=1e-9)
    np.testing.assert_allclose(way[-1], vae.reconstruct_rows(last).values[0], rtol=1e-9)
    with pytest.raises(InputError, match="one row at each end"):
        vae.interpolate_rows(rows, last, 7)


@pytest.mark.parametrize(
    "tiny",
    [
        numbers([1.0]),
        numbers([1.0, 2.0, 3.0, 2.5, 0.0], [5.0, 5.0, 5.0, 5.0, 5.0]),
        numbers([np.nan, np.nan, np.nan], [1.0, 2.0, 3.0]),
        numbers([np.nan]),
        numbers([1e300, -1e300, 0.0, 1e-300], [1.7e308, -1.7e308, 1.0, 2.0]),
        numbers([0.0] * 12, [float(i) for i in range(12)]),
        numbers([1e9 + 1e-6 * i for i in range(30)]),
        Rows(mixed_rows(3).values, FEATURES),
    ],
    ids=["one row", "five rows", "an all-missing column", "nothing at all", "huge", "constant", "narrow", "three mixed rows"],
)
def test_tiny_and_odd_tables_have_a_result(tiny: Rows) -> None:
    vae = VAE(steps=30).fit_rows(tiny)
    scores = vae.score_rows(tiny)
    assert np.isfinite(scores).all()
    np.testing.assert_allclose(vae.terms_rows(tiny).sum(axis=1), scores, rtol=1e-12, atol=1e-12)
    assert vae.sample_rows(3).values.shape == (3, len(tiny.features))
    assert np.isfinite(vae.reconstruct_rows(tiny).values).all()


def test_scoring_no_rows_gives_no_scores(vae: VAE, rows: Rows) -> None:
    assert vae.score_rows(rows.take(slice(0, 0))).shape == (0,)
    assert vae.terms_rows(rows.take(slice(0, 0))).shape == (0, 5)


def test_a_value_off_a_constant_column_is_odd() -> None:
    vae = VAE(steps=50).fit_rows(numbers([7.0] * 50, np.linspace(0, 1, 50).tolist()))
    steady, moved = vae.score_rows(numbers([7.0, 8.0], [0.5, 0.5]))
    assert moved > steady + 3


def test_no_rows_and_wrong_settings_are_refused() -> None:
    with pytest.raises(ShapeError, match="at least one row"):
        VAE().fit_rows(Rows(np.zeros((0, 6)), FEATURES))
    with pytest.raises(ShapeError):
        VAE().fit_rows(Rows(np.zeros((3, 0)), ()))
    for settings in ({"steps": 0}, {"draws": 0}, {"width": 0}, {"latent_size": 0}, {"minutes": 0.0}):
        with pytest.raises(InputError, match=next(iter(settings))):
            VAE(**settings).fit_rows(mixed_rows(5))


def test_what_is_not_fitted_says_so(rows: Rows) -> None:
    for ask in (VAE().score_rows, VAE().terms_rows, VAE().reconstruct_rows):
        with pytest.raises(NotFittedError):
            ask(rows)
    with pytest.raises(NotFittedError):
        VAE().sample_rows(3)
    with pytest.raises(NotFittedError):
        VAE().to_state()


def test_rows_with_other_features_are_refused(vae: VAE) -> None:
    with pytest.raises(SchemaError, match="layout"):
        vae.score_rows(numbers([1.0]))


def test_fitted_to_rows_it_does_not_take_tables(vae: VAE) -> None:
    with pytest.raises(CapabilityError, match="fitted to encoded rows"):
        vae.score(np.zeros((2, 6)))


def test_a_capability_the_family_lacks_is_refused(vae: VAE, rows: Rows) -> None:
    class Scorer(VAE):
        capabilities: ClassVar = {"table": frozenset({"score"})}

    scorer = Scorer.from_state(vae.to_state())
    assert scorer.score_rows(rows).shape == (1000,)
    for ask in (
        lambda: scorer.sample_rows(3),
        lambda: scorer.reconstruct_rows(rows),
        lambda: scorer.interpolate_rows(rows, rows),
        lambda: scorer.log_prob_bound(rows),
    ):
        with pytest.raises(CapabilityError, match="it can do score"):
            ask()


def test_settings_are_scikit_learns() -> None:
    vae = VAE(steps=5, random_state=3)
    assert clone(vae).get_params() == vae.get_params()
    assert "random_state=3" in repr(vae)


def test_drawing_less_than_one_row_is_refused(vae: VAE) -> None:
    with pytest.raises(InputError, match="at least 1"):
        vae.sample_rows(0)


SHOPS = ["north", "south", "east", "west"]


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    values = mixed_rows(400).values
    return pd.DataFrame(
        {
            "amount": values[:, 0].round(2),
            "hour": values[:, 1].round(3),
            "shop": [None if np.isnan(code) else SHOPS[int(code)] for code in values[:, 2]],
            "items": values[:, 4].astype(int),
        }
    )


def test_on_tables_everything_speaks_of_the_tables_columns(frame: pd.DataFrame, tmp_path: Path) -> None:
    frame.to_csv(tmp_path / "shop.csv", index=False)
    vae = VAE(steps=200).fit(tmp_path / "shop.csv")
    scores = vae.score(frame)
    assert scores.shape == (400,)
    np.testing.assert_array_equal(vae.anomaly_score(frame), scores)
    np.testing.assert_array_equal(vae.log_prob_bound(frame), -scores)
    np.testing.assert_allclose(vae.terms(frame).sum(axis=1), scores, rtol=1e-12)
    for table in (vae.sample(30), vae.reconstruct(frame), vae.interpolate(frame[:1], frame[1:2], steps=4)):
        assert isinstance(table, Table)
        assert list(table.frame) == list(frame)
        assert set(table.frame["shop"].dropna()) <= {"north", "south", "east", "west"}
    save_state(tmp_path / "model", "vae", vae.to_state())
    loaded = VAE.from_state(load_state(tmp_path / "model")[1])
    np.testing.assert_array_equal(loaded.score(tmp_path / "shop.csv"), vae.score(tmp_path / "shop.csv"))


def test_an_unseen_category_scores_higher(frame: pd.DataFrame) -> None:
    vae = VAE(steps=100).fit(frame)
    strange = frame[frame["shop"].notna()].head(50).assign(shop="mars")
    assert (vae.score(strange) > vae.score(frame.loc[strange.index])).all()


def test_a_table_that_cannot_be_read_is_one_sentence(frame: pd.DataFrame) -> None:
    with pytest.raises(EvalkitError) as caught:
        VAE(steps=5).fit(frame).score(frame.drop(columns="amount"))
    assert "amount" in str(caught.value)


def test_arrays_can_be_fitted_and_scored() -> None:
    random = np.random.default_rng(0)
    normal = random.normal(size=(300, 3))
    odd = normal[:50] + 8
    vae = VAE(steps=150).fit(normal)
    assert np.median(vae.anomaly_score(odd)) > np.quantile(vae.anomaly_score(normal), 0.99)
