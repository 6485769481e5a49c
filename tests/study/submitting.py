"""Raters that are processes of their own, to be killed at any moment: what they acknowledged must be there once."""

import multiprocessing
import os
import random
import secrets
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, wait
from typing import NamedTuple

import pandas as pd

from evalkit.study import Served, Store, next_question, vote
from evalkit.study.log import events, found, verify
from evalkit.study.votes import replayed, votes_frame

# A forked child starts at once; it opens a store of its own and uses nothing of its parent's.
_PROCESSES = multiprocessing.get_context("fork")


class Sent(NamedTuple):
    """A vote as its rater knows it."""

    token: str
    assignment: str
    key: str


def run(url: str, tokens: Sequence[str], votes: int, pipe: Connection, repeats: float, waits: bool = False) -> None:
    """Answer questions, saying "sending" before a vote is sent and "kept" once it is acknowledged.

    Args:
        url: of the store.
        tokens: the raters this process plays, one after the other.
        votes: how many votes to send at most, repeats not counted.
        pipe: where it says so; None means that there is nothing more to answer.
        repeats: how often a vote is sent once more.
        waits: for a word from the other side after "sending".
    """
    chance, sent = random.Random(os.getpid()), 0
    with Store(url) as store:
        while sent < votes:
            token = tokens[sent % len(tokens)]
            asked = next_question(store, token)
            if not isinstance(asked, Served):
                break
            one = Sent(token, asked.assignment, secrets.token_hex(8))
            pipe.send(("sending", one))
            if waits:
                pipe.recv()
            started = time.perf_counter()
            vote(store, one.token, one.assignment, one.key, {"choice": chance.choice(("left", "right", "tie"))})
            pipe.send(("kept", one, time.perf_counter() - started))
            if chance.random() < repeats:
                assert vote(store, one.token, one.assignment, one.key, {"choice": "left"}).repeated
            sent += 1
    pipe.send(("done", None))


def all_together(
    url: str, groups: Sequence[Sequence[str]], votes: int, repeats: float, *, raises: bool = True
) -> tuple[dict[str, float], int]:
    """Several processes that answer at the same time.

    Returns:
        The keys of all acknowledged votes with the seconds until they were, and how many processes met an error.

    Raises:
        RuntimeError: one of them met an error, unless these are only to be counted.
    """
    ends, workers = [], []
    for tokens in groups:
        here, there = _PROCESSES.Pipe()
        worker = _PROCESSES.Process(target=run, args=(url, tokens, votes, there, repeats))
        worker.start()
        there.close()
        ends.append(here)
        workers.append(worker)
    kept, errors = dict[str, float](), 0
    while ends:
        for end in wait(ends):
            try:
                said = end.recv()
            except EOFError:
                errors += 1
                ends.remove(end)
                continue
            if said[0] == "kept":
                kept[said[1].key] = said[2]
            elif said[0] == "done":
                ends.remove(end)
    for worker in workers:
        worker.join()
    if errors and raises:
        raise RuntimeError(f"{errors} raters met an error")
    return kept, errors


def killed_while_sending(url: str, token: str, times: int, seed: int = 0) -> tuple[list[Sent], list[Sent]]:
    """Kill a rater's process so many times between sending a vote and its acknowledgement.

    Returns:
        The votes that were acknowledged, and those of which nobody knows.
    """
    chance = random.Random(seed)
    kept, unknown = list[Sent](), list[Sent]()
    for _ in range(times):
        here, there = _PROCESSES.Pipe()
        worker = _PROCESSES.Process(target=run, args=(url, [token], 10**9, there, 0.0, True))
        worker.start()
        there.close()
        last = None
        try:
            for answered in range(chance.randint(1, 3)):
                if answered:
                    kept.append(here.recv()[1])
                last = here.recv()[1]
                here.send("go on")
            if not here.poll(chance.random() * 0.01):
                os.kill(worker.pid or 0, signal.SIGKILL)
            else:
                kept.append(here.recv()[1])
                last = None
                os.kill(worker.pid or 0, signal.SIGKILL)
        finally:
            worker.join()
        unknown += [last] if last is not None else []
    return kept, unknown


def stored(store: Store, study: str) -> pd.DataFrame:
    """All votes in the store, after its log was verified and replayed."""
    with store.reading() as session:
        row = found(session, study)
        verify(session, row)
        counted = votes_frame(session, row)
        assert replayed(events(session, row))["vote"].tolist() == counted["vote"].tolist()
        return votes_frame(session, row, counted=False)
