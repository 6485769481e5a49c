"""The errors that evalkit raises on purpose.

::

    EvalkitError
    ├── InputError (ValueError)           what the caller handed over cannot be used as it is
    │   ├── SchemaError                   columns are missing, doubled or of another kind
    │   ├── ShapeError                    too few rows, or arrays that do not fit each other
    │   └── UndefinedError                the figure that was asked for does not exist for these data
    ├── ModelError (ValueError)           a saved model is damaged, tampered with, or too new
    ├── CapabilityError (TypeError)       a backbone was asked for what its family cannot do
    ├── MissingExtraError (ImportError)   an optional dependency is not installed
    ├── StoreError (RuntimeError)         the store of studies does not answer, or its log was tampered with
    └── CancelledError (RuntimeError)     the user stopped the work; what was finished is kept

A message says what is needed, what was found and what to do, and names the column and the row. It never holds the data
itself: messages end up in logs. An estimator that is not fitted raises scikit-learn's own ``NotFittedError``.
"""

from collections.abc import Iterator
from contextlib import contextmanager


class EvalkitError(Exception):
    """The root: everything evalkit raises on purpose. Its text is one sentence for the user."""


class InputError(EvalkitError, ValueError):
    """What the caller handed over cannot be used as it is."""


class SchemaError(InputError):
    """Columns are missing, doubled, or of another kind than the reference's."""


class ShapeError(InputError):
    """Too few rows, or arrays whose shapes do not fit each other."""


class UndefinedError(InputError):
    """The figure that was asked for does not exist for these data: no agreement among labels that never differ, say."""


class ModelError(EvalkitError, ValueError):
    """A saved model is damaged, was changed after it was saved, or needs a newer evalkit."""


class CapabilityError(EvalkitError, TypeError):
    """A backbone was asked for something that its family cannot do."""


class MissingExtraError(EvalkitError, ImportError):
    """An optional dependency is not installed."""


class StoreError(EvalkitError, RuntimeError):
    """The store of studies does not answer, was written by a newer evalkit, or its log was tampered with."""


class CancelledError(EvalkitError, RuntimeError):
    """The user stopped the work. What was finished before is kept."""


@contextmanager
def about(whose: str) -> Iterator[None]:
    """Begin the sentences of errors with whose data they are about: a column and a row may be in several files.

    >>> with about("the reference"):
    ...     raise InputError("column 'size' is empty: give another")
    Traceback (most recent call last):
        ...
    evalkit.core.errors.InputError: the reference: column 'size' is empty: give another
    """
    try:
        yield
    except EvalkitError as error:
        raise type(error)(f"{whose}: {error}") from error
