import numpy as np
import pytest
from sqlalchemy import func, select

from evalkit.core.errors import InputError
from evalkit.study import Nothing, Served, StudyDesign, invite, next_question, skip, vote
from evalkit.study.serving import probabilities
from evalkit.study.tables import AssignmentRow, QuestionRow, StudyRow
from tests.study.studies import small_study

MINUTE = 60_000


def asked(store, token, at=None) -> Served:
    found = next_question(store, token, at)
    assert isinstance(found, Served)
    return found


def answer(store, token, choice="left", at=None) -> Served:
    found = asked(store, token, at)
    vote(store, token, found.assignment, f"key-{found.assignment}", {"choice": choice}, at=at)
    return found


def test_a_rater_is_asked_every_question_once_and_the_same_until_it_is_answered(store):
    small_study(store, items=3)
    [rater] = invite(store, "small", ["Ann"])
    seen = set()
    for done in range(9):
        first, again = asked(store, rater.token), asked(store, rater.token)
        assert first == again
        assert (first.done, first.of) == (done, 9)
        seen.add(frozenset(output.text() for output in first.outputs))
        answer(store, rater.token)
    assert len(seen) == 9
    assert next_question(store, rater.token) == Nothing("finished", 9)


def test_sides_are_random(store):
    small_study(store, items=24, generators=("alpha", "beta"))
    [rater] = invite(store, "small", ["Ann"])
    left = [answer(store, rater.token).outputs[0].text().startswith("alpha") for _ in range(24)]
    assert 4 <= sum(left) <= 20


def test_no_question_is_given_to_more_raters_than_its_quorum(store):
    small_study(store, items=1, generators=("alpha", "beta"), votes_per_question=2)
    one, two, three = (rater.token for rater in invite(store, "small", ["Ann", "Bob", "Cy"]))
    asked(store, one)
    asked(store, two)
    assert next_question(store, three) == Nothing("waiting", 0, 1)
    skip(store, one, asked(store, one).assignment)
    asked(store, three)
    answer(store, two)
    answer(store, three)
    assert next_question(store, one) == Nothing("finished", 0)


def test_what_is_held_too_long_goes_to_others_and_a_late_vote_is_kept_without_a_place(store):
    small_study(store, items=1, generators=("alpha", "beta"), votes_per_question=1, lease_minutes=5)
    one, two = (rater.token for rater in invite(store, "small", ["Ann", "Bob"]))
    held = asked(store, one, at=0)
    assert next_question(store, two, at=5 * MINUTE) == Nothing("waiting", 0, 1)
    taken = asked(store, two, at=5 * MINUTE + 1)
    vote(store, two, taken.assignment, "bobs-vote", {"choice": "left"}, at=5 * MINUTE + 2)
    late = vote(store, one, held.assignment, "anns-vote", {"choice": "right"}, at=6 * MINUTE)
    assert not late.repeated
    with store.reading() as session:
        question = session.scalars(select(QuestionRow)).one()
        assert (question.votes, question.leases) == (1, 0)


def test_whoever_comes_back_late_goes_on_if_nobody_else_was_asked(store):
    small_study(store, items=1, generators=("alpha", "beta"), votes_per_question=1, lease_minutes=5)
    [rater] = invite(store, "small", ["Ann"])
    held = asked(store, rater.token, at=0)
    assert asked(store, rater.token, at=60 * MINUTE).assignment == held.assignment


def test_served_probabilities_are_those_of_the_pairing(store):
    small_study(store, items=4, pairing="uniform")
    [rater] = invite(store, "small", ["Ann"])
    for left in range(12, 0, -1):
        found = answer(store, rater.token)
        with store.reading() as session:
            row = session.scalars(select(AssignmentRow).where(AssignmentRow.key == found.assignment)).one()
            assert row.served_probability == pytest.approx(1 / left)


