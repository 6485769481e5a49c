import numpy as np
import pytest

from evalkit.backbones.gan import GAN
from evalkit.backbones.gan.backbone import HELD_OUT
from evalkit.core.errors import InputError
from evalkit.core.seeds import generator
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import FEATURES, mixed_rows


@pytest.fixture(scope="module")
def gan() -> GAN:
    return GAN(steps=400).fit_rows(mixed_rows(800))


def test_drawn_rows_keep_the_shares_and_the_dependency(gan: GAN) -> None:
    drawn, real = gan.sample_rows(2000).values, mixed_rows(2000, seed=5).values
    for level in range(4):
        assert np.mean(drawn[:, 2] == level) == pytest.approx(np.mean(real[:, 2] == level), abs=0.1)
    assert np.isnan(drawn[:, 2]).mean() == pytest.approx(np.isnan(real[:, 2]).mean(), abs=0.06)
    assert np.corrcoef(np.log(drawn[:, 0]), drawn[:, 4])[0, 1] > 0.85


def purchases(n: int, seed: int = 0) -> Rows:
    """Shops sell in store or online; in store, and only there, the card is present and the device missing; amounts are skewed."""
    random = generator(seed, "purchases")
    shop = random.choice(6, n, p=[0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    in_store = random.random(n) < np.array([1.0, 0.9, 0.7, 0.4, 0.1, 0.0])[shop]
    device = np.where(in_store, np.nan, random.choice(3, n, p=[0.5, 0.3, 0.2]))
    amount = np.exp(random.normal(2.0 + 0.6 * shop, 0.7)).round(2)
    features = (
        Feature(column="shop", name="shop", kind="category", levels=("a", "b", "c", "d", "e", "f")),
        Feature(column="channel", name="channel", kind="category", levels=("in store", "online")),
        Feature(column="card", name="card", kind="boolean"),
        Feature(column="device", name="device", kind="category", levels=("android", "desktop", "ios")),
        Feature(column="amount", name="amount", kind="number"),
    )
    return Rows(np.column_stack([shop, 1.0 - in_store, in_store, device, amount]), features)


@pytest.mark.parametrize("seed", [0, 1])
def test_columns_that_go_together_without_exception_do_not_make_it_collapse(seed: int) -> None:
    gan = GAN(steps=400, random_state=seed).fit_rows(purchases(800))
    drawn, real = gan.sample_rows(2000).values, purchases(2000, seed=5).values
    in_store = drawn[:, 1] == 0
    assert gan.history_.alarms == []
    assert in_store.mean() == pytest.approx(np.mean(real[:, 1] == 0), abs=0.1)
    assert np.mean(in_store == (drawn[:, 2] == 1)) > 0.95
    assert np.mean(in_store == np.isnan(drawn[:, 3])) > 0.95
    for shop in range(6):
        assert 0.5 < np.mean(drawn[:, 0] == shop) / np.mean(real[:, 0] == shop) < 2
    assert 0.75 < drawn[:, 4].std() / real[:, 4].std() < 1.33


def test_odd_values_and_broken_dependencies_score_high_and_the_column_says_so(gan: GAN) -> None:
    fresh = mixed_rows(300, seed=9)
    usual = gan.score_rows(fresh)
    for column, value, name in ((0, 1e300, 0), (2, 4.0, 2), (4, 1e12, 4)):
        values = fresh.values[:1].copy()
        values[0, column] = value
        odd = Rows(values, FEATURES)
        assert gan.score_rows(odd)[0] > usual[0] + 5
        assert gan.terms_rows(odd)[0].argmax() == name
    values = fresh.values.copy()
    values[:, 0] = np.exp(1 + 0.3 * (12 - values[:, 4]))
    assert np.median(gan.score_rows(Rows(values, FEATURES))) > np.quantile(usual, 0.8)


def test_the_held_out_figure_says_what_it_is(gan: GAN) -> None:
    assert gan.held_out_.name == HELD_OUT


def test_the_curves_are_kept(gan: GAN) -> None:
    assert {"discriminator's accuracy", "probe's accuracy"} <= gan.history_.figures.keys()
    assert {len(curve) for curve in gan.history_.figures.values()} == {len(gan.history_.steps)}


@pytest.mark.parametrize("penalty", [0.0, -1.0, float("inf")])
def test_a_penalty_must_be_above_zero(penalty: float) -> None:
    with pytest.raises(InputError, match="penalty"):
        GAN(penalty=penalty).fit_rows(mixed_rows(20))


def test_one_column_is_enough() -> None:
    rows = Rows(np.linspace(-1.0, 1.0, 40)[:, None], FEATURES[:1])
    assert np.isfinite(GAN(steps=3).fit_rows(rows).score_rows(rows)).all()
