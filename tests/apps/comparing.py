"""Comparisons made by hand, kept as a finished job keeps them, and what a page of them shows."""

from evalkit.compare.evaluation import Comparison, Evaluation, Measured, RowsNeeded, Source, conclude
from evalkit.core.evidence import Evidence, Failure
from evalkit.run.evaluate import write_evaluation
from evalkit.run.jobs import Job, runs_folder
from evalkit.run.requests import EvaluateRequest, EvaluateSettings, Given

FIGURES = ("frechet", "kid", "precision", "recall")


def evaluation(*names, failed=(), separable=True):
    """Generators of which each is a little worse than the one before it; ``failed`` names figures that nobody has."""
    measured, comparisons = [], []
    for place, figure in enumerate(FIGURES):
        better = "lower" if place < 2 else "higher"
        values = [
            round(0.2 + 0.1 * number, 3) if better == "lower" else round(0.9 - 0.1 * number, 3) for number in range(len(names))
        ]
        for name, value in zip(names, values, strict=True):
            if figure in failed:
                finding = Failure(name=figure, reason="2 rows are too few: 3 are needed", remedy="give more rows")
            else:
                ends = {"low": value - 0.04, "high": value + 0.05}
                finding = Evidence(name=figure, value=value, n=89, direction=better, method="influence", **ends)
            measured.append(Measured(generator=name, metric=figure, finding=finding))
        for i in range(len(names)):
            for j in range(i + 1, len(names) if figure not in failed else 0):
                decided = separable and figure != "recall"
                difference = values[i] - values[j]
                comparisons.append(
                    Comparison(
                        figure=figure,
                        first=names[i],
                        second=names[j],
                        difference=difference,
                        low=difference - 0.05,
                        high=difference + 0.05,
                        p_value=0.001 if decided else 0.4,
                        detectable=0.07,
                        rows_needed=RowsNeeded(at_least=61, about=142, at_most=611) if decided else RowsNeeded(at_least=212),
                        better="first" if decided else "not separable",
                    )
                )
    return Evaluation(
        reference=Source(name="small.csv", sha256="0" * 64, rows=89),
        generators=tuple(Source(name=name, sha256=f"{number}" * 64, rows=89) for number, name in enumerate(names)),
        measured=tuple(measured),
        comparisons=tuple(comparisons),
        conclusions=conclude(names, comparisons),
        cautions=("The 89 reference rows are too few to set some aside.",),
        settings={"extractor": "encoded_table()"},
        versions={"numpy": "2.0"},
    )


def kept(made, name="20260101-000000-eeeeee", *, sample=None, finished=True):
    """A job's folder, in the home that EVALKIT_HOME names."""
    job = Job(runs_folder() / name)
    job.folder.mkdir(parents=True)
    generators = {source.name: Given(data=f"/x/{number}.csv") for number, source in enumerate(made.generators)}
    request = EvaluateRequest(
        data="/x/small.csv", generators=generators, sample=sample, settings=EvaluateSettings(modality="table")
    )
    (job.folder / "request.json").write_text(request.model_dump_json())
    if finished:
        write_evaluation(made, out=job.evidence, report=job.report)
    return job


def texts(page):
    return [text.value for text in page.text]


def marked(page):
    kinds = ("markdown", "caption", "warning", "error", "info")
    return " ".join(element.value for kind in kinds for element in getattr(page, kind))


def linked(page, name):
    value = page.query_params.get(name)
    return value[0] if isinstance(value, list) else value


def headline(page):
    return page.markdown[0].value.replace("\\", "").removeprefix("#### ")


def shown(page, column):
    """The table that has such a column."""
    return next(table.value for table in page.dataframe if column in table.value)
