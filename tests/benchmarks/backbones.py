"""Do evalkit's generative backbones stand beside the library a user would otherwise pick?

    python -m tests.benchmarks.backbones [--part tables|texts|images|series] [--data DIR] [--peers-python PATH] [--family NAME …]

**tables**: fit to one half of a data set, draw, and compare with the other half: SDMetrics' QualityReport, the ROC-AUC of boosted
trees that tell real from drawn rows, and the share of drawn rows that lie closer to the fitted half; beside ctgan's TVAE and CTGAN
at 300 epochs. DIR holds ``adbench/Classical/*.npz`` for two of the four data sets. Every family of the catalogue that takes tables
is measured.

**texts**, **images** and **series**: see ``backbone_texts.py``, ``backbone_images.py`` and ``backbone_series.py``. DIR holds
``text/tinyshakespeare.txt``, ``mnist/t10k-*.gz`` and ``series/skab/valve1``.

The peers live in an environment of their own, made by

    python -m venv peers && peers/bin/pip install -r tests/benchmarks/peers_requirements.txt

and named by ``--peers-python peers/bin/python`` or EVALKIT_PEERS. Runs that are done are kept in
``tests/benchmarks/results/backbones_runs.jsonl`` and not done again, unless ``--again`` asks for it. ``--quick`` prints each run
in full and keeps nothing: for whoever changes a family.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from tests.benchmarks import backbone_images, backbone_series, backbone_tables, backbone_texts
from tests.benchmarks.figures import RESULTS, keep, table
from tests.benchmarks.runs import read, resume

RUNS = RESULTS / "backbones_runs.jsonl"
KEY = ("dataset", "generator", "seed")
PARTS = {"tables": backbone_tables, "texts": backbone_texts, "images": backbone_images, "series": backbone_series}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, default="tables")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--peers-python")
    parser.add_argument("--family", nargs="*", help="families of evalkit, peers or real; default: all")
    parser.add_argument("--only", nargs="*", default=[], help="parts of data sets' names")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--again", action="store_true", help="do the runs anew")
    parser.add_argument("--quick", action="store_true", help="print the runs, keep nothing")
    parser.add_argument("--done", action="store_true", help="figures of the runs that are done; do none")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    part = PARTS[arguments.part]
    tasks = part.tasks(arguments)
    if arguments.done:
        known = read(RUNS, KEY)
        tasks = {key: task for key, task in tasks.items() if key in known}
    if arguments.quick:
        print(pd.DataFrame([part.measure(*task) for task in tasks.values()]).round(3).to_string(index=False))
        return
    made = list(part.figures(resume(RUNS, KEY, tasks, part.measure, part.told, again=arguments.again)))
    if not arguments.only and not arguments.family:
        keep("backbones", made)
    print("\n".join(json.dumps(asdict(one)) for one in made) if arguments.json else table(made))


if __name__ == "__main__":
    main()
