import pytest

from evalkit.core.errors import InputError
from evalkit.core.evidence import Evidence, Failure
from evalkit.study.findings import add_findings, findings_of
from evalkit.study.log import events, found, verify
from tests.study.studies import small_study


def evidence(value: float) -> Evidence:
    return Evidence(name="kid", value=value, low=0.0, high=1.0, n=50, method="closed form")


def test_the_newest_finding_of_a_name_stands(store):
    small_study(store)
    failure = Failure(name="mauve", reason="too few rows", remedy="draw more")
    assert add_findings(store, "small", "evaluate", {"alpha": [evidence(0.5), failure], "beta": [evidence(0.2)]}) == 3
    add_findings(store, "small", "evaluate", {"alpha": [evidence(0.4)]})
    board = findings_of(store, "small")
    assert board[("alpha", "evaluate")] == {"kid": evidence(0.4), "mauve": failure}
    assert board[("beta", "evaluate")] == {"kid": evidence(0.2)}
    with store.reading() as session:
        study = found(session, "small")
        verify(session, study)
        assert [event.kind for event in events(session, study)].count("evidence") == 4


def test_findings_of_a_stranger_are_refused_and_none_is_kept(store):
    small_study(store)
    with pytest.raises(InputError, match="no generator 'omega'"):
        add_findings(store, "small", "evaluate", {"alpha": [evidence(0.5)], "omega": [evidence(0.5)]})
    assert findings_of(store, "small") == {}
