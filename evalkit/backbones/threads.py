"""One thread for small networks."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from evalkit.core.schema import Modality


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch use one thread inside the block.

    The layers of a table's network take microseconds, less than a second thread takes to start and far less than it waits on a
    busy machine; and what one thread adds up has the same bits everywhere.

    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def suitable_threads(modality: Modality) -> Iterator[None]:
    """One thread for tables and series, as many as torch has been given for images and texts."""
    if modality in ("table", "series"):
        with one_thread():
            yield
    else:
        yield
