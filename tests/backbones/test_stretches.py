import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.backbones.stretches import hold_out_stretches
from evalkit.backbones.vae import VAE
from evalkit.core.evidence import Evidence, Failure
from evalkit.data.windows import Windows


def windows(n: int, length: int, stride: int, entities: int = 1) -> Windows:
    starts = np.tile(np.arange(n) * stride, entities)
    return Windows(np.zeros((n * entities, length, 1)), ("a",), np.repeat(np.arange(entities), n), starts)


def steps(rows: Windows) -> set[tuple[int, int]]:
    pairs = zip(rows.entities.tolist(), rows.starts.tolist(), strict=True)
    return {(entity, start + i) for entity, start in pairs for i in range(rows.values.shape[1])}


@given(
    n=st.integers(1, 60), length=st.integers(1, 12), stride=st.integers(1, 12), entities=st.integers(1, 4), seed=st.integers(0, 99)
)
def test_no_step_is_in_both_parts(n: int, length: int, stride: int, entities: int, seed: int) -> None:
    rows = windows(n, length, stride, entities)
    training, held_out = hold_out_stretches(rows, len(rows) // 10, np.random.default_rng(seed))
    assert not steps(training) & steps(held_out)
    assert len(training) >= len(rows) / 2
    assert len(held_out) <= len(rows) // 10


@pytest.mark.parametrize(("n", "stretches"), [(100, 1), (200, 2), (1000, 4)])
def test_one_in_ten_is_held_out_in_a_few_stretches(n: int, stretches: int) -> None:
    _, held_out = hold_out_stretches(windows(n, 4, 1), n // 10, np.random.default_rng(0))
    assert len(held_out) == n // 10
    assert (np.diff(np.sort(held_out.starts)) > 1).sum() + 1 == stretches


def test_a_fit_to_overlapping_windows_is_judged_by_others_and_a_short_series_not_at_all() -> None:
    wave = np.sin(np.arange(400) / 3)
    cut = np.lib.stride_tricks.sliding_window_view(wave, 8)[:, :, None].copy()
    starts = np.arange(len(cut))
    rows = Windows(cut, ("wave",), np.zeros(len(cut), dtype=np.int64), starts)
    training, held_out = VAE().split(rows)
    assert not steps(training) & steps(held_out)
    assert isinstance(VAE(steps=5).fit_rows(rows).held_out_, Evidence)
    assert isinstance(VAE(steps=5).fit_rows(rows.take(slice(0, 20))).held_out_, Failure)
