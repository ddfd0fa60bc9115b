"""A bank of answers, as students would write them: one module an exercise, ``wrong_<mistake>`` and ``right_<way>``.

The docstring of a wrong answer is a part of what its author must be told.
"""

import ast
import inspect
from dataclasses import dataclass
from importlib import import_module

from source.exercises import EXERCISES

# A prediction is a number and no function: it has no wrong answer.
BANKED = [exercise for exercise in EXERCISES if not exercise.startswith("prediction_")]


@dataclass(frozen=True)
class Answer:
    """One answer of the bank.

    ``source`` is a solution cell: the module's imports and the function under the exercise's name. ``told`` is what the
    feedback to a wrong answer must say.
    """

    name: str
    function: object
    source: str
    told: str

    @property
    def right(self):
        return self.name.startswith("right_")


def answers(exercise):
    """Return the answers to an exercise by name."""
    module = import_module(f"{__name__}.{exercise}")
    tree = ast.parse(inspect.getsource(module)).body
    imports = [statement for statement in tree if isinstance(statement, (ast.Import, ast.ImportFrom))]
    found = {}
    for statement in tree:
        if isinstance(statement, ast.FunctionDef):
            name, told = statement.name, ast.get_docstring(statement)
            statement.name = exercise
            statement.body = statement.body[1:] if told else statement.body
            source = "\n".join(ast.unparse(part) for part in [*imports, statement])
            found[name] = Answer(name, getattr(module, name), source, told)
    return found
