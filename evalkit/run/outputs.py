"""Write tables for people and programs: Parquet or CSV, figures with eight significant digits."""

from pathlib import Path

import numpy as np
import pandas as pd

from evalkit.core.errors import InputError
from evalkit.core.files import significant, whole_file

SUFFIXES = (".parquet", ".csv")


def check_output(path: Path) -> None:
    """Refuse an output file that could not be written, before the work rather than after it.

    Raises:
        InputError: the ending is not ``.parquet`` or ``.csv``, or the path is a folder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path.name} must end in .parquet or .csv")
    if path.is_dir():
        raise InputError(f"{path.name} is a folder: name a file that ends in .parquet or .csv")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    r"""Write a table whole or not at all, floats rounded to eight significant digits, so that files compare byte by byte.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "scores.csv"
    >>> write_table(pd.DataFrame({"p_value": [1 / 3]}), target)
    >>> target.read_text()
    'p_value\n0.33333333\n'
    """
    check_output(path)
    rounded = frame.copy()
    for name in rounded.columns[[dtype.kind == "f" for dtype in rounded.dtypes]]:
        rounded[name] = significant(rounded[name].to_numpy(dtype=np.float64))
    with whole_file(path) as temporary:
        if path.suffix.lower() == ".csv":
            rounded.to_csv(temporary, index=False, lineterminator="\n")
        else:
            rounded.to_parquet(temporary, index=False)
