import numpy as np
import pandas as pd
import pytest
import torch

from evalkit.backbones.heads import Facts
from evalkit.backbones.language.column_codes import TableCodes
from evalkit.backbones.language.drawing import Drawing
from evalkit.backbones.transformer_lm import TransformerLM
from evalkit.backbones.transformer_lm.table_network import TableTransformer
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.evidence import Evidence
from evalkit.core.seeds import generator
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import FEATURES, mixed_rows

NONE = torch.zeros(1)


def straight(n: int, seed: int = 0) -> Rows:
    """The second column follows the first, the third follows a group that comes last in the table."""
    random = generator(seed, "straight")
    group = random.integers(0, 2, n).astype(float)
    first = random.normal(size=n)
    values = np.column_stack([first, 2 * first + 0.2 * random.normal(size=n), 5 * group + random.normal(size=n), group])
    kinds = (*(Feature(column=name, name=name, kind="number") for name in "abc"),)
    return Rows(values, (*kinds, Feature(column="group", name="group", kind="category", levels=("x", "y"))))


@pytest.fixture(scope="module")
def network() -> TableTransformer:
    rows = mixed_rows(300)
    torch.manual_seed(0)
    made = TableTransformer(TableCodes.fit(FEATURES, rows.values, Facts.fit(rows)), width=8, layers=1, heads=2, dropout=0.0)
    made.begin_with_lines(rows)
    for parameter in made.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape)
        parameter.data = parameter.data.double()
    return made.eval()


@pytest.fixture(scope="module")
def model() -> TransformerLM:
    return TransformerLM(steps=300, width=32).fit_rows(straight(500))


def test_each_column_has_a_distribution(network: TableTransformer) -> None:
    x = network.prepare(mixed_rows(5, seed=1))
    with torch.no_grad():
        for i, column in enumerate(network.codes.columns):
            total = torch.zeros(5, dtype=torch.float64)
            for code in range(len(column.counts)):
                if column.kind != "category" and code == len(column.counts) - 2:
                    continue
                changed = x.clone()
                changed[:, i, 0], changed[:, i, 1] = code, 0.0
                total += torch.exp(-network.per_row(changed, NONE)[:, i])
            assert ((total > 0.98) & (total < 1 + 1e-9)).all()


def test_columns_are_predicted_from_those_before_in_the_networks_order(network: TableTransformer) -> None:
    x = network.prepare(mixed_rows(4, seed=2))
    order = network.order.tolist()
    assert order == [2, 3, 0, 1, 4, 5], "the category and the boolean come first"
    with torch.no_grad():
        before = network.per_row(x, NONE)
        for place, column in enumerate(order):
            changed = x.clone()
            changed[:, column, 0] = (changed[:, column, 0] + 1) % 2
            after = network.per_row(changed, NONE)
            assert torch.equal(before[:, order[:place]], after[:, order[:place]])
            if place + 1 < len(order):
                assert (before[:, order[place + 1 :]] != after[:, order[place + 1 :]]).any()


def test_rows_are_drawn_with_the_probabilities_they_are_scored_with(network: TableTransformer) -> None:
    n = 4000
    uniform = torch.from_numpy(generator(0, "uniform").random((n, 6)))
    with torch.no_grad():
        codes = network.draw(uniform, Drawing())
        logits = network.logits(codes[:, network.order])
        said = torch.softmax(logits.masked_fill(~network.head.seen, -torch.inf), dim=-1)
    for place, column in enumerate(network.order.tolist()):
        shares = np.bincount(codes[:, column], minlength=said.shape[-1]) / n
        np.testing.assert_allclose(shares, said[:, place].mean(dim=0), atol=0.03)


def test_lines_are_where_it_begins() -> None:
    rows = straight(400)
    made = TableTransformer(TableCodes.fit(rows.features, rows.values, Facts.fit(rows)), width=8, layers=1, heads=2, dropout=0.0)
    x = made.prepare(straight(400, seed=1)).float()
    with torch.no_grad():
        torch.testing.assert_close(made.per_row(x, NONE), made.independent(x).float())
        made.begin_with_lines(rows)
        gain = (made.independent(x) - made.per_row(x, NONE)).mean(dim=0)
    assert gain[1] > 1.5
    assert gain[2] > 0.3
    assert abs(gain[0]) < 0.1


def test_it_learns_more_than_columns_by_themselves(model: TransformerLM) -> None:
    assert isinstance(model.held_out_, Evidence)
    assert isinstance(model.baseline_, Evidence)
    assert model.held_out_.high < model.baseline_.low
    assert TransformerLM.from_state(model.to_state()).baseline_ == model.baseline_


