from typing import Any

import pytest

from evalkit.backbones.recurrent_lm import RecurrentLM
from evalkit.core.errors import CapabilityError, InputError
from evalkit.core.evidence import Evidence
from evalkit.core.sample import Texts
from tests.backbones.mixed_rows import mixed_rows
from tests.backbones.written_texts import written_texts


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_it_learns_what_the_texts_have_in_common(kind: Any) -> None:
    tokens = written_texts(300)
    texts = Texts.of([bytes(tokens.row(i)[:-1].tolist()).decode() for i in range(300)])
    model = RecurrentLM(kind=kind, layers=1, width=48, context=24, steps=400).fit(texts)
    assert all(text.startswith(" the sea.") for text in model.complete(["a cat likes", "the dog likes"], 10, temperature=0))
    assert isinstance(model.held_out_, Evidence)
    assert isinstance(model.baseline_, Evidence)
    assert model.held_out_.value < 2 * model.baseline_.value
    assert len(model.nearest_tokens("a", 3)) == 3


def test_kinds_differ_and_others_are_refused() -> None:
    sizes = {
        kind: sum(
            p.numel()
            for p in RecurrentLM(kind=kind, layers=1, width=8, steps=1).fit_rows(written_texts(5)).network_.cells.parameters()
        )
        for kind in ("lstm", "gru")
    }
    assert sizes["lstm"] / sizes["gru"] == 4 / 3
    with pytest.raises(InputError, match="lstm or gru"):
        RecurrentLM(kind="rnn").fit_rows(written_texts(5))


def test_it_is_for_texts_only() -> None:
    with pytest.raises(CapabilityError, match="only to texts"):
        RecurrentLM().fit_rows(mixed_rows(10))
