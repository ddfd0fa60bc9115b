"""A class of submissions as nobody hands them in: odd names, zips in zips, torn files, vandalised notebooks, bad code.

Among them are a few honest ones. Everything follows from a seed.
"""

import io
import json
import random
import zipfile

from tests.support.course import FIRST, filled, points, solutions
from tests.support.handed_in import zipped
from tests.support.vandal import Wreck

HALF = ("softmax_t", "decay_ratios", "prediction_2")
PIECES = (
    "An",
    "Bình",
    "O'Neil",
    "李",
    "e\u0301",
    "\u202eevil",
    "a\tb",
    "x;=1+2",
    "=HYPERLINK(1)",
    "-",
    "...",
    "COM1",
    "é" * 40,
    "🎓",
)
LINES = (
    "raise ValueError('\\x1b[2J')",
    "while True: pass",
    "import os; os._exit(1)",
    "exit()",
    "import os\nif not os.fork():\n    while True: pass",
    "print('x' * 3_000_000)",
    "import sys\nsys.setrecursionlimit(10**8)\ndef f(): return f()\nf()",
    "import ctypes\nctypes.string_at(0)",
    "%reset -f",
    "!rm -rf ~ /scratch/*",
    "torch = list = print = None",
    "def softmax_t(*args, **kwargs): return args",
    "def decay_ratios(stds): return [float('nan')] * 10**6",
    "from IPython.display import display, HTML\ndisplay(HTML('<script>alert(1)</script>' * 1000))",
    "%%bash\nsleep 100",
    "%x" + " " * 5000 + "y",
    "if x:\n" + "\n".join(f"    a{k} = a{k + 1}" for k in range(400)),
    "(" * 500,
    "import threading, os\nthreading.Timer(0.2, os._exit, (0,)).start()",
    "input('> ')",
    "\x00\ud800",
)
TEXTS = (
    "## a" + " " * 2000 + "x",
    "<div>" * 500,
    "![](attachment:none.png)",
    "[x](javascript:alert(1))",
    "`" * 3000,
    "$$" * 500,
)


class Fuzz:
    """Draws submissions from a seed.

    Attributes
        honest: {student's number: the marks that are due}.
        files: {name in the zip: bytes}, of all.
    """

    def __init__(self, seed, count):
        self.random = random.Random(seed)
        worth = points(FIRST)
        marks = {"solved": worth, "half": {name: worth[name] if name in HALF else 0.0 for name in worth}}
        self.honest, self.files = {}, {}
        for number in range(count):
            if number % (count // 5) == 0:
                kind = "half" if len(self.honest) % 2 else "solved"
                self.honest[number] = marks[kind]
                self.files[self.place(number, f"Honest {number}", "iterated_softmax.ipynb")] = self.notebook(kind)
            else:
                self.files |= {self.place(number, self.name(), name): file for name, file in self.handed_in().items()}

    def place(self, number, name, file):
        return f"{name}_{number + 5000}_assignsubmission_file_/{file}"

    def name(self):
        return " ".join(self.random.choices(PIECES, k=self.random.randint(1, 3))).replace("/", "")

    def notebook(self, kind):
        answers = {name: text for name, text in solutions(FIRST).items() if kind == "solved" or name in HALF}
        return json.dumps(filled(FIRST, answers)).encode()

    def handed_in(self):
        """Return what one student hands in: one file or two, by name."""
        content = self.random.choice(
            (self.wrecked, self.wrecked, self.hostile, self.hostile, self.hostile, self.torn)
        )()
        return self.random.choice((self.plain, self.plain, self.packed, self.twice))(content)

    def wrecked(self):
        wreck = Wreck(FIRST, [self.random.random() < 0.7 for _ in solutions(FIRST)])
        wreck.form = self.random.choice(("4.5", "4.0", "3.0"))
        for operation in self.random.choices(Wreck.OPERATIONS, k=6):
            i, j = (self.random.randrange(len(wreck.cells)) for _ in range(2))
            operation(wreck, i, j)
        return wreck.content()

    def hostile(self):
        notebook = json.loads(self.notebook(self.random.choice(("solved", "half"))))
        for _ in range(self.random.randint(1, 2)):
            code = self.random.random() < 0.8
            cell = {"cell_type": "code", "outputs": [], "execution_count": None} if code else {"cell_type": "markdown"}
            cell |= {
                "metadata": {},
                "id": f"f{self.random.getrandbits(40)}",
                "source": self.random.choice(LINES if code else TEXTS),
            }
            if code and self.random.random() < 0.3:
                answers = [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get("solution")]
                answer = self.random.choice(answers)
                answer["source"] = self.random.choice((f"{cell['source']}\n{answer['source']}", cell["source"]))
            else:
                notebook["cells"].insert(self.random.randrange(len(notebook["cells"])), cell)
        return json.dumps(notebook).encode()

    def torn(self):
        content = bytearray(self.notebook("solved"))
        for _ in range(self.random.randint(1, 5)):
            place = self.random.randrange(len(content))
            kind = self.random.randrange(4)
            if kind == 0:
                content[place] = self.random.randrange(256)
            elif kind == 1:
                del content[place:]
                content.extend(b"}" * 3)
            elif kind == 2:
                content[place:place] = self.random.randbytes(20)
            else:
                content[place:place] = b"[" * self.random.choice((1, 3000))
        return bytes(content)

    def plain(self, content):
        return {
            self.random.choice(("iterated_softmax.ipynb", "bài làm.ipynb", "x.IPYNB", "a.txt", ".ipynb", "n")): content
        }

    def packed(self, content):
        names = self.random.choice(
            (["a/b/c.ipynb"], ["../../up.ipynb"], ["/abs.ipynb"], ["a.ipynb", "__MACOSX/._a.ipynb"])
        )
        inner = zipped(dict.fromkeys(names, content))
        if self.random.random() < 0.3:
            inner = zipped({"inner.zip": inner})
        if self.random.random() < 0.2:
            inner = inner[: self.random.randrange(len(inner))]
        return {"work.zip": inner}

    def twice(self, content):
        return {"iterated_softmax.ipynb": content, "iterated_softmax (1).ipynb": self.notebook("half")}

    def archive(self):
        """Return the zip that an instructor downloads."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files.items():
                archive.writestr(zipfile.ZipInfo(name), content)
        return buffer.getvalue()
