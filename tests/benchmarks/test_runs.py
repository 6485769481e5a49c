"""A benchmark goes on where it was."""

import json

import pytest

from tests.benchmarks.runs import read, resume

KEY = ("name", "seed")


def _line(name, seed, value):
    return json.dumps({"name": name, "seed": seed, "value": value})


def _resume(path, lines, **options):
    # Each "run" reads its result from its argument.
    tasks = {tuple(json.loads(line)[field] for field in KEY): (line,) for line in lines}
    return resume(path, KEY, tasks, json.loads, str, **options)


def test_only_what_is_not_done_is_done_and_only_what_was_asked_for_is_returned(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text(_line("a", 0, 1) + "\n" + _line("z", 0, 9) + "\n")
    runs = _resume(path, [_line("a", 0, 5), _line("a", 1, 6)])
    assert runs[["name", "seed", "value"]].to_numpy().tolist() == [["a", 0, 1], ["a", 1, 6]]
    assert len(path.read_text().splitlines()) == 3


def test_again_puts_new_lines_in_the_place_of_the_old(tmp_path):
    path = tmp_path / "runs.jsonl"
    path.write_text(_line("a", 0, 1) + "\n" + _line("z", 0, 9) + "\n")
    assert _resume(path, [_line("a", 0, 5)], again=True)["value"].tolist() == [5]
    assert {key: run["value"] for key, run in read(path, KEY).items()} == {("a", 0): 5, ("z", 0): 9}
    assert len(path.read_text().splitlines()) == 2


def test_asked_for_nothing_it_says_so_in_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match="no run has such a name"):
        _resume(tmp_path / "runs.jsonl", [])
    assert not (tmp_path / "runs.jsonl").exists()
