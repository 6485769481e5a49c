import pytest

from evalkit.core.errors import InputError
from evalkit.features import EXTRACTORS, USUAL
from evalkit.metrics import MODALITIES
from evalkit.run.measures import MEASURES, can_be_compared, chosen_metrics, extractors_of, metrics_of, usual_metrics


def test_every_modality_with_a_usual_extractor_and_a_metric_can_be_compared(monkeypatch):
    assert [each for each in MODALITIES if can_be_compared(each)] == [
        each for each in MODALITIES if each in USUAL and metrics_of(each)
    ]
    monkeypatch.setattr("evalkit.run.measures.MEASURES", {})
    assert not any(can_be_compared(each) for each in MODALITIES)


def test_the_usual_extractor_comes_first_and_none_is_lost():
    for modality, usual in USUAL.items():
        assert next(iter(extractors_of(modality))) == usual
    assert {name for each in MODALITIES for name in extractors_of(each)} == set(EXTRACTORS)


def test_metrics_of_a_modality_and_those_that_are_usual():
    assert metrics_of() == MEASURES
    for modality in MODALITIES:
        assert all(modality in spec.modalities for spec in metrics_of(modality).values())
        assert set(usual_metrics(modality)) == {name for name, spec in metrics_of(modality).items() if spec.usual}


def test_fitted_rows_are_asked_for_what_needs_them():
    of_fitted = [name for name, spec in metrics_of("table").items() if spec.needs_fitted]
    assert of_fitted
    assert not set(of_fitted) & set(chosen_metrics("table"))
    assert chosen_metrics("table", fitted=True) == [*usual_metrics("table"), *of_fitted]
    assert chosen_metrics("table", ["kid", "kid"], fitted=True) == ["kid", *of_fitted]
    assert chosen_metrics("table", [of_fitted[0], "kid"], fitted=True) == [of_fitted[0], "kid"]
    with pytest.raises(InputError, match="--fitted PATH"):
        chosen_metrics("table", [of_fitted[0]])
