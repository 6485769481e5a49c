import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evalkit.backbones.heads import TableSpace
from evalkit.data.rows import Feature, Rows
from tests.backbones.mixed_rows import mixed_rows

finite = st.floats(allow_nan=False, allow_infinity=False)


def space_of(values: list[float], kind: str = "number") -> TableSpace:
    return TableSpace.fit(Rows(np.array(values, dtype=np.float64)[:, None], (Feature(column="a", name="a", kind=kind),)))  # type: ignore[arg-type]


def scores_of(space: TableSpace, values: list[float]) -> np.ndarray:
    return space.to_vector(torch.tensor(values, dtype=torch.float64)[:, None])[:, 0].numpy()


@pytest.fixture(scope="module")
def space() -> TableSpace:
    return TableSpace.fit(mixed_rows())


@pytest.mark.parametrize("spread", [False, True])
def test_training_rows_come_back_as_they_are(space: TableSpace, spread: bool) -> None:
    values = torch.tensor(mixed_rows().values)
    uniform = torch.tensor(np.random.default_rng(0).uniform(size=values.shape)) if spread else None
    back = space.from_vector(space.to_vector(values, uniform))
    torch.testing.assert_close(back, values, rtol=1e-12, atol=1e-12, equal_nan=True)


def test_blocks_tell_about_every_feature_and_the_flags_of_those_that_can_miss(space: TableSpace) -> None:
    kinds = [block.kind for block in space.blocks]
    assert kinds == ["number", "number", "category", "boolean", "number", "boolean", "missing"]
    assert space.width == 10
    assert space.owners().tolist() == [0, 1, 2, 2, 2, 2, 3, 4, 5, 2]


def test_no_block_has_much_more_variance_than_a_number(space: TableSpace) -> None:
    vectors = space.to_vector(torch.tensor(mixed_rows().values))
    for block in space.blocks:
        inside = vectors[:, block.start : block.start + block.width]
        assert inside.var(dim=0).sum() < 1.05
    assert abs(float(vectors[:, 0].mean())) < 0.01


def test_a_row_has_one_vector_alone_and_among_others(space: TableSpace) -> None:
    values = torch.tensor(mixed_rows(50, seed=1).values)
    assert torch.equal(space.to_vector(values)[7:8], space.to_vector(values[7:8]))


def test_spread_atoms_follow_the_normal_distribution() -> None:
    values = [0.0] * 500 + list(np.linspace(1, 2, 500))
    space = space_of(values)
    uniform = torch.tensor(np.tile((np.arange(500) + 0.5) / 500, 2)[:, None])
    scores = space.to_vector(torch.tensor(values, dtype=torch.float64)[:, None], uniform)[:500, 0].numpy()
    assert scores.max() < 0 < space.to_vector(torch.tensor([[1.0]], dtype=torch.float64)).item() + 1e-2
    assert np.mean(scores) == pytest.approx(-np.sqrt(2 / np.pi), abs=0.01)


def test_counts_are_drawn_whole_and_numbers_between_are_drawn() -> None:
    scores = torch.linspace(-3, 3, 101, dtype=torch.float64)[:, None]
    whole = space_of([*range(0, 600, 7)], "count").from_vector(scores)
    assert torch.equal(whole, whole.round())
    assert len(torch.unique(space_of([0.0, 1.0, 10.0]).from_vector(scores))) > 30


@given(values=arrays(float, st.integers(1, 300), elements=finite), new=finite, more=st.floats(0, 1e300))
def test_scores_are_finite_and_never_fall(values: np.ndarray, new: float, more: float) -> None:
    first, second = scores_of(space_of(values.tolist()), [new, min(new + more, 1.7e308)])
    assert np.isfinite([first, second]).all()
    assert first <= second


def test_beyond_the_ends_scores_go_on_growing() -> None:
    scores = scores_of(space_of(np.linspace(0, 1, 50).tolist()), [1.0, 2.0, 10.0, 1e6, 1e90, 1e300])
    assert (np.diff(scores[:-1]) > 0.5).all()
    assert scores[-1] < 300
    assert scores_of(space_of([7.0, 7.0]), [7.0, 8.0, -1e300])[[0, 1]].tolist() == [0.0, pytest.approx(0.4165, abs=1e-3)]


