import pytest

from evalkit.compare.charts import to_svg
from evalkit.compare.surprise import LEVELS, most_surprising, surprise_text

WORDS = [("the ", 1.0), ("cat ", 5.0), ("<script>", 40.0), ("\u202eevil ", 9.0), ("mat", 2.0)]


@pytest.mark.parametrize("dark", [False, True])
def test_words_are_letters_whatever_they_hold(dark):
    svg = to_svg(surprise_text(WORDS, dark=dark))
    assert "&lt;script&gt;" in svg
    assert "<script>" not in svg
    assert "⟨U+202E⟩evil" in svg


def test_the_more_bits_the_stronger_the_mark():
    placed = surprise_text([(f"w{i} ", bits) for i, bits in enumerate((0.0, *LEVELS))]).to_dict()
    rows = max(placed["datasets"].values(), key=len)
    assert [row["level"] for row in rows] == [0, 1, 2, 3, 4]


def test_lines_are_kept_and_long_words_go_on():
    placed = surprise_text([("a" * 100, 1.0), ("b " * 1, 1.0)]).to_dict()
    rows = max(placed["datasets"].values(), key=len)
    assert "".join(row["word"] for row in rows) == "a" * 100 + "b"
    assert all(row["to"] <= 46 for row in rows)


def test_the_most_surprising_come_first():
    table = most_surprising(WORDS, 2)
    assert table["word"].tolist() == ["<script>", "⟨U+202E⟩evil"]
    assert table["expected"].tolist()[1] == "once in 512"
