"""What every modality's Sample offers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from evalkit.core.errors import ShapeError
from evalkit.core.sample import Images, Series, Table, Texts
from evalkit.core.schema import Column, Picture, Schema

DRAW = np.random.Generator(np.random.Philox(5))
SAMPLES = {
    "table": Table(
        "table", Schema(modality="table", columns=(Column(name="a", kind="number"),)), pd.DataFrame({"a": np.arange(4.0)})
    ),
    "texts": Texts.of(["one", "two", "", "vier ü"]),
    "images": Images.of(DRAW.integers(0, 255, (4, 3, 5, 3), dtype=np.uint8), captions=("a", "b", "c", "d")),
    "series": Series.of([DRAW.normal(size=(n, 2)) for n in (3, 1, 4, 2)], channels=("x", "y")),
}
CONTENT = {
    "table": lambda sample: sample.frame["a"].tolist(),
    "texts": lambda sample: sample.texts.to_pylist(),
    "images": lambda sample: [
        (*row, pixels.tolist()) for *row, pixels in zip(sample.captions, sample.names, sample.pixels, strict=True)
    ],
    "series": lambda sample: [
        (entity, sample.steps(i).tolist(), sample.times[sample.starts[i] : sample.starts[i + 1]].tolist())
        for i, entity in enumerate(sample.entities)
    ],
}


@pytest.mark.parametrize("modality", SAMPLES)
@pytest.mark.parametrize("rows", [np.array([3, 0, 0]), np.array([True, False, False, True]), slice(1, 3), slice(0, 0)])
def test_taking_rows(modality, rows):
    sample = SAMPLES[modality]
    taken = sample.take(rows)
    chosen = np.arange(4)[rows]
    assert len(sample) == 4
    assert len(taken) == len(chosen)
    assert (taken.name, taken.schema, taken.problems) == (sample.name, sample.schema, sample.problems)
    assert CONTENT[modality](taken) == [CONTENT[modality](sample)[i] for i in chosen]


@pytest.mark.parametrize("modality", SAMPLES)
def test_the_schema_tells_the_modality_and_survives_json(modality):
    schema = SAMPLES[modality].schema
    assert schema.modality == modality
    assert Schema.model_validate_json(schema.model_dump_json()) == schema


def test_series_know_their_channels():
    assert SAMPLES["series"].channels == ("x", "y")
    assert SAMPLES["series"].steps(2).shape == (4, 2)


@pytest.mark.parametrize(
    "given",
    [
        {"modality": "images", "columns": ()},
        {"modality": "table", "columns": (), "picture": Picture(height=1, width=1, channels=1)},
    ],
)
def test_images_and_only_images_have_a_picture(given):
    with pytest.raises(ValidationError, match="picture"):
        Schema(**given)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda: Images.of(np.zeros((2, 4, 4, 2), dtype=np.uint8)), "1 or 3"),
        (lambda: Images.of(np.zeros((2, 4, 4), dtype=np.uint8)), "1 or 3"),
        (lambda: Images.of(np.zeros((2, 4, 4, 1))), "float64"),
        (lambda: Images.of(np.zeros((2, 4, 4, 1), dtype=np.uint8), captions=("one",)), "1 captions"),
        (lambda: replace(SAMPLES["images"], pixels=np.zeros((4, 9, 9, 3), dtype=np.uint8)), r"\(4, 9, 9, 3\)"),
        (lambda: replace(SAMPLES["images"], names=("a",)), "1 names"),
        (lambda: Series.of([np.zeros((3, 2))], ("x",)), r"\(steps, 1\)"),
        (lambda: replace(SAMPLES["series"], times=np.zeros(3)), "3 times"),
        (lambda: replace(SAMPLES["series"], starts=np.array([0, 10])), "2 starts"),
    ],
)
def test_parts_have_to_fit_each_other(build, says):
    with pytest.raises(ShapeError, match=says):
        build()
