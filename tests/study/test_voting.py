import pytest
from sqlalchemy import func, select

from evalkit.core.errors import InputError
from evalkit.core.sample import Texts
from evalkit.study import (
    Attribute,
    ItemPlan,
    Nothing,
    Served,
    StudyDesign,
    create_study,
    invite,
    keep_draft,
    next_question,
    skip,
    undo,
    vote,
)
from evalkit.study.tables import QuestionRow, VoteRow
from tests.study.studies import small_study
from tests.study.test_serving import answer, asked


def stored(store) -> list[tuple[str, str | None]]:
    with store.reading() as session:
        return [tuple(row) for row in session.execute(select(VoteRow.key, VoteRow.not_counted).order_by(VoteRow.id))]


@pytest.fixture
def token(store) -> str:
    small_study(store)
    [rater] = invite(store, "small", ["Ann"])
    return rater.token


def test_a_vote_sent_again_is_acknowledged_and_stored_once(store, token):
    found = asked(store, token)
    first = vote(store, token, found.assignment, "one-and-the-same", {"choice": "left"})
    again = vote(store, token, found.assignment, "one-and-the-same", {"choice": "left"})
    other_tab = vote(store, token, found.assignment, "of-another-tab", {"choice": "right"})
    assert (first.repeated, again.repeated, other_tab.repeated) == (False, True, True)
    assert other_tab.vote == "one-and-the-same"
    assert stored(store) == [("one-and-the-same", None)]


def test_a_key_answers_one_question(store, token):
    answer(store, token)
    first = stored(store)[0][0]
    with pytest.raises(InputError, match="key of its own"):
        vote(store, token, asked(store, token).assignment, first, {"choice": "left"})


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space in it", "quote'--abc", "ünïcödé-key"])
def test_a_key_of_another_form_is_refused(store, token, key):
    with pytest.raises(InputError, match="key"):
        vote(store, token, asked(store, token).assignment, key, {"choice": "left"})


@pytest.mark.parametrize(
    "given", [{}, {"choice": "middle"}, {"choice": 0}, {"choice": "left", "more": 1}, {"choice": "left", "attributes": {"x": 1}}]
)
def test_what_is_no_answer_is_refused_and_the_question_stays(store, token, given):
    found = asked(store, token)
    with pytest.raises(InputError):
        vote(store, token, found.assignment, "a-bad-answer", given)
    assert asked(store, token) == found
    assert stored(store) == []


def test_nobody_votes_on_what_they_were_not_asked(store, token):
    [other] = invite(store, "small", ["Bob"])
    small_study(store, "second")
    [stranger] = invite(store, "second", ["Cy"])
    found = asked(store, token)
    for wrong in (other.token, stranger.token):
        with pytest.raises(InputError, match="not asked of you"):
            vote(store, wrong, found.assignment, "not-my-question", {"choice": "left"})
    with pytest.raises(InputError, match="not asked of you"):
        vote(store, token, "'; DROP TABLE votes --", "not-a-question", {"choice": "left"})


def test_the_last_answer_is_taken_back_and_asked_again_on_the_same_sides(store, token):
    first = answer(store, token)
    second = asked(store, token)
    assert undo(store, token, after=second.assignment)
    again = asked(store, token)
    assert (again.assignment, again.outputs, again.done) == (first.assignment, first.outputs, 0)
    assert not undo(store, token, after=again.assignment)
    vote(store, token, again.assignment, "thought-better", {"choice": "right"})
    assert stored(store) == [(f"key-{first.assignment}", "undone"), ("thought-better", None)]
    assert asked(store, token).assignment == second.assignment


def test_a_skipped_question_comes_back_only_when_it_is_taken_back(store, token):
    found = asked(store, token)
    skip(store, token, found.assignment)
    skip(store, token, found.assignment)
    seen = {answer(store, token).assignment for _ in range(11)}
    assert found.assignment not in seen
    assert isinstance(next_question(store, token), Nothing)
    with store.reading() as session:
        assert session.scalar(select(func.sum(QuestionRow.votes))) == 11


def test_undo_without_anything_to_take_back(store, token):
    assert not undo(store, token)


