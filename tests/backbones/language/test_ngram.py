from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalkit.backbones.language.ngram import ORDER, NGram
from evalkit.core.seeds import generator
from evalkit.data.tokens import END_OF_TEXT, Tokens

VOCABULARY = 258
texts = st.lists(st.lists(st.sampled_from([0, 1, 2, 257]), max_size=12), min_size=1, max_size=6)


def chances(model: NGram, text: list[int]) -> np.ndarray:
    """The probability of every id behind a text."""
    others = [i for i in range(VOCABULARY) if i != END_OF_TEXT]
    nats = [model.surprisal(Tokens.of([[*text, i]], VOCABULARY))[len(text)] for i in others]
    return np.exp(-np.array([*nats, model.surprisal(Tokens.of([text], VOCABULARY))[len(text)]]))


@given(texts, st.lists(st.sampled_from([0, 1, 2, 3, 257]), max_size=6))
@settings(max_examples=15, deadline=None)
def test_probabilities_of_what_comes_next_add_up_to_one(rows: list[list[int]], text: list[int]) -> None:
    assert chances(NGram().fit(Tokens.of(rows, VOCABULARY)), text).sum() == pytest.approx(1, abs=1e-9)


@given(texts, texts)
@settings(max_examples=25, deadline=None)
def test_it_is_the_formula_written_out(rows: list[list[int]], others: list[list[int]]) -> None:
    tokens, judged = Tokens.of(rows, VOCABULARY), Tokens.of(others, VOCABULARY)
    written_out = WrittenOut(rows)
    expected = [written_out.chance(text, i) for text in others for i in range(len(text) + 1)]
    np.testing.assert_allclose(np.exp(-NGram().fit(tokens).surprisal(judged)), expected, rtol=1e-9)


def test_what_follows_a_rule_is_predicted_and_what_does_not_is_not() -> None:
    random = generator(0, "ngram test")
    noise = random.integers(0, 10, 5000).tolist()
    rule = (np.arange(5000) % 7).tolist()
    assert NGram().fit(Tokens.of([rule], VOCABULARY)).surprisal(Tokens.of([rule[:50]], VOCABULARY))[10:-1].max() < 0.2
    model = NGram().fit(Tokens.of([noise], VOCABULARY))
    mean = model.surprisal(Tokens.of([random.integers(0, 10, 2000).tolist()], VOCABULARY)).mean()
    assert np.log(10) - 0.01 < mean < np.log(10) + 0.4


def test_a_text_has_the_figures_it_has_among_others_and_no_text_has_none() -> None:
    model = NGram().fit(Tokens.of([[1, 2, 3]] * 3, VOCABULARY))
    together = model.surprisal(Tokens.of([[3, 1], [1, 2]], VOCABULARY))
    np.testing.assert_array_equal(together[3:], model.surprisal(Tokens.of([[1, 2]], VOCABULARY)))
    assert model.surprisal(Tokens.of([], VOCABULARY)).shape == (0,)


class WrittenOut:
    """Chen and Goodman's recursion over dictionaries."""

    def __init__(self, rows: list[list[int]]) -> None:
        marked = [[END_OF_TEXT, *row, END_OF_TEXT] for row in rows]
        raw = [Counter(tuple(row[i : i + n]) for row in marked for i in range(len(row) - n + 1)) for n in range(ORDER + 1)]
        raw[1] = Counter(gram for row in marked for gram in zip(row[1:], strict=False))
        self.counts: list[dict[tuple[int, ...], int]] = [{}]
        for n in range(1, ORDER + 1):
            if n == ORDER:
                self.counts.append(dict(raw[n]))
                continue
            in_front = defaultdict(set)
            for gram in raw[n + 1]:
                in_front[gram[1:]].add(gram[0])
            self.counts.append({gram: len(in_front[gram]) or count for gram, count in raw[n].items()})
        self.discounts = [self.discount(counts) for counts in self.counts]

    def discount(self, counts: dict[tuple[int, ...], int]) -> tuple[float, ...]:
        one, two, three, four = (sum(count == k for count in counts.values()) for k in (1, 2, 3, 4))
        if not one * two * three * four:
            return (0.0, 0.5, 1.0, 1.5)
        slope = one / (one + 2 * two)
        fitted = (1 - 2 * slope * two / one, 2 - 3 * slope * three / two, 3 - 4 * slope * four / three)
        return (0.0, *(float(np.clip(fit, 0.1, most)) for fit, most in zip(fitted, (0.95, 1.9, 2.85), strict=True)))

    def chance(self, text: list[int], place: int) -> float:
        word = [*text, END_OF_TEXT][place]
        history = [END_OF_TEXT, *text[:place]][-(ORDER - 1) :]
        chance = 1 / VOCABULARY
        for n in range(1, len(history) + 2):
            before = tuple(history[len(history) - n + 1 :])
            followers = {gram: count for gram, count in self.counts[n].items() if gram[:-1] == before}
            total = sum(followers.values())
            if total:
                count = followers.get((*before, word), 0)
                taken = sum(self.discounts[n][min(count, 3)] for count in followers.values())
                chance = (count - self.discounts[n][min(count, 3)] + taken * chance) / total
        return chance
