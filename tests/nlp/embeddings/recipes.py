"""The records of a training from one flat list of settings, as the tests write them."""

from typing import Any

from nlp.embeddings.settings import Course, Kept, Method


def records(**flat: Any) -> dict[str, Any]:
    """`method`, `kept` and `course` of these settings, and what else was given."""
    found: dict[str, Any] = {}
    for name, kind in (("method", Method), ("kept", Kept), ("course", Course)):
        own = {key: flat.pop(key) for key in kind.__dataclass_fields__.keys() & flat.keys()}
        found[name] = kind(**own)
    return found | flat


def unchecked(course: Course, **changes: Any) -> Course:
    """The same with values that are out of range."""
    for name, value in changes.items():
        object.__setattr__(course, name, value)
    return course