def test_a_draft_is_there_after_a_reload_and_gone_after_the_vote(store, token):
    found = asked(store, token)
    keep_draft(store, token, found.assignment, {"rationale": "because"})
    assert asked(store, token).draft == {"rationale": "because"}
    with pytest.raises(InputError, match="draft"):
        keep_draft(store, token, found.assignment, {"rationale": "x" * 30_000})
    answer(store, token)
    undo(store, token)
    assert asked(store, token).draft is None


def test_practice_comes_first_tells_what_was_right_and_counts_for_nothing(store):
    plans = [
        ItemPlan(name="real"),
        ItemPlan(name="warm up", kind="practice", expected={"generator": "b"}),
        ItemPlan(name="watch out", kind="check", expected={"choice": "tie"}),
    ]
    made = {name: Texts.of([f"{name}{i}" for i in range(3)]) for name in "ab"}
    create_study(store, "s", StudyDesign(check_every=1), made, plans)
    [rater] = invite(store, "s", ["Ann"])
    found = asked(store, rater.token)
    assert found.practice
    side = "left" if found.outputs[0].text() == "b1" else "right"
    assert vote(store, rater.token, found.assignment, "practice-vote", {"choice": side}).right
    check = answer(store, rater.token, "tie")
    assert {output.text() for output in check.outputs} == {"a2", "b2"}
    assert check.done == 0
    real = answer(store, rater.token)
    assert {output.text() for output in real.outputs} == {"a0", "b0"}
    assert [reason for _, reason in stored(store)] == ["practice", "check", None]


@pytest.mark.parametrize(
    ("design", "shown", "good", "bad"),
    [
        ({"task": "choice"}, 3, {"choice": 2}, {"choice": 3}),
        ({"task": "choice"}, 3, {"choice": "none"}, {"choice": True}),
        ({"task": "choice", "shown": 2}, 2, {"choice": 1}, {"choice": 2}),
        ({"task": "likert", "points": 7}, 1, {"value": 7}, {"value": 8}),
        ({"task": "likert"}, 1, {"value": 1}, {"value": 1.5}),
        ({"task": "best_worst"}, 3, {"best": 0, "worst": 2}, {"best": 1, "worst": 1}),
        ({"task": "ranking"}, 3, {"ranks": [1, 3, 1]}, {"ranks": [1, 2]}),
        ({"task": "review"}, 1, {"verdict": "unsure"}, {"verdict": "perhaps"}),
    ],
)
def test_every_task_takes_its_answers_and_no_others(store, design, shown, good, bad):
    small_study(store, **design)
    [rater] = invite(store, "small", ["Ann"])
    found = asked(store, rater.token)
    assert len(found.outputs) == shown
    with pytest.raises(InputError):
        vote(store, rater.token, found.assignment, "a-bad-answer", bad)
    assert not vote(store, rater.token, found.assignment, "a-good-answer", good).repeated


def test_attributes_are_rated_beside_the_answer(store):
    small_study(store, attributes=(Attribute(name="fluent"),))
    [rater] = invite(store, "small", ["Ann"])
    found = asked(store, rater.token)
    for bad in ({"choice": "left"}, {"choice": "left", "attributes": {"fluent": 3}}):
        with pytest.raises(InputError, match="fluent"):
            vote(store, rater.token, found.assignment, "attributes-1", bad)
    vote(store, rater.token, found.assignment, "attributes-1", {"choice": "left", "attributes": {"fluent": "tie"}})


def test_a_reason_can_be_required(store):
    small_study(store, rationale="required")
    [rater] = invite(store, "small", ["Ann"])
    found = asked(store, rater.token)
    with pytest.raises(InputError, match="reason"):
        vote(store, rater.token, found.assignment, "no-reason", {"choice": "left"}, rationale="  ")
    with pytest.raises(InputError, match="letters"):
        vote(store, rater.token, found.assignment, "no-reason", {"choice": "left"}, rationale="x" * 10_001)
    vote(store, rater.token, found.assignment, "no-reason", {"choice": "left"}, rationale="It rhymes.", seconds=2.5)


def test_votes_on_what_was_served_are_kept_when_a_study_is_paused(store, token):
    found = asked(store, token)
    with store.writing() as session:
        from evalkit.study.log import locked

        locked(session, "small").state = "paused"
    assert isinstance(next_question(store, token), Served)
    vote(store, token, found.assignment, "while-paused", {"choice": "left"})
    assert next_question(store, token) == Nothing("paused", 1)
