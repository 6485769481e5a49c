"""What is said of drawn digits is what was counted."""

import pandas as pd

from tests.benchmarks.backbone_images import N_A_CAPTION, figures


def test_a_family_that_forgets_a_digit_or_a_caption_does_not_pass():
    real = {"generator": "real", "counts": [200] * 10, "right": 1968, "n_test": 2000, "fit_seconds": 0.0, "sample_seconds": 0.0}
    vae = {"generator": "vae", "n_test": 2000, "fit_seconds": 1.0, "peer_fit_seconds": 1.0}
    vae |= {"bound": [-90.0, -91.0, -89.0], "peer_bound": [-95.0, -96.0, -94.0], "gain": [5.0, 4.0, 6.0]}
    counts = [0, 400, *[200] * 8]
    drawn = {"generator": "vae:drawn", "counts": counts, "obeyed": [1.0] * 7 + [0.5] + [1.0] * 2, "right": 1900, "n_test": 2000}
    drawn |= {"fit_seconds": 1.0, "sample_seconds": 1.0}
    told = {one.figure: one for one in figures(pd.DataFrame([real, vae, drawn]))}
    holds = {name.partition(", ")[2]: one.holds for name, one in told.items() if one.bar is not None}
    assert holds == {
        "VAE less pythae VAE: bound on a held-out image's log-likelihood in nats (cross-entropy)": True,
        "drawn: share of the rarest digit": False,
        "drawn: share of the commonest digit": False,
        'drawn: sevens for the caption "seven"': False,
        "real digits named by a classifier of drawn's draws by caption": True,
    }
    assert told["mnist, drawn: captions obeyed"].n == 10 * N_A_CAPTION
