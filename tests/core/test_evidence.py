"""Evidence and Failure: what can be said, and what cannot."""

import pytest
from pydantic import ValidationError

from evalkit.core.errors import CancelledError, InputError
from evalkit.core.evaluator import gather
from evalkit.core.evidence import Evidence, Failure

FIGURE = Evidence(name="share", value=0.5, low=0.4, high=0.6, n=100, method="Clopper-Pearson")


def test_round_trip_through_json():
    assert Evidence.model_validate_json(FIGURE.model_dump_json()) == FIGURE


@pytest.mark.parametrize("change", [{"value": float("nan")}, {"high": float("inf")}, {"low": 0.7}, {"n": 0}, {"unknown": 1}])
def test_what_is_no_evidence_is_refused(change):
    with pytest.raises(ValidationError):
        Evidence.model_validate(FIGURE.model_dump() | change)


class Works:
    name = "works"

    def evaluate(self, *, seed, progress):
        return [FIGURE]


class Refuses:
    name = "refuses"

    def __init__(self, error):
        self.error = error

    def evaluate(self, *, seed, progress):
        raise self.error


def test_a_failing_evaluator_leaves_its_reason_and_the_others_go_on():
    findings = gather([Refuses(InputError("needs two rows")), Works()], seed=0)
    assert findings[0] == Failure(name="refuses", reason="needs two rows", remedy=findings[0].remedy)
    assert findings[1] is FIGURE


@pytest.mark.parametrize("error", [CancelledError("stopped"), ZeroDivisionError()])
def test_a_stop_and_a_defect_are_not_findings(error):
    with pytest.raises(type(error)):
        gather([Refuses(error)], seed=0)
