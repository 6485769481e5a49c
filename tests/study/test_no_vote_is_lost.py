"""Many writers, killed writers, a killed server: every acknowledged vote is stored once. In full: tests/benchmarks/votes.py."""

import os
import random
import shutil
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import select

from evalkit.study import Store, invite, next_question, vote
from evalkit.study.tables import QuestionRow
from tests.study.postgres_server import PostgresServer
from tests.study.studies import small_study
from tests.study.submitting import all_together, killed_while_sending, stored

TWO = ("alpha", "beta")


def test_many_writers_at_once(store, url):
    small_study(store, items=40, generators=TWO, votes_per_question=8)
    groups = [[rater.token] for rater in invite(store, "small", [f"rater {i}" for i in range(8)])]
    kept, _ = all_together(url, groups, votes=25, repeats=0.1)
    assert len(kept) == 200
    assert sorted(stored(store, "small")["vote"]) == sorted(kept)


def test_never_more_counted_votes_than_the_quorum(store, url):
    small_study(store, items=10, generators=TWO, votes_per_question=3)
    tokens = [rater.token for rater in invite(store, "small", [f"rater {i}" for i in range(50)])]
    kept, _ = all_together(url, [tokens[i::8] for i in range(8)], votes=50, repeats=0.1)
    votes = stored(store, "small")
    assert sorted(votes["vote"]) == sorted(kept)
    assert votes[votes["not_counted"].isna()].groupby("item").size().tolist() == [3] * 10
    with store.reading() as session:
        assert [question.votes for question in session.scalars(select(QuestionRow))] == [3] * 10


def test_a_writer_killed_between_sending_and_acknowledgement(store, url):
    small_study(store, items=200, generators=TWO)
    [rater] = invite(store, "small", ["Ann"])
    kept, unknown = killed_while_sending(url, rater.token, times=25)
    assert len(unknown) > 5
    there = stored(store, "small")
    assert not there["vote"].duplicated().any()
    assert not there["assignment"].duplicated().any()
    assert {sent.key for sent in kept} <= set(there["vote"]) <= {sent.key for sent in kept + unknown}
    for sent in unknown:  # its rater sends it again; meanwhile a process after it may have answered the question
        by_now = stored(store, "small").set_index("assignment")["vote"].get(sent.assignment)
        again = vote(store, sent.token, sent.assignment, sent.key, {"choice": "tie"})
        assert (again.repeated, again.vote) == (by_now is not None, by_now or sent.key)
    assert sorted(stored(store, "small")["assignment"]) == sorted({sent.assignment for sent in kept + unknown})


@pytest.fixture
def mortal():
    """A server of one test's own."""
    started = PostgresServer()
    yield started
    started.stop()


def test_a_server_killed_under_a_voting_rater(mortal):
    with Store(mortal.address) as store:
        small_study(store, items=60, generators=TWO)
        [rater] = invite(store, "small", ["Ann"])
        ends, kept = threading.Event(), []

        def rate() -> None:
            while not ends.is_set():
                asked = next_question(store, rater.token)
                kept.append(vote(store, rater.token, asked.assignment, f"key-{asked.assignment}", {"choice": "left"}).vote)

        rating = threading.Thread(target=rate)
        rating.start()
        chance = random.Random(0)
        for _ in range(3):
            enough = len(kept) + 3
            while rating.is_alive() and len(kept) < enough:
                time.sleep(0.01)
            time.sleep(chance.random() / 20)
            mortal.kill()
            mortal.restart()
        ends.set()
        rating.join()
        assert len(kept) >= 9
        assert sorted(stored(store, "small")["vote"]) == sorted(kept)


ONE_VOTE = """
import sys
from evalkit.study import Store, next_question, vote
url, token = sys.argv[1:]
with Store(url) as store:
    asked = next_question(store, token)
    print("sending", flush=True)
    vote(store, token, asked.assignment, "a-vote-on-the-disk", {"choice": "left"})
    print("kept", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="strace is a tool of Linux")
def test_sqlite_has_the_vote_on_the_disk_before_it_is_acknowledged(tmp_path):
    url = f"sqlite:///{tmp_path / 's.sqlite'}"
    with Store(url) as store:
        small_study(store)
        [rater] = invite(store, "small", ["Ann"])
    strace = shutil.which("strace")
    assert strace, "make test installs strace"
    seen = tmp_path / "calls"
    watched = [strace, "-f", "-y", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o", str(seen)]
    environment = {**os.environ, "COVERAGE_PROCESS_START": ""}
    subprocess.run([*watched, sys.executable, "-c", ONE_VOTE, url, rater.token], check=True, env=environment)
    calls = seen.read_text().splitlines()
    at = {word: next(i for i, call in enumerate(calls) if f'"{word}' in call) for word in ("sending", "kept")}
    between = calls[at["sending"] : at["kept"]]
    written = [i for i, call in enumerate(between) if "pwrite64" in call and "s.sqlite-wal" in call]
    synced = [i for i, call in enumerate(between) if "sync(" in call and "s.sqlite-wal" in call]
    assert written
    assert synced
    assert max(written) < max(synced)
