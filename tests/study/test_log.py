import json

import pandas as pd
import pytest
from sqlalchemy import select, update

from evalkit.core.errors import InputError, StoreError
from evalkit.study import invite, skip, undo
from evalkit.study.log import Head, append, events, found, locked, verify
from evalkit.study.tables import EventRow
from evalkit.study.votes import COLUMNS, replayed, votes_frame
from tests.study.studies import small_study
from tests.study.test_serving import answer, asked


@pytest.fixture
def lived(store):
    """A study with votes, one of them taken back, and a skip."""
    small_study(store)
    for rater in invite(store, "small", ["Ann", "Bob"]):
        for choice in ("left", "right", "tie", "both_bad"):
            answer(store, rater.token, choice)
        undo(store, rater.token)
        skip(store, rater.token, asked(store, rater.token).assignment)
    return store


def test_the_votes_can_be_rebuilt_from_the_log(lived):
    with lived.reading() as session:
        study = found(session, "small")
        rebuilt = replayed(events(session, study))
        pd.testing.assert_frame_equal(rebuilt, votes_frame(session, study)[list(COLUMNS)], check_dtype=False)
        assert len(rebuilt) == 6


def test_and_at_any_earlier_point(lived):
    with lived.reading() as session:
        study = found(session, "small")
        kinds = [event.kind for event in events(session, study)]
        for until in range(len(kinds) + 1):
            before = kinds[:until]
            assert len(replayed(events(session, study, until))) == before.count("voted") - before.count("undone")


def test_an_untouched_log_verifies_and_goes_through_earlier_heads(lived):
    with lived.writing() as session:
        study = locked(session, "small")
        head = verify(session, study)
        append(session, study, "looked", {})
        session.flush()
        assert verify(session, study, head).number == head.number + 1


def changed(session, study, number: int, **values) -> None:
    session.execute(update(EventRow).where(EventRow.study_id == study.id, EventRow.number == number).values(**values))
    session.expire_all()


@pytest.mark.parametrize("column", ["body", "kind", "at", "body_digest", "digest"])
def test_a_changed_event_is_seen(lived, column):
    with lived.writing() as session:
        study = locked(session, "small")
        row = session.scalars(select(EventRow).where(EventRow.study_id == study.id, EventRow.number == 6)).one()
        body = json.loads(row.body)
        other = {"body": json.dumps({**body, "answer": {"choice": "right"}}), "at": row.at + 1}.get(column, "0" * 32)
        changed(session, study, 6, **{column: other})
        with pytest.raises(StoreError, match="from event 6 on"):
            verify(session, study)
        session.rollback()


def test_a_removed_event_is_seen_in_the_middle_and_at_the_end(lived):
    for number in (6, None):
        with lived.writing() as session:
            study = locked(session, "small")
            last = number or study.head_number
            session.delete(session.get_one(EventRow, (study.id, last)))
            session.flush()
            with pytest.raises(StoreError, match=r"does not fit|ends too early"):
                verify(session, study)
            session.rollback()


def test_a_body_that_went_without_an_erasure_is_seen(lived):
    with lived.writing() as session:
        study = locked(session, "small")
        changed(session, study, 6, body=None)
        with pytest.raises(StoreError, match="no erasure"):
            verify(session, study)
        session.rollback()


def test_a_log_written_anew_does_not_go_through_a_head_kept_elsewhere(lived):
    with lived.reading() as session:
        study = found(session, "small")
        with pytest.raises(StoreError, match="rewritten"):
            verify(session, study, Head(3, "f" * 64))


def test_an_unknown_study_is_named_beside_those_there_are(store):
    with store.reading() as session, pytest.raises(InputError, match="the store is empty"):
        found(session, "nowhere")
    small_study(store)
    with store.reading() as session, pytest.raises(InputError, match="there are small"):
        found(session, "nowhere")
