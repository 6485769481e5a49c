import pytest
from pydantic import ValidationError

from evalkit.run.verdicts import say, verdicts


def test_what_was_said_is_kept_changed_and_taken_back(tmp_path):
    assert verdicts(tmp_path) == {}
    say(tmp_path, 7, "real")
    say(tmp_path, 3, "false alarm")
    say(tmp_path, 7, "unsure")
    assert verdicts(tmp_path) == {3: "false alarm", 7: "unsure"}
    say(tmp_path, 3, None)
    assert verdicts(tmp_path) == {7: "unsure"}


def test_what_is_no_verdict_is_refused(tmp_path):
    (tmp_path / "verdicts.json").write_text('{"7": "perhaps"}')
    with pytest.raises(ValidationError):
        verdicts(tmp_path)
