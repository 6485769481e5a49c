"""What is done to a store of votes to see whether it loses any, and how long it takes: one trial a process.

    python -m tests.benchmarks.votes_trials "TRIAL"

prints what was found as one line of JSON.
"""

import gc
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select

from evalkit.core.sample import Texts
from evalkit.study import Served, Store, StudyDesign, create_study, invite, next_question, vote
from evalkit.study.log import locked
from evalkit.study.tables import AssignmentRow, QuestionRow, RaterRow, VoteRow
from tests.study.postgres_server import PostgresServer
from tests.study.submitting import all_together, killed_while_sending, stored

CHOICES = ("left", "right", "tie", "both_bad")
Found = dict[str, Any]


def study_of(
    url: str, *, name: str = "study", items: int, raters: int, generators: tuple[str, ...] = ("alpha", "beta"), **design: Any
) -> list[str]:
    """A study of texts that say who wrote them; gives the raters' tokens."""
    with Store(url) as store:
        made = {one: Texts.of([f"{one} writes {i}" for i in range(items)]) for one in generators}
        create_study(store, name, StudyDesign(**design), made)
        return [rater.token for rater in invite(store, name, [f"rater {i}" for i in range(raters)])]


@contextmanager
def sqlite() -> Iterator[str]:
    """The address of an empty store in a file."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/studies.sqlite"


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of an empty store on a real server of its own."""
    server = PostgresServer()
    try:
        yield server.address
    finally:
        server.stop()


STORES = {"SQLite": sqlite, "PostgreSQL": postgresql}


def told_apart(kept: list[str], there: list[str]) -> Found:
    """How many of what was acknowledged is not there, and how much is there twice.

    >>> told_apart(["a", "b"], ["a", "a", "c"])
    {'lost': 1, 'doubled': 1}
    """
    return {"lost": len(set(kept) - set(there)), "doubled": len(there) - len(set(there))}


def submits(database: str, processes: int = 16, votes: int = 500) -> Found:
    """Many raters who vote as fast as they can, and send every tenth vote twice."""
    with STORES[database]() as url:
        tokens = study_of(url, items=votes, raters=processes, votes_per_question=processes)
        started = time.perf_counter()
        kept, errors = all_together(url, [[token] for token in tokens], votes, 0.1, raises=False)
        wall = time.perf_counter() - started
        with Store(url) as store:
            there = stored(store, "study")
    keys = told_apart(list(kept), there["vote"].tolist())
    answers = told_apart([], there["assignment"].tolist())
    milliseconds = {f"p{q}": 1000 * float(np.quantile(list(kept.values()), q / 100)) for q in (50, 99)}
    missed = {"not_once": keys["lost"] + keys["doubled"] + answers["doubled"], "errors": errors}
    return {"n": len(kept), **missed, "acknowledged_per_second": len(kept) / wall, **milliseconds}


def killed_raters(database: str, kills: int = 1000) -> Found:
    """Processes that are killed between sending a vote and its acknowledgement; their raters send it again."""
    with STORES[database]() as url:
        [token] = study_of(url, items=5 * kills, raters=1)
        kept, unknown, seed = [], [], 0
        while len(unknown) < kills:
            more = killed_while_sending(url, token, times=min(100, kills - len(unknown)), seed=seed)
            kept, unknown, seed = kept + more[0], unknown + more[1], seed + 1
        with Store(url) as store:
            before = stored(store, "study")
            for sent in unknown:
                vote(store, sent.token, sent.assignment, sent.key, {"choice": "tie"})
            after = stored(store, "study")
    first = told_apart([sent.key for sent in kept], before["vote"].tolist())
    answers = told_apart([sent.assignment for sent in kept + unknown], after["assignment"].tolist())
    return {
        "n": len(unknown),
        "lost": first["lost"] + answers["lost"],
        "doubled": first["doubled"] + answers["doubled"],
        "reached": int(before["vote"].isin([sent.key for sent in unknown]).sum()),
    }


def killed_server(kills: int = 20, raters: int = 4) -> Found:
    """A server that is killed under raters who vote."""
    server = PostgresServer()
    try:
        tokens = study_of(server.address, items=200 * kills, raters=raters, votes_per_question=raters)
        ends, kept, errors = threading.Event(), list[str](), list[str]()
        with Store(server.address) as store:
            rating = [threading.Thread(target=_rate, args=(store, token, ends, kept, errors)) for token in tokens]
            for one in rating:
                one.start()
            chance = random.Random(0)
            for _ in range(kills):
                enough = len(kept) + 3 * raters
                while len(kept) < enough and not errors:
                    time.sleep(0.01)
                time.sleep(chance.random() / 10)
                server.kill()
                server.restart()
            ends.set()
            for one in rating:
                one.join()
            there = stored(store, "study")
        found = told_apart(kept, there["vote"].tolist())
        found["doubled"] += told_apart([], there["assignment"].tolist())["doubled"]
        return {"n": kills, "votes": len(kept), "errors": len(errors), **found}
    finally:
        server.stop()


