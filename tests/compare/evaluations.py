"""Evaluations made by hand."""

from evalkit.compare.evaluation import Comparison, Evaluation, Measured, Source, conclude
from evalkit.core.evidence import Evidence, Failure

HOSTILE = "\u202egpj<script>window.__xss=1</script>![x](http://canary.invalid/x.png)"


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
