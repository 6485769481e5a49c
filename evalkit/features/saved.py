"""Fitted extractors in folders: what is compared later is seen as what was compared before."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evalkit.backbones.checkpoint import check_folder, load_state, readable, save_state, standing
from evalkit.core.errors import InputError, ModelError
from evalkit.features import EXTRACTORS
from evalkit.features.base import FittedExtractor

KIND = "extractor:"
"""What the kind of a saved extractor begins with; its name follows."""


@dataclass(frozen=True, eq=False)
class SetAside:
    """Which rows an extractor learned from: no later figure is to be computed on them either.

    Attributes:
        reference: content hash of the Sample that they are rows of.
        rows: (n,) int64, their numbers in it.
    """

    reference: str
    rows: NDArray[np.int64]


def save_extractor(fitted: FittedExtractor, folder: str | Path, set_aside: SetAside | None = None) -> None:
    """Write a fitted extractor into a folder: JSON and safetensors, hashed, without any code.

    The same fitted extractor gives the same bytes. A crash leaves the old one or the new one.

    Args:
        fitted: of an extractor in ``EXTRACTORS``. One of an .onnx file or of your own function learns nothing: keep the file or
            the function, and give it again.
        folder: where to; made if it is not there, replaced if it holds an extractor.
        set_aside: what it learned from, where that is known; :func:`evalkit.evaluate` leaves these rows out when it takes the
            extractor up again.

    Raises:
        InputError: it is another extractor, or the folder holds something else.

    >>> import tempfile
    >>> from evalkit.core.sample import Texts
    >>> from evalkit.features.hashed_ngrams import HashedNgrams
    >>> texts = Texts.of(["to be", "or not", "to be"])
    >>> fitted, folder = HashedNgrams().fit(texts, seed=0), Path(tempfile.mkdtemp()) / "seen"
    >>> save_extractor(fitted, folder)
    >>> load_extractor(folder).digest == fitted.digest
    True
    """
    check_extractor(fitted)
    check_extractor_folder(Path(folder))
    learned = fitted.to_state()  # type: ignore[attr-defined]
    aside = None if set_aside is None else {"reference": set_aside.reference, "rows": set_aside.rows}
    save_state(Path(folder), KIND + fitted.name, {"learned": learned, "set_aside": aside})


def load_extractor(folder: str | Path) -> FittedExtractor:
    """Load what :func:`save_extractor` wrote: the same digest, the same features to the last bit.

    Loading runs no code from the folder and checks its hashes.

    Raises:
        ModelError: the folder holds no extractor, or one that is damaged, was changed, or needs a newer evalkit.
    """
    return load_with_set_aside(folder)[0]


def load_with_set_aside(folder: str | Path) -> tuple[FittedExtractor, SetAside | None]:
    """As :func:`load_extractor`, with what it learned from, where that was saved."""
    kind, state = load_state(Path(folder))
    if not kind.startswith(KIND):
        raise ModelError(
            f"{Path(folder).name} holds a saved model and no extractor: evalkit evaluate … --save-extractor FOLDER makes one"
        )
    name = kind.removeprefix(KIND)
    if name not in EXTRACTORS:
        raise ModelError(f"{Path(folder).name} holds an extractor that this evalkit does not know: install a newer one")
    with readable(f"{name} extractor"):
        fitted: FittedExtractor = EXTRACTORS[name].load_fitted().from_state(state["learned"])
        aside = None if state["set_aside"] is None else SetAside(state["set_aside"]["reference"], state["set_aside"]["rows"])
        if fitted.name != name or not isinstance(fitted.digest, str):
            raise ValueError("it is another extractor's")
        if aside is not None and (aside.rows.dtype != np.int64 or aside.rows.ndim != 1 or (aside.rows < 0).any()):
            raise ValueError("these are no rows")
    return fitted, aside


def check_extractor(fitted: FittedExtractor) -> None:
    """Raise InputError if an extractor cannot be saved."""
    if fitted.name not in EXTRACTORS or not isinstance(fitted, EXTRACTORS[fitted.name].load_fitted()):
        raise InputError(f"{fitted.name} is not an extractor of evalkit's own, and only those are saved: keep its file or function")


def check_extractor_folder(folder: Path) -> None:
    """Raise InputError if an extractor could not be saved there: what else is in a folder, a model for example, is not replaced."""
    check_folder(folder)
    if standing(folder).is_dir() and any(standing(folder).iterdir()):
        try:
            kind, _ = load_state(folder)
        except ModelError:
            kind = ""
        if not kind.startswith(KIND):
            raise InputError(f"{folder.name!r} holds something else than an extractor: name another folder")
