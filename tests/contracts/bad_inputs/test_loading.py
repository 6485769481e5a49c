"""Every bad input is refused in one sentence that names its place, or has a result that says what is odd."""

import pytest

from evalkit.core.errors import EvalkitError, InputError
from evalkit.data import load
from evalkit.data.encoders import encoder_for


def _load(bad_input, folder):
    schema = None
    if bad_input.reference is not None:
        reference = folder / "reference.csv"
        reference.write_bytes(bad_input.reference)
        schema = load(reference).schema
    return load(bad_input.write(folder), schema=schema, **bad_input.settings)


def test_bad_input(bad_input, tmp_path, secret):
    if bad_input.refused:
        with pytest.raises(EvalkitError) as caught:
            _load(bad_input, tmp_path)
        check_sentence(str(caught.value), bad_input.says, secret)
    else:
        sample = _load(bad_input, tmp_path)
        assert sample.schema.modality == bad_input.modality
        noticed = [f"{problem.column}: {problem.what}" for problem in sample.problems]
        assert bool(noticed) == bool(bad_input.problem)
        assert not noticed or any(bad_input.problem in what for what in noticed)
        assert not any(secret in what for what in noticed)
        encoded = encoder_for(sample).transform(sample)
        assert encoded.layout.modality == bad_input.modality
        assert len(encoded) >= len(sample) >= 1


def check_sentence(sentence, says, secret):
    assert "\n" not in sentence
    assert len(sentence) < 400
    assert secret not in sentence
    for piece in says:
        assert piece in sentence


def test_a_file_beyond_the_callers_limit_is_refused(tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("a,b\n" + "1,2\n" * 100)
    with pytest.raises(InputError, match="larger than the limit of 100 bytes"):
        load(path, limit_bytes=100)
    assert len(load(path, limit_bytes=1000)) == 100
