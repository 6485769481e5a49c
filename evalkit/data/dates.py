"""Moments out of text, each cell by itself.

Read are: year first (ISO 8601, also with slashes), day first with points (31.12.2025), named months (31 Dec 2025, Dec 31, 2025),
and numbers with slashes or dashes (12/31/2025), whose order the column says. A time of day, a fraction of a second, AM/PM and an
offset may follow; with an offset the moment is in UTC.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_TIME = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s?(?P<half>[AaPp][Mm])?\s?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?$"
)
_DAY_FIRST = r"^(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})" + _TIME
_MONTH_FIRST = r"^(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})" + _TIME
_PATTERNS = (
    r"^(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})" + _TIME,
    r"^(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})" + _TIME,
    r"^(?:[A-Za-z]{3},\s*)?(?P<day>\d{1,2})[ -](?P<name>[A-Za-z]{3,9})[ ,-]+(?P<year>\d{4})" + _TIME,
    r"^(?P<name>[A-Za-z]{3,9})\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4})" + _TIME,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIRST_YEAR, _LAST_YEAR = 1678, 2261  # what 64-bit nanoseconds can hold
_DAY = 86_400 * 10**9


@dataclass(frozen=True)
class Moments:
    """Parsed moments.

    Attributes:
        moments: (n,) datetime64[ns]; NaT where missing, unreadable or outside.
        readable: (n,) whether the text is a date at all.
        outside: (n,) whether it is a date that nanoseconds cannot hold (before 1678 or after 2261).
    """

    moments: NDArray[np.datetime64]
    readable: NDArray[np.bool_]
    outside: NDArray[np.bool_]


def read_moments(text: pa.Array, *, day_first: bool) -> Moments:
    """Read moments from text.

    Args:
        text: large_string cells.
        day_first: the order of 03/04/2026.

    >>> text = pa.array(["2026-04-03T10:00+02:00", "03/04/2026", "3 Apr 2026"])
    >>> read_moments(text, day_first=True).moments.astype("M8[h]").astype(str).tolist()
    ['2026-04-03T08', '2026-04-03T00', '2026-04-03T00']
    """
    encoded = text.dictionary_encode()
    found = Moments(
        np.full(len(encoded.dictionary), np.datetime64("NaT", "ns")),
        np.zeros(len(encoded.dictionary), dtype=bool),
        np.zeros(len(encoded.dictionary), dtype=bool),
    )
    for pattern in (*_PATTERNS, _DAY_FIRST if day_first else _MONTH_FIRST):
        left = np.flatnonzero(~found.readable)
        if len(left):
            _read(encoded.dictionary.take(pa.array(left)), pattern, left, found)
    return _spread(found, encoded.indices)


def day_first_in(text: pa.Array) -> bool | None:
    """Whether dates with slashes put the day first: only then readable, or only then not; None when both ways are readable.

    >>> day_first_in(pa.array(["13/01/2026"])), day_first_in(pa.array(["01/13/2026"])), day_first_in(pa.array(["01/02/2026"]))
    (True, False, None)
    """
    text = pc.filter(text, pc.match_substring_regex(text, _DAY_FIRST))
    if not len(text):
        return False
    both = [bool(read_moments(text, day_first=order).readable.all()) for order in (True, False)]
    return None if both[0] == both[1] else both[0]


def _spread(found: Moments, indices: pa.Array) -> Moments:
    """From the distinct texts back to the rows."""
    missing = indices.is_null().to_numpy(zero_copy_only=False)
    rows = indices.fill_null(0).to_numpy(zero_copy_only=False)
    if not len(found.moments):
        return Moments(np.full(len(rows), np.datetime64("NaT", "ns")), missing & False, missing & False)
    moments = np.where(missing, np.datetime64("NaT", "ns"), found.moments[rows])
    return Moments(moments, found.readable[rows] & ~missing, found.outside[rows] & ~missing)


def _read(text: pa.Array, pattern: str, left: NDArray[np.intp], found: Moments) -> None:
    """Fill in what the pattern reads; ``left`` says where ``text`` stands in ``found``."""
    parts = pc.extract_regex(text, pattern)
    matched = parts.is_valid().to_numpy(zero_copy_only=False)
    if not matched.any():
        return
    parts = parts.filter(pa.array(matched))
    where = left[matched]
    year = _whole(parts, "year")
    month = _month(parts)
    start = np.clip(12 * (year - 1970) + month - 1, -4000, 4000).astype("datetime64[M]")
    day = _whole(parts, "day")
    length = (start + 1).astype("datetime64[D]") - start.astype("datetime64[D]")
    time, time_is_valid = _time_of_day(parts)
    readable = (month >= 1) & (month <= 12) & (day >= 1) & (day <= length.astype(np.int64)) & time_is_valid
    inside = readable & (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    days = start.astype("datetime64[D]").astype(np.int64) + day - 1
    nanoseconds = np.where(inside, days, 0) * _DAY + np.where(inside, time, 0)
    found.moments[where] = np.where(inside, nanoseconds.astype("datetime64[ns]"), np.datetime64("NaT", "ns"))
    found.readable[where] = readable
    found.outside[where] = readable & ~inside


def _part(parts: pa.Array, name: str) -> pa.Array | None:
    return parts.field(name) if parts.type.get_field_index(name) >= 0 else None


def _whole(parts: pa.Array, name: str) -> NDArray[np.int64]:
    digits = pc.if_else(pc.equal(parts.field(name), ""), pa.scalar("0", parts.field(name).type), parts.field(name))
    return np.asarray(digits.cast(pa.int64()).to_numpy(zero_copy_only=False))


def _month(parts: pa.Array) -> NDArray[np.int64]:
    names = _part(parts, "name")
    if names is None:
        return _whole(parts, "month")
    known = pc.index_in(pc.utf8_slice_codeunits(pc.utf8_lower(names), 0, 3), value_set=pa.array(_MONTHS, names.type))
    return np.asarray(known.fill_null(-1).to_numpy(zero_copy_only=False)).astype(np.int64) + 1


def _time_of_day(parts: pa.Array) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Nanoseconds since midnight in UTC, and whether hour, minute and second exist on a clock."""
    hour, minute, second = (_whole(parts, name) for name in ("hour", "minute", "second"))
    half = np.asarray(pc.utf8_lower(parts.field("half")).to_numpy(zero_copy_only=False))
    twelve = half != ""
    valid = (hour < 24) & (minute < 60) & (second < 60) & (~twelve | ((hour >= 1) & (hour <= 12)))
    hour = np.where(twelve, hour % 12 + 12 * (half == "pm"), hour)
    fraction = pc.utf8_rpad(parts.field("fraction"), 9, "0").cast(pa.int64()).to_numpy(zero_copy_only=False)
    zone = pc.replace_substring_regex(parts.field("zone"), r"^(Z|UTC|GMT|)$", "+00:00")
    zone = pc.replace_substring(zone, ":", "")
    offset_hours = pc.utf8_slice_codeunits(zone, 1, 3).cast(pa.int64()).to_numpy(zero_copy_only=False)
    offset_minutes = pc.utf8_slice_codeunits(zone, 3, 5).cast(pa.int64()).to_numpy(zero_copy_only=False)
    sign = np.where(pc.starts_with(zone, "-").to_numpy(zero_copy_only=False), -1, 1)
    seconds = 3600 * hour + 60 * minute + second - sign * (3600 * offset_hours + 60 * offset_minutes)
    return seconds * 10**9 + fraction, valid
