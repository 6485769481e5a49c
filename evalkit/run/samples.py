"""Data sets that are there without a download: one that ships with evalkit, some that ship with scikit-learn, some made up here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from platformdirs import user_cache_path

from evalkit.core.bundled import bundled
from evalkit.core.files import whole_file
from evalkit.core.schema import Modality
from evalkit.core.seeds import generator


@dataclass(frozen=True)
class SampleSpec:
    """One data set: how it is called, what it is, and where its file is.

    Attributes:
        name: short name for links and the command line.
        title: name for people.
        about: what it is and where it comes from, one sentence.
        path: gives the file, written on first use.
        modality: what it is made of.
    """

    name: str
    title: str
    about: str
    path: Callable[[], Path]
    modality: Modality = "table"


def _payments() -> Path:
    return bundled("data_samples") / "payments.csv"


def _written(name: str, write: Callable[[Path], None]) -> Callable[[], Path]:
    """The path of a file that is written on first use."""

    def path() -> Path:
        target = user_cache_path("evalkit") / "samples" / name
        if not target.exists():
            with whole_file(target) as temporary:
                write(temporary)
        return target

    return path


def _from_scikit_learn(name: str) -> Callable[[], Path]:
    def write(path: Path) -> None:
        from sklearn import datasets

        loaders = {"breast_cancer": datasets.load_breast_cancer, "wine": datasets.load_wine, "diabetes": datasets.load_diabetes}
        frame: pd.DataFrame = loaders[name](as_frame=True).data
        frame.to_csv(path, index=False, lineterminator="\n")

    return _written(f"{name}.csv", write)


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def _write_digits(path: Path) -> None:
    from sklearn.datasets import load_digits

    digits = load_digits()
    # Grey levels 0 to 16 become 0 to 255.
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    np.savez_compressed(path, images=pixels, captions=np.array(_DIGITS)[digits.target])


_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PLACES = ("Aldbury", "Brockham", "Corfe", "Dunster", "Elmley", "Fowey", "Grasmere", "Haworth")
_SKIES = ("clear", "cloudy", "foggy until ten", "light rain", "heavy rain", "showers after noon", "snow above the village")
_WINDS = ("calm", "a light breeze", "fresh wind", "strong wind")


def _write_weather(path: Path) -> None:
    draw = generator(0, "samples", "weather")
    sky, wind = draw.integers(len(_SKIES), size=1200), draw.integers(len(_WINDS), size=1200)
    degrees = np.rint(draw.normal(14 - 2.0 * sky, 2.0)).astype(int)
    days, places, sides = (draw.choice(words, 1200) for words in (_DAYS, _PLACES, ("north", "east", "south", "west")))
    reports = [
        f"{days[i]} in {places[i]}: {_SKIES[sky[i]]}, {degrees[i]} degrees, {_WINDS[wind[i]]} from the {sides[i]}."
        for i in range(1200)
    ]
    pd.DataFrame({"report": reports}).to_json(path, orient="records", lines=True)


def _write_pump(path: Path) -> None:
    draw = generator(0, "samples", "pump")
    hours = np.arange(24 * 120)
    level = 2.0 + np.sin(2 * np.pi * hours / 24) + 0.3 * np.sin(2 * np.pi * hours / 168) + draw.normal(0, 0.08, len(hours))
    flow = np.clip(40 + 12 * np.roll(level, 2) + draw.normal(0, 1.5, len(hours)), 0, None)
    frame = pd.DataFrame(
        {"time": pd.date_range("2026-01-01", periods=len(hours), freq="h"), "level": level.round(3), "flow": flow.round(2)}
    )
    frame.to_csv(path, index=False, lineterminator="\n")


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
        SampleSpec(
            "digits",
            "Handwritten digits",
            "1,797 digits of 8 by 8 pixels with their names (scikit-learn).",
            _written("digits.npz", _write_digits),
            "images",
        ),
        SampleSpec(
            "weather", "Weather reports", "1,200 made-up reports of one line.", _written("weather.jsonl", _write_weather), "texts"
        ),
        SampleSpec(
            "pump",
            "A pump",
            "120 made-up days of a pump's level and flow, hour by hour.",
            _written("pump.csv", _write_pump),
            "series",
        ),
    )
}
"""What users can try without data of their own, by name."""


def samples_of(*modalities: Modality) -> dict[str, SampleSpec]:
    """The data sets of some modalities.

    >>> list(samples_of("table"))
    ['payments', 'breast_cancer', 'wine', 'diabetes']
    """
    return {name: spec for name, spec in SAMPLES.items() if spec.modality in modalities}
