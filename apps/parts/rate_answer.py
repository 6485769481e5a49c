"""The buttons and keys of an answer. An answer given with one key is stored at once; one of several parts waits for Enter."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from evalkit.run.rating import PAIRWISE_OUTCOMES, ROWS, Served

_NEITHER = (("About the same", "tie", "0"), ("Both are bad", "both_bad", "9"))
_REVIEW = (("Yes, it belongs", "yes", "1"), ("No, it does not", "no", "2"), ("Unsure", "unsure", "0"))
Cast = Callable[[dict[str, Any]], None]


def stacked(served: Served) -> bool:
    """Whether the outputs stand one under the other: tables of several rows need the whole width."""
    return served.outputs[0].media_type == ROWS


def side_names(served: Served) -> tuple[str, str]:
    """What the first and the second output of a pair are called."""
    return ("Upper", "Lower") if stacked(served) else ("Left", "Right")


def answer_bar(served: Served, cast: Cast, keys_on: bool) -> None:
    """What a rater can answer, under the outputs.

    Args:
        served: the question.
        cast: called with the answer, once.
        keys_on: whether keys answer.
    """
    parts = bool(served.design.attributes) or served.design.rationale == "required"
    options = _options(served)
    if options is None:
        answer = _PARTS[served.design.task](served)
        _submit(served, answer if answer is None else _with_attributes(served, answer), cast, keys_on)
    elif parts:
        _chosen_then_submitted(served, options, cast, keys_on)
    else:
        _buttons(served, options, cast, keys_on)


def _options(served: Served) -> list[tuple[str, dict[str, Any], str]] | None:
    """Labels, answers and keys of a task that one key answers; None of one that needs several parts."""
    design, shown = served.design, len(served.outputs)
    if design.task == "pairwise":
        first, second = side_names(served)
        pair = (f"{first} is better", "left", "1"), *_NEITHER, (f"{second} is better", "right", "2")
        return [(label, {"choice": choice}, key) for label, choice, key in pair]
    if design.task == "review":
        return [(label, {"verdict": verdict}, key) for label, verdict, key in _REVIEW]
    if design.task == "choice" and shown <= 9:
        places: list[tuple[str, dict[str, Any], str]] = [(f"Number {i + 1}", {"choice": i}, str(i + 1)) for i in range(shown)]
        return [*places, ("None of them", {"choice": "none"}, "0")]
    if design.task == "likert" and design.points <= 9:
        ends = {1: f" · {design.low}", design.points: f" · {design.high}"}
        return [(f"{value}{ends.get(value, '')}", {"value": value}, str(value)) for value in range(1, design.points + 1)]
    return None


def _buttons(served: Served, options: list[tuple[str, dict[str, Any], str]], cast: Cast, keys_on: bool) -> None:
    """One click, one vote. The widgets' names hold the assignment: a key held down meets other buttons after its first vote."""
    with st.grid(len(options), min_column_width=120 if len(options) > 4 else 150):
        for i, (label, answer, key) in enumerate(options):
            pressed = st.button(
                _plain(label),
                key=f"answer-{served.assignment}-{i}",
                on_click=cast,
                args=(answer,),
                shortcut=key if keys_on else None,
                width="stretch",
            )
            if pressed:
                _once_more(cast, answer)


def _chosen_then_submitted(served: Served, options: list[tuple[str, dict[str, Any], str]], cast: Cast, keys_on: bool) -> None:
    """The main answer is chosen, attributes are rated, and Enter stores all of it."""
    labels = [_plain(label) for label, _, _ in options]
    chosen = st.segmented_control("Your answer", labels, key=f"main-{served.assignment}", label_visibility="collapsed")
    answer = None if chosen is None else _with_attributes(served, options[labels.index(chosen)][1])
    _submit(served, answer, cast, keys_on)


