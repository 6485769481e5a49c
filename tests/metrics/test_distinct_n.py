"""Distinct-n: the expectation over all draws one by one, published shares, and texts that are dull or odd."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalkit.core.errors import InputError, ShapeError
from evalkit.core.sample import Texts
from evalkit.metrics.distinct_n import DistinctN, distinct_share


def sayings(seed, n=100, words=40, length=10):
    draw = np.random.default_rng(seed)
    return Texts.of([" ".join(f"w{i}" for i in draw.integers(0, words, length)) for _ in range(n)])


def measured(reference, generated):
    return DistinctN().estimates(reference, generated, seed=0)


@given(counts=st.lists(st.integers(1, 4), min_size=1, max_size=4), data=st.data())
def test_equals_the_mean_over_all_draws(counts, data):
    occurrences = [number for number, count in enumerate(counts) for _ in range(count)]
    drawn = data.draw(st.integers(1, min(len(occurrences), 6)))
    shares = [len(set(draw)) / drawn for draw in combinations(occurrences, drawn)]
    assert distinct_share(np.array(counts), drawn) == pytest.approx(np.mean(shares), rel=1e-9)


def test_all_drawn_is_different_ones_over_all():
    assert distinct_share(np.array([3, 1, 1]), 5) == 3 / 5


def pair_share(texts, drawn):
    counts = np.unique(np.array(["".join(pair) for text in texts for pair in text]), return_counts=True)[1]
    return distinct_share(counts, drawn)


def test_the_influences_are_those_of_leaving_a_text_out_less_what_that_counts_twice():
    generated, n = sayings(0, n=12, words=14), 12
    estimate = measured(sayings(1, n=12, words=14), generated)["distinct_2"]
    drawn = 36  # of 108: 12 texts of 9 pairs
    texts = [[tuple(text.split()[i : i + 2]) for i in range(9)] for text in generated.texts.to_pylist()]
    whole, without = pair_share(texts, drawn), [pair_share(texts[:i] + texts[i + 1 :], drawn) for i in range(n)]
    assert estimate.value == pytest.approx(whole, rel=1e-12)
    left_out = np.mean(without) - np.array(without)
    shares = estimate.generated / (11 * left_out)
    assert np.ptp(shares) < 1e-6

    def seen(missing):
        """How many are expected, with n-grams that stand nowhere else in place of the missing texts'."""
        rest = [text if i not in missing else [f"{i} {place}" for place in range(9)] for i, text in enumerate(texts)]
        return drawn * pair_share(rest, drawn) - len(missing) * 9 * drawn / 108

    both = np.zeros((n, n))
    for i, j in combinations(range(n), 2):
        both[i, j] = both[j, i] = (seen([i]) + seen([j]) - seen([]) - seen([i, j])) / drawn
    # Each text's own part taken off, by least squares over the pairs.
    first, second = np.triu_indices(n, 1)
    design = np.zeros((len(first), n))
    design[np.arange(len(first)), first] = design[np.arange(len(first)), second] = 1
    part = np.linalg.lstsq(design, both[first, second])[0]
    pairs = np.square(both[first, second] - design @ part).sum() * (n - 1) / (n - 3)
    least = 1 - pairs / (left_out @ left_out)
    assert least < 0.95
    # What three texts repeat is given back.
    assert least <= shares[0] ** 2 <= 1 - 0.7 * (1 - least)


@pytest.mark.parametrize("words", [200, 600])
def test_the_variance_is_right_where_texts_vary_only_together(words):
    """Of words at random the jackknife's variance is twice as large as it should be and more. 200 variances err by 10 %."""
    found = [measured(*(sayings(start + seed, n=120, words=words) for start in (10**6, 0))) for seed in range(200)]
    values, variances = np.array([(one["distinct_1"].value, one["distinct_1"].variance) for one in found]).T
    assert 0.75 < values.var() / variances.mean() < 1.25


def test_the_amount_of_text_does_not_move_the_share():
    few, many = (measured(sayings(0), sayings(1, n=n))["distinct_2"].value for n in (100, 800))
    assert few == pytest.approx(many, rel=0.05)


def test_dull_and_odd_texts_are_told_from_real_ones():
    real = sayings(0)
    dull, like, odd = (measured(real, sayings(1, words=words)) for words in (10, 40, 400))
    for figure in ("distinct_1", "distinct_2", "distinct_3"):
        assert dull[figure].value < like[figure].value < odd[figure].value
        assert like[figure].direction == "neither"
    gaps = [one["distinct_gap"] for one in (dull, like, odd)]
    assert gaps[1].interval().low == 0
    assert min(gaps[0].interval().low, gaps[2].interval().low) > gaps[1].interval().high
    assert gaps[1].direction == "lower"


