import numpy as np
import pytest
import torch

from evalkit.backbones.heads import Facts, TableHeads
from evalkit.core.seeds import generator
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import mixed_rows


def one(kind: str, values: list[float], levels: tuple[str, ...] = ()) -> TableHeads:
    feature = Feature(column="a", name="a", kind=kind, levels=levels)  # type: ignore[arg-type]
    return TableHeads(Facts.fit(Rows(np.array(values)[:, None], (feature,)))).double()


def surprise(heads: TableHeads, values: list[float], outputs: list[float]) -> np.ndarray:
    x = heads.prepare(torch.tensor(values, dtype=torch.float64)[:, None])
    with torch.no_grad():
        return heads.terms(x, torch.tensor(outputs, dtype=torch.float64).expand(len(values), -1)).numpy()[:, 0]


SKEWED = [0.5, 1.0, 1.2, 1.5, 2.0, 2.5, 4.0, 9.0]


def test_a_numbers_density_integrates_to_one_and_presence_is_part_of_it() -> None:
    heads = one("number", SKEWED)
    grid = np.sinh(np.linspace(-40, 40, 400_001))
    scale, center = float(heads.facts.scale[0]), float(heads.facts.center[0])
    density = np.exp(-surprise(heads, (grid * scale + center).tolist(), [0.3]))
    missing = float(np.exp(-surprise(heads, [np.nan], [0.3]))[0])
    assert np.trapezoid(density, grid) == pytest.approx(1 - missing, abs=1e-6)
    assert missing == pytest.approx(heads.facts.missing[0])


@pytest.mark.parametrize("mean", [-3.0, 0.0, 2.0])
def test_a_counts_probabilities_add_up_to_one(mean: float) -> None:
    heads = one("count", [0.0, 1.0, 1.0, 2.0, 3.0, 5.0, 8.0])
    probabilities = np.exp(-surprise(heads, [float(i) for i in range(20_000)], [mean]))
    assert probabilities.sum() == pytest.approx(1 - heads.facts.missing[0], abs=1e-4)


def test_categories_add_up_to_one_with_the_unseen_level() -> None:
    heads = one("category", [0.0, 1.0, 1.0, 2.0], ("x", "y", "z"))
    probabilities = np.exp(-surprise(heads, [0.0, 1.0, 2.0, 3.0, np.nan], [0.5, -1.0, 2.0]))
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities[3] / probabilities[:4].sum() == pytest.approx(1 / 6)


def test_a_category_without_levels_takes_every_code_as_unseen() -> None:
    heads = one("category", [np.nan, np.nan])
    assert np.isfinite(surprise(heads, [0.0, 1.0, np.nan], [0.0, 0.0])).all()


def test_booleans_add_up_to_one_and_neither_of_the_two_costs_more_the_further_off() -> None:
    heads = one("number", [5.0, -1.0, 5.0])
    assert heads.facts.heads == ("boolean",)
    assert np.exp(-surprise(heads, [5.0, -1.0, np.nan], [0.7])).sum() == pytest.approx(1)
    rising = surprise(heads, [5.0, 5.1, 6.0, 50.0, 1e300], [0.7])
    assert (np.diff(rising) > 0).all()
    assert np.isfinite(rising).all()


def test_a_constants_other_values_have_the_probability_of_one_unseen_row() -> None:
    heads = one("number", [7.0] * 8)
    assert heads.n_outputs == 0
    grid = 7 + 7 * np.sinh(np.linspace(-15, 15, 200_002))
    same, missing = np.exp(-surprise(heads, [7.0, np.nan], []))
    other = np.trapezoid(np.exp(-surprise(heads, grid.tolist(), [])), grid / 7)
    assert other / (1 - missing) == pytest.approx(0.1, rel=1e-3)
    assert same + other + missing == pytest.approx(1, rel=1e-3)


@pytest.mark.parametrize("kind", ["number", "count"])
def test_surprise_is_finite_and_grows_up_to_the_largest_float(kind: str) -> None:
    heads = one(kind, [1.0, 2.0, 3.0, 4.0])
    rising = surprise(heads, [4.0, 10.0, 1e3, 1e9, 1e15, 1e50, 1e300], [0.0])
    assert np.isfinite(rising).all()
    assert (np.diff(rising) > 0).all()


def test_missingness_that_the_network_can_move_is_a_probability() -> None:
    heads = one("boolean", [0.0, 1.0, np.nan, 1.0])
    assert heads.n_outputs == 2
    for push in (-2.0, 0.0, 2.0):
        assert np.exp(-surprise(heads, [0.0, 1.0, np.nan], [0.4, push])).sum() == pytest.approx(1)


def test_features_keep_their_order_and_inputs_name_their_owner() -> None:
    rows = mixed_rows(50)
    heads = TableHeads(Facts.fit(rows)).double()
    x = heads.prepare(torch.tensor(rows.values))
    changed = rows.values.copy()
    for i in range(len(rows.features)):
        changed[:] = rows.values
        changed[:, i] = np.where(np.isnan(changed[:, i]), 0.0, np.nan)
        moved = heads.prepare(torch.tensor(changed)) != x
        assert heads.columns[moved.any(dim=2).any(dim=0)].tolist() == [i]
        difference = (heads.inputs(heads.prepare(torch.tensor(changed))) - heads.inputs(x)).abs()
        assert heads.by_feature(difference).any(dim=0).nonzero().flatten().tolist() == [i]


def test_draws_follow_the_outputs() -> None:
    rows = mixed_rows(400)
    heads = TableHeads(Facts.fit(rows)).double()
    outputs = torch.zeros(4000, heads.n_outputs, dtype=torch.float64)
    uniform = torch.tensor(generator(0, "draws").random((4000, 12)))
    drawn = heads.draw(outputs, uniform).detach().numpy()
    low, high = np.nanmin(rows.values, axis=0), np.nanmax(rows.values, axis=0)
    assert (np.nanmin(drawn, axis=0) >= low).all()
    assert (np.nanmax(drawn, axis=0) <= high).all()
    assert np.isnan(drawn).any(axis=0).tolist() == [False, False, True, False, False, False]
    assert np.isnan(drawn[:, 2]).mean() == pytest.approx(heads.facts.missing[2], abs=0.03)
    shops = drawn[~np.isnan(drawn[:, 2]), 2].astype(int)
    assert np.bincount(shops) / len(shops) == pytest.approx(np.full(4, 0.25), abs=0.03)
    assert drawn[:, 3].mean() == pytest.approx(0.5, abs=0.03)
    assert set(np.unique(drawn[:, 5])) == {-1.0, 6.5}
    assert (drawn[:, 4] == np.round(drawn[:, 4])).all()
