"""Attacks on the process, the machine and the grader's own process: exits, floods, loops, hostile messages."""

from tests.support.attacks import NO_TEMPERATURE, Attack
from tests.support.attacks.forging import FORGED, SOCKETS


def when_judged(line):
    """Return the wrong answer with a line of attack in it, which runs when the judge calls it."""
    return NO_TEMPERATURE.replace("    weights =", f"    {line}\n    weights =", 1)


def in_function(name, tries, line, before="", score=0):
    return Attack(name, tries, before=before, answer=when_judged(line), deserves=NO_TEMPERATURE, score=score)


MESSAGES = FORGED.replace("bundle =", "kept =") + SOCKETS

EXITS = [
    Attack("system_exit", "SystemExit, before the judge comes", after="raise SystemExit(0)"),
    in_function("system_exit_in_answer", "SystemExit while being judged", "raise SystemExit(0)"),
    in_function("interrupt_in_answer", "KeyboardInterrupt while being judged", "raise KeyboardInterrupt"),
    Attack("os_exit", "end the kernel", after="import os\nos._exit(0)"),
    in_function("os_exit_in_answer", "end the kernel while being judged", "__import__('os')._exit(0)"),
    in_function("crash_in_answer", "crash the kernel while being judged", "__import__('ctypes').string_at(0)"),
    Attack(
        "kill_parent",
        "kill, stop and interrupt the parent, process 1 and all others",
        before="""import os, signal
for pid in (os.getppid(), 1, -1):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGSEGV):
        if pid == -1 and number == signal.SIGSTOP:
            continue
        try: os.kill(pid, number)
        except OSError: pass""",
    ),
    Attack(
        "outlives_its_cell",
        "a process that outlives its cell and its notebook",
        before="""import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(1)
    os._exit(0)
import subprocess
subprocess.Popen(["sleep", "1000"], start_new_session=True)""",
    ),
]

FLOODS = [
    Attack("fork_bomb", "processes without end", after="import os\nwhile True:\n    os.fork()"),
    in_function("fork_bomb_in_answer", "the same while being judged", "while True: os.fork()", before="import os"),
    Attack(
        "thread_bomb",
        "threads without end",
        after="import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()",
    ),
    Attack(
        "memory_flood",
        "memory without end",
        after="import signal\nsignal.signal(2, signal.SIG_IGN)\nkept = []\nwhile True: kept.append(b'x' * (1 << 26))",
    ),
    in_function(
        "memory_flood_in_answer",
        "the same while being judged",
        "while True: kept.append(b'x' * (1 << 26))",
        before="import signal\nsignal.signal(2, signal.SIG_IGN)\nkept = []",
    ),
    Attack(
        "memory_in_processes",
        "memory without end in processes that each take little",
        after="""import os, time
for _ in range(100):
    if os.fork() == 0:
        kept = bytearray(os.urandom(1 << 10)) * (200 << 10)
        time.sleep(60)
        os._exit(0)
time.sleep(60)""",
    ),
    Attack(
        "memory_of_nobody",
        "memory that belongs to no process: System V, memfd, tmpfs",
        after="""import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
got = [libc.shmget(0, 1 << 30, 0o1600) for _ in range(8)]
try: got.append(os.memfd_create("x"))
except OSError: pass
assert set(got) == {-1}, got
for folder in (os.environ["TMPDIR"], "/tmp", "/dev/shm"):
    try:
        for i in range(100):
            with open(f"{folder}/{i}", "wb") as file: file.write(bytes(1 << 25))
    except OSError: pass""",
    ),
    Attack(
        "stdout_flood", "twenty megabytes of text", after="for _ in range(2000):\n    print('x' * 10_000, flush=True)"
    ),
    Attack("one_big_print", "one gigantic text", after="print('x' * (100 << 20))"),
    Attack(
        "stderr_flood",
        "thirty megabytes of errors",
        before="import sys\nfor _ in range(3000):\n    print('x' * 10_000, file=sys.stderr)",
    ),
    Attack(
        "display_flood",
        "two thousand displays",
        before="from IPython.display import display\nfor _ in range(2000):\n    display('x' * 1000)",
    ),
    Attack(
        "display_many_times",
        "one display id in many places, then a big update",
        before="""from IPython.display import display, update_display
for _ in range(3000):
    display("x", display_id="same")
update_display("x" * 1_000_000, display_id="same")""",
        near_the_limit=True,
    ),
    Attack(
        "comm_flood",
        "two hundred widget messages",
        before=MESSAGES
        + """for i in range(100):
    send("comm_open", {"comm_id": str(i), "target_name": "jupyter.widget", "data": {"state": {"x": "x" * 10_000}}})
    send("comm_msg", {"comm_id": str(i), "data": {"method": "update", "state": {"x": "y" * 10_000}}})""",
    ),
    in_function(
        "flood_when_judged",
        "displays while being judged",
        "[display('x' * 1000) for _ in range(20)]",
        before="from IPython.display import display",
        score=1,
    ),
    Attack(
        "message_without_end",
        "one message in more and more parts, to fill the grader's memory",
        after=MESSAGES
        + """import zmq
socket = kernel.iopub_socket
socket = getattr(socket, "_orig_socket", None) or kernel.iopub_thread.socket
part, parent = bytes(24 << 20), kernel.get_parent("shell")
raw = zmq.Socket.shadow(socket.underlying)
for _ in range(400):
    raw.send(part, zmq.SNDMORE, copy=False)""",
    ),
    Attack(
        "reply_flood",
        "twenty thousand replies to no question",
        after=MESSAGES
        + """parent, ident = kernel.get_parent("shell"), kernel._parent_ident["shell"]
for _ in range(20_000):
    kernel.session.send(kernel.shell_stream, "execute_reply", {"status": "ok"}, ident=ident,
                        parent={"header": parent["header"] | {"msg_id": "none"}})""",
    ),
]

