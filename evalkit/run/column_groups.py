"""Groups of columns: the same figures and comparisons on the named columns of a table only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from evalkit.compare.evaluation import ColumnGroup, conclude
from evalkit.compare.words import visible
from evalkit.core.errors import InputError
from evalkit.core.progress import Progress, staged
from evalkit.core.sample import Sample, Table
from evalkit.features.encoded_table import EncodedTable
from evalkit.metrics import MetricSpec
from evalkit.run.comparing import compare
from evalkit.run.measuring import Asked, given
from evalkit.run.oddness import measure_all

Groups = Mapping[str, Sequence[str]]
"""The columns of each group by its name."""


def read_groups(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Groups from NAME=COLUMN,COLUMN, one each; spaces around names do not count, and an empty line is none.

    Raises:
        InputError: one is not of this form, or two have one name.

    >>> read_groups(["payment=amount, currency", "", "when=hour"])
    {'payment': ('amount', 'currency'), 'when': ('hour',)}
    """
    groups: dict[str, tuple[str, ...]] = {}
    for line in filter(str.strip, lines):
        name, _, listed = (part.strip() for part in line.partition("="))
        columns = tuple(dict.fromkeys(column.strip() for column in listed.split(",") if column.strip()))
        if not name or not columns:
            raise InputError(
                "each group of columns is given as NAME=COLUMN,COLUMN, for example payment=amount,currency: name it so"
            )
        if name in groups:
            raise InputError(f"two groups of columns are called {visible(name, 60)!r}: give each a name of its own")
        groups[name] = columns
    return groups


def check_groups(groups: Groups, real: Sample, chosen: Sequence[MetricSpec]) -> None:
    """Refuse groups that cannot be compared, before the work.

    Args:
        groups: the columns by group.
        real: the reference.
        chosen: what is measured.

    Raises:
        InputError: the data are no table, a column is not in it, a group has nothing to compare, or nothing is measured that does
            without fitted rows.
    """
    if not groups:
        return
    if not isinstance(real, Table):
        raise InputError(f"groups of columns are compared of tables, got {real.schema.modality}: leave them out")
    kinds = {column.name: column.kind for column in real.schema.columns}
    for name, columns in groups.items():
        for column in columns:
            if column not in kinds:
                offered = ", ".join(visible(each, 60) for each in kinds)
                raise InputError(
                    f"there is no column {visible(column, 60)!r} for the group {visible(name, 60)!r}: choose from {offered}"
                )
        if not columns:
            raise InputError(f"the group {visible(name, 60)!r} has no columns: name one")
        if all(kinds[column] == "identifier" for column in columns):
            raise InputError(f"the group {visible(name, 60)!r} has identifiers only, which say nothing of rows: add another column")
    if not _measured(chosen):
        raise InputError("groups of columns need a metric that does without fitted rows: name one as well, for example kid")


def measure_groups(groups: Groups, asked: Asked, learned: Sample, progress: Progress) -> tuple[ColumnGroup, ...]:
    """Every group, compared as the whole table is; p-values are corrected over all groups, pairs and figures together.

    Args:
        groups: the columns by group, as :func:`check_groups` lets them pass.
        asked: what is measured of all columns; metrics of fitted rows are left out, since parts of rows are equal by chance.
        learned: real rows from which each group's features are learned.
        progress: see :mod:`evalkit.core.progress`.
    """
    metrics, ours, found = _measured(asked.metrics), asked.ours, {}
    for name, columns in groups.items():
        sees = EncodedTable().fit(of_columns(learned, columns), seed=asked.seed)
        everything = given(of_columns((ours.of or ours).sample, columns), sees, None)
        real = everything if ours.of is None else everything.take(ours.numbers)
        drawn = {generator: given(of_columns(each.sample, columns), sees, None) for generator, each in asked.theirs.items()}
        of_group = Asked(metrics, real, drawn, fitted=None, seed=asked.seed)
        found[name] = measure_all(of_group, staged(progress, f"by the columns of {visible(name, 40)}"))
    compared = compare([each.comparable for each in found.values()])
    return tuple(
        ColumnGroup(
            name=name,
            columns=tuple(groups[name]),
            measured=tuple(each.measured),
            comparisons=tuple(pairs),
            conclusions=conclude(list(asked.theirs), pairs),
        )
        for (name, each), pairs in zip(found.items(), compared, strict=True)
    )


def of_columns(table: Sample, columns: Sequence[str]) -> Table:
    """The table with these columns only, in its own order."""
    if not isinstance(table, Table):
        raise AssertionError("only tables have columns")
    kept = tuple(column for column in table.schema.columns if column.name in columns)
    names = [column.name for column in kept]
    cells = None if table.cells is None else table.cells.select([name for name in names if name in table.cells.column_names])
    return replace(table, schema=table.schema.model_copy(update={"columns": kept}), frame=table.frame[names], cells=cells)


def _measured(chosen: Sequence[MetricSpec]) -> list[MetricSpec]:
    return [spec for spec in chosen if not spec.needs_fitted]
