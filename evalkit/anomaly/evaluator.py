"""The detector as an evaluator: how normal do the rows of one sample look to a detector fitted on another?"""

from dataclasses import dataclass
from typing import Any

from evalkit.anomaly.detection import Effort
from evalkit.anomaly.detector import AnomalyDetector
from evalkit.core.evidence import Finding
from evalkit.core.progress import Progress


@dataclass(frozen=True, eq=False)
class DetectorEvaluator:
    """Scores rows with a detector fitted on a reference and counts how many stand out.

    Attributes:
        reference: normal rows; whatever :func:`evalkit.load` reads.
        data: the rows to judge, for example a generator's.
        fdr: accepted share of false alarms.
        effort: see :class:`~evalkit.AnomalyDetector`.
    """

    reference: Any
    data: Any
    fdr: float = 0.05
    effort: Effort = "default"

    @property
    def name(self) -> str:
        """What is measured."""
        return "detector"

    def evaluate(self, *, seed: int, progress: Progress) -> list[Finding]:
        """See :func:`evalkit.anomaly.evidence.alarm_evidence`."""
        detector = AnomalyDetector(effort=self.effort, random_state=seed).fit(self.reference, progress=progress)
        return list(detector.examine(self.data, self.fdr, progress=progress).summary.evidence)