STUBBORN = """import time
while True:
    try: time.sleep(0.01)
    except BaseException: pass"""

LOOPS = [
    Attack("endless_loop", "a loop without end", after="while True: pass"),
    Attack("stubborn_loop", "a loop that swallows KeyboardInterrupt", after=STUBBORN),
    in_function("endless_answer", "a function that does not return", "while True: pass"),
    in_function("stubborn_answer", "one that swallows KeyboardInterrupt", "\n    ".join(STUBBORN.splitlines())),
    in_function(
        "ignores_signals",
        "one that ignores the signals",
        "while True: pass",
        before="import signal\nfor n in (2, 15, 1, 3): signal.signal(n, signal.SIG_IGN)",
    ),
]


def hostile_message(name, tries, kind, content, score=1):
    return Attack(
        f"message_{name}", f"hostile message: {tries}", before=MESSAGES + f"send({kind!r}, {content})", score=score
    )


RAW = (
    MESSAGES
    + """import zmq
def send_raw(kind, content):
    session = kernel.session
    parts = [session.pack(session.msg_header(kind)), session.pack(kernel.get_parent("shell")["header"]), b"{}", content]
    zmq.Socket.shadow(kernel.iopub_thread.socket.underlying).send_multipart(
        [b"x", b"<IDS|MSG>", session.sign(parts), *parts])
"""
)
RESULT = '{"data": %s, "metadata": %s, "execution_count": %s, "transient": %s}'

HOSTILE = [
    *(
        Attack(
            f"message_{name}",
            f"hostile message: {content} for content",
            before=f"{RAW}send_raw({kind!r}, b{content!r})",
        )
        for name, kind, content in (
            ("list", "display_data", "[1]"),
            ("text", "stream", '"text"'),
            ("null", "error", "null"),
        )
    ),
    hostile_message("no_state", "a status of nothing", "status", "{}"),
    hostile_message("kind", "a kind that writes on the terminal", "\x1b]0;owned\x07\x1b[2J", "{}"),
    hostile_message("stream", "a stream of a dict", "stream", '{"name": {}, "text": {"a": 1}}'),
    Attack(
        "message_surrogates",
        "text that no file can hold",
        before=RAW + r"""send_raw("stream", b'{"name": "stdout", "text": "\ud800"}')""",
    ),
    hostile_message(
        "traceback",
        "a traceback of a million lines",
        "error",
        '{"ename": 5, "evalue": [], "traceback": [{}] * 1_000_000}',
    ),
    hostile_message(
        "data", "data of other types", "display_data", RESULT % ('{"text/plain": {"a": []}}', "5", "{}", "[]")
    ),
    hostile_message(
        "metadata",
        "a megabyte of metadata",
        "display_data",
        RESULT % ('{"text/plain": "x"}', '{"x": "x" * 1_000_000}', '"5"', '{"display_id": []}'),
    ),
    hostile_message(
        "script",
        "a script for whoever opens the notebook",
        "display_data",
        RESULT
        % (
            '{"text/html": "<script>alert(1)</script>", "image/svg+xml": "<svg onload=alert(1)>",'
            '"application/javascript": "alert(1)"}',
            "{}",
            "1",
            "{}",
        ),
    ),
    hostile_message("clear", "clear the outputs of all cells", "clear_output", '{"wait": {}}'),
    hostile_message("input", "ask the instructor for a password", "input_request", '{"prompt": "?", "password": True}'),
    hostile_message("shutdown", "say that the kernel ended", "shutdown_reply", '{"restart": True}'),
    Attack(
        "message_raw",
        "bytes that are no message, unsigned, in pieces",
        after=MESSAGES
        + """import zmq
raw = zmq.Socket.shadow(kernel.iopub_thread.socket.underlying)
for parts in ([b""], [b"<IDS|MSG>"], [b"x", b"<IDS|MSG>", b"", b"{", b"", b"", b""], [b"<IDS|MSG>"] * 8):
    raw.send_multipart(parts)""",
    ),
    Attack(
        "message_deep_json",
        "a signed message, nested a hundred thousand deep",
        after=RAW + """send_raw("display_data", b'{"data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}")""",
    ),
]

