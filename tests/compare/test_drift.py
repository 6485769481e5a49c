import numpy as np
import pytest

from evalkit.compare.drift import NOTHING_WORSE, drift
from evalkit.compare.evaluation_report import evaluation_html
from evalkit.run.evaluate import evaluate


def checkpoints(*shifts, n=400):
    draw = np.random.default_rng(1)
    return {f"step {100 * (i + 1)}": draw.normal(shift, 1, size=(n, 2)) for i, shift in enumerate(shifts)}


def held(generated, **options):
    real = np.random.default_rng(0).normal(size=(800, 2))
    return evaluate(real, generated, metrics=["kid"], closer=False, in_order=True, **options)


def test_what_got_worse_is_said_of_the_pair_that_differs_most():
    worse, since = drift(held(checkpoints(1.0, 0.0, 0.1, 2.0)))
    assert worse.startswith("By kid, step 400 is worse than step 200, by ")
    value, low, high = (float(part.strip("().,")) for part in worse.split("by ")[1].replace("to ", "").split())
    assert 0 < low < value < high
    assert since == "No later checkpoint may be called better than step 200, by any figure."


def test_training_that_still_pays_is_said_to():
    sentences = drift(held(checkpoints(2.0, 1.0, 0.0)))
    assert sentences[0] == NOTHING_WORSE
    assert sentences[1].startswith("step 300 is better than every earlier checkpoint")


def test_equal_checkpoints_neither_lose_nor_gain():
    assert drift(held(checkpoints(0.0, 0.0, 0.0))) == (
        NOTHING_WORSE,
        "No later checkpoint may be called better than step 100, by any figure.",
    )


@pytest.mark.parametrize("names", [1, 2])
def test_the_report_says_it_where_there_is_an_order(names):
    evaluation = held(dict(list(checkpoints(0.0, 2.0).items())[:names]))
    assert evaluation.in_order == (names == 2)
    assert ("From checkpoint to checkpoint" in evaluation_html(evaluation)) == (names == 2)
