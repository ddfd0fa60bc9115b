"""What the first code cell does with the unpacked files: it is packed with them, and run from there.

It stands alone, for a student may have nothing but the notebook. Any Python since 3.6 can read it, and be told in a
sentence that it is too old.
"""


def digest_of(files):
    """Return the SHA-256 of the helpers' code, whatever its line ends."""
    import hashlib

    total = hashlib.sha256()
    for name in sorted(files):
        if name.endswith(".py"):
            total.update(name.encode() + b"\0" + files[name].replace(b"\r\n", b"\n") + b"\0")
    return total.hexdigest()


def bring(files, digest, python, needed, problem):
    """Make `helpers` importable from the files unless those of this digest are installed, and hand it the public cases.

    Nothing is written. The cases are the notebook's own, whichever helpers are used. What it says is in the language of
    the catalogue among the files, if there is one.

    Arguments
        files: the content of packed files by name, as `packing` makes them
        digest: of the whole files of `helpers`, as `digest_of` gives it
        python: the oldest version that will do, a tuple
        needed: names of packages
        problem: the exception to raise, with a sentence that says what to do
    """
    import importlib.abc
    import importlib.machinery as machinery
    import importlib.util
    import json
    import pathlib
    import sys
    import tempfile

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

    cases = files.pop("public.safetensors", None)
    catalogues = [name for name in files if name.endswith(".json")]  # none in English
    translations = json.loads(files[catalogues[0]].decode())["texts"] if catalogues else {}

    def _(message, **values):
        return translations.get(message, message).format(**values)

    def is_missing(name):
        try:
            return importlib.util.find_spec(name) is None
        except ValueError:  # it is loaded, and has no spec
            return False

    if sys.version_info < python:
        raise problem(
            _(
                "This notebook needs Python {needed} or newer, and this kernel is {found}: choose another kernel, or "
                "install a newer Python.",
                needed=".".join(map(str, python)),
                found=sys.version.split()[0],
            )
        )
    importlib.invalidate_caches()
    missing = [name for name in needed if is_missing(name)]
    if missing:
        raise problem(
            _(
                "This notebook needs {packages}: run %pip install {names} in a new cell, then this cell again.",
                packages=", ".join(missing),
                names=" ".join(missing),
            )
        )
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        raise problem(
            _(
                "No folder of this machine can be written to, and figures need a little room: free some disk space, or "
                "set TMPDIR to a folder with room, then restart the kernel."
            )
        ) from None
    try:
        spec = importlib.util.find_spec("helpers")
    except ValueError:  # something of the same name
        spec = None
    held = getattr(spec and spec.loader, "files", {})
    same = held == files  # this cell has run before
    if spec and spec.submodule_search_locations and pathlib.Path(str(spec.origin)).is_file():
        folder = pathlib.Path(spec.origin).parent
        found = [path for kind in ("py", "json") for path in folder.rglob("*." + kind)]
        try:
            held = {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in found}
            known = json.loads(held[catalogues[0]].decode())["texts"] if catalogues else {}
            same = digest_of(held) == digest and translations.items() <= known.items()
        except (OSError, KeyError, ValueError):  # not there when it is wanted, or a folder, or no catalogue
            same = False
    if not same:
        finder = Packed()
        finder.digest, finder.files = digest, files
        sys.meta_path[:] = [finder] + [other for other in sys.meta_path if not hasattr(other, "digest")]
        for name in [name for name in sys.modules if name.partition(".")[0] == "helpers"]:
            del sys.modules[name]
    if cases:
        importlib.import_module("helpers.checks.cases").use(cases)
