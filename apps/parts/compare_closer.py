"""A closer look at each generator of a comparison: what gives it away, galleries, odd rows, and rows that it may have copied."""

from base64 import b64decode
from collections.abc import Sequence
from io import BytesIO

import pandas as pd
import streamlit as st
from PIL import Image

from evalkit.compare.closer_look import (
    CLUES,
    COPIES,
    READ_THE_ODD,
    READ_THE_ORDER,
    CloserLook,
    Exhibit,
    Shown,
    copies_sentence,
    is_odd,
    odd_sentence,
    pair_sentence,
    reasons_sentence,
    tells_nothing,
    told_apart_sentence,
)
from evalkit.compare.evaluation import Evaluation
from evalkit.compare.evaluation_report import finds, gallery_titles, lines_of, shown_sentence
from evalkit.compare.words import count, percent, visible
from parts.escape import escaped
from parts.shown_sample import visible_lines
from parts.theme import is_dark

_ROW_HEIGHT, _PICTURE_WIDTH = 28, 96


def closer_looks(evaluation: Evaluation) -> None:
    """One generator at a time; nothing where nobody looked."""
    if not evaluation.looks:
        return
    st.markdown("**What gives a generator away?**")
    chosen = 0
    if len(evaluation.looks) > 1:
        chosen = st.segmented_control(
            "Generator",
            range(len(evaluation.looks)),
            default=0,
            required=True,
            format_func=lambda number: _tab(evaluation.looks[number]),
            key="closer",
            label_visibility="collapsed",
        )
    with st.container(border=True):
        _closer(evaluation.looks[chosen], f"closer-{chosen}")


def _tab(look: CloserLook) -> str:
    n = len(finds(look))
    return f"{escaped(visible(look.generator, 40))}: {count(n) if n else 'no'} {'find' if n == 1 else 'finds'}"


def _closer(look: CloserLook, key: str) -> None:
    st.text(told_apart_sentence(look))
    for clue in look.clues:
        st.text(f"• {visible(clue.sentence, 300)}")
    if not (look.clues or look.n_copied or is_odd(look)) and not any(failure.name == CLUES for failure in look.failures):
        st.text("Nothing was found that gives it away by itself, such as its decimals, its range or a single column.")
    least, most = gallery_titles(look)
    left, right = st.columns(2, gap="medium")
    with left:
        _gallery(least, look.least, f"{key}-least")
    with right:
        _gallery(most, look.most, f"{key}-most")
    if look.least and tells_nothing(look):
        st.caption(READ_THE_ORDER)
    elif look.least:
        st.caption("The share is the chance of being real by a classifier that had not seen the row.")
    _odd(look, key)
    _copies(look, key)
    for failure in look.failures:
        st.caption(f"Not shown: {failure.name}.")
        st.code(f"{failure.reason}; {failure.remedy}", language=None, wrap_lines=True)


def _gallery(title: str, exhibits: Sequence[Exhibit], key: str) -> None:
    if exhibits:
        st.markdown(f"**{title}**")
        rows(f"{title}.", [each.shown for each in exhibits], [f"{percent(each.realness)} real" for each in exhibits], key)


def _odd(look: CloserLook, key: str) -> None:
    """The oddest rows, with their reasons; nothing where no detector was asked."""
    if not look.odd:
        return
    st.markdown("**Oddest**")
    st.text(odd_sentence(look))
    rows("The oddest rows.", [each.shown for each in look.odd], [f"p {each.p_value:.2g}" for each in look.odd], f"{key}-odd")
    for each in look.odd:
        if sentence := reasons_sentence(each):
            st.text(f"• {sentence}")
    st.caption(READ_THE_ODD)


def _copies(look: CloserLook, key: str) -> None:
    if any(failure.name == COPIES for failure in look.failures):
        return
    with st.expander("Copies of real rows", expanded=look.n_copied > 0):
        st.text(f"{copies_sentence(look)} {shown_sentence(look)}")
        for number, pair in enumerate(look.copied):
            rows("A generated row and a real one.", [pair.generated, pair.reference], ["generated", "real"], f"{key}-copy-{number}")
            st.caption(pair_sentence(pair))


def rows(alt: str, shown: Sequence[Shown], labels: Sequence[str], key: str) -> None:
    """Rows of any modality, each with a label."""
    kind = shown[0].kind
    if kind == "cells":
        st.dataframe(
            _table(shown, labels), hide_index=True, height=_ROW_HEIGHT * len(shown) + 38, row_height=_ROW_HEIGHT, key=key, alt=alt
        )
    elif kind == "text":
        for label, each in zip(labels, shown, strict=True):
            st.caption(f"{label}, row {each.row}")
            st.code(visible_lines(each.text), language=None, wrap_lines=True)
    elif kind == "picture":
        with st.container(horizontal=True, gap="small"):
            for label, each in zip(labels, shown, strict=True):
                image = _enlarged(each.picture)
                width = min(image.width, _PICTURE_WIDTH)
                st.image(image, f"{label}, image {each.row}", width, output_format="PNG", alt=f"Image {each.row}.")
    else:
        names = [f"{label}, series {each.row}" for label, each in zip(labels, shown, strict=True)]
        st.altair_chart(lines_of(shown, names, dark=is_dark()), theme=None, width="stretch", key=key)


def _enlarged(picture: str) -> Image.Image:
    """A small picture made larger with hard edges: a browser would blur it."""
    image = Image.open(BytesIO(b64decode(picture)))
    factor = max(1, _PICTURE_WIDTH // image.width)
    return image.resize((factor * image.width, factor * image.height), Image.Resampling.NEAREST)


def _table(shown: Sequence[Shown], labels: Sequence[str]) -> pd.DataFrame:
    lines = [
        {"": label, "row": each.row} | {visible(name, 60): visible(value, 80) for name, value in each.cells}
        for label, each in zip(labels, shown, strict=True)
    ]
    return pd.DataFrame(lines)
