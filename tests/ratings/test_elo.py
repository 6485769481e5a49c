import numpy as np
import pandas as pd
import pytest

from evalkit.core.errors import InputError
from evalkit.ratings import elo
from tests.ratings.drawn_votes import votes


def test_the_definition_and_its_sum():
    table = pd.DataFrame({"left": ["a", "b"], "right": ["b", "a"], "outcome": ["left", "tie"]})
    first = 4 * (1 - 0.5)
    second = 4 * (0.5 - 1 / (1 + 10 ** (2 * first / 400)))
    assert elo(table)["a"] == pytest.approx(1000 + first - second)
    assert np.mean(list(elo(votes(0)).values())) == pytest.approx(1000)
    assert next(iter(elo(votes(0, n=2000)))) == "model 3"


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(InputError, match="k > 0"):
        elo(votes(0), k=0)
