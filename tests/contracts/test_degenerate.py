"""Every metric on every degenerate input: a defined figure or one sentence, and the right figure where it is known."""

import math
import re
from functools import cache

import numpy as np
import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence
from evalkit.data import load
from evalkit.features import USUAL
from evalkit.features.self_supervised import SelfSupervised
from evalkit.run.evaluate import evaluate
from evalkit.run.measures import MEASURES, extractors_of, metrics_of
from evalkit.run.slices import possible_slices
from tests.contracts.degenerate import EVERY, FEATURES, rows

# They take out a bias on average, so that they come out below 0 by chance.
UNBIASED = {"frechet", "frechet_extrapolated", "kid", "mmd", "oddness_gap", "sliced_wasserstein"}
QUICK = {"timegan_scores": {"steps": 5}}
# As long as it usually learns, it does where all figures are computed.
QUICK_EXTRACTORS = {"images": SelfSupervised(steps=20)}
NOT_READ = {"features: no row generated", "features: an infinite value"}
ABOUT_THE_ORIGIN = {"kid", "vendi", "classifier_score"}

pytestmark = pytest.mark.filterwarnings("error")


def is_one_sentence(text):
    """That says what is wrong and, after a colon, what to do."""
    return re.fullmatch(r"[^\n]{20,400}: [^\n]+[^\n.]", text) and not re.search(r"Traceback|Error|Warning|nan|array\(", text)


def measured(name, reference, generated):
    """The figures, or the sentence that says why there is none; the generator was fitted to such rows as the reference."""
    fitted = {"fitted": reference} if MEASURES[name].needs_fitted else {}
    try:
        return MEASURES[name].load()(**QUICK.get(name, {})).estimates(reference, generated, seed=0, **fitted)
    except InputError as refusal:
        return str(refusal)


@cache
def found(name):
    """Of a case: what each metric that can read it says."""
    case = EVERY[name]
    if isinstance(case.reference, np.ndarray):
        return {key: measured(key, case.reference, case.generated) for key, spec in MEASURES.items() if spec.reads_features(None)}
    reference = load(case.reference)
    modality = reference.schema.modality
    generated = load(case.generated, schema=reference.schema)
    extractor = extractors_of(modality)[USUAL[modality]].load()().fit(reference, seed=0)
    features = [extractor.extract(side).values for side in (reference, generated)]
    return {
        key: measured(key, *(features if spec.reads_features(modality) else (reference, generated)))
        for key, spec in metrics_of(modality).items()
    }


def evaluated(case, **settings):
    """What is asked for, and no figure besides."""
    quick = QUICK_EXTRACTORS.get(load(case.reference).schema.modality)
    return evaluate(case.reference, {"generated": case.generated}, metrics=[], closer=False, extractor=quick, **settings)


def figures(name):
    return {figure: one for said in found(name).values() if not isinstance(said, str) for figure, one in said.items()}


@pytest.mark.parametrize("name", EVERY)
def test_a_defined_figure_or_one_sentence(name):
    for said in found(name).values():
        assert not isinstance(said, str) or is_one_sentence(said), said
    for figure, estimate in figures(name).items():
        value, low, high = estimate.interval()
        assert all(isinstance(end, float) and math.isfinite(end) for end in (value, low, high)), figure
        assert low <= value <= high, figure
        least, most = estimate.range
        assert least - 1e-9 <= value or figure in UNBIASED, figure
        assert max(value, high) <= most + 1e-9, figure
        assert high >= least, figure


@pytest.mark.parametrize("name", [name for name, case in EVERY.items() if case.known or case.refused])
def test_no_figure_is_0_or_1_by_accident(name):
    case, values = EVERY[name], {figure: one.value for figure, one in figures(name).items()}
    assert not (case.refused and values)
    wrong = {
        figure: values.get(figure) for figure, (low, high) in case.known.items() if not low <= values.get(figure, math.nan) <= high
    }
    assert not wrong


