"""Votes of a study as a model learns from them, whatever was shown and however it was asked."""

import numpy as np
import pandas as pd
import pytest

import evalkit as ek
from evalkit.core.errors import InputError, SchemaError
from evalkit.core.sample import Images, Series, Texts
from evalkit.run.study_preferences import last_event, study_preferences
from evalkit.study import Store, StudyDesign, create_study, invite, next_question, vote
from evalkit.study.contents import content_of

DRAW = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "amount": [1.5, np.nan, 3.25, 7.0],
        "paid": ["yes", "no", "no", "yes"],
        "on": pd.to_datetime(["2026-01-01", "2026-02-01 10:30", None, "2026-03-01"], format="ISO8601"),
    }
)
SAMPLES = {
    "table": ek.load(FRAME),
    "texts": Texts.of(["to be", "or not", "to be, that is", "the question\nis"]),
    "grey images": Images.of(DRAW.integers(0, 255, (4, 6, 5, 1), dtype=np.uint8)),
    "colour images": Images.of(DRAW.integers(0, 255, (4, 6, 5, 3), dtype=np.uint8)),
    "series": Series.of([DRAW.normal(size=(n, 2)).round(3) for n in (3, 4, 5, 6)], ("level", "flow")),
}


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path / "studies.sqlite") as opened:
        yield opened


def ask(store, answer, samples, **design):
    """A study with one vote: what was shown, in its order."""
    create_study(store, "s", StudyDesign(votes_per_question=1, **design), samples)
    (rater,) = invite(store, "s", ["Ann"])
    asked = next_question(store, rater.token)
    vote(store, rater.token, asked.assignment, "key-of-this-vote", answer)
    return [output.data for output in asked.outputs]


def contents(sample):
    return [content_of(sample, row).data for row in range(len(sample))]


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
def test_what_was_shown_comes_back_as_the_rows_that_it_was(store, sample):
    pair = {"a": sample.take(np.array([0, 1])), "b": sample.take(np.array([2, 3]))}
    left, right = ask(store, {"choice": "right"}, pair)
    found = study_preferences(store, "s", sample.schema)
    assert found.shown.schema == sample.schema
    (line,) = found.votes.itertuples(index=False)
    back = contents(found.shown)
    assert (back[line.preferred], back[line.rejected], line.weight) == (right, left, 1.0)


THREE = {name: Texts.of([name]) for name in "abc"}


@pytest.mark.parametrize(
    ("task", "answer", "said"),
    [
        ("choice", {"choice": 1}, {(1, 0): 0.5, (1, 2): 0.5}),
        ("best_worst", {"best": 2, "worst": 0}, {(2, 0): 1 / 3, (2, 1): 1 / 3, (1, 0): 1 / 3}),
        ("ranking", {"ranks": [2, 1, 2]}, {(1, 0): 0.5, (1, 2): 0.5}),
        ("ranking", {"ranks": [3, 1, 2]}, {(1, 2): 1 / 3, (1, 0): 1 / 3, (2, 0): 1 / 3}),
    ],
)
def test_a_vote_about_several_is_shared_among_its_pairs(store, task, answer, said):
    shown = ask(store, answer, THREE, task=task)
    found = study_preferences(store, "s")
    texts = [text.encode() for text in found.shown.texts.to_pylist()]
    pairs = {(shown.index(texts[a]), shown.index(texts[b])): weight for a, b, weight in found.votes.itertuples(index=False)}
    assert pairs == pytest.approx(said)


def test_a_vote_about_several_rows_is_shared_among_them(store):
    rows = ek.load(FRAME)
    create_study(store, "s", StudyDesign(votes_per_question=1), {"a": rows, "b": rows.take(np.array([1, 3, 0, 2]))}, rows=2)
    (rater,) = invite(store, "s", ["Ann"])
    asked = next_question(store, rater.token)
    assert [len(output.fields()["rows"]) for output in asked.outputs] == [2, 2]
    vote(store, rater.token, asked.assignment, "key-of-this-vote", {"choice": "left"})
    found = study_preferences(store, "s", rows.schema)
    assert found.votes["weight"].tolist() == [0.5, 0.5]
    back = [list(output.fields().values()) for output in map(lambda row: content_of(found.shown, row), range(4))]
    left, right = (output.fields()["rows"] for output in asked.outputs)
    assert [back[row] for row in found.votes["preferred"]] == left
    assert [back[row] for row in found.votes["rejected"]] == right


@pytest.mark.parametrize("answer", [{"choice": "tie"}, {"choice": "both_bad"}])
def test_what_prefers_nothing_teaches_nothing(store, answer):
    ask(store, answer, {"a": THREE["a"], "b": THREE["b"]})
    with pytest.raises(InputError, match="no vote prefers"):
        study_preferences(store, "s")


def test_equal_outputs_teach_nothing(store):
    ask(store, {"choice": "left"}, {"a": THREE["a"], "b": THREE["a"]})
    with pytest.raises(InputError, match="no vote prefers"):
        study_preferences(store, "s")


def test_votes_are_those_that_stood_at_an_event(store):
    create_study(store, "s", StudyDesign(votes_per_question=2), {"a": THREE["a"], "b": THREE["b"]})
    for rater in invite(store, "s", ["Ann", "Bob"]):
        before = last_event(store, "s")
        vote(store, rater.token, next_question(store, rater.token).assignment, f"key-of-{rater.name}", {"choice": "left"})
    assert len(study_preferences(store, "s").votes) == 2
    assert len(study_preferences(store, "s", until=before).votes) == 1


def test_what_a_model_cannot_learn_from_is_refused(store):
    ask(store, {"value": 3}, {"a": THREE["a"]}, task="likert")
    with pytest.raises(InputError, match="likert compares no outputs"):
        study_preferences(store, "s")
    with pytest.raises(InputError, match="nothing"):
        study_preferences(store, "nothing")


def test_outputs_of_another_modality_than_the_models_are_refused(store):
    ask(store, {"choice": "left"}, {"a": THREE["a"], "b": THREE["b"]})
    with pytest.raises(SchemaError):
        study_preferences(store, "s", SAMPLES["table"].schema)
