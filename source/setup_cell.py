"""The code of every notebook's first code cell; `packing` puts the packed helpers below it, in one last line.

It stands alone, for a student may have nothing but the notebook. Any Python since 3.6 can read it, and be told in a
sentence that it is too old.
"""


def unpacked(packed):
    """Return {file: bytes} of a packed text; raises ValueError where it is damaged."""
    import base64
    import json
    import lzma

    try:
        sizes, _, data = lzma.decompress(base64.b85decode(packed)).partition(b"\n")
    except lzma.LZMAError as error:  # its checksum is in there
        raise ValueError(str(error)) from None
    files = {}
    for name, size in json.loads(sizes.decode()).items():
        files[name], data = data[:size], data[size:]
    return files


def digest_of(files):
    """Return the SHA-256 of the helpers' code and cases, whatever the code's line ends."""
    import hashlib

    total = hashlib.sha256()
    for name in sorted(files):
        if name.endswith((".py", ".safetensors")):
            total.update(name.encode() + b"\0" + files[name].replace(b"\r\n", b"\n") + b"\0")
    return total.hexdigest()


def bring_helpers(digest, python, needed, packed):
    """Make `helpers` importable: installed where they are the same, else from memory; nothing is written."""
    import importlib.abc
    import importlib.machinery as machinery
    import importlib.util
    import pathlib
    import sys
    import tempfile

    class SetupProblem(Exception):
        def _render_traceback_(self):  # the sentence alone
            return [str(self)]

    class Packed(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):
        def find_spec(self, name, path=None, target=None):
            stem = name.replace(".", "/")
            for file in (stem + "/__init__.py", stem + ".py"):
                if file in self.files:
                    spec = machinery.ModuleSpec(name, self, origin="packed:" + file, is_package=file != stem + ".py")
                    spec.has_location = True
                    return spec

        def get_filename(self, name):
            return self.find_spec(name).origin

        def get_data(self, path):
            return self.files[path.replace("\\", "/")[len("packed:") :]]

    if sys.version_info < python:
        raise SetupProblem(
            f"This notebook needs Python {python[0]}.{python[1]} or newer, and this kernel is "
            f"{sys.version.split()[0]}: choose another kernel, or install a newer Python."
        )
    importlib.invalidate_caches()
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        raise SetupProblem(
            f"This notebook needs {' and '.join(missing)}: run %pip install {' '.join(missing)} in a new cell, then "
            "this cell again."
        )
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise SetupProblem(
            "No folder of this machine can be written to, and figures need a little room: free some disk space, or "
            "set TMPDIR to a folder with room, then restart the kernel."
        ) from None
    try:
        spec = importlib.util.find_spec("helpers")
    except ValueError:  # something of the same name
        spec = None
    if spec and spec.origin and pathlib.Path(spec.origin).is_file():
        folder = pathlib.Path(spec.origin).parent
        found = {f.relative_to(folder.parent).as_posix(): f.read_bytes() for f in folder.rglob("*.*") if f.is_file()}
        if digest_of(found) == digest:
            return
    elif spec and getattr(spec.loader, "digest", "") == digest:  # this cell has run before
        return
    finder = Packed()
    finder.digest = digest
    try:
        finder.files = unpacked(packed)
    except ValueError:
        raise SetupProblem(
            "The helpers packed into this cell are damaged: copy this cell again from the notebook that you were given."
        ) from None
    sys.meta_path[:] = [finder] + [other for other in sys.meta_path if not hasattr(other, "digest")]
    for name in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
        del sys.modules[name]