def test_pairings():
    held, pairs = np.array([0, 0, 2, 1]), ["1,2", "1,3", "2,3", "1,2"]
    weights = {"1,2": 3.0, "1,3": 1.0}
    np.testing.assert_allclose(probabilities(StudyDesign(pairing="uniform"), held, pairs, weights), 0.25)
    np.testing.assert_allclose(probabilities(StudyDesign(pairing="least_voted"), held, pairs, weights), [0.5, 0.5, 0, 0])
    told = probabilities(StudyDesign(pairing="informative"), held, pairs, weights)
    np.testing.assert_allclose(told, 0.8 * np.array([3, 1, 2, 3]) / 9 + 0.05)
    np.testing.assert_allclose(probabilities(StudyDesign(pairing="informative"), held, pairs, {}), 0.25)


@pytest.mark.parametrize("pairing", ["uniform", "least_voted", "informative"])
def test_questions_alike_may_be_counted(pairing):
    held, pairs, counts = np.array([0, 0, 1]), ["1,2", "1,3", "1,2"], np.array([3, 1, 2])
    each = probabilities(
        StudyDesign(pairing=pairing), held.repeat(counts), list(np.repeat(pairs, counts)), {"1,2": 3.0, "1,3": 1.0}
    )
    grouped = probabilities(StudyDesign(pairing=pairing), held, pairs, {"1,2": 3.0, "1,3": 1.0}, counts)
    np.testing.assert_allclose(grouped.repeat(counts), each)
    assert each.sum() == pytest.approx(1)


def test_informative_questions_are_drawn_with_the_probability_that_is_kept(store):
    small_study(store, items=2, pairing="informative", votes_per_question=300)
    with store.writing() as session:
        study = session.scalars(select(StudyRow)).one()
        pairs = sorted(set(session.scalars(select(QuestionRow.pair))))
        study.pair_weights = dict(zip(pairs, (6.0, 3.0, 1.0), strict=True))
    tokens = [rater.token for rater in invite(store, "small", [f"rater {i}" for i in range(200)])]
    for token in tokens:
        asked(store, token)
    with store.reading() as session:
        drawn = session.execute(
            select(QuestionRow.pair, AssignmentRow.served_probability).join(
                QuestionRow, QuestionRow.id == AssignmentRow.question_id
            )
        ).all()
    for pair, weight in zip(pairs, (0.6, 0.3, 0.1), strict=True):
        chance = 0.8 * weight + 0.2 / 3
        assert {round(row[1], 9) for row in drawn if row[0] == pair} == {round(chance / 2, 9)}
        assert abs(sum(row[0] == pair for row in drawn) - 200 * chance) < 4 * (200 * chance * (1 - chance)) ** 0.5


def test_a_rater_is_done_after_so_many(store):
    small_study(store, votes_per_rater=2)
    [rater] = invite(store, "small", ["Ann"])
    assert answer(store, rater.token).of == 2
    answer(store, rater.token)
    assert next_question(store, rater.token) == Nothing("finished", 2)


@pytest.mark.parametrize("token", ["", "forged", "x" * 5000, "' OR 1=1 --", "\x00", "login\nsmall\nissuer\nsubject"])
def test_a_forged_token_is_refused_with_one_sentence(store, token):
    small_study(store)
    with pytest.raises(InputError, match="not valid"):
        next_question(store, token)


def test_a_link_that_has_ended_is_refused(store):
    small_study(store)
    [rater] = invite(store, "small", ["Ann"], days=-1)
    with pytest.raises(InputError, match="has ended"):
        next_question(store, rater.token)


def test_leases_and_votes_of_questions_are_what_the_assignments_say(store):
    small_study(store, items=3, votes_per_question=2)
    tokens = [rater.token for rater in invite(store, "small", ["Ann", "Bob", "Cy"])]
    for i in range(14):
        token = tokens[i % 3]
        found = next_question(store, token)
        if isinstance(found, Served) and i % 4 == 3:
            skip(store, token, found.assignment)
        elif isinstance(found, Served) and i % 5:
            vote(store, token, found.assignment, f"key-{i:04d}", {"choice": "tie"})
    with store.reading() as session:
        for question in session.scalars(select(QuestionRow)):
            states = dict(
                session.execute(
                    select(AssignmentRow.state, func.count())
                    .where(AssignmentRow.question_id == question.id)
                    .group_by(AssignmentRow.state)
                ).all()
            )
            assert (question.votes, question.leases) == (states.get("voted", 0), states.get("open", 0))
            assert question.votes + question.leases <= 2
