"""Attacks on what is not the submission's: references, other people's files, the network, hidden inputs carried out."""

from tests.support.attacks import NO_TEMPERATURE, UNCHANGED, Attack

# Where it finds anything, the answer is not defined and gets no points, which a test would see.
FOUND = """import contextlib, os, glob
found = []
def try_to(action, *args):
    try: found.append(repr(action(*args))[:80])
    except Exception: pass
def read(path):
    with open(path, "rb") as file: return path, file.read(40)
def write(path):
    with open(path, "wb") as file: file.write(b"MARKER")
    return path
"""

READ = (
    FOUND
    + """places = ("REPOSITORY", "COURSE", "HOME", "/root", "/home", "/etc", "/var", "/proc/1/root", "/proc/1/cwd")
for place in places:
    for deep in ("gradebook.db", "source/**/*", "submitted/**/*", "autograded/**/*", "grading/**/*",
                 "grading/private/*", "tests/**/*", ".git/**/*", "shadow", "passwd", ".ssh/*", ".bash_history"):
        for path in glob.glob(f"{place}/{deep}", recursive=True):
            if not os.path.isdir(path) and not path.endswith("grading/sandbox/zygote.py"): try_to(read, path)
for path in ("/etc/shadow", "/proc/1/environ", "/proc/1/mem", "/proc/1/maps", "/proc/kcore", "/dev/mem", "/dev/sda"):
    try_to(read, path)
assert not found, found"""
)

WRITE = (
    FOUND
    + """folders = ("REPOSITORY", "COURSE", "HOME", "/", "/root", "/home", "/etc", "/usr", "/var/tmp", "/dev", "/proc",
               "/proc/sys/kernel", "/sys", "REPOSITORY/helpers", "REPOSITORY/grading", os.path.dirname(os.__file__))
for folder in folders:
    try_to(write, f"{folder}/MARKER")
    try_to(os.mkdir, f"{folder}/MARKER")
for path in ("COURSE/gradebook.db", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/oom_score_adj"):
    try_to(write, path)
def raise_scores():
    import sqlite3
    with sqlite3.connect("file:COURSE/gradebook.db?mode=rw", uri=True) as book:
        return book.execute("update grade set manual_score = 100").rowcount
try_to(raise_scores)
for device in ("null", "zero", "full", "random", "urandom"):
    with contextlib.suppress(OSError): os.chmod(f"/dev/{device}", 0o664)
    if os.stat(f"/dev/{device}").st_mode & 0o777 != 0o666:
        found.append(device)
        os.chmod(f"/dev/{device}", 0o666)
for path in ("/usr", "/usr/bin/env", "REPOSITORY/helpers", os.__file__): try_to(os.utime, path)
assert not found, found"""
)

NETWORK = (
    FOUND
    + """import socket
def connect(family, address):
    with socket.socket(family) as s:
        s.settimeout(1)
        return s.connect(address)
try_to(connect, socket.AF_INET, ("127.0.0.1", int("PORT")))
for path in ("/run/docker.sock", "/var/run/docker.sock", "/tmp/.X11-unix/X0", "/run/user/0/bus"):
    try_to(connect, socket.AF_UNIX, path)
def raw():
    return socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
try_to(raw)
for family in set(range(64)) - {socket.AF_UNIX}: try_to(socket.socket, family, socket.SOCK_STREAM)
assert not found, found"""
)

PEEK = """import sys, gc
def softmax_t(x, temperature=1.0, dim=-1):
    def fits(value):
        return getattr(value, "shape", None) == x.shape and value is not x and not bool((value == x).all())
    frame, seen = sys._getframe(), []
    while frame:
        seen += list(frame.f_locals.values()) + list(frame.f_globals.values())
        frame = frame.f_back
    seen += [value for value in gc.get_objects() if isinstance(value, (dict, list, tuple))]
    for value in seen:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else [value]
        for item in list(items)[:100]:
            if isinstance(item, torch.Tensor) and fits(item) and abs(float(item.sum(dim).mean()) - 1) < 1e-3:
                return item
    weights = torch.exp(x - x.amax(dim=dim, keepdim=True))
    return weights / weights.sum(dim=dim, keepdim=True)"""

