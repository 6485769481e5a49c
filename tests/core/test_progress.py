"""Progress on a terminal and off it."""

import io
from dataclasses import replace

import pytest

from evalkit.core.errors import InputError
from evalkit.core.progress import Step, shown, silent, staged


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_plain_lines_one_for_each_tenth():
    out = io.StringIO()
    with shown(out) as progress:
        for done in range(101):
            progress(Step("fitting", done, 100, {"loss": 1.2345678}))
    lines = out.getvalue().splitlines()
    assert len(lines) == 11
    assert lines[-1] == "fitting: 100 %  loss 1.235"


def test_a_bar_on_a_terminal():
    out = Terminal()
    with shown(out) as progress:
        progress(Step("fitting", 0, 2))
        progress(Step("fitting", 2, 2, {"loss": 0.5}))
    assert "fitting" in out.getvalue()
    assert "2/2" in out.getvalue()


def test_standard_error_by_default(capsys):
    with shown() as progress:
        progress(Step("scoring", 1, 1))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "scoring: 100 %\n"


def test_silent_says_nothing(capsys):
    silent(Step("scoring", 1, 1))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("done", "total"), [(-1, 1), (2, 1), (0, 0)])
def test_an_impossible_step_is_refused(done, total):
    with pytest.raises(InputError):
        Step("fitting", done, total)


def test_figures_hold_until_they_are_measured_again():
    out = io.StringIO()
    with shown(out) as progress:
        progress(Step("fitting", 0, 2, {"loss": 0.5}))
        progress(Step("fitting", 1, 2))
    assert out.getvalue().splitlines()[-1] == "fitting: 50 %  loss 0.5"


def test_words_after_a_stage_leave_the_rest_of_the_step_as_it_is():
    told, step = [], Step("measuring", 1, 3, {"loss": 0.5}, ("it falls too fast",), preview=list)
    staged(told.append, "on 40 rows")(step)
    assert told == [replace(step, stage="measuring on 40 rows")]