def _with_attributes(served: Served, answer: dict[str, Any]) -> dict[str, Any] | None:
    """The answer with what else is rated; None while something is missing."""
    rated: dict[str, Any] = {}
    first, second = side_names(served)
    sides = {"left": first, "right": second, "tie": "Same", "both_bad": "Both bad"}
    for i, attribute in enumerate(served.design.attributes):
        if served.design.task == "pairwise":
            rated[attribute.name] = st.segmented_control(
                _plain(attribute.name), PAIRWISE_OUTCOMES, format_func=sides.__getitem__, key=f"attribute-{served.assignment}-{i}"
            )
        else:
            rated[attribute.name] = _points(served, i)
    if any(value is None for value in rated.values()):
        return None
    return {**answer, "attributes": rated} if rated else answer


def _points(served: Served, i: int) -> list[int] | None:
    """Of one attribute, for each output."""
    attribute, shown = served.design.attributes[i], len(served.outputs)
    words = f"{attribute.name}, 1 {attribute.low} to {served.design.points} {attribute.high}"
    given = [
        st.segmented_control(
            _plain(words if shown == 1 else f"{words}: number {place + 1}"),
            range(1, served.design.points + 1),
            key=f"attribute-{served.assignment}-{i}-{place}",
        )
        for place in range(shown)
    ]
    points = [one for one in given if one is not None]
    return points if len(points) == shown else None


def _best_worst(served: Served) -> dict[str, Any] | None:
    places = range(len(served.outputs))
    left, right = st.columns(2)
    best = left.segmented_control("Best", places, format_func=_number, key=f"best-{served.assignment}")
    worst = right.segmented_control("Worst", places, format_func=_number, key=f"worst-{served.assignment}")
    if best is None or worst is None or best == worst:
        return None
    return {"best": best, "worst": worst}


def _ranking(served: Served) -> dict[str, Any] | None:
    """A rank for each; equal ranks are ties."""
    shown = len(served.outputs)
    columns = st.columns(min(shown, 4))
    ranks = [
        columns[place % len(columns)].segmented_control(
            f"Rank of number {place + 1}", range(1, shown + 1), key=f"rank-{served.assignment}-{place}"
        )
        for place in range(shown)
    ]
    return None if any(rank is None for rank in ranks) else {"ranks": ranks}


def _slider(served: Served) -> dict[str, Any] | None:
    design = served.design
    value = st.slider(
        _plain(f"1 {design.low} to {design.points} {design.high}"),
        1,
        design.points,
        (1 + design.points) // 2,
        key=f"value-{served.assignment}",
    )
    return {"value": value}


def _place(served: Served) -> dict[str, Any] | None:
    labels = ["none", *(str(i + 1) for i in range(len(served.outputs)))]
    chosen = st.segmented_control("The best", labels, key=f"main-{served.assignment}")
    return None if chosen is None else {"choice": "none" if chosen == "none" else int(chosen) - 1}


_PARTS: dict[str, Callable[[Served], dict[str, Any] | None]] = {
    "best_worst": _best_worst,
    "ranking": _ranking,
    "likert": _slider,
    "choice": _place,
}


def _submit(served: Served, answer: dict[str, Any] | None, cast: Cast, keys_on: bool) -> None:
    pressed = st.button(
        "Store the answer",
        key=f"submit-{served.assignment}",
        on_click=cast,
        args=(answer,),
        disabled=answer is None,
        shortcut="Enter" if keys_on else None,
        width="stretch",
    )
    if pressed and answer is not None:
        _once_more(cast, answer)


def _once_more(cast: Cast, answer: dict[str, Any]) -> None:
    """An answer whose button is still there after it was pressed.

    A server that has just started does not know the button's callback when the page that outlived its predecessor sends a press:
    the vote would be lost. Where it was stored after all, it is the same vote.
    """
    cast(answer)
    st.rerun()


def _number(place: int) -> str:
    return str(place + 1)


def _plain(label: str) -> str:
    """Labels are Markdown: what an organiser wrote is shown as letters."""
    from parts.escape import escaped

    return escaped(label)
