"""The red team: hostile submissions, each with the score it must get. They run in the grader's sandbox only.

An `Attack` is code around an answer to the first notebook's softmax_t, usually a wrong one. What that answer deserves
is computed on the engine, without a kernel; the attack must get exactly ``score`` times that, 1 or 0: 0 where it ends
its own process or spoils its own answer. `forging`, `breaking`, `spying` and `absurd` hold the bank.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from grading.sandbox.user import FIRST

NO_TEMPERATURE = """def softmax_t(x, temperature=1.0, dim=-1):
    weights = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return weights / weights.sum(dim=dim, keepdim=True)"""


@dataclass(frozen=True)
class Attack:
    """A hostile submission.

    ``tries`` says what it is after. ``before`` and ``after`` stand around ``answer`` in the cell of softmax_t, and
    ``later`` is the cell of the next exercise. ``deserves`` is the answer to judge where ``answer`` itself is part of
    the attack. ``change`` gets the filled notebook and hands in what it returns; ``files`` are handed in beside it.
    """

    name: str
    tries: str
    before: str = ""
    answer: str = NO_TEMPERATURE
    after: str = ""
    later: str = ""
    deserves: str | None = None
    score: int = 1
    change: Callable | None = None
    files: dict = field(default_factory=dict)
    near_the_limit: bool = False

    @property
    def may_end_itself(self):
        """Tell whether it takes nearly as long as it may, or writes to the kernel's own sockets from another thread.

        A busy machine, or ZeroMQ, which forbids that, ends it now and then: it then has no answer, and gets 0 for it.
        """
        return self.near_the_limit or "kernel.iopub" in self.before + self.answer + self.after + self.later

    def cells(self, places):
        """Return the solution cells by exercise; ``places`` are names such as COURSE with what they stand for."""
        source = "\n".join(part for part in (self.before, self.answer, self.after) if part)
        for name, place in places.items():
            source = source.replace(name, str(place))
        cells = {"softmax_t": source} | ({"iterative_softmax_experiment": self.later} if self.later else {})
        return {name: code if code.startswith("%%") else GUARD + code for name, code in cells.items()}


# Ends a kernel that is neither in bubblewrap nor of a user of its own, before anything of the attack runs: a grader
# that is set up wrong, a configuration that was not read, or a person who opens the notebook must come to no harm.
GUARD = f"import os\nos.getcwd() == '/scratch' or os.getuid() >= {FIRST} or os._exit(3)\n"

RIGHT_BY_FORBIDDEN_WAY = "def softmax_t(x, temperature=1.0, dim=-1):\n    return {}"
UNCHANGED = "def softmax_t(x, temperature=1.0, dim=-1):\n    return x"


def bank():
    """Return all attacks by name."""
    from tests.support.attacks import absurd, breaking, forging, spying

    attacks = [*forging.ATTACKS, *breaking.ATTACKS, *spying.ATTACKS, *absurd.ATTACKS]
    named = {attack.name: attack for attack in attacks}
    assert len(named) == len(attacks)
    return named
