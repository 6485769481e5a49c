"""The anomaly detector: tables in, scores, p-values, alarms and reasons out."""

from collections.abc import Sequence
from typing import Any, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from evalkit.anomaly.calibration import Calibration
from evalkit.anomaly.detection import DataSource, Detection, Effort
from evalkit.anomaly.ensemble import Ensemble, canonical_order
from evalkit.anomaly.examination import Judged, examination, source_of
from evalkit.anomaly.members import MEMBERS
from evalkit.core.errors import InputError, ShapeError
from evalkit.core.progress import Progress, silent
from evalkit.core.sample import Table
from evalkit.core.schema import Schema
from evalkit.core.state import ReadState, State
from evalkit.data import TableEncoder, load, row_hashes
from evalkit.data.rows import Rows

_WORK: dict[str, float] = {"fast": 1.0, "default": 1.0, "best": 3.0}
_MOST_ROWS: dict[str, int] = {"fast": 5_000, "default": 10_000, "best": 20_000}
_FEWEST_WITHIN = 20


class AnomalyDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Finds rows of a table that do not belong, with p-values and reasons.

    Several members with different bias score a row; each score becomes a surprise in nats by its rank among the reference rows,
    which are judged without their own help. Members that look at where a row lies speak with one voice, the mean surprise; one
    that looks at whether the columns fit each other is the other voice. The anomaly score is the soft maximum of the two, and
    p-values rank it among the reference rows in the same way.

    With ``fit`` the reference is taken to be clean: its rows are the normal ones. Where anomalies are already inside the only
    table there is, use :meth:`examine_within`.

    Args:
        effort: ``"fast"`` uses neighbours only, ``"best"`` more work and more reference rows than ``"default"``.
        members: names from ``MEMBERS`` to use instead of the usual choice.
        p_threshold: :meth:`predict` calls a row an outlier at p <= this. It is a fixed cut: of normal rows about this share is
            flagged, however many anomalies there are. For a bounded share of false alarms use :meth:`detect`.
        random_state: same seed, same result; None is 0.

    Attributes:
        schema_: the reference's columns and their kinds.
        members_: names of the members in use.
        offset_: ``decision_function = score_samples - offset_``.
        n_features_in_: number of columns.

    >>> draws = np.random.default_rng(0).normal(size=(300, 3))
    >>> detector = AnomalyDetector(effort="fast", random_state=0).fit(draws)
    >>> detector.predict([[0.0, 0.0, 0.0], [6.0, -6.0, 6.0]]).tolist()
    [1, -1]
    """

    def __init__(
        self,
        *,
        effort: Effort = "default",
        members: Sequence[str] | None = None,
        p_threshold: float = 0.1,
        random_state: int | None = None,
    ) -> None:
        self.effort = effort
        self.members = members
        self.p_threshold = p_threshold
        self.random_state = random_state

    def fit(self, X: Any, y: object = None, *, progress: Progress = silent) -> Self:
        """Learn what normal rows look like.

        Args:
            X: the reference; whatever :func:`evalkit.load` reads.
            y: ignored.
            progress: see :mod:`evalkit.core.progress`.

        Raises:
            ShapeError: fewer than two rows.
        """
        self._check_settings()
        table = self._table(X, reset=True)
        rows = self._encode_reference(table)
        self._fit_ensemble(rows, canonical_order(rows, self._seed)[: _MOST_ROWS[self.effort]], progress)
        self._calibrate(Calibration(self.ensemble_.own, modelled=False))
        return self

    def anomaly_score(self, X: Any) -> NDArray[np.float64]:
        """(n,) surprise in nats, >= 0, higher = more anomalous; each a function of its row alone."""
        rows = self._rows(X)
        return self.ensemble_.score(rows)

    def p_values(self, X: Any) -> NDArray[np.float64]:
        """(n,) how often a normal row scores as high. Small values are rare rows, not proven anomalies: see :meth:`detect`."""
        return self.calibration_.p_values(self.anomaly_score(X))

    def explain(self, X: Any) -> pd.DataFrame:
        """The score taken apart: one column for each source column, >= 0, adding up to :meth:`anomaly_score` in every row.

        A share says how much of the surprise was seen in a column; where two columns contradict each other both carry some.
        """
        rows = self._rows(X)
        return pd.DataFrame(self.ensemble_.explain(rows), columns=list(rows.columns))

    def detect(self, X: Any, fdr: float = 0.05) -> pd.DataFrame:
        """Score, flag and give reasons: one line a row, see :class:`~evalkit.anomaly.detection.Detection`'s ``scores``.

        Args:
            X: new rows.
            fdr: accepted share of false alarms among the alarms, 0 < fdr < 1.
        """
        return self.examine(X, fdr).scores

    def examine(self, X: Any, fdr: float = 0.05, *, id_column: str | None = None, progress: Progress = silent) -> Detection:
        """Compare new rows with the reference; the full result of :meth:`detect`.

        Args:
            X: new rows.
            fdr: accepted share of false alarms among the alarms, 0 < fdr < 1.
            id_column: the column that names the rows.
            progress: see :mod:`evalkit.core.progress`.
        """
        check_is_fitted(self)
        table = self._table(X, reset=False)
        rows = self.encoder_.transform(table).scored()
        found = self.ensemble_.judge(rows, progress)
        judged = Judged(table, rows, found[:, 0], found[:, 1:])
        copies = int(np.isin(row_hashes(table), self.reference_hashes_).sum())
        caution = (*self.caution_, *([f"{copies:,} rows stand in the reference too: the model has seen them"] if copies else []))
        return self._examination(judged, fdr, id_column, "the saved model's, which was fitted on the reference only", caution)

    def examine_within(self, X: Any, fdr: float = 0.05, *, id_column: str | None = None, progress: Progress = silent) -> Detection:
        """Find anomalies in the one table there is, by comparing its rows with its own bulk.

        No row is scored by a model that has seen it: neighbours leave it out, trees and networks are those that were fitted
        without it. Ranks within one table would never raise an alarm, so p-values come from the bulk of the scores with a
        modelled tail; they are approximate, unlike those against a clean reference, and too cautious when more than about one
        row in fifty is anomalous. Afterwards the detector is fitted on the table.

        Args:
            X: the table.
            fdr: accepted share of false alarms among the alarms, 0 < fdr < 1.
            id_column: the column that names the rows.
            progress: see :mod:`evalkit.core.progress`.

        Raises:
            ShapeError: fewer than 20 rows.
        """
        self._check_settings()
        table = self._table(X, reset=True)
        if len(table) < _FEWEST_WITHIN:
            raise ShapeError(
                f"one table alone needs at least {_FEWEST_WITHIN} rows to show what is usual, got {len(table)}: "
                "add rows or give a reference"
            )
        rows = self._encode_reference(table)
        order = canonical_order(rows, self._seed)
        fitted, others = np.split(order, [_MOST_ROWS[self.effort]])
        self._fit_ensemble(rows, fitted, progress)
        scores, shares = np.empty(len(rows)), np.empty((len(rows), len(rows.columns)))
        scores[fitted], shares[fitted] = self.ensemble_.own, self.ensemble_.explain_own()
        if len(others):
            found = self.ensemble_.judge(rows.take(others), progress)
            scores[others], shares[others] = found[:, 0], found[:, 1:]
        self._calibrate(Calibration(scores[order], modelled=True))
        judged = Judged(table, rows, scores, shares)
        caution = ("there is no clean reference: p-values rest on a tail modelled from the table's own bulk and are approximate",)
        return self._examination(judged, fdr, id_column, "out-of-fold: no row was scored by a model that had seen it", caution)

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """scikit-learn's sign: minus the anomaly score, higher = more normal."""
        return -self.anomaly_score(X)

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """``score_samples - offset_``: negative for outliers."""
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """-1 for rows with p <= ``p_threshold``, else 1."""
        return np.where(self.decision_function(X) >= 0, 1, -1)

    def to_state(self) -> State:
        """Plain values and arrays."""
        check_is_fitted(self)
        return {
            "settings": self.get_params() | {"members": None if self.members is None else list(self.members)},
            "encoder": self.encoder_.to_state(),
            "ensemble": self.ensemble_.to_state(),
            "calibration": self.calibration_.to_state(),
            "reference": self.reference_.model_dump(mode="json"),
            "reference_hashes": self.reference_hashes_.view(np.int64),
            "caution": list(self.caution_),
            "array": not hasattr(self, "feature_names_in_"),
        }

    @classmethod
    def from_state(cls, state: ReadState) -> Self:
        """The inverse of :meth:`to_state`."""
        detector = cls(**state["settings"])
        detector.encoder_ = TableEncoder.from_state(state["encoder"])
        detector.ensemble_ = Ensemble.from_state(state["ensemble"])
        detector.reference_ = DataSource.model_validate(state["reference"])
        detector.reference_hashes_ = state["reference_hashes"].view(np.uint64)
        detector.caution_ = tuple(state["caution"])
        detector.n_features_in_ = len(detector.schema_.columns)
        if not state["array"]:
            detector.feature_names_in_ = np.array(detector.schema_.names, dtype=object)
        detector._calibrate(Calibration.from_state(state["calibration"]))
        return detector

    @property
    def schema_(self) -> Schema:
        """The reference's columns and their kinds."""
        check_is_fitted(self)
        return self.encoder_.schema

    @property
    def members_(self) -> tuple[str, ...]:
        """Names of the members in use."""
        check_is_fitted(self)
        return tuple(self.ensemble_.members)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "ensemble_")

    @property
    def _seed(self) -> int:
        return 0 if self.random_state is None else int(self.random_state)

    def _check_settings(self) -> None:
        if self.effort not in get_args(Effort):
            raise InputError(f"effort must be one of {', '.join(get_args(Effort))}, got {self.effort!r}")
        if unknown := [name for name in self.members or () if name not in MEMBERS]:
            raise InputError(f"there is no member {unknown[0]!r}: choose from {', '.join(MEMBERS)}")
        if not 0 < self.p_threshold < 1:
            raise InputError(f"p_threshold must lie between 0 and 1, got {self.p_threshold}")

    def _table(self, X: Any, *, reset: bool) -> Table:
        """Read the data, and keep what scikit-learn wants to know about it."""
        if isinstance(X, pd.DataFrame | Table) or not (hasattr(X, "__array__") or hasattr(X, "tocsr") or isinstance(X, list)):
            table = load(X, modality="table", schema=None if reset else self.schema_)
            if reset:
                self.n_features_in_ = len(table.schema.columns)
                self.feature_names_in_ = np.array(table.schema.names, dtype=object)
            return table
        array: ArrayLike = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        return load(array, modality="table", schema=None if reset else self.schema_)

    def _encode_reference(self, table: Table) -> Rows:
        if len(table) < 2:
            raise ShapeError(f"a detector needs at least 2 rows to learn from, got n_samples = {len(table)}: add rows")
        self.encoder_ = TableEncoder().fit(table)
        self.reference_ = source_of(table)
        self.reference_hashes_ = np.unique(row_hashes(table))
        rows = self.encoder_.transform(table).scored()
        if not rows.features:
            raise ShapeError(f"{table.name!r} has no column that tells rows apart: add one besides identifiers and constant times")
        return rows

    def _rows(self, X: Any) -> Rows:
        check_is_fitted(self)
        return self.encoder_.transform(self._table(X, reset=False)).scored()

    def _fit_ensemble(self, rows: Rows, fitted: NDArray[np.intp], progress: Progress) -> None:
        chosen = rows.take(fitted)
        names, self.caution_ = _choose(self.members, self.effort, chosen)
        if len(fitted) < len(rows):
            self.caution_ += (f"the detector was fitted on {len(fitted):,} of {len(rows):,} rows, drawn at random",)
        self.ensemble_ = Ensemble.fit(chosen, names, seed=self._seed, effort=_WORK[self.effort], progress=progress)

    def _calibrate(self, calibration: Calibration) -> None:
        self.calibration_ = calibration
        self.offset_ = -calibration.score_at(self.p_threshold)

    def _examination(
        self, judged: Judged, fdr: float, id_column: str | None, scores_are: str, caution: tuple[str, ...]
    ) -> Detection:
        return examination(
            judged,
            calibration=self.calibration_,
            reference=self.ensemble_.reference,
            members=self.members_,
            fdr=fdr,
            id_column=id_column,
            data=source_of(judged.table),
            against=None if self.calibration_.modelled else self.reference_,
            scores_are=scores_are,
            caution=(*self.caution_, *caution),
            settings={"effort": self.effort, "members": list(self.members_)},
            seed=self._seed,
        )


def _choose(members: Sequence[str] | None, effort: Effort, rows: Rows) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which members suit the rows, and what to tell the user about those that do not."""
    usual = ("fast",) if effort == "fast" else ("fast", "default")
    asked = tuple(members or (name for name, spec in MEMBERS.items() if spec.costs in usual))
    few = [name for name in asked if len(rows) < MEMBERS[name].at_least]
    wide = [name for name in asked if len(rows.features) > MEMBERS[name].most_features]
    suited = tuple(name for name in asked if name not in few and name not in wide)
    caution = []
    if few:
        needed = max(MEMBERS[name].at_least for name in few)
        caution.append(f"{len(rows):,} reference rows are too few for {', '.join(few)}: {needed:,} are needed")
    if wide:
        caution.append(f"{len(rows.features):,} features are too many for {', '.join(wide)}")
    if not suited:
        raise ShapeError(f"none of the members {', '.join(asked)} can work on {len(rows):,} rows: give more rows or other members")
    return suited, tuple(caution)
