"""What the grader uses of other packages that they promise to nobody: a new version that lacks it is told in words."""

import inspect
import multiprocessing
import sys
from multiprocessing import forkserver

import pytest
import zmq
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from nbclient import NotebookClient
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde

SEE = "which {place} relies on: see what this version does instead"
USED = [
    # a class, what it needs to have, the parameters of that, where it is used
    (IOPubThread, "_setup_pipe_in", ["self"], "Outputs in grading/sandbox/zygote.py"),
    (IOPubThread, "_setup_pipe_out", ["self"], "Outputs in grading/sandbox/zygote.py"),
    (IOPubThread, "_handle_pipe_msg", ["self", "msg"], "Outputs in grading/sandbox/zygote.py"),
    (IPKernelApp, "_bind_socket", ["self", "s", "port"], "Kernel in grading/sandbox/zygote.py"),
    (IPKernelApp, "init_connection_file", ["self"], "Kernel in grading/sandbox/zygote.py"),
    (IPKernelApp, "write_connection_file", ["self"], "Kernel in grading/sandbox/zygote.py"),
    (IPKernelApp, "init_heartbeat", ["self"], "Kernel in grading/sandbox/zygote.py"),
    (IPKernelApp, "init_control", ["self", "context"], "Kernel in grading/sandbox/zygote.py"),
    (LocalProvisioner, "pre_launch", ["self"], "grading/sandbox/kernels.py"),
    (LocalProvisioner, "launch_kernel", ["self", "cmd"], "grading/sandbox/kernels.py"),
    (NotebookClient, "process_message", ["self", "msg", "cell", "cell_index"], "grading/engine/runner.py"),
    (NotebookClient, "_async_handle_timeout", ["self", "timeout", "cell"], "grading/engine/runner.py"),
    (NotebookClient, "_async_cleanup_kernel", ["self"], "grading/engine/runner.py"),
    (Autograde, "convert_single_notebook", ["self", "notebook_filename"], "grading/batch/writer.py"),
    (Autograde, "init_assignment", ["self", "assignment_id", "student_id"], "grading/batch/writer.py"),
    (Gradebook, "check_course", ["self", "course_id"], "transaction in grading/gradebook/database.py"),
]


def missing(owner, name, parameters, place):
    """Return in words what a class lacks, or None; what it inherits counts, and what it has besides."""
    full = f"{owner.__module__}.{owner.__qualname__}.{name}"
    found = getattr(owner, name, None)
    if not callable(found):
        return f"there is no {full}, {SEE.format(place=place)}"
    known = [each.name for each in inspect.signature(found).parameters.values() if each.kind is not each.VAR_KEYWORD]
    if known[: len(parameters)] != parameters:
        return f"{full} takes {known}, not {parameters}, {SEE.format(place=place)}"
    return None


@pytest.mark.parametrize(("owner", "name", "parameters", "place"), USED, ids=[f"{u[0].__name__}.{u[1]}" for u in USED])
def test_what_is_overridden_or_called_is_there(owner, name, parameters, place):
    assert missing(owner, name, parameters, place) is None


def test_the_sockets_of_a_kernel_can_be_given_to_it():
    assert hasattr(zmq, "USE_FD"), f"zmq.USE_FD is missing, {SEE.format(place='Kernel in grading/sandbox/zygote.py')}"


@pytest.mark.parametrize("name", ["_execute_sleep", "_supports_kernel_subshells", "shell_channel_thread"])
def test_what_a_kernel_is_told_to_do_without_is_there(name):
    has = hasattr(IPythonKernel, name) or name in IPKernelApp.init_control.__code__.co_names
    assert has, f"ipykernel has no {name}, {SEE.format(place='grading/sandbox/zygote.py')}"


@pytest.mark.skipif("forkserver" not in multiprocessing.get_all_start_methods(), reason="nothing is forked here")
def test_the_pipe_that_keeps_the_fork_server_alive_is_known():
    server = forkserver._forkserver
    assert hasattr(server, "_forkserver_alive_fd"), (
        f"multiprocessing's fork server in Python {sys.version_info[:2]} has no _forkserver_alive_fd, "
        + SEE.format(place="start_worker in grading/batch/executors.py")
    )


class Newer:
    def bound(self, socket, port):
        """As a new version might have it."""


def test_what_a_new_version_renames_is_said_in_words():
    """The red fixture."""
    said = missing(Newer, "_bind_socket", ["self", "s", "port"], "here")
    assert said.startswith("there is no ") and said.endswith("Newer._bind_socket, " + SEE.format(place="here"))
    assert "takes ['self', 'socket', 'port'], not ['self', 's', 'port']" in missing(
        Newer, "bound", ["self", "s", "port"], "here"
    )