PROCESSES = (
    FOUND
    + """import ctypes
libc = ctypes.CDLL(None, use_errno=True)
pids = range(1, 500)
with contextlib.suppress(OSError): pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
for pid in {*pids} - {*map(int, os.listdir("/proc/self/task"))}:  # threads have numbers of that kind, too
    for what in ("mem", "environ", "maps", "fd", "cwd", "root", "exe", "syscall", "stack", "auxv"):
        path = f"/proc/{pid}/{what}"
        if what == "fd":
            for number in range(20): try_to(os.readlink, f"{path}/{number}")
        elif what in ("cwd", "root", "exe"): try_to(os.readlink, path)
        else: try_to(read, path)
    if libc.ptrace(16, pid, 0, 0) == 0: found.append(f"traced {pid}")
for flags in (0x10000000, 0x20000, 0x40000000, 0x08000000, 0x20000000):
    if libc.unshare(flags) == 0: found.append(f"unshared {flags}")
if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0: found.append("mounted")
if libc.syscall(56, 0x10000000 | 17, 0, 0, 0, 0) > 0: found.append("cloned into a namespace")
for call in (248, 250, 321, 425, 298, 323, 438):
    if libc.syscall(call, 0, 0, 0, 0, 0) >= 0: found.append(f"system call {call}")
assert not found, found"""
)

# Returns references that every student has: right for the public cases, and for them only.
PUBLIC_LOOKUP = """from helpers.checks import cases as case_files
from helpers.checks.collect import decode
file = case_files.in_use()
def softmax_t(x, temperature=1.0, dim=-1):
    for case in file.exercises["softmax_t"]["cases"]:
        given = decode(case["args"][0], file.inputs([case]))
        settings = {"temperature": 1.0, "dim": -1} | case["kwargs"]
        if given.shape == x.shape and bool((given == x).all()) and settings == {"temperature": temperature, "dim": dim}:
            return torch.tensor(file.tensors[case["expected"]["array"]]).to(x.dtype)
    return x"""

CARRY_OUT = """import sys, warnings, os
from IPython import get_ipython
from IPython.display import display
kernel, kept = get_ipython().kernel, []
def send(kind, content):
    kernel.session.send(kernel.iopub_socket, kind, content, parent=kernel.get_parent("shell"))
def tell(text):
    print(text); print(text, file=sys.stderr); warnings.warn(text)
    display({"text/plain": text}, metadata={"x": text}, raw=True)
    get_ipython().execution_count = int.from_bytes(text.encode()[:200], "big")
    send("execute_input", {"code": text, "execution_count": text})
    send("execute_result", {"data": {"text/plain": text}, "metadata": {text: text}, "execution_count": text})
    send("comm_open", {"comm_id": text, "target_name": "jupyter.widget", "data": {"state": {"_model_name": text}}})
    send("update_display_data", {"data": {"text/plain": text}, "metadata": {}, "transient": {"display_id": "x"}})
    kernel.language_info = {"name": text}
handle = display("before", display_id="x")
def softmax_t(x, temperature=1.0, dim=-1):
    kept.append(x.tolist())
    tell(str(kept[-1]))
    handle.update(str(kept))
    raise type(str(kept[-1])[:60], (Exception,), {})(str(kept))"""

CARRY_LATER = """tell(str(kept))
handle.update(str(kept))
get_ipython().set_next_input(str(kept))
type(str(kept)[:60], (Exception,), {"__module__": str(kept)})
raise type(str(kept)[:60], (Exception,), {})(str(kept))"""

SHADOW = """raise SystemExit("a file beside the notebook was imported")
softmax_t = check = needs = allclose = lambda *args, **kwargs: 5.0"""

ATTACKS = [
    Attack("read_all", "read the gradebook, cases, other submissions, home and secrets", before=READ),
    Attack("write_all", "write to all of them, and scores into the gradebook", before=WRITE),
    Attack("network", "reach this machine, programs on it, or the network", before=NETWORK),
    Attack("processes", "look into other processes, make namespaces, seldom used calls", before=PROCESSES),
    Attack("peek", "expected values in frames, objects and memory", answer=PEEK, deserves=NO_TEMPERATURE),
    Attack(
        "public_lookup",
        "the references of the public cases, which every student has",
        before="unpacked  # a name of the setup cell, which runs only where it is needed, and brings the cases",
        answer=PUBLIC_LOOKUP,
    ),
    Attack(
        "carry_out",
        "hidden inputs in prints, errors, counts, metadata, widgets",
        answer=CARRY_OUT,
        deserves=UNCHANGED,
        later=CARRY_LATER,
        score=0,
    ),
    Attack(
        "files_beside",
        "files beside the notebook in the place of torch, json and helpers",
        files={
            name: SHADOW
            for name in (
                "torch.py",
                "json.py",
                "numpy.py",
                "helpers.py",
                "helpers/__init__.py",
                "sitecustomize.py",
                "base64.py",
                "ipykernel/__init__.py",
            )
        },
    ),
]
