"""The loop that every benchmark shares: do what is not done yet, each run in a process of its own, and keep its line."""

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

T = TypeVar("T")
Run = dict[str, Any]
Key = tuple[Any, ...]


def resume(
    path: Path,
    key: tuple[str, ...],
    tasks: Mapping[Key, tuple[Any, ...]],
    measure: Callable[..., Run],
    told: Callable[[Run], str],
    *,
    processes: int = 1,
    again: bool = False,
) -> pd.DataFrame:
    """The runs that are asked for; those that the file holds are read, the others done and added to it.

    Args:
        path: JSON lines, one a run. A killed benchmark goes on where it was.
        key: the fields that tell one run from another.
        tasks: the arguments of ``measure`` by key. ``measure`` must stand at the top of a module.
        measure: does one run and returns its line, with the key's fields in it.
        told: what to print of a finished run.
        processes: how many at a time. What is quoted are CPU seconds, so two at a time take nothing from each other.
        again: do all tasks anew; the new lines take the place of the old.

    Raises:
        SystemExit: nothing is asked for.
    """
    if not tasks:
        raise SystemExit("no run has such a name: without --only all are done, and each is printed with its name")
    known = {} if again else read(path, key)
    todo = [arguments for name, arguments in tasks.items() if name not in known]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file, multiprocessing.get_context("spawn").Pool(processes, maxtasksperchild=1) as pool:
        for i, result in enumerate(pool.imap(_call, [(measure, arguments) for arguments in todo]), start=1):
            file.write(json.dumps(result) + "\n")
            file.flush()
            print(f"{i}/{len(todo)} {told(result)}", flush=True)
    if again:
        path.write_text("".join(json.dumps(one) + "\n" for one in read(path, key).values()))
    return pd.DataFrame([run for name, run in read(path, key).items() if name in tasks])


def read(path: Path, key: tuple[str, ...]) -> dict[Key, Run]:
    """The runs of a file by key, in the file's order; of two with one key, the later."""
    lines = path.read_text().splitlines() if path.exists() else []
    runs = [json.loads(line) for line in lines]
    return {tuple(run[field] for field in key): run for run in runs}


def lines(runs: pd.DataFrame) -> list[Run]:
    """Each run as it stands in the file: without the fields that only other runs have."""
    return [row.dropna().to_dict() for _, row in runs.astype(object).iterrows()]


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """What the work gave, and its CPU seconds over all threads."""
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


def _call(one: tuple[Callable[..., Run], tuple[Any, ...]]) -> Run:
    measure, arguments = one
    return measure(*arguments)
