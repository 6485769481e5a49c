"""What holds for every extractor of the catalogue."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from evalkit.core.errors import SchemaError, ShapeError
from evalkit.core.sample import Sample
from evalkit.features import EXTRACTORS, USUAL, FittedExtractor
from tests.features.contract_samples import odd, shifted, usual

SEEDED = {"language_states", "random_convolutions", "self_supervised"}
"""Extractors whose features depend on the seed, whatever the reference's size."""

SETTINGS = {
    "language_states": {"width": 16, "steps": 20},
    "self_supervised": {"steps": 8},
    "sentences": {"folder": Path(__file__).parents[1] / "golden" / "sentence_model_v1"},
}
"""For less time, and for weights that are there."""

ODD = [(name, case) for name, spec in EXTRACTORS.items() for case in odd(spec.modality)]


@pytest.fixture(scope="module", params=EXTRACTORS)
def name(request) -> str:
    chosen: str = request.param
    return chosen


@pytest.fixture(scope="module")
def fitted(name) -> FittedExtractor:
    return fit(name)


def fit(name: str, reference: Sample | None = None, seed: int = 0) -> FittedExtractor:
    spec = EXTRACTORS[name]
    return spec.load()(**SETTINGS.get(name, {})).fit(usual(spec.modality) if reference is None else reference, seed=seed)


def alone(name: str, sample: Sample, values: np.ndarray, fitted: FittedExtractor, i: int) -> None:
    """Features of one row of the Sample, extracted alone, are those that it has among the others."""
    features = fitted.extract(sample.take(np.array([i])))
    among = values[fitted.extract(sample).rows == i]
    scale = np.abs(values).max(axis=0, initial=1e-3)
    assert (np.abs(features.values - among) <= 1e-9 * scale).all()


def test_the_catalogue_names_what_it_loads() -> None:
    assert set(USUAL) == {spec.modality for spec in EXTRACTORS.values()}
    for name, spec in EXTRACTORS.items():
        assert spec.name == name
        assert ">>>" in (spec.load().__doc__ or "")
    assert all(EXTRACTORS[name].modality == modality for modality, name in USUAL.items())


def test_the_catalogue_is_read_without_numpy_and_torch() -> None:
    code = "import sys, evalkit.features; print([name for name in ('torch', 'numpy', 'pandas') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_same_reference_and_seed_give_the_same_bytes(name, fitted) -> None:
    sample = usual(EXTRACTORS[name].modality, seed=5)
    again = fit(name).extract(sample)
    features = fitted.extract(sample)
    assert again.digest == features.digest == fitted.digest
    assert again.extractor == name == fitted.name
    assert again.values.tobytes() == features.values.tobytes()
    assert features.values.dtype == np.float64
    assert len(features.values) == len(features.rows)


def test_another_reference_or_seed_gives_another_digest(name, fitted) -> None:
    other = fit(name, usual(EXTRACTORS[name].modality, seed=9))
    assert other.digest != fitted.digest
    assert (fit(name, seed=1).digest != fitted.digest) == (name in SEEDED)


def test_a_row_alone_has_the_features_it_has_among_others(name, fitted) -> None:
    sample = usual(EXTRACTORS[name].modality, seed=5)
    values = fitted.extract(sample).values
    for i in (0, 3, len(sample) - 1):
        alone(name, sample, values, fitted, i)


def test_rows_of_another_law_have_other_features(name, fitted) -> None:
    modality = EXTRACTORS[name].modality
    first, second, other = (
        fitted.extract(sample).values for sample in (usual(modality, seed=5), usual(modality, seed=6), shifted(modality))
    )
    noise = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert np.linalg.norm(first.mean(axis=0) - other.mean(axis=0)) > 3 * noise


@pytest.mark.parametrize(("name", "case"), ODD)
def test_odd_rows_have_finite_features(name, case) -> None:
    sample = odd(EXTRACTORS[name].modality)[case]
    learned = fit(name, sample)
    for fitted, read in ((fit(name), sample), (learned, sample), (learned, usual(EXTRACTORS[name].modality, n=12))):
        values = fitted.extract(read).values
        assert np.isfinite(values).all()
        assert np.abs(values).max() < 1e6
        alone(name, read, values, fitted, 0)
    assert learned.extract(usual(EXTRACTORS[name].modality)).values.std(axis=0).max() > 0


def test_no_rows_have_no_features_and_teach_nothing(name, fitted) -> None:
    sample = usual(EXTRACTORS[name].modality)
    width = fitted.extract(sample).values.shape[1]
    if EXTRACTORS[name].modality != "series":
        assert fitted.extract(sample.take(slice(0))).values.shape == (0, width)
    with pytest.raises(ShapeError, match=f"{name} needs"):
        fit(name, sample.take(slice(0)))


def test_another_modality_is_one_sentence(name, fitted) -> None:
    other = usual("texts" if EXTRACTORS[name].modality != "texts" else "images")
    for do in (fitted.extract, lambda sample: fit(name, sample)):
        with pytest.raises(SchemaError, match=f"{name} reads "):
            do(other)