def test_a_contradiction_between_columns_is_booked_on_the_later_one(model: TransformerLM) -> None:
    usual = straight(1, seed=5)
    odd = Rows(usual.values.copy(), usual.features)
    odd.values[0, 1] = -2 * odd.values[0, 0] - 2 * np.sign(odd.values[0, 0])
    difference = model.terms_rows(odd)[0] - model.terms_rows(usual)[0]
    assert difference[1] > 3
    assert difference[1] == pytest.approx(difference.max())
    assert difference[0] == 0


def test_drawn_rows_keep_what_ties_the_columns(model: TransformerLM) -> None:
    drawn = model.sample_rows(400, 1).values
    assert np.corrcoef(drawn[:, 0], drawn[:, 1])[0, 1] > 0.95
    assert drawn[drawn[:, 3] == 1, 2].mean() - drawn[drawn[:, 3] == 0, 2].mean() == pytest.approx(5, abs=1)


def test_values_that_training_never_had_are_unlikely_and_finite(model: TransformerLM) -> None:
    rows = straight(4, seed=7)
    rows.values[0, 0], rows.values[1, 2], rows.values[2, 3], rows.values[3, 1] = 1e300, -1e300, 2.0, np.nan
    terms = model.terms_rows(rows)
    assert np.isfinite(terms).all()
    usual = model.terms_rows(straight(200, seed=8))
    assert terms[0, 0] > usual[:, 0].max()
    assert terms[1, 2] > usual[:, 2].max()
    assert terms[2, 3] > 5
    assert terms[3, 1] > 5


def test_what_is_missing_is_drawn_given_the_rest(model: TransformerLM) -> None:
    rows = straight(300, seed=11)
    gaps = Rows(rows.values.copy(), rows.features)
    gaps.values[:100, 0], gaps.values[100:200, 1], gaps.values[200:, 3] = np.nan, np.nan, np.nan
    filled = model.fill_rows(gaps, 3).values
    there = ~np.isnan(gaps.values)
    np.testing.assert_array_equal(filled[there], gaps.values[there])
    assert np.isfinite(filled).all()
    assert np.corrcoef(filled[:100, 0], rows.values[:100, 1])[0, 1] > 0.9, "drawn before the column that tells it"
    assert np.corrcoef(filled[100:200, 1], rows.values[100:200, 0])[0, 1] > 0.9
    assert (filled[200:, 3] == rows.values[200:, 3]).mean() > 0.85
    np.testing.assert_array_equal(model.fill_rows(gaps.take(slice(0, 20)), 3).values, filled[:20])
    assert not np.array_equal(model.fill_rows(gaps, 4).values, filled)


def test_what_is_for_texts_is_refused(model: TransformerLM) -> None:
    with pytest.raises(CapabilityError, match="fitted to encoded rows"):
        model.sample_rows(3, condition="group=x")
    fitted = TransformerLM(steps=2, width=16).fit([[1.0, 2.0], [2.0, 3.0], [4.0, 1.0]])
    with pytest.raises(CapabilityError, match="texts"):
        fitted.attention("a")
    with pytest.raises(CapabilityError, match="texts"):
        fitted.surprisal([[1.0, 2.0]])


@pytest.fixture(scope="module")
def flowers() -> TransformerLM:
    random = generator(0, "flowers")
    kind = random.integers(0, 2, 400)
    frame = {"kind": np.array(["rose", "iris"])[kind], "height": 20 + 40 * kind + random.normal(size=400), "id": np.arange(400)}
    return TransformerLM(steps=150, width=32).fit(pd.DataFrame(frame))


def test_rows_are_drawn_that_are_as_told(flowers: TransformerLM) -> None:
    irises = flowers.sample(40, condition="kind=iris").frame
    assert (irises["kind"] == "iris").all()
    assert irises["height"].between(50, 70).mean() > 0.9
    tall = flowers.sample(40, condition="height=61").frame
    assert (tall["height"] == 61).all()
    assert (tall["kind"] == "iris").mean() > 0.9
    pd.testing.assert_frame_equal(flowers.sample(10, condition="kind=iris").frame, irises[:10])


@pytest.mark.parametrize("condition", ["iris", "colour=red", "kind=tulip", "height=tall", "kind="])
def test_a_condition_that_no_row_could_meet_is_refused(flowers: TransformerLM, condition: str) -> None:
    with pytest.raises(InputError):
        flowers.sample(3, condition=condition)
