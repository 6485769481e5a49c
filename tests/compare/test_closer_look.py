import pytest

from evalkit.compare.closer_look import CloserLook, CopiedPair, Shown, copies_sentence, tells_nothing, told_apart_sentence
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


def test_copies_are_said_with_what_they_do_not_show():
    shown = Shown(row=0, kind="text", text="x")
    near = CopiedPair(generated=shown, reference=shown, distance=0.5, usual=1.0)
    assert copies_sentence(CloserLook(generator="a", n_copied=1)).startswith("1 generated row equals")
    assert copies_sentence(CloserLook(generator="a", n_copied=2)).startswith("2 generated rows equal")
    assert copies_sentence(CloserLook(generator="a", n_copied=2)).endswith("no real row equals another.")
    assert copies_sentence(CloserLook(generator="a", n_copied=2, n_twins=3)).endswith("3 real rows equal another real one.")
    assert "about half of new real rows" in copies_sentence(CloserLook(generator="a", copied=(near,)))
