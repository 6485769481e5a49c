"""The README shows what was measured, and nothing else."""

from tests.benchmarks.figures import README, readme_with_tables


def test_the_readme_prints_the_committed_figures():
    text = README.read_text(encoding="utf-8")
    assert readme_with_tables(text) == text
