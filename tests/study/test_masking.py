import pytest

from evalkit.study.masking import masked


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("I am GPT-4.", ["gpt-4"], "I am ▇▇▇."),
        ("I am GPT-4o.", ["gpt-4"], "I am GPT-4o."),
        ("(a+)+$ is a pattern", ["(a+)+$"], "▇▇▇ is a pattern"),
        ("by Open AI", ["AI", "Open AI"], "by ▇▇▇"),
        ("nothing to hide", ["", "  "], "nothing to hide"),
        ("je suis Mistral", [], "je suis Mistral"),
    ],
)
def test_words_are_covered_where_they_stand_by_themselves(text, words, shown):
    assert masked(text, words) == shown
