"""A notebook at work: its file and a kernel, cells that are edited, run and saved one by one, as a front end does."""

import os
from pathlib import Path
from queue import Empty
from time import monotonic

import nbformat
from jupyter_client.manager import KernelManager
from nbformat.v4 import new_code_cell, new_output

PATIENCE = 180  # seconds that a cell may take, on a busy machine


class Session:
    """A kernel beside a notebook in a folder; use it as a context manager.

    Arguments
        notebook: what is open; `edit`, `delete` and `add` change it, `save` writes it.
        folder: where its file lies, and the kernel works.
        ids: whether the front end tells the kernel which cell it runs.
        file: whether the kernel is told where the file is.
    """

    def __init__(self, notebook, folder, ids=True, file=True):
        self.notebook, self.ids = notebook, ids
        self.path = Path(folder) / "mine.ipynb"
        self.save()
        self.manager = KernelManager(kernel_name="python3")
        self.environment = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
        self.environment |= {"JPY_SESSION_NAME": str(self.path)} if file else {}

    def __enter__(self):
        self.manager.start_kernel(cwd=str(self.path.parent), env=self.environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def cell(self, name):
        return next(cell for cell in self.notebook.cells if cell.id == name)

    def edit(self, name, source):
        self.cell(name).source = source

    def delete(self, name):
        self.notebook.cells.remove(self.cell(name))

    def add(self, name, source, after):
        """Put a new cell below another."""
        place = self.notebook.cells.index(self.cell(after))
        self.notebook.cells.insert(place + 1, new_code_cell(source, id=name))

    def save(self):
        nbformat.write(self.notebook, self.path)

    def run(self, name, seconds=PATIENCE, interrupt_after=None):
        """Run a cell and return what it shows as text; its outputs stay in the notebook."""
        cell = self.cell(name)
        cell.outputs = self.execute(cell.source, name, seconds, interrupt_after)
        return "".join(map(text_of, cell.outputs))

    def execute(self, source, name=None, seconds=PATIENCE, interrupt_after=None):
        """Run code, and return the outputs; an interrupt is what the Stop button sends."""
        content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content | {"stop_on_error": False})
        message["metadata"] |= {"cellId": name} if self.ids and name else {}
        self.client.shell_channel.send(message)
        outputs, begun, stopped = [], monotonic(), False
        while monotonic() - begun < seconds:
            if interrupt_after is not None and monotonic() - begun > interrupt_after and not stopped:
                self.manager.interrupt_kernel()
                stopped = True
            try:
                got = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            if got["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            kind, said = got["msg_type"], got["content"]
            if kind == "status" and said["execution_state"] == "idle":
                return outputs
            if kind in ("stream", "display_data", "execute_result", "error"):
                outputs.append(new_output(kind, **{key: said[key] for key in said if key != "transient"}))
        raise TimeoutError(f"the cell {name!r} did not end in {seconds} s")

    def run_all(self, seconds=PATIENCE):
        """Run all cells from top to bottom, those after an error too, and save; return what each shows."""
        said = {cell.id: self.run(cell.id, seconds) for cell in self.notebook.cells if cell.cell_type == "code"}
        self.save()
        return said


def text_of(output):
    """Return what an output says."""
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}\n"
    return output.get("text") or output.get("data", {}).get("text/plain", "")
