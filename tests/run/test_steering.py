"""What a study does by itself: it asks where a vote tells most, and stops when it is decided."""

import pytest
from pydantic import ValidationError

from evalkit.run.steering import steer, stop_when_decided, watched, weigh_pairs
from evalkit.run.studies import set_state, study_line
from evalkit.run.study_progress import study_progress
from evalkit.study import Nothing, Served, StudyDesign, invite, next_question, skip, undo, vote
from evalkit.study.log import found, verify
from tests.study.studies import small_study

STRENGTH = {"alpha": 1, "beta": 0, "gamma": 2}


def cast(store, token, n, choose) -> int:
    """So many votes at most, steered after each as the page does it; gives how many there were."""
    for done in range(n):
        asked = next_question(store, token)
        if not isinstance(asked, Served):
            return done
        left, right = (output.text().split()[0] for output in asked.outputs)
        vote(store, token, asked.assignment, f"vote-{asked.assignment}", {"choice": choose(left, right)})
        steer(store, asked.study, asked.design)
    return n


def better(left: str, right: str) -> str:
    return "left" if STRENGTH[left] > STRENGTH[right] else "right"


def test_pairs_that_tell_more_are_asked_more(store):
    small_study(store, items=10, pairing="informative")
    [rater] = invite(store, "small", ["Ann"])
    with store.reading() as session:
        before = found(session, "small").pair_weights
    cast(store, rater.token, 9, better)
    with store.reading() as session:
        assert found(session, "small").pair_weights == before
    cast(store, rater.token, 11, better)
    with store.reading() as session:
        weights = found(session, "small").pair_weights
    assert len(weights) == 3
    assert all(weight > 0 for weight in weights.values())
    assert weights != before


def test_votes_that_the_side_decides_leave_the_weights_as_they_are(store):
    small_study(store, pairing="informative")
    [rater] = invite(store, "small", ["Ann"])
    cast(store, rater.token, 10, lambda left, right: "left")
    assert not weigh_pairs(store, "small")


def test_a_study_closes_when_every_pair_is_decided_and_says_why(store):
    small_study(store, items=40, votes_per_question=1, stop_rule="vote")
    [rater] = invite(store, "small", ["Ann"])
    done = cast(store, rater.token, 120, better)
    assert done < 60
    assert isinstance(next_question(store, rater.token), Nothing)
    progress = study_progress(store, "small")
    assert (progress.state, progress.decided, progress.votes) == ("closed", True, done)
    assert all(pair.watched.decided_after is not None for pair in watched(store, "small"))
    with store.reading() as session:
        verify(session, found(session, "small"))
    assert not stop_when_decided(store, "small")
    set_state(store, "small", "open")
    assert isinstance(next_question(store, rater.token), Served)
    set_state(store, "small", "closed")
    assert not study_progress(store, "small").decided


def test_a_study_without_a_rule_stays_open(store):
    small_study(store, items=20, votes_per_question=1)
    [rater] = invite(store, "small", ["Ann"])
    assert cast(store, rater.token, 100, better) == 60
    assert study_line(store, "small").state == "open"


def test_a_study_of_equals_stays_open(store):
    won = {pair: 0 for pair in (("alpha", "beta"), ("alpha", "gamma"), ("beta", "gamma"))}

    def in_turn(left: str, right: str) -> str:
        pair = min((left, right), (right, left))
        won[pair] += 1
        return "left" if pair[won[pair] % 2] == left else "right"

    small_study(store, items=20, votes_per_question=1, stop_rule="vote")
    [rater] = invite(store, "small", ["Ann"])
    assert cast(store, rater.token, 100, in_turn) == 60
    assert study_line(store, "small").state == "open"


def test_by_raters_each_counts_once_and_only_when_done(store):
    design = {"stop_rule": "rater", "votes_per_rater": 6, "votes_per_question": 20}
    small_study(store, items=10, generators=("alpha", "gamma"), **design)
    raters = invite(store, "small", [f"rater {i}" for i in range(20)])
    for rater in raters[:3]:
        cast(store, rater.token, 6, better)
    cast(store, raters[3].token, 5, better)
    [pair] = watched(store, "small")
    assert (pair.watched.n, pair.watched.decided_after) == (3, None)
    cast(store, raters[3].token, 1, better)
    [pair] = watched(store, "small")
    assert pair.watched.n == 4
    undo(store, raters[3].token)
    [pair] = watched(store, "small")
    assert pair.watched.n == 3
    for rater in raters[3:]:
        cast(store, rater.token, 6, better)
    assert study_progress(store, "small").decided
    assert study_line(store, "small").votes < 20 * 6


def test_raters_who_skip_are_finished_when_they_saw_every_question_and_the_last_vote_is_looked_at(store):
    small_study(store, items=7, generators=("alpha", "gamma"), stop_rule="rater", votes_per_rater=7, votes_per_question=20)
    raters = invite(store, "small", [f"rater {i}" for i in range(8)])
    for number, rater in enumerate(raters):
        skip(store, rater.token, next_question(store, rater.token).assignment)
        cast(store, rater.token, 5, better)
        [pair] = watched(store, "small")
        assert (pair.watched.n if pair.watched else 0) == number
        cast(store, rater.token, 1, better)
        if study_progress(store, "small").decided:
            break
    [pair] = watched(store, "small")
    assert pair.watched.decided_after == pair.watched.n == number + 1
    assert study_progress(store, "small").decided


def test_the_last_vote_of_a_study_is_looked_at_whatever_its_number(store):
    small_study(store, items=17, generators=("alpha", "gamma"), stop_rule="vote", votes_per_question=1)
    [rater] = invite(store, "small", ["Ann"])
    unsure = iter(["tie"] * 10)
    assert cast(store, rater.token, 17, lambda left, right: next(unsure, better(left, right))) == 17
    assert study_progress(store, "small").decided


def test_a_pair_of_which_nobody_prefers_one_is_not_decided(store):
    small_study(store, items=4, stop_rule="vote")
    assert [pair.watched for pair in watched(store, "small")] == [None] * 3
    [rater] = invite(store, "small", ["Ann"])
    cast(store, rater.token, 12, lambda left, right: "tie")
    assert [pair.watched for pair in watched(store, "small")] == [None] * 3
    assert not stop_when_decided(store, "small")


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"task": "likert", "stop_rule": "vote"}, "pairwise"),
        ({"stop_rule": "rater"}, "how many questions"),
        ({"stop_rule": "sometimes"}, "Input should be"),
        ({"alpha": 0.0}, "greater than 0"),
    ],
)
def test_designs_that_cannot_be_are_refused(design, said):
    with pytest.raises(ValidationError, match=said):
        StudyDesign(**design)