def test_one_text_again_and_again_has_hardly_any():
    found = measured(sayings(0), Texts.of(["to be or not to be"] * 100))
    assert found["distinct_1"].value == pytest.approx(4 / 320, rel=1e-9)  # all four words are among 320 of 600 drawn


def of_many_lengths(seed, n=100, words=60, longest=15):
    draw = np.random.default_rng(seed)
    return Texts.of([" ".join(f"w{i}" for i in draw.integers(0, words, draw.integers(4, longest + 1))) for _ in range(n)])


@pytest.mark.parametrize("longest", [15, 6])
def test_a_text_moves_with_its_length_how_many_are_drawn(longest):
    """Leaving a reference text out moves the figure of generated texts; of short ones their own number of words counts."""
    real, made = of_many_lengths(0, n=70), of_many_lengths(1, n=70, longest=longest)
    counts = np.unique([word for text in made.texts.to_pylist() for word in text.split()], return_counts=True)[1]
    lengths = [np.array([len(text.split()) for text in side.texts.to_pylist()]) for side in (real, made)]
    wanted, held = 32 * lengths[0].mean(), 0.75 * lengths[1].sum()
    estimate, drawn = measured(real, made)["distinct_1"], min(wanted, held)
    low, high = (distinct_share(counts, number) for number in (int(drawn), int(drawn) + 1))
    assert high < estimate.value <= low
    moved = 32 * (lengths[0] - lengths[0].mean()) * (high - low) * (wanted < held)
    np.testing.assert_allclose(estimate.reference, moved, rtol=0.02)
    assert estimate.reference.any() == (longest == 15)


def test_the_intervals_hold_where_the_number_of_words_is_near_a_power_of_two():
    """100 texts of 4 to 15 words hold 950 on average, and at times 1,024. Binomial(150, 0.95) is at least 133."""
    found = [measured(of_many_lengths(seed), of_many_lengths(10**6 + seed, n=108)) for seed in range(150)]
    for figure in ("distinct_1", "distinct_2"):
        values, lows, highs = np.array([one[figure].interval() for one in found]).T
        assert ((lows <= values.mean()) & (values.mean() <= highs)).sum() >= 133


def test_the_intervals_hold_where_hardly_anything_stands_twice():
    """Each of 2,000 words has four that may follow, and 0.6 % of 30 texts' pairs stand twice.

    Binomial(200, 0.95) is at least 180; normal intervals held the expectation in 176.
    """
    draw, found = np.random.default_rng(0), []
    follows = np.random.default_rng(1).integers(0, 2000, (2000, 4))

    def text():
        chain = [int(draw.integers(2000))]
        while len(chain) < 10:
            chain.append(int(follows[chain[-1], draw.integers(4)]))
        return " ".join(f"w{word}" for word in chain)

    for _ in range(200):
        found.append(measured(*(Texts.of([text() for _ in range(30)]) for _ in range(2)))["distinct_2"].interval())
    values, lows, highs = np.array(found).T
    assert ((lows <= values.mean()) & (values.mean() <= highs)).sum() >= 180


def test_texts_that_repeat_nothing_have_an_error_too():
    found = measured(sayings(0), Texts.of([f"a{i} b{i} c{i} d{i}" for i in range(100)]))["distinct_2"]
    assert found.value == pytest.approx(1)
    assert 0.99 < found.interval().low < 1


def test_the_order_of_texts_does_not_count_and_every_text_keeps_its_influence():
    real, made = sayings(0), sayings(1)
    order = np.random.default_rng(0).permutation(100)
    plain, turned = measured(real, made), measured(real, made.take(order))
    for figure, one in plain.items():
        assert turned[figure].value == pytest.approx(one.value, rel=1e-12)
        np.testing.assert_allclose(turned[figure].generated, one.generated[order], atol=1e-9)


def test_texts_that_are_too_short_or_few_are_refused():
    with pytest.raises(InputError, match="distinct_3 needs"):
        measured(sayings(0), Texts.of(["two words", "only two"]))
    with pytest.raises(InputError, match="distinct_1 needs"):
        measured(sayings(0), Texts.of(["", " "]))
    with pytest.raises(InputError, match="distinct_1 needs two texts"):
        measured(Texts.of(["one long text", ""]), sayings(0))
    with pytest.raises(ShapeError, match="2 texts"):
        measured(sayings(0), sayings(1, n=1))
    with pytest.raises(InputError, match="between 1"):
        distinct_share(np.array([1, 1]), 3)
