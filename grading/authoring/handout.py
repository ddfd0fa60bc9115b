"""Zip what students get: the released notebooks, the helpers' wheel and a way to install them.

Run as `python -m grading.authoring.handout` (or `make handout`). Nothing of `source`, `solutions` or `grading` goes in.
The same checkout gives the same bytes.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from grading.course import REPOSITORY, notebook_at
from grading.files import write, zipped

COPIED = ("constraints.txt", "LICENSE", "LICENSE-TEXT")
CHECKOUT = "- -e .[dev]"


def build_wheel(root: Path, into: Path) -> Path:
    """Build the wheel of the project in `root` into the folder `into`, leaving nothing in `root`."""
    # A build folder left in the checkout would carry deleted files into later wheels.
    config = into / "build.cfg"
    config.write_text(f"[build]\nbuild_base={into / 'build'}\n[egg_info]\negg_base={into}\n")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "--no-deps", "--no-build-isolation", "--wheel-dir", into, root],
        env={**os.environ, "DIST_EXTRA_CONFIG": str(config), "SOURCE_DATE_EPOCH": "946684800"},
        check=True,
    )
    return next(into.glob("*.whl"))


def student_environment(environment: str, wheel: str) -> str:
    """Return the text of environment.yml with the wheel and JupyterLab in place of the checkout."""
    if environment.count(CHECKOUT) != 1:
        raise ValueError(f"environment.yml must hold the line {CHECKOUT!r} once: for students the wheel replaces it")
    return environment.replace(CHECKOUT, f"- jupyterlab\n      - ./{wheel}")


def handout_files(root: Path, wheel: Path) -> dict[str, bytes]:
    """Return the handout as a mapping from file names to contents."""
    notebooks = sorted((root / "notebooks").rglob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(f"no notebooks in {root / 'notebooks'}: build them with `make course`")
    readmes = {"README.md": ("student_readme.md", ""), "README.vi.md": ("student_readme.vi.md", "vi/")}
    texts = {
        name: (root / "grading" / "authoring" / file).read_text("utf-8").replace("{notebooks}", contents(root, folder))
        for name, (file, folder) in readmes.items()
    }
    environment = (root / "environment.yml").read_text(encoding="utf-8")
    return {
        **{name: text.replace("{wheel}", wheel.name).encode() for name, text in texts.items()},
        "environment.yml": student_environment(environment, wheel.name).encode(),
        **{name: (root / name).read_bytes() for name in COPIED},
        **{path.relative_to(root / "notebooks").as_posix(): path.read_bytes() for path in notebooks},
        wheel.name: wheel.read_bytes(),
    }


def contents(root: Path, folder: str) -> str:
    """Return a numbered list of the notebooks in a folder of ``notebooks/``, each with its title."""
    paths = sorted((root / "notebooks" / folder).glob("*.ipynb"))
    return "\n".join(f"{n}. `{folder}{path.name}`: {title_of(path)}" for n, path in enumerate(paths, 1))


def title_of(path: Path) -> str:
    """Return the first heading of a notebook; its name where it has none."""
    prose = [cell.source for cell in notebook_at(path).cells if cell.cell_type == "markdown"]
    found = re.search(r"^# (.+)$", "\n".join(prose), re.MULTILINE)
    return found[1] if found else path.stem


def write_zip(path: Path, files: dict[str, bytes]) -> None:
    """Write `files` to the zip archive `path`, in one folder."""
    write(path, zipped((f"{path.stem}/{name}", content) for name, content in files.items()))


def main() -> int:
    """Write dist/softmax-lab-handout.zip, say what is in it, and return the exit code."""
    path = REPOSITORY / "dist" / "softmax-lab-handout.zip"
    try:
        with tempfile.TemporaryDirectory() as folder:
            files = handout_files(REPOSITORY, build_wheel(REPOSITORY, Path(folder)))
        write_zip(path, files)
    except OSError as error:
        print(f"handout: {error.filename or path}: {error.strerror or error}", file=sys.stderr)
        return 1
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"handout: {error}", file=sys.stderr)
        return 1
    print(f"{path.relative_to(REPOSITORY)}: {path.stat().st_size:,} bytes")
    for name, content in files.items():
        print(f"  {name}  {len(content):,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
