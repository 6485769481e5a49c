"""What is odd about a whole table and does not stop the work."""

import numpy as np
import pandas as pd

from evalkit.core.sample import Problem, Table
from evalkit.data.duplicates import row_hashes

_MANY_MISSING = 0.2


def noticed(table: Table) -> list[Problem]:
    """Left-out, empty, constant and thinly filled columns, and rows that repeat another.

    >>> from evalkit.core.schema import Column, Schema
    >>> schema = Schema(modality="table", columns=(Column(name="a", kind="number"),))
    >>> [problem.what for problem in noticed(Table("demo", schema, pd.DataFrame({"a": [1.0, 1.0]})))]
    ['holds one value only', 'repeat an earlier row in every column']
    """
    problems: list[Problem] = []
    for column in table.schema.columns:
        what = _about_column(table.frame[column.name], column.kind == "identifier")
        problems += [problem.model_copy(update={"column": column.name}) for problem in what]
    return problems + repeated(table)


def repeated(table: Table) -> list[Problem]:
    """How many rows repeat an earlier one, identifiers apart."""
    if len(table) < 2 or all(column.kind == "identifier" for column in table.schema.columns):
        return []
    n = int(pd.Series(row_hashes(table)).duplicated().sum())
    return [Problem(what="repeat an earlier row in every column", rows=n)] if n else []


def _about_column(values: pd.Series, is_identifier: bool) -> list[Problem]:
    if is_identifier:
        return [Problem(what="names the row and says nothing about it: left out of the model")]
    n_missing = int(values.isna().sum())
    if n_missing == len(values):
        return [Problem(what="is empty", rows=n_missing)]
    problems = []
    if len(values) > 1 and not n_missing and values.nunique() == 1:
        problems.append(Problem(what="holds one value only"))
    if n_missing > _MANY_MISSING * len(values):
        share = np.floor(100 * n_missing / len(values))
        problems.append(Problem(what=f"is missing in {share:.0f} % of the rows", rows=n_missing))
    return problems
