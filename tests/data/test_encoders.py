import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import ModelError
from evalkit.data import load
from evalkit.data.encoders import ENCODERS, encoder_for, encoder_from_state

DRAW = np.random.Generator(np.random.Philox(17))
SAMPLES = {
    "table": load(pd.DataFrame({"amount": DRAW.normal(size=80), "colour": ["red", "blue"] * 40})),
    "texts": load(["a few words", "and some more", ""]),
    "images": load(DRAW.integers(0, 256, (3, 4, 5), dtype=np.uint8)),
    "series": load(DRAW.normal(size=(2, 90, 3)), modality="series"),
}


@pytest.mark.parametrize("modality", ENCODERS)
def test_every_modality_has_an_encoder_that_survives_its_state(modality):
    sample = SAMPLES[modality]
    encoder = encoder_for(sample)
    encoded = encoder.transform(sample)
    assert encoded.layout.modality == modality == encoder.schema.modality
    again = encoder_from_state(modality, encoder.to_state())
    assert again.schema == encoder.schema
    assert again.transform(sample).digest() == encoded.digest()
    decoded = encoder.decode(encoded)
    assert decoded.schema == sample.schema
    assert encoder.transform(decoded).digest() == encoded.digest()
    assert load(sample, schema=encoder.schema).schema == encoder.schema


@pytest.mark.parametrize("modality", ENCODERS)
def test_the_state_of_another_modality_is_refused(modality):
    others = {name: encoder_for(sample).to_state() for name, sample in SAMPLES.items() if name != modality}
    for state in others.values():
        with pytest.raises(ModelError):
            encoder_from_state(modality, state)