@given(values=arrays(float, st.integers(1, 300), elements=finite), scores=arrays(float, 20, elements=finite))
def test_whatever_the_vector_the_rows_are_in_the_range(values: np.ndarray, scores: np.ndarray) -> None:
    back = space_of(values.tolist()).from_vector(torch.tensor(scores)[:, None]).numpy()
    assert (back >= values.min() * (1 - 1e-12 * np.sign(values.min()))).all()
    assert (back <= values.max() * (1 + 1e-12 * np.sign(values.max()))).all()


def test_unseen_levels_lie_where_no_level_is_and_are_never_drawn() -> None:
    feature = Feature(column="a", name="a", kind="category", levels=("x", "y", "z"))
    space = TableSpace.fit(Rows(np.array([[0.0], [0.0], [2.0]]), (feature,)))
    vectors = space.to_vector(torch.tensor([[0.0], [1.0], [2.0], [3.0], [torch.nan]], dtype=torch.float64))
    assert torch.equal(vectors[1], vectors[3])
    assert not vectors[4].any()
    assert len(torch.unique(vectors[[0, 1, 2, 4]], dim=0)) == 4
    drawn = space.from_vector(torch.randn(100, 2, generator=torch.Generator().manual_seed(0)))
    assert set(drawn[:, 0].tolist()) == {0.0, 2.0}


def test_a_feature_that_is_missing_throughout_stays_missing() -> None:
    space = space_of([np.nan, np.nan])
    assert torch.isnan(space.from_vector(space.to_vector(torch.full((2, 1), torch.nan, dtype=torch.float64)))).all()


def test_free_outputs_are_shaped_into_the_space(space: TableSpace) -> None:
    outputs = torch.randn(200, space.width, generator=torch.Generator().manual_seed(0)) * 10
    shaped = space.shaped(outputs)
    vectors = space.to_vector(torch.tensor(mixed_rows().values)).float()
    assert torch.equal(shaped[:, :2], outputs[:, :2])
    for place in range(2, space.width):
        if place != 7:
            assert shaped[:, place].min() >= vectors[:, place].min() - 1e-5
            assert shaped[:, place].max() <= vectors[:, place].max() + 1e-5


def test_decided_vectors_are_those_of_the_same_rows(space: TableSpace) -> None:
    shaped = space.shaped(torch.randn(200, space.width, generator=torch.Generator().manual_seed(0)).double())
    decided = space.decided(shaped)
    rows = space.from_vector(decided)
    torch.testing.assert_close(rows, space.from_vector(shaped), rtol=0, atol=0, equal_nan=True)
    others = [block.start + i for block in space.blocks if block.kind != "number" for i in range(block.width)]
    torch.testing.assert_close(decided[:, others], space.to_vector(rows)[:, others])
    assert 20 < torch.isnan(rows[:, 2]).sum() < 180


def test_slopes_go_through_a_decision(space: TableSpace) -> None:
    shaped = space.shaped(torch.randn(200, space.width, generator=torch.Generator().manual_seed(0))).detach().requires_grad_()
    weights = torch.arange(1.0, space.width + 1)
    decided = space.decided(shaped)
    (slope,) = torch.autograd.grad((decided * weights).sum(), shaped)
    missing = decided[:, -1] > 0
    expected = weights.repeat(200, 1)
    expected[missing, 2:6] = 0.0
    levels = space.decided(torch.cat([shaped[:, :-1], -torch.ones(200, 1)], dim=1))[:, 2:6].detach()
    expected[:, -1] -= (levels * weights[2:6]).sum(dim=1) / 2
    torch.testing.assert_close(slope, expected)


def test_state_round_trip_also_without_memory(space: TableSpace) -> None:
    values = torch.tensor(mixed_rows(20, seed=3).values)
    again = TableSpace.from_state(space.to_state())
    assert torch.equal(again.to_vector(values), space.to_vector(values))
    with torch.device("meta"):
        assert TableSpace.from_state(space.to_state()).width == space.width
