"""The README shows what was measured, and nothing else."""

from pathlib import Path

import pytest

from tests.benchmarks import figures
from tests.benchmarks.figures import README, Figure, keep, kept, readme_with_tables


def test_the_readme_prints_the_committed_figures():
    text = README.read_text(encoding="utf-8")
    assert readme_with_tables(text) == text


def test_figures_of_work_that_is_no_longer_done_go_with_a_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "RESULTS", tmp_path)
    old, new = (Figure("demo", name, 0.5, 0.4, 0.6, 30, 1.0, 1) for name in ("old", "new"))
    keep("demo", [old])
    keep("demo", [new])
    assert [one.figure for one in kept("demo")] == ["old", "new"]
    keep("demo", [new], whole=True)
    assert [one.figure for one in kept("demo")] == ["new"]
