import numpy as np
import pytest

from evalkit.backbones.language.held_out import hold_out, per_token
from evalkit.core.evidence import Evidence, Failure
from evalkit.core.seeds import generator
from evalkit.data.tokens import Tokens


def rows_of(tokens: Tokens) -> list[list[int]]:
    return [tokens.row(i).tolist() for i in range(len(tokens))]


def test_of_many_texts_whole_ones_are_held_out() -> None:
    tokens = Tokens.of([[i] * 3 for i in range(50)], 257)
    training, held_out = hold_out(tokens, 0, "test")
    assert len(held_out) == 5
    assert sorted(rows_of(training) + rows_of(held_out)) == sorted(rows_of(tokens))
    assert rows_of(hold_out(tokens, 1, "test")[1]) != rows_of(held_out)


def test_of_few_texts_the_end_is_held_out() -> None:
    training, held_out = hold_out(Tokens.of([list(range(100)), [7] * 5], 257), 0, "test")
    assert rows_of(training) == [[*range(90), 256], [7] * 5 + [256]]
    assert rows_of(held_out) == [[*range(90, 100), 256]]


def test_of_very_long_texts_not_more_is_held_out_than_can_be_judged() -> None:
    long = Tokens.of([np.zeros(2_000_000, dtype=np.int32)], 257)
    assert len(hold_out(long, 0, "test")[1].ids) == 2**17 + 1
    many = Tokens.of([np.zeros(60_000, dtype=np.int32)] * 40, 257)
    assert len(hold_out(many, 0, "test")[1]) == 2


def test_the_figure_is_that_of_all_tokens_and_its_interval_tells_texts_apart() -> None:
    random = generator(0, "per token")
    tokens = Tokens.of([[1] * int(n) for n in random.integers(5, 40, 60)], 257)
    nats = np.repeat(random.normal(2, 0.5, 60), tokens.lengths)
    found = per_token(nats, tokens, name="figure", seed=0)
    assert isinstance(found, Evidence)
    assert found.value == pytest.approx(nats.mean())
    assert found.low < 2 < found.high
    naive = 1.96 * nats.std() / np.sqrt(len(nats))
    assert found.high - found.low > 4 * naive
    halved = per_token(nats, tokens, name="figure", seed=0, unit=np.full(len(nats), 2.0))
    assert isinstance(halved, Evidence)
    assert halved.value == pytest.approx(nats.mean() / 2)


def test_too_little_text_has_a_reason_instead_of_a_figure() -> None:
    for tokens in (Tokens.of([[1, 2]], 257), Tokens.of([], 257)):
        assert isinstance(per_token(np.ones(len(tokens.ids)), tokens, name="figure", seed=0), Failure)
