"""What the user says of the chosen alarm, with one key; and on to the next."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import streamlit as st

from evalkit.run.jobs import Job
from evalkit.run.verdicts import Verdict, say
from parts.alarm_table import go

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def judge(job: Job, rows: Sequence[int], row: int, said: Verdict | None) -> None:
    """Three verdicts with the keys 1 to 3, kept as soon as they are given, and P and N for the alarm before and the next one."""
    with st.container(horizontal=True, gap="xsmall"):
        for number, verdict in enumerate(VERDICTS, start=1):
            st.button(
                f"{verdict.capitalize()}{' ✓' if verdict == said else ''}",
                on_click=_said,
                args=(job.folder, rows, row, None if verdict == said else verdict),
                shortcut=str(number),
                key=f"verdict-{row}-{number}",
            )
        st.button("Previous", on_click=go, args=(rows, row, -1), shortcut="P", disabled=row == rows[0], key=f"previous-{row}")
        st.button("Next", on_click=go, args=(rows, row, 1), shortcut="N", disabled=row == rows[-1], key=f"next-{row}")


def _said(folder: Path, rows: Sequence[int], row: int, verdict: Verdict | None) -> None:
    # While the page turns to another row, a key also reaches the button of the row before: that row was not meant.
    if st.query_params.get("row") != str(row):
        return
    say(folder, row, verdict)
    # The row stays chosen; the table is drawn anew with its verdict.
    go(rows, row, 0)
