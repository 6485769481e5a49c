"""Optional dependencies: one sentence that says what to install."""

from collections.abc import Iterator
from contextlib import contextmanager

from evalkit.core.errors import MissingExtraError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Turn a failed import of an optional dependency into the sentence that installs it.

    Args:
        name: the extra in ``pip install "evalkit[name]"``.

    Raises:
        MissingExtraError: an import inside the block failed.

    >>> with extra("app"):
    ...     import no_such_package_at_all
    Traceback (most recent call last):
    ...
    evalkit.core.errors.MissingExtraError: this needs no_such_package_at_all: pip install "evalkit[app]"
    """
    try:
        yield
    except ImportError as error:
        missing = (error.name or "an optional package").partition(".")[0]
        raise MissingExtraError(f'this needs {missing}: pip install "evalkit[{name}]"') from error
