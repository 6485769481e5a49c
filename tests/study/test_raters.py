import pytest
from sqlalchemy import select, text

from evalkit.core.errors import InputError
from evalkit.study import invite, keep_draft, next_question, revoke, vote, withdraw
from evalkit.study.log import events, found, verify
from evalkit.study.raters import Login, enrol, is_enrolled, is_organiser, new_organiser, withdraw_myself
from evalkit.study.tables import Base, QuestionRow, RaterRow, VoteRow
from evalkit.study.votes import replayed, votes_frame
from tests.study.studies import small_study
from tests.study.test_serving import answer, asked


def everything(store) -> str:
    """All that the store holds, as one text."""
    with store.reading() as session:
        rows = [session.execute(text(f"SELECT * FROM {table.name}")).all() for table in Base.metadata.sorted_tables]  # noqa: S608
    return str(rows)


def test_no_token_is_in_the_store(store):
    small_study(store)
    [rater] = invite(store, "small", ["Ann"])
    organiser = new_organiser(store)
    assert rater.token not in everything(store)
    assert organiser not in everything(store)
    assert is_organiser(store, organiser)
    assert not is_organiser(store, rater.token)
    assert not is_organiser(store, new_organiser(store, days=-1))


def test_a_revoked_link_is_closed_and_its_votes_stay(store):
    small_study(store)
    [rater] = invite(store, "small", ["Ann"])
    answer(store, rater.token)
    revoke(store, "small", rater.rater)
    with pytest.raises(InputError, match="what you voted is kept"):
        next_question(store, rater.token)
    with store.reading() as session:
        assert len(votes_frame(session, found(session, "small"))) == 1


@pytest.mark.parametrize("keeps", [True, False])
def test_whoever_withdraws_leaves_no_trace_and_a_log_that_verifies(store, keeps):
    small_study(store, keeps_counts=keeps)
    ann, bob = invite(store, "small", ["Ann Fairweather", "Bob"])
    for rater in (ann, bob):
        held = asked(store, rater.token)
        vote(store, rater.token, held.assignment, f"vote-of-{rater.name[:3]}", {"choice": "left"}, rationale="as my aunt says")
        answer(store, rater.token)
    keep_draft(store, ann.token, asked(store, ann.token).assignment, {"rationale": "my aunt again"})
    assert withdraw(store, "small", ann.rater) == (0 if keeps else 2)
    assert "Fairweather" not in everything(store)
    assert "again" not in everything(store)
    assert everything(store).count("as my aunt says") == 1
    with pytest.raises(InputError, match="not valid"):
        next_question(store, ann.token)
    with store.reading() as session:
        study = found(session, "small")
        verify(session, study)
        frame = votes_frame(session, study)
        assert set(frame["rater"]) == ({ann.rater, bob.rater} if keeps else {bob.rater})
        assert replayed(events(session, study))["vote"].tolist() == frame["vote"].tolist()
        for question in session.scalars(select(QuestionRow)):
            assert question.votes >= 0
        assert sum(question.votes for question in session.scalars(select(QuestionRow))) == len(frame)


def test_a_study_for_invited_raters_takes_no_logins(store):
    small_study(store)
    with pytest.raises(InputError, match="takes logins"):
        enrol(store, Login("small", "https://id.example", "ann"), "Ann")


def test_somebody_who_logs_in_is_one_rater(store):
    small_study(store, open_to_logins=True)
    ann = Login("small", "https://id.example", "ann")
    for _ in range(2):
        enrol(store, ann, "Ann")
    answer(store, ann)
    for forged in ("login\nsmall\nhttps://id.example\nann", "\n".join(ann), str(ann)):
        with pytest.raises(InputError, match="not valid"):
            next_question(store, forged)
    with store.reading() as session:
        assert len(session.scalars(select(VoteRow)).all()) == 1


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_name_that_is_none_is_refused(store, name):
    small_study(store)
    with pytest.raises(InputError, match="name"):
        invite(store, "small", [name])


def test_an_unknown_rater_is_refused(store):
    small_study(store)
    with pytest.raises(InputError, match="no rater of that key"):
        revoke(store, "small", "nobody")


def test_a_login_becomes_a_rater_once_and_never_after_it_withdrew(store):
    small_study(store, open_to_logins=True)
    small_study(store, "by invitation")
    login = Login("small", "https://provider.invalid", "ann")
    assert not is_enrolled(store, login)
    for _ in range(2):
        enrol(store, login, "ann@example.com")
    assert is_enrolled(store, login)
    with store.reading() as session:
        assert [rater.name for rater in session.scalars(select(RaterRow))] == ["ann@example.com"]
    withdraw_myself(store, login)
    assert not is_enrolled(store, login)
    with pytest.raises(InputError, match="not valid"):
        next_question(store, login)
    with pytest.raises(InputError, match="you have withdrawn"):
        enrol(store, login, "ann@example.com")
    enrol(store, login._replace(subject="bob"), "bob@example.com")
    said = set()
    for other in ("by invitation", "no such study"):
        with pytest.raises(InputError) as refused:
            enrol(store, login._replace(study=other), "ann@example.com")
        said.add(str(refused.value))
    assert len(said) == 1
    assert "by invitation" not in said.pop()
