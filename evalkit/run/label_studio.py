"""Label Studio's JSON: tasks with annotations, as it exports them and as it imports them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from evalkit.core.errors import InputError
from evalkit.run.vote_rows import Read, needed, seconds, text, time

_CHOICES = {
    "left": ("left", "a", "1", "left is better", "a is better", "model a"),
    "right": ("right", "b", "2", "right is better", "b is better", "model b"),
    "tie": ("tie", "equal", "same", "both good", "equally good", "no difference"),
    "both_bad": ("both bad", "bothbad", "tie (bothbad)", "neither", "both are bad", "none"),
}
_OUTCOMES = {word: outcome for outcome, words in _CHOICES.items() for word in words}
_NAMES = (
    ("left_generator", "right_generator"),
    ("left_model", "right_model"),
    ("model_left", "model_right"),
    ("model_a", "model_b"),
    ("model1", "model2"),
    ("generator_a", "generator_b"),
)
_TEXTS = (("left_text", "right_text"), ("text1", "text2"), ("text_a", "text_b"), ("answer1", "answer2"), ("left", "right"))
_PROMPTS = ("prompt", "question", "instruction")


class Fields(NamedTuple):
    """Which fields of a task's data name the generators that stood left and right; None to find out."""

    left: str | None = None
    right: str | None = None


def is_label_studio(record: Mapping[str, Any]) -> bool:
    """Whether it is a task with annotations."""
    return isinstance(record.get("data"), Mapping) and isinstance(record.get("annotations"), list)


def annotations(tasks: Sequence[Mapping[str, Any]], fields: Fields) -> tuple[list[Read], list[str]]:
    """Every annotation that says something, and what was noticed.

    Of the control tags, ``Pairwise`` gives left and right, ``Choices`` also ties (by their words), ``Rating`` points where nothing
    is compared, ``TextArea`` the reason. Cancelled annotations are left out.

    Raises:
        InputError: a task or an annotation is none; the sentence names it.
    """
    read, cancelled, truths = list[Read](), 0, 0
    for i, task in enumerate(tasks, 1):
        if not is_label_studio(task):
            raise InputError(f"task {i}: it needs data and annotations; export from Label Studio as JSON, not as JSON-MIN")
        for j, annotation in enumerate(task["annotations"], 1):
            where = f"task {i}, annotation {j}"
            if not isinstance(annotation, Mapping):
                raise InputError(f"{where}: it is no object")
            if annotation.get("was_cancelled"):
                cancelled += 1
                continue
            truths += bool(annotation.get("ground_truth"))
            read.append(_read(task, annotation, where, fields))
    notes = [f"{cancelled} cancelled annotations are left out"] if cancelled else []
    notes += [f"{truths} annotations are marked as ground truth; they count like others"] if truths else []
    return read, notes


def _read(task: Mapping[str, Any], annotation: Mapping[str, Any], where: str, fields: Fields) -> Read:
    data, results = task["data"], [one for one in _results(annotation, where)]
    outcome = _outcome(results, where)
    rated = None if outcome is not None else _rating(results, where)
    if outcome is None and rated is None:
        raise InputError(f"{where}, column result: it holds no choice between two and no rating")
    shown = _shown(data, where, fields) if outcome is not None else (_generator(data, where),)
    return Read(
        where,
        None,
        _rater(annotation, where),
        text(data, "item") or needed(task, "id", where),
        shown,
        "pairwise" if outcome is not None else "likert",
        {"choice": outcome} if outcome is not None else {"value": rated},
        time(annotation, "created_at", where),
        seconds(annotation, "lead_time", where),
        _reason(results),
        texts=_texts(data, outcome is not None),
        prompt=next((text(data, name) for name in _PROMPTS if text(data, name)), None),
    )


def _results(annotation: Mapping[str, Any], where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Kind and value of each thing that an annotation says."""
    found = annotation.get("result")
    if not isinstance(found, list):
        raise InputError(f"{where}, column result: it is no list")
    for one in found:
        if not isinstance(one, Mapping) or not isinstance(one.get("value"), Mapping):
            raise InputError(f"{where}, column result: each entry needs a type and a value")
        yield str(one.get("type")), one["value"]


def _outcome(results: list[tuple[str, Mapping[str, Any]]], where: str) -> str | None:
    """What was preferred; a choice of a tie goes before a side, other choices say something else."""
    side = next((value.get("selected") for kind, value in results if kind == "pairwise"), None)
    if side is not None and side not in ("left", "right"):
        raise InputError(f"{where}, column selected: it is left or right")
    words = [str(word) for kind, value in results if kind == "choices" for word in _list(value.get("choices"))]
    chosen = [
        _OUTCOMES[word.strip().lower().replace("_", " ")] for word in words if word.strip().lower().replace("_", " ") in _OUTCOMES
    ]
    ties = [outcome for outcome in chosen if outcome in ("tie", "both_bad")]
    if words and not chosen and side is None:
        raise InputError(f"{where}, column choices: it is none of {', '.join(sorted(_OUTCOMES))}")
    return next(iter(ties), None) or side or next(iter(chosen), None)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rating(results: list[tuple[str, Mapping[str, Any]]], where: str) -> int | None:
    points = next((value.get("rating") for kind, value in results if kind == "rating"), None)
    if points is not None and (not isinstance(points, int) or isinstance(points, bool) or not 1 <= points <= 101):
        raise InputError(f"{where}, column rating: it is a whole number from 1 on")
    return points


def _reason(results: list[tuple[str, Mapping[str, Any]]]) -> str | None:
    lines = [str(line) for kind, value in results if kind == "textarea" for line in _list(value.get("text"))]
    return "\n".join(lines).strip() or None


def _rater(annotation: Mapping[str, Any], where: str) -> str:
    """Who: a number, or a user with an address or a number."""
    user = annotation.get("completed_by")
    if isinstance(user, Mapping):
        return text(user, "email") or needed(user, "id", f"{where}, completed_by")
    return needed(annotation, "completed_by", where)


def _shown(data: Mapping[str, Any], where: str, fields: Fields) -> tuple[str, str]:
    """Which generators stood left and right."""
    if fields.left is not None and fields.right is not None:
        return needed(data, fields.left, where), needed(data, fields.right, where)
    for left, right in _NAMES:
        if text(data, left) and text(data, right):
            return needed(data, left, where), needed(data, right, where)
    raise InputError(f"{where}, data: it does not say which generator stood left: name its fields with --left and --right")


def _generator(data: Mapping[str, Any], where: str) -> str:
    found = text(data, "generator") or text(data, "model")
    if found is None:
        raise InputError(f"{where}, data: it does not say whose output was rated: it needs a field generator or model")
    return found


def _texts(data: Mapping[str, Any], pair: bool) -> tuple[str, ...] | None:
    if not pair:
        found = text(data, "text")
        return None if found is None else (found,)
    for left, right in _TEXTS:
        if isinstance(data.get(left), str) and isinstance(data.get(right), str):
            return data[left], data[right]
    return None