@pytest.mark.parametrize("name", EVERY)
def test_end_to_end(name):
    case = EVERY[name]
    if name in NOT_READ:
        with pytest.raises(InputError) as refusal:
            evaluate(case.reference, {"generated": case.generated})
        assert is_one_sentence(str(refusal.value))
        return
    evaluation = evaluate(case.reference, {"generated": case.generated})
    asked = [figure for spec in MEASURES.values() for figure in spec.figures]
    for one in evaluation.measured:
        assert one.finding.name in asked
        if isinstance(one.finding, Evidence):
            assert one.finding.low <= one.finding.value <= one.finding.high
        else:
            assert is_one_sentence(one.finding.reason), one.finding.reason
    assert evaluation.measured


@pytest.mark.parametrize("name", [name for name in EVERY if name not in NOT_READ])
def test_end_to_end_of_a_generator_that_gives_its_fitted_rows(name):
    case = EVERY[name]
    try:
        evaluation = evaluated(case, fitted=case.generated)
    except InputError as error:
        refused = str(error)
    else:
        refused = ""
    if refused:
        assert refused == "every fitted row is in the reference: the reference must be rows that the generators never saw"
        return
    assert evaluation.measured
    for one in evaluation.measured:
        if isinstance(one.finding, Evidence):
            assert one.finding.low <= one.finding.value <= one.finding.high
        else:
            assert is_one_sentence(one.finding.reason), one.finding.reason


@pytest.mark.parametrize("name", [name for name in EVERY if name not in NOT_READ])
def test_end_to_end_by_slices(name):
    case = EVERY[name]
    for by in possible_slices(load(case.reference)):
        try:
            evaluation = evaluated(case, slices=by)
        except InputError as error:
            refused = str(error)
        else:
            refused = ""
        if refused:
            assert is_one_sentence(refused), refused
            continue
        for one in evaluation.slices.found:
            assert -1 <= one.low <= one.difference <= one.high <= 1
            assert 0 <= one.p_value <= 1
            assert isinstance(one.within, Evidence) or len(one.within.reason) > 20


@pytest.mark.parametrize(
    "name", [name for name, spec in MEASURES.items() if spec.reads == "features" and name not in ABOUT_THE_ORIGIN]
)
def test_an_offset_of_a_million_changes_no_figure(name):
    """Of values whose sums with it are exact. KID's kernel and Vendi's cosines are about the origin; chances are as they are."""
    reference, generated = (np.round(rows(seed) * 2**20) / 2**20 for seed in (0, 1))
    plain, moved = measured(name, reference, generated), measured(name, reference + 1e6, generated + 1e6)
    for figure, estimate in plain.items():
        assert moved[figure].value == pytest.approx(estimate.value, rel=1e-6, abs=1e-6)


def test_rows_of_tiny_values_are_no_copies():
    """Squares of 1e-200 are 0: by squared differences all rows would be equal."""
    case = FEATURES["scaled to 1e-200"]
    for name in ("copies", "prdc", "mauve", "frechet", "mmd"):
        assert "differ by less than 1e-100" in measured(name, case.reference, case.generated)


def test_a_sample_against_itself_has_no_wild_interval():
    """Where the plain figure is 0 but for rounding, its error is that of chance."""
    for name in ("features: the same sample", "features: all ties, equal laws", "features: identical rows but one"):
        assert figures(name)["mmd"].interval().high < 0.5
        assert figures(name)["kid"].interval().high < 50


def test_boosted_trees_tell_few_rows_that_are_wholly_apart():
    (estimate,) = measured("c2st", rows(0, n=12), rows(1, n=12) + 50).values()
    assert estimate.value == 1


def test_columns_without_values_say_nothing_to_models():
    """The trees that foretell have no bins for them."""
    for name in ("both sides", "the reference", "the generated"):
        (estimate,) = found(f"table: a column all missing {'on' if name == 'both sides' else 'in'} {name}")["ml_efficacy"].values()
        assert estimate.variance > 0
