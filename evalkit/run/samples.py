"""Data sets that are there without a download: the one that ships with evalkit, and the tables that ship with scikit-learn."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from platformdirs import user_cache_path

from evalkit.core.bundled import bundled
from evalkit.core.files import whole_file


@dataclass(frozen=True)
class SampleSpec:
    """One data set: how it is called, what it is, and where its file is.

    Attributes:
        name: short name for links and the command line.
        title: name for people.
        about: what it is and where it comes from, one sentence.
        path: gives the file, written on first use.
    """

    name: str
    title: str
    about: str
    path: Callable[[], Path]


def _payments() -> Path:
    return bundled("data_samples") / "payments.csv"


def _from_scikit_learn(name: str) -> Callable[[], Path]:
    def path() -> Path:
        from sklearn import datasets

        loaders = {"breast_cancer": datasets.load_breast_cancer, "wine": datasets.load_wine, "diabetes": datasets.load_diabetes}
        target = user_cache_path("evalkit") / "samples" / f"{name}.csv"
        if not target.exists():
            frame: pd.DataFrame = loaders[name](as_frame=True).data
            with whole_file(target) as temporary:
                frame.to_csv(temporary, index=False, lineterminator="\n")
        return target

    return path


SAMPLES = {
    spec.name: spec
    for spec in (
        SampleSpec("payments", "Card payments", "5,000 made-up card payments, 60 of which do not belong.", _payments),
        SampleSpec(
            "breast_cancer",
            "Breast cancer cells",
            "569 tumours measured under the microscope (scikit-learn).",
            _from_scikit_learn("breast_cancer"),
        ),
        SampleSpec("wine", "Wines", "178 wines, 13 chemical measurements (scikit-learn).", _from_scikit_learn("wine")),
        SampleSpec(
            "diabetes", "Diabetes patients", "442 patients, 10 measurements (scikit-learn).", _from_scikit_learn("diabetes")
        ),
    )
}
"""What users can try without data of their own, by name."""
