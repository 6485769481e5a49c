"""The alarms of one run as Evidence."""

import numpy as np
from numpy.typing import NDArray

from evalkit.core.evidence import Evidence
from evalkit.statistics.intervals import proportion_interval

ODDEST = 0.05


def alarm_evidence(
    p_values: NDArray[np.float64], flagged: NDArray[np.bool_], *, fdr: float, seed: int, provenance: dict[str, str]
) -> tuple[Evidence, ...]:
    """What the p-values and alarms of one run say as figures.

    ``rows flagged`` is the share of alarms. ``rows among the oddest 5 %`` is the share with p <= 0.05: of rows that follow the
    reference's law it is 5 % in the long run; more means the rows differ, and markedly less means they are tamer than the
    reference, as copies of its rows are. Both intervals take the rows as independent draws and the reference as given.

    Args:
        p_values: (n,) conformal p-values, n >= 1.
        flagged: (n,) the alarms.
        fdr: at which they were raised.
        seed: of the run.
        provenance: names and hashes of data and reference.
    """
    counts = (("rows flagged", flagged, {"fdr": fdr}), (f"rows among the oddest {ODDEST:.0%}", p_values <= ODDEST, {"p": ODDEST}))
    figures = []
    for name, chosen, settings in counts:
        interval = proportion_interval(int(chosen.sum()), len(chosen))
        figures.append(
            Evidence(
                name=name,
                value=interval.value,
                low=interval.low,
                high=interval.high,
                n=len(chosen),
                method="share of rows with its exact (Clopper-Pearson) 95 % interval",
                settings=dict(settings),
                seed=seed,
                provenance=provenance,
            )
        )
    return tuple(figures)
