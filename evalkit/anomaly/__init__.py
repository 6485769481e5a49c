"""Rows that do not belong: a detector of several members, with p-values, alarms and reasons."""

from evalkit.anomaly.detection import DataSource, Detection, Effort, MemberNote, Summary
from evalkit.anomaly.detector import AnomalyDetector
from evalkit.anomaly.members import MEMBERS

__all__ = ["MEMBERS", "AnomalyDetector", "DataSource", "Detection", "Effort", "MemberNote", "Summary"]
