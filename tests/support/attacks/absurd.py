"""Absurd answers: what a function may return to trouble whoever takes it out of the kernel or compares it."""

from tests.support.attacks import Attack


def returning(name, tries, expression, before=""):
    answer = f"def softmax_t(x, temperature=1.0, dim=-1):\n    return {expression}"
    return Attack(f"returns_{name}", tries, before=before, answer=answer, deserves="softmax_t = lambda *a, **k: 'x'")


def evil(base, body=""):
    methods = (
        "__repr__ __str__ __len__ __float__ __int__ __index__ __bool__ __eq__ __hash__ __iter__ __reduce__ "
        "__array__ __getattr__ __instancecheck__ __sizeof__ __dir__ _repr_mimebundle_"
    ).split()
    lines = [f"    def {m}(self, *args, **kwargs): return boom()" for m in methods if m not in body]
    return "\n".join(
        [
            "def boom():",
            "    raise SystemExit('boom')",
            f"class Evil({base}):",
            *lines,
            *([body] if body else []),
        ]
    )


DETACHED = """    shape, dtype = (4,), "torch.float64"
    def detach(self): return self
    def cpu(self): return self
    def numpy(self): return [float("nan")] * 4"""

# Sends an answer of its own instead of the one that `collect` makes.
INSTEAD = """from IPython import get_ipython
session, real = get_ipython().kernel.session, get_ipython().kernel.session.send
def send(stream, kind, content=None, *args, **kwargs):
    if kind == "execute_reply" and content.get("user_expressions"):
        shown = {{"status": "ok", "metadata": {{}}, "data": {{"application/x-answers+json": [{0}] * 24}}}}
        content = content | {{"user_expressions": {{"answers": shown}}}}
    return real(stream, kind, content, *args, **kwargs)
session.send = send"""


def sending(name, tries, answer):
    return returning(f"sent_{name}", tries, "x", before=INSTEAD.format(answer))


ARRAY = '"kind": "tensor", "dtype": "float64", "stored": "float64"'

ATTACKS = [
    returning("a_gigabyte", "a gigabyte", "torch.zeros(1 << 27, dtype=torch.float64)"),
    returning("a_view_of_a_terabyte", "a tensor that claims a terabyte", "torch.zeros(1).expand(1 << 37)"),
    returning("evil_object", "an object whose every method ends the process", "Evil()", evil("object")),
    returning("evil_dict", "a dict of that kind", "Evil()", evil("dict")),
    returning("evil_list", "a list of that kind", "Evil()", evil("list")),
    returning("evil_float", "a float of that kind", "Evil(0.5)", evil("float")),
    returning("evil_int", "an int of that kind", "Evil(1)", evil("int")),
    returning("evil_array", "an object that says it is a tensor", "Evil()", evil("object", DETACHED)),
    returning(
        "evil_tensor",
        "a tensor whose comparisons agree",
        "torch.zeros(3).as_subclass(Evil)",
        "class Evil(torch.Tensor):\n    def __eq__(self, other): return True\n"
        "    @classmethod\n    def __torch_function__(cls, *args, **kwargs): return True",
    ),
    returning("itself", "a list that holds itself", "kept", "kept = []\nkept.append(kept)"),
    returning("itself_dict", "a dict that holds itself", "kept", "kept = {}\nkept['x'] = kept"),
    returning("million_keys", "a dict of a million keys", "dict.fromkeys(range(1_000_000))"),
    returning("many_lists", "lists in lists, two thousand each", "[[[0.0] * 2000] * 2000] * 2000"),
    returning(
        "nan_payloads",
        "nan of all kinds",
        "torch.tensor([0x7ff8dead_beef0001 + i for i in range(x.numel())]).view(torch.float64).reshape(x.shape)",
    ),
    returning("huge_int", "a number of a million digits", "10 ** 1_000_000"),
    returning("complex", "complex numbers", "torch.zeros(3, dtype=torch.complex128)"),
    returning("sparse", "a sparse tensor", "x.to_sparse()"),
    returning("meta", "a tensor without data", "torch.zeros(3, device='meta')"),
    returning(
        "objects", "an array of objects", "__import__('numpy').array([Evil(), Evil()], dtype=object)", evil("object")
    ),
    returning("generator", "a sequence without end", "__import__('itertools').count()"),
    returning("text", "a text of a hundred megabytes", "'x' * (100 << 20)"),
    returning("class", "a class", "type('x' * 10_000, (), {})"),
    sending("short", "fewer bytes than the shape asks for", "{" + ARRAY + ", 'shape': [1000000], 'data': ''}"),
    sending(
        "shape", "a shape of negative and huge numbers", "{" + ARRAY + ", 'shape': [-1, 10**18, 0], 'data': 'AAAA'}"
    ),
    sending(
        "objects",
        "a dtype of Python objects",
        "{" + ARRAY + ", 'stored': 'object', 'shape': [1], 'data': 'AAAAAAAAAAA='}",
    ),
    sending("types", "other types everywhere", "{'kind': [], 'items': {}, 'shape': 'x', 'data': 5, 'value': {}}"),
    sending("value", "a value of the wrong kind", "{'kind': 'number', 'value': [1e400]}"),
    sending("number", "a number of four thousand digits", "{'kind': 'integer', 'value': 10 ** 4000}"),
    sending(
        "deep",
        "lists, five hundred deep",
        "__import__('functools').reduce(lambda a, _: {'kind': 'list', 'items': [a]}, range(150), {})",
    ),
    sending(
        "colliding_keys",
        "keys that all fall together in a dict",
        "{'kind': 'dict', 'items': [[i * (2**61 - 1), {}] for i in range(20_000)]}",
    ),
    sending("name", "a name with a script in it", "{'kind': 'raised', 'type': '<script>', 'text': '<script>'}"),
    sending("passed", "the word that it passed", "{'kind': 'passed', 'passed': True, 'outcome': 'passed'}"),
]
