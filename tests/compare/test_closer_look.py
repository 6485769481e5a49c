import pytest

from evalkit.compare.closer_look import (
    CloserLook,
    CopiedPair,
    OddRow,
    Reason,
    Shown,
    copies_sentence,
    is_odd,
    odd_sentence,
    reasons_sentence,
    tells_nothing,
    told_apart_sentence,
)
from evalkit.core.evidence import Evidence


def auc(value, low, high):
    return Evidence(name="auc", value=value, low=low, high=high, n=50, method="held out")


def test_the_control_stands_beside_the_figure():
    look = CloserLook(generator="a", told_apart=auc(0.9, 0.8, 0.95), control=auc(0.5, 0.4, 0.6))
    assert told_apart_sentence(look).endswith("chance is 50 %; between real and real rows it is 50 % (40 % to 60 %).")
    assert "could be trained" in told_apart_sentence(CloserLook(generator="a"))


@pytest.mark.parametrize(("low", "nothing"), [(0.49, True), (0.51, False)])
def test_an_order_means_something_only_where_rows_are_told_apart(low, nothing):
    assert tells_nothing(CloserLook(generator="a", told_apart=auc(0.6, low, 0.7))) == nothing
    assert tells_nothing(CloserLook(generator="a"))


@pytest.mark.parametrize(
    ("found", "rank", "words"),
    [
        (auc(0.2, 0.15, 0.25), auc(0.5, 0.45, 0.55), "it draws odd rows"),
        (auc(0.01, 0.0, 0.03), auc(0.5, 0.45, 0.55), "it draws no tails"),
        (auc(0.05, 0.03, 0.08), auc(0.6, 0.55, 0.65), "its rows are odder on the whole"),
        (auc(0.05, 0.03, 0.08), auc(0.4, 0.35, 0.45), "its rows are too central on the whole"),
        (auc(0.05, 0.03, 0.08), auc(0.5, 0.45, 0.55), "no difference may be concluded"),
    ],
)
def test_what_odd_rows_say_of_a_generator(found, rank, words):
    look = CloserLook(generator="a", oddest=found, oddest_control=auc(0.05, 0.04, 0.07), oddness=rank)
    assert odd_sentence(look).endswith(f"{words}.")
    assert is_odd(look) == (words != "no difference may be concluded")
    assert not is_odd(CloserLook(generator="a"))


def test_a_row_without_reasons_has_no_sentence():
    shown = Shown(row=0, kind="text", text="x")
    assert reasons_sentence(OddRow(shown=shown, p_value=0.01)) == ""
    why = (Reason(column="a\u202eb", share=0.5, value="x" * 300, usual="1 – 2"),)
    sentence = reasons_sentence(OddRow(shown=shown, p_value=0.01, reasons=why))
    assert "\u202e" not in sentence
    assert len(sentence) < 150


def test_copies_are_said_with_what_they_do_not_show():
    shown = Shown(row=0, kind="text", text="x")
    near = CopiedPair(generated=shown, reference=shown, distance=0.5, usual=1.0)
    assert copies_sentence(CloserLook(generator="a", n_copied=1)).startswith("1 generated row equals")
    assert copies_sentence(CloserLook(generator="a", n_copied=2)).startswith("2 generated rows equal")
    assert copies_sentence(CloserLook(generator="a", n_copied=2)).endswith("no real row equals another.")
    assert copies_sentence(CloserLook(generator="a", n_copied=2, n_twins=3)).endswith("3 real rows equal another real one.")
    nearest = copies_sentence(CloserLook(generator="a", copied=(near,)))
    assert nearest.startswith("No generated row equals a real one. These are the nearest")
    assert "of new real rows, too, about half" in nearest


def test_copies_of_fitted_rows_stand_beside_those_of_rows_that_were_never_seen():
    def said(copied, unseen):
        return copies_sentence(CloserLook(generator="a", n_copied=copied, n_unseen_copied=unseen))

    assert said(91, 0).startswith("91 generated rows equal one that the generator was fitted to")
    assert said(91, 0).endswith("none equals one that it never saw.")
    assert said(1, 3).endswith("3 equal one that it never saw.")
    assert said(0, 0) == "No generated row equals one that the generator was fitted to."
    assert said(0, 1) == "No generated row equals one that the generator was fitted to; 1 equals one that it never saw."


def test_a_usual_value_is_a_reason_only_beside_the_rest():
    shown = Shown(row=3, kind="cells", cells=(("city", "Lima"),))
    reasons = (
        Reason(column="city", share=0.4, value="Lima", usual="Oslo or Lima"),
        Reason(column="vip", share=0.2, value="yes", usual="no"),
    )
    said = reasons_sentence(OddRow(shown=shown, p_value=0.01, reasons=reasons))
    assert said == "Row 3: city 40 % (Lima, not usual beside the rest of the row); vip 20 % (yes, usual no)"
