import pytest

from evalkit.compare.evaluation import Evaluation, conclude
from evalkit.core.evidence import Evidence, Failure
from tests.compare.evaluations import HOSTILE, an_evaluation, comparison


def test_iterating_gives_every_finding_failures_too():
    evaluation = an_evaluation()
    assert [type(finding) for finding in evaluation] == [Evidence, Evidence, Evidence, Failure]
    assert set(evaluation.of("first")) == {"frechet", "kid"}
    assert set(evaluation.of("second")) == {"frechet"}


def test_it_is_the_same_after_a_file():
    evaluation = an_evaluation()
    assert Evaluation.model_validate_json(evaluation.model_dump_json()) == evaluation


@pytest.mark.parametrize(
    ("better", "expected"),
    [
        (("first", "first"), "a is better than b: by x and y."),
        (("first", "not separable"), "a is better than b: by x; 1 figure does not separate them."),
        (("second", "not separable"), "b is better than a: by x; 1 figure does not separate them."),
        (("first", "second"), "a and b differ, and neither is better throughout: a by x; b by y."),
        (
            ("not separable", "not separable"),
            "a and b: no difference may be concluded; by x, one below 0.14 would be noise; by y, one below 0.14 would be noise; "
            "to tell them apart as they are measured now takes more than 2,100 rows of each, by x.",
        ),
    ],
)
def test_a_pair_is_concluded_in_one_sentence(better, expected):
    pairs = [comparison("a", "b", figure, verdict) for figure, verdict in zip("xy", better, strict=True)]
    assert conclude(["a", "b"], pairs) == (expected,)


def test_every_pair_has_its_sentence():
    pairs = [comparison(*names, "x", "first") for names in (("a", "b"), ("a", "c"), ("b", "c"))]
    assert [sentence.partition(":")[0] for sentence in conclude(["a", "b", "c"], pairs)] == [
        "a is better than b",
        "a is better than c",
        "b is better than c",
    ]


def test_a_name_that_turns_the_reading_direction_is_shown_as_it_is():
    (sentence,) = conclude([HOSTILE, "b"], [comparison(HOSTILE, "b", "x", "first")])
    assert "\u202e" not in sentence
    assert "⟨U+202E⟩" in sentence
