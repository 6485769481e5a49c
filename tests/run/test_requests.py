import pytest
from pydantic import ValidationError

from evalkit.run.requests import REQUEST, DetectRequest, Drawn, EvaluateRequest, FitRequest, FitSettings, Given, Made

FIRST_VERSION = (
    '{"data": "/x/a.csv", "reference": null, "sample": "payments", "settings": {"fdr": 0.1, "seed": 1, "effort": "fast"}}'
)


def test_a_detection_kept_before_there_were_other_verbs_is_read():
    request = REQUEST.validate_json(FIRST_VERSION)
    assert isinstance(request, DetectRequest)
    assert (request.verb, request.settings.fdr, request.sample) == ("detect", 0.1, "payments")


@pytest.mark.parametrize(
    "request_",
    [
        DetectRequest(data="a.csv"),
        FitRequest(data="a.csv", settings=FitSettings(backbone="vae", steps=5)),
        EvaluateRequest(
            data="a.csv", generators={"<b>": Given(data="g.csv"), "fit": Drawn(model="m", rows=5), "half": Made(how="half")}
        ),
    ],
)
def test_each_verb_comes_back_as_itself(request_):
    assert REQUEST.validate_json(request_.model_dump_json()) == request_


@pytest.mark.parametrize("settings", ['{"backbone": "vae", "steps": 0}', '{"backbone": "vae", "minutes": -1}', "{}"])
def test_settings_that_no_fit_has_are_refused(settings):
    with pytest.raises(ValidationError):
        REQUEST.validate_json(f'{{"verb": "fit", "data": "a.csv", "settings": {settings}}}')


def test_a_verb_that_is_not_known_is_refused():
    with pytest.raises(ValidationError):
        REQUEST.validate_json('{"verb": "delete", "data": "a.csv"}')


@pytest.mark.parametrize("generators", ["{}", '{"a": {"kind": "guessed"}}', '{"a": {"kind": "drawn", "model": "m", "rows": 0}}'])
def test_generators_that_cannot_be_are_refused(generators):
    with pytest.raises(ValidationError):
        REQUEST.validate_json(f'{{"verb": "evaluate", "data": "a.csv", "generators": {generators}}}')
