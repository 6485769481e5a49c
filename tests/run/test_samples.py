import pytest

import evalkit as ek
from evalkit.run import samples
from evalkit.run.samples import SAMPLES, samples_of


@pytest.mark.parametrize("name", SAMPLES)
def test_each_is_there_without_a_download_and_is_what_it_says(name, tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "user_cache_path", lambda _: tmp_path)
    spec = SAMPLES[name]
    sample = ek.load(spec.path(), modality=spec.modality)
    assert sample.schema.modality == spec.modality
    assert not [problem for problem in sample.problems if problem.rows == len(sample)]


def test_the_same_bytes_every_time(tmp_path, monkeypatch):
    written = []
    for folder in ("one", "two"):
        monkeypatch.setattr(samples, "user_cache_path", lambda _, folder=folder: tmp_path / folder)
        written.append([spec.path().read_bytes() for spec in SAMPLES.values()])
    assert written[0] == written[1]


def test_by_modality():
    assert list(samples_of("texts", "images")) == ["digits", "weather"]
