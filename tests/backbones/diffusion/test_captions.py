import torch
from hypothesis import given
from hypothesis import strategies as st

from evalkit.backbones.diffusion.captions import MOST_BYTES, CaptionEncoder, as_bytes

torch.manual_seed(0)
ENCODER = CaptionEncoder(16)


def test_case_and_outer_blanks_do_not_matter_and_words_do() -> None:
    seven, also, other = ENCODER(as_bytes([" Seven ", "seven", "severn"]))
    assert torch.equal(seven, also)
    assert not torch.allclose(seven, other)


def test_order_matters() -> None:
    first, second = ENCODER(as_bytes(["cat on dog", "dog on cat"]))
    assert not torch.allclose(first, second)


def test_no_caption_has_a_vector_of_its_own() -> None:
    torch.nn.init.ones_(ENCODER.nothing)
    assert torch.equal(ENCODER(as_bytes(["", "   "])), torch.ones(2, 16))


@given(captions=st.lists(st.text(max_size=200), min_size=1, max_size=5))
def test_any_text_has_a_finite_vector_of_its_own_whatever_else_is_read(captions: list[str]) -> None:
    symbols = as_bytes(captions)
    assert symbols.shape == (len(captions), MOST_BYTES)
    together = ENCODER(symbols)
    assert torch.isfinite(together).all()
    torch.testing.assert_close(together[:1], ENCODER(symbols[:1]), rtol=1e-4, atol=1e-5)
