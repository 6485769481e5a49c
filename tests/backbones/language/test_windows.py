from hypothesis import given
from hypothesis import strategies as st

from evalkit.backbones.language.windows import n_windows, stride_of, window_start


@given(st.integers(0, 3000), st.integers(1, 200))
def test_a_token_sees_all_before_it_or_at_least_half_a_context(position: int, context: int) -> None:
    start = window_start(position, context)
    assert 0 <= start <= position < start + context
    assert start % stride_of(context) == 0
    if start:
        assert position - start >= context - stride_of(context)
        assert position >= context


@given(st.integers(1, 3000), st.integers(1, 200))
def test_windows_end_with_the_text(length: int, context: int) -> None:
    windows = n_windows(length, context)
    assert context + (windows - 1) * stride_of(context) >= length
    assert windows == 1 or context + (windows - 2) * stride_of(context) < length
