"""What every form of encoded rows offers."""

import numpy as np
import pytest
from pydantic import TypeAdapter

from evalkit.core.errors import ShapeError
from evalkit.data.encoded import Layout
from evalkit.data.pixels import Pixels
from evalkit.data.rows import Feature, Rows
from evalkit.data.tokens import END_OF_TEXT, Tokens
from evalkit.data.windows import Windows

DRAW = np.random.Generator(np.random.Philox(3))
FORMS = {
    "rows": Rows(DRAW.normal(size=(5, 1)), (Feature(column="a", name="a", kind="number"),)),
    "tokens": Tokens.of([[1, 2], [], [3], [4, 5, 6], [7]], vocabulary_size=257),
    "pixels": Pixels(DRAW.random((5, 1, 3, 4), dtype=np.float32), ("a", "b", "c", "d", "e")),
    "windows": Windows(DRAW.normal(size=(5, 4, 2)), ("x", "y"), np.array([0, 0, 1, 1, 1]), np.array([0, 4, 0, 4, 8])),
}


@pytest.fixture(params=FORMS.values(), ids=FORMS)
def encoded(request):
    return request.param


def test_layout_survives_json(encoded):
    adapter = TypeAdapter(Layout)
    assert adapter.validate_json(encoded.layout.model_dump_json()) == encoded.layout


def test_layouts_tell_forms_apart():
    layouts = [form.layout for form in FORMS.values()]
    assert [layout.modality for layout in layouts] == ["table", "texts", "images", "series"]
    assert len(set(layouts)) == len(layouts)


@pytest.mark.parametrize("rows", [np.array([3, 0]), np.array([False, True, False, True, True]), slice(1, 3), slice(0, 0)])
def test_taking_keeps_rows_whole(encoded, rows):
    taken = encoded.take(rows)
    chosen = np.arange(5)[rows]
    assert len(taken) == len(chosen)
    assert taken.layout == encoded.layout
    for position, row in enumerate(chosen):
        assert taken.take(np.array([position])).digest() == encoded.take(np.array([row])).digest()


def test_digest_is_of_order_and_content(encoded):
    assert encoded.take(slice(None)).digest() == encoded.digest()
    assert encoded.take(np.array([1, 0, 2, 3, 4])).digest() != encoded.digest()
    assert encoded.take(slice(0, 4)).digest() != encoded.digest()


def test_captions_are_part_of_the_content():
    values = FORMS["pixels"].values
    assert len({Pixels(values, captions).digest() for captions in (None, ("ab", "", "", "", ""), ("a", "b", "", "", ""))}) == 3


def test_every_row_of_tokens_ends():
    tokens = FORMS["tokens"]
    assert tokens.row(1).tolist() == [END_OF_TEXT]
    assert (tokens.ids == END_OF_TEXT).sum() == len(tokens)


@pytest.mark.parametrize(
    "build",
    [
        lambda: Tokens(np.zeros(3, dtype=np.int32), np.array([0, 2]), 257),
        lambda: Pixels(np.zeros((2, 3, 4), dtype=np.float32)),
        lambda: Pixels(np.zeros((2, 1, 3, 4), dtype=np.float32), ("one",)),
        lambda: Windows(np.zeros((2, 3, 1)), ("a", "b"), np.zeros(2, int), np.zeros(2, int)),
        lambda: Windows(np.zeros((2, 3, 1)), ("a",), np.zeros(1, int), np.zeros(2, int)),
    ],
)
def test_shapes_have_to_fit(build):
    with pytest.raises(ShapeError, match="need"):
        build()
