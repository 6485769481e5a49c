"""Small tables from the literature."""

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), part D: 12 units, 4 observers.
FOUR_OBSERVERS = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
# Wikipedia, "Krippendorff's alpha": 15 units, 3 coders.
THREE_CODERS = [
    [None, None, None, None, None, 3, 4, 1, 2, 1, 1, 3, 3, None, 3],
    [1, None, 2, 1, 3, 3, 4, 3, None, None, None, None, None, None, None],
    [None, None, 2, 1, 3, 4, 4, None, 2, 1, 1, 3, 3, None, 4],
]
# Shrout and Fleiss, Psychological Bulletin 86 (1979), table 2: 6 targets, 4 judges.
FOUR_JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Wikipedia, "Fleiss' kappa": how many of 14 raters gave each of 5 labels to 10 subjects.
FOURTEEN_RATERS = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
# Gwet, as shipped with irrCAC (cont3x3abstractors): two abstractors, 100 pregnancies.
TWO_ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]


def units(observers):
    """Units in rows."""
    return [list(unit) for unit in zip(*observers, strict=True)]


def two_raters(table):
    """One row a unit from a contingency table."""
    return [[i, j] for i, row in enumerate(table) for j, times in enumerate(row) for _ in range(times)]