def _rate(store: Store, token: str, ends: threading.Event, kept: list[str], errors: list[str]) -> None:
    try:
        while not ends.is_set():
            asked = next_question(store, token)
            assert isinstance(asked, Served)
            kept.append(vote(store, token, asked.assignment, f"key-{asked.assignment}", {"choice": "left"}).vote)
    except Exception as error:
        errors.append(repr(error))
        raise


def quorum(database: str, processes: int = 16, raters: int = 50, items: int = 200) -> Found:
    """Many raters who compete for the last places of every question."""
    with STORES[database]() as url:
        tokens = study_of(url, items=items, raters=raters, votes_per_question=3)
        kept = dict(all_together(url, [tokens[i::processes] for i in range(processes)], 10**6, 0.1)[0])
        with Store(url) as store:
            for token in tokens:  # a process ends with the first of its raters who has nothing left
                while isinstance(asked := next_question(store, token), Served):
                    kept[vote(store, token, asked.assignment, f"key-{asked.assignment}", {"choice": "tie"}).vote] = 0.0
            there = stored(store, "study")
    counted = there[there["not_counted"].isna()].groupby("item").size()
    short = items - int((counted >= 3).sum())
    return {"n": items, "too_many": int((counted > 3).sum()), "short": short, **told_apart(list(kept), there["vote"].tolist())}


def same_votes(items: int = 40, raters: int = 3) -> Found:
    """The same votes into both databases, each in two orders; how many different rankings come out."""
    from evalkit.run.rankings import ranking_digest, ranking_of

    digests, generators, n = [], ("alpha", "beta", "gamma", "delta"), 0
    for seed, database in enumerate(("SQLite", "SQLite", "PostgreSQL", "PostgreSQL")):
        with STORES[database]() as url:
            tokens = study_of(url, items=items, raters=raters, generators=generators)
            with Store(url) as store:
                planned = _planned(store, np.random.default_rng(0), everyone=True)
                n = len(planned)
                for i in np.random.default_rng(seed + 1).permutation(n):
                    assignment, rater, choice = planned[i]
                    vote(store, tokens[rater], assignment, f"key-{i:08d}", {"choice": choice})
                digests.append(ranking_digest(ranking_of(store, "study")))
    return {"n": n, "digests": len(set(digests))}


def _planned(store: Store, draw: np.random.Generator, *, everyone: bool) -> list[tuple[str, int, str]]:
    """Ask questions in the order of their numbers, sides and answers drawn: assignment, which rater, and what will be answered."""
    planned = []
    with store.writing() as session:
        study = locked(session, "study")
        raters = session.scalars(select(RaterRow.id).order_by(RaterRow.id)).all()
        questions = session.scalars(select(QuestionRow).order_by(QuestionRow.id)).all()
        for i, question in enumerate(questions):
            makers = [int(one) for one in question.pair.split(",")]
            for place in range(len(raters)) if everyone else [i % len(raters)]:
                turned = int(draw.integers(2))
                lead = 0.15 * (makers[1 - turned] - makers[turned])
                share = 0.8 / (1 + np.exp(-lead))
                choice = str(draw.choice(CHOICES, p=[share, 0.8 - share, 0.15, 0.05]))
                row = AssignmentRow(key=f"asked-{i}-{place}", study_id=study.id, question_id=question.id, rater_id=raters[place])
                row.shown = question.outputs[::-1] if turned else question.outputs
                row.served_probability, row.served_at, row.leased_until, row.state = 1.0, 0, 2**53, "open"
                question.leases += 1
                session.add(row)
                planned.append((row.key, place, choice))
    return planned


def ranking(votes: int = 10_000, refreshes: int = 41) -> Found:
    """The leaderboard of 20 generators anew after each of some votes, in a process set up as the app's is, and in a plain one."""
    from evalkit.run.rankings import ranking_of

    with sqlite() as url:
        generators = tuple(f"generator {i:02d}" for i in range(20))
        tokens = study_of(url, items=54, raters=200, generators=generators, votes_per_question=1)
        with Store(url) as store:
            planned = _planned(store, np.random.default_rng(0), everyone=False)
            _answered(store, planned[:votes])
            rest, found = iter(planned[votes:]), {}
            for process in ("plain", "app"):
                if process == "app":
                    gc.collect()
                    gc.freeze()
                walls, cpus = [], []
                for _ in range(refreshes):
                    assignment, rater, choice = next(rest)
                    vote(store, tokens[rater], assignment, f"key-of-{assignment}", {"choice": choice})
                    wall, cpu = time.perf_counter(), time.process_time()
                    table = ranking_of(store, "study").table()
                    cpus.append(1000 * (time.process_time() - cpu))
                    walls.append(1000 * (time.perf_counter() - wall))
                    assert len(table) == len(generators)
                found |= {f"{process}_cpu": cpus, f"{process}_wall": walls}
    return {"n": refreshes, **found}