FOLDERS = [
    Attack(
        "setuid_left",
        "a program with its owner's identity, wherever it may write",
        before="""import os
os.umask(0)
for folder, folders, files in os.walk("/"):
    if folder == "/proc": folders.clear()
    try: os.close(os.open(f"{folder}/MARKER", os.O_CREAT | os.O_WRONLY, 0o755))
    except OSError: continue
    try: os.chmod(f"{folder}/MARKER", 0o6755)
    except OSError: pass
    try: os.mknod(f"{folder}/MARKER2", 0o106755)
    except OSError: pass
    for name in ("MARKER", "MARKER2"):
        assert not os.path.exists(f"{folder}/{name}") or not os.stat(f"{folder}/{name}").st_mode & 0o6000, folder""",
    ),
    Attack(
        "socket_of_a_program",
        "the names of its own sockets, to put another program's there",
        before="""import os, socket
found = 0
for descriptor in map(int, os.listdir("/proc/self/fd")):
    try:
        with socket.socket(fileno=os.dup(descriptor)) as own: name = own.getsockname()
    except OSError: continue
    if name and isinstance(name, str) and not name.startswith(os.environ["TMPDIR"]):  # what its own processes print to
        found += 1
        for action in (lambda: os.makedirs(os.path.dirname(name)), lambda: socket.socket(socket.AF_UNIX).bind(name),
                       lambda: socket.socket(socket.AF_UNIX).connect(name), lambda: os.listdir(os.path.dirname(name))):
            try: action()
            except OSError: continue
            raise AssertionError(name)
assert found""",
    ),
    Attack(
        "memory_in_sockets",
        "memory without end in sockets, by processes that take little",
        after=r"""import subprocess, sys, time
code = (
    "import contextlib, socket, time\nkept = [end for _ in range(240) for end in socket.socketpair()]\n"
    "for end in kept:\n    end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 23)\n    end.setblocking(False)\n"
    "    with contextlib.suppress(OSError):\n        while True: end.send(bytes(1000))\ntime.sleep(20)")
for _ in range(14): subprocess.Popen([sys.executable, "-ISc", code])
time.sleep(20)""",
    ),
    Attack(
        "memory_in_files",
        "memory without end in files that hold nothing",
        after="""import os, itertools
open("/dev/shm/x", "w").close()
for i in itertools.count(): os.link("/dev/shm/x", f"/dev/shm/{i}")""",
    ),
    Attack(
        "scratch_deep",
        "the same in scratch, closed to everybody",
        before="""import os
for _ in range(3000):
    os.mkdir("d")
    os.chdir("d")
os.chdir(os.environ["TMPDIR"])
os.makedirs("closed/closed/closed")
open("closed/closed/file", "w").close()
for folder in ("closed/closed/closed", "closed/closed", "closed", "/tmp", os.environ["TMPDIR"]):
    try: os.chmod(folder, 0)
    except PermissionError: pass
os.umask(0o777)
try: os.makedirs("shut")
except PermissionError: pass  # who is not root has closed this folder to himself""",
    ),
    Attack(
        "files_named_like_answers",
        "files named like the answer, wherever it may write",
        before="""import os
for folder in (os.environ["TMPDIR"], "/tmp", "/dev/shm"):
    for name in ("softmax_t", "5.0", "torch.py", "answers.json", "connection.json", "iterated_softmax.ipynb"):
        try:
            with open(os.path.join(folder, name), "w") as file: file.write("5.0")
        except OSError: pass  # /tmp is closed where the course itself lies in it""",
    ),
    Attack(
        "limits_raised",
        "its limits raised back",
        before="""import resource
for name in ("RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CORE"):
    limit = getattr(resource, name)
    hard = resource.getrlimit(limit)[1]
    for value in (resource.RLIM_INFINITY, hard + 1):
        try: resource.setrlimit(limit, (value, value))
        except (ValueError, OSError): continue
        raise AssertionError(name)""",
    ),
]

ATTACKS = [*EXITS, *FLOODS, *LOOPS, *HOSTILE, *FOLDERS]
