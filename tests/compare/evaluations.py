"""Evaluations made by hand."""

from evalkit.compare.closer_look import CloserLook, Clue, CopiedPair, Exhibit, OddRow, Reason, Shown
from evalkit.compare.evaluation import Comparison, Evaluation, Measured, RowsNeeded, Source, conclude
from evalkit.core.evidence import Evidence, Failure

HOSTILE = "\u202egpj<script>window.__xss=1</script>![x](http://canary.invalid/x.png)"


ROWS = {
    "cells": {"cells": (("name", HOSTILE), ("size", "1.5"))},
    "text": {"text": f"first line\n{HOSTILE}"},
    "picture": {"picture": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="},
    "steps": {"steps": ((1.0, None), (2.0, 0.5)), "channels": ("level", HOSTILE)},
}


def measured(generator: str, figure: str, value: float, width: float = 0.1) -> Measured:
    found = Evidence(
        name=figure, value=value, low=value - width, high=value + width, direction="lower", n=300, method="by hand", seed=0
    )
    return Measured(generator=generator, metric=figure, finding=found)


def failed(generator: str, figure: str) -> Measured:
    return Measured(
        generator=generator, metric=figure, finding=Failure(name=figure, reason="there are too few rows", remedy="draw more")
    )


def comparison(first: str, second: str, figure: str, better: str, difference: float = -0.2) -> Comparison:
    return Comparison(
        figure=figure,
        first=first,
        second=second,
        difference=difference,
        low=difference - 0.1,
        high=difference + 0.1,
        p_value=0.001 if better != "not separable" else 0.4,
        detectable=0.14,
        rows_needed=RowsNeeded(at_least=184, about=342, at_most=1411) if better != "not separable" else RowsNeeded(at_least=2111),
        better=better,  # type: ignore[arg-type]
    )


def an_evaluation(names: tuple[str, ...] = ("first", "second"), **changed: object) -> Evaluation:
    """Two generators by two figures, of which one failed for the second."""
    rows = [measured(name, "frechet", 0.1 + 0.2 * i) for i, name in enumerate(names)]
    rows += [measured(names[0], "kid", 0.01), *(failed(name, "kid") for name in names[1:])]
    pairs = tuple(comparison(names[0], name, "frechet", "first") for name in names[1:])
    content: dict[str, object] = {
        "reference": Source(name="real", sha256="ab" * 32, rows=300),
        "generators": tuple(Source(name=name, sha256="cd" * 32, rows=300) for name in names),
        "measured": tuple(rows),
        "comparisons": pairs,
        "conclusions": conclude(names, pairs),
        "cautions": ("The features were learned from the rows they are measured on.",),
        "settings": {"extractor": "encoded_table"},
        "versions": {"evalkit": "0.0"},
    }
    return Evaluation.model_validate(content | changed)


def share_of_odd(value: float) -> Evidence:
    return Evidence(name="oddest_share", value=value, low=value - 0.02, high=value + 0.02, n=300, method="exact")


def a_look(kind: str, name: str = "first") -> CloserLook:
    """A generator looked at closely, rows of one kind in every place."""
    shown = [Shown(row=i, kind=kind, **ROWS[kind]) for i in range(2)]
    return CloserLook(
        generator=name,
        clues=(
            Clue(
                what="range", where="x", figure=0.1, low=0.05, high=0.2, reference=0, p_value=1e-9, sentence=f"{HOSTILE} is wide."
            ),
        ),
        least=(Exhibit(shown=shown[0], realness=0.01),),
        most=(Exhibit(shown=shown[1], realness=0.99),),
        odd=(OddRow(shown=shown[0], p_value=0.0021, reasons=(Reason(column=HOSTILE, share=0.62, value=HOSTILE, usual="1 – 2"),)),),
        oddest=share_of_odd(0.2),
        oddest_control=share_of_odd(0.05),
        oddness=share_of_odd(0.7),
        copied=(CopiedPair(generated=shown[0], reference=shown[1], distance=0.0, usual=0.7),),
        n_copied=1,
        failures=(Failure(name="classifier and control", reason="there are too few rows", remedy="give more"),),
    )