def _answered(store: Store, planned: list[tuple[str, int, str]]) -> None:
    """Votes in one transaction: how long the ranking takes is asked, not how long voting does."""
    with store.writing() as session:
        study = locked(session, "study")
        rows = {row.key: row for row in session.scalars(select(AssignmentRow))}
        for assignment, _, choice in planned:
            row = rows[assignment]
            row.state = "voted"
            ids = {"study_id": study.id, "assignment_id": row.id, "rater_id": row.rater_id}
            session.add(VoteRow(key=f"key-of-{assignment}", answer={"choice": choice}, app_version="", at=0, seconds=2.0, **ids))


def serving(items: int, votes: int = 30) -> Found:
    """What one question and its vote cost, with so many questions open."""
    with sqlite() as url:
        [token] = study_of(url, items=items, raters=1)
        with Store(url) as store:
            cpus = []
            for _ in range(votes + 3):
                started = time.process_time()
                asked = next_question(store, token)
                assert isinstance(asked, Served)
                vote(store, token, asked.assignment, f"key-{asked.assignment}", {"choice": "left"})
                cpus.append(1000 * (time.process_time() - started))
    return {"n": votes, "cpu": cpus[3:]}


MANY_VOTES = """
import sys
from evalkit.study import Store, next_question, vote
url, token, votes = sys.argv[1:]
with Store(url) as store:
    for _ in range(int(votes)):
        asked = next_question(store, token)
        print("sending", flush=True)
        vote(store, token, asked.assignment, f"key-{asked.assignment}", {"choice": "left"})
        print("kept", flush=True)
"""


def syncs(votes: int = 100) -> Found:
    """What the system is asked to write and to sync around each acknowledgement."""
    strace = shutil.which("strace")
    assert strace, "install strace"
    with sqlite() as url:
        [token] = study_of(url, items=votes, raters=1)
        seen = Path(url.removeprefix("sqlite:///")).with_name("calls")
        watched = [strace, "-f", "-y", "-e", "trace=fsync,fdatasync,write,pwrite64", "-o", str(seen)]
        subprocess.run([*watched, sys.executable, "-c", MANY_VOTES, url, token, str(votes)], check=True, stdout=subprocess.DEVNULL)
        kept = acknowledged(seen.read_text().splitlines(), "studies.sqlite-wal")
    assert len(kept) == votes
    return {"n": votes, "without": len(kept) - sum(kept)}


def acknowledged(calls: list[str], wal: str) -> list[bool]:
    """Of every acknowledgement in a list of system calls, whether something was written to the WAL before it and then synced.

    >>> acknowledged(['write(1, "sending', 'pwrite64(5</s-wal>', 'write(1, "kept'], "s-wal")
    [False]
    >>> acknowledged(['write(1, "sending', 'pwrite64(5</s-wal>', 'fdatasync(5</s-wal>', 'write(1, "kept'], "s-wal")
    [True]
    """
    found, written, synced = list[bool](), False, False
    for call in calls:
        if '"sending' in call:
            written = synced = False
        elif "pwrite64" in call and wal in call:
            written, synced = True, False
        elif "sync(" in call and wal in call:
            synced = written
        elif '"kept' in call:
            found.append(synced)
    return found


def in_a_browser() -> Found:
    """Twenty windows of a real browser."""
    from tests.benchmarks import votes_sessions

    return votes_sessions.sessions(votes_sessions.in_a_browser)


def as_bare_sessions() -> Found:
    """Twenty connections without a browser."""
    from tests.benchmarks import votes_sessions

    return votes_sessions.sessions(votes_sessions.as_bare_sessions)


TRIALS: dict[str, Callable[[], Found]] = {
    "16 processes x 500 votes, SQLite": partial(submits, "SQLite"),
    "16 processes x 500 votes, PostgreSQL": partial(submits, "PostgreSQL"),
    "raters killed while sending, SQLite": partial(killed_raters, "SQLite"),
    "raters killed while sending, PostgreSQL": partial(killed_raters, "PostgreSQL"),
    "PostgreSQL killed under 4 raters": killed_server,
    "50 raters, quorum 3, SQLite": partial(quorum, "SQLite"),
    "50 raters, quorum 3, PostgreSQL": partial(quorum, "PostgreSQL"),
    "the same votes in other orders, both databases": same_votes,
    "system calls of 100 votes, SQLite": syncs,
    "ranking of 10,000 votes, 20 generators, 200 raters": ranking,
    "a question and its vote, 36 questions open": partial(serving, 36),
    "a question and its vote, 20,000 questions open": partial(serving, 20_000),
    "20 raters who think 2 s, in Chromium": in_a_browser,
    "20 raters who think 2 s, bare sessions": as_bare_sessions,
}


def measured(trial: str) -> Found:
    """What a trial found, and the CPU seconds it took with its raters' processes."""
    before = os.getloadavg()[0]
    found = TRIALS[trial]()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    return {"trial": trial, "cpu_seconds": seconds, "load": before, **found}


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1])))
