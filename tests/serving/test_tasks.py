"""The one table of tasks: what a model takes and gives names its task, and the page in the browser knows every row."""

import re
from pathlib import Path

import pytest

from serving import tasks
from serving.predict import command_line

PAGE = Path(__file__).parents[2] / "serving" / "server" / "page" / "static" / "tasks.js"
INPUTS = {"picture": "pictures", "text": "texts"}


def test_a_model_is_known_by_what_it_takes_and_gives() -> None:
    for name, task in tasks.TASKS.items():
        assert tasks.named(task.inputs, task.outputs) == name
        assert tasks.named(task.inputs, task.outputs | {"more"}) == name
        assert tasks.named(task.inputs | {"more"}, task.outputs) == ""
        assert tasks.named(task.inputs, frozenset(list(task.outputs)[1:])) == ""


def test_no_two_tasks_are_alike() -> None:
    for name, task in tasks.TASKS.items():
        for other, its in tasks.TASKS.items():
            assert name == other or not (task.inputs == its.inputs and its.outputs >= task.outputs)


@pytest.mark.parametrize("name", list(tasks.TASKS))
def test_the_page_asks_for_the_same(name: str) -> None:
    rows = re.findall(r"^  (\w+): \{ input: (\w+), field: \"(\w+)\"", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rows
    known = {task: (INPUTS[kind], field) for task, kind, field in rows}
    task = tasks.TASKS[name]
    assert known[name] == (task.asked_with, *task.inputs)


def test_the_command_line_answers_every_task() -> None:
    assert command_line.ANSWERS.keys() == tasks.TASKS.keys()


def test_what_a_task_takes_in_words() -> None:
    assert tasks.takes("classify") == "classify (takes image_bytes)"
