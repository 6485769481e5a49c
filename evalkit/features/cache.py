"""Features kept on disk by what they were made from."""

import contextlib
import hashlib
import json
import zipfile
import zlib
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from evalkit.core.errors import InputError
from evalkit.core.files import sha256, whole_file
from evalkit.core.sample import Sample, Table
from evalkit.core.version import versions
from evalkit.data import content_hash
from evalkit.features.base import Features, FittedExtractor

_UNREADABLE = (OSError, ValueError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)


class Provenance(BaseModel):
    """What a file of features was made from; it lies beside the file as JSON.

    Attributes:
        extractor: its name.
        extractor_digest: of its settings and all that it learned.
        sample: content hash of the Sample.
        versions: of evalkit and what it computes with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    extractor: str
    extractor_digest: str
    sample: str
    versions: dict[str, str]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    made_from: Provenance
    sha256: str


def extract(extractor: FittedExtractor, sample: Sample, cache: Path | None = None) -> Features:
    """Features of a Sample, from the cache where it holds them.

    A file counts only if it was made from the same rows, by an extractor of the same digest, with the same versions, and has not
    changed since; any other is computed again and replaced. Features of the user's own function are not kept: its code can change
    unseen. A cache that cannot be written to costs time, nothing else.

    Args:
        extractor: fitted.
        sample: of its modality.
        cache: a folder, made if need be; it may be deleted at any time.

    Raises:
        InputError: ``cache`` is a file; what the extractor raises.

    >>> import tempfile
    >>> from evalkit.core.sample import Texts
    >>> from evalkit.features.hashed_ngrams import HashedNgrams
    >>> texts = Texts.of(["to be", "or not", "to be"])
    >>> extractor, folder = HashedNgrams().fit(texts, seed=0), Path(tempfile.mkdtemp())
    >>> first, second = (extract(extractor, texts, folder) for _ in range(2))
    >>> bool((first.values == second.values).all()), len(list(folder.glob("*.npz")))
    (True, 1)
    """
    if cache is None or not getattr(extractor, "repeatable", True):
        return extractor.extract(sample)
    if cache.exists() and not cache.is_dir():
        raise InputError(f"{cache.name} is a file: give a folder for features to be kept in, or leave it out")
    made_from = Provenance(
        extractor=extractor.name,
        extractor_digest=extractor.digest,
        sample=_content(sample),
        versions=versions("numpy", "scipy", "scikit-learn", "torch"),
    )
    path = cache / f"{hashlib.sha256(made_from.model_dump_json().encode()).hexdigest()}.npz"
    features = _read(path, made_from)
    if features is None:
        features = extractor.extract(sample)
        with contextlib.suppress(OSError):
            _write(path, made_from, features)
    return features


def _content(sample: Sample) -> str:
    """With a table's cells: under another schema they are read again."""
    if not isinstance(sample, Table) or sample.cells is None:
        return content_hash(sample)
    cells = hashlib.sha256(content_hash(sample).encode())
    for name in sample.cells.column_names:
        cells.update(json.dumps([name, *sample.cells[name].to_pylist()], default=str).encode())
    return cells.hexdigest()


def _read(path: Path, made_from: Provenance) -> Features | None:
    try:
        entry = _Entry.model_validate_json(path.with_suffix(".json").read_bytes())
        if entry.made_from != made_from or sha256(path) != entry.sha256:
            return None
        with np.load(path, allow_pickle=False) as arrays:
            values, rows = arrays["values"], arrays["rows"]
    except (*_UNREADABLE, ValidationError):
        return None
    fits = values.ndim == 2 and values.dtype == np.float64 and rows.dtype == np.int64 and rows.shape == values.shape[:1]
    return Features(values, made_from.extractor, made_from.extractor_digest, rows) if fits and np.isfinite(values).all() else None


def _write(path: Path, made_from: Provenance, features: Features) -> None:
    with whole_file(path) as temporary:
        with temporary.open("wb") as handle:
            np.savez(handle, values=features.values, rows=features.rows)
        entry = _Entry(made_from=made_from, sha256=sha256(temporary))
    with whole_file(path.with_suffix(".json")) as temporary:
        temporary.write_text(entry.model_dump_json(indent=1), encoding="utf-8")
