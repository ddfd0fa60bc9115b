"""Check and build what a tag publishes, and say what it is: ``make release-check``, or with ``VERSION=1.0.0``.

The files go to dist/release and the notes to build/notes.md, from where the workflow on a tag takes them. The exit code
is 1 where something stands in the way.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # run as a file

from grading.authoring.handout import write_zip
from grading.course import REPOSITORY

CHECKLIST, LICENCES = "docs/release-checklist.md", "docs/licences.md"
# What is run, and what to do where it fails.
CHECKS = {
    (sys.executable, "source/build.py", "--check"): "run make course, and commit what it writes",
    ("make", "messages", "CHECK=1"): "translate what it lists, run make course, and commit",
}
BUILDS = {("make", "handout"): "mend that", ("make", "site"): "mend that"}


def newest(changelog):
    """Return the version, the date and the text of a changelog's first section that says something."""
    for heading, text in re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL):
        if text.strip():
            version, date = re.fullmatch(r"(.+?)(?: \((\d{4}-\d\d-\d\d)\))?", heading).groups()
            return version, date, text.strip()
    return None, None, ""


def named(root):
    """Return {place: the version that it names} and {place: the date that it gives} of a checkout."""
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    cited = yaml.safe_load((root / "CITATION.cff").read_text("utf-8"))
    section, date, _ = newest((root / "CHANGELOG.md").read_text("utf-8"))
    packed = re.search(r'^__version__ = "(.+)"$', (root / "helpers/__init__.py").read_text("utf-8"), re.MULTILINE)
    versions = {
        "pyproject.toml": project["project"]["version"],
        "helpers/__init__.py": packed and packed[1],
        "CITATION.cff": cited.get("version"),
        "CHANGELOG.md, in its newest section,": section,
    }
    if badges := project["tool"]["softmax-lab"]["repository"]:
        versions["pyproject.toml, for the badges,"] = badges.partition("@")[2].removeprefix("v")
    return versions, {"CHANGELOG.md, in its newest section,": date, "CITATION.cff": cited.get("date-released")}


def naming_faults(root, version):
    """Return which places name another version, and where the date of the release is missing or another one."""
    versions, dates = named(root)
    faults = [
        f"{place} names {found or 'no version'}: make it {version}"
        for place, found in versions.items()
        if str(found) != version
    ]
    told = ", ".join(f"{date or 'none'} in {place.partition(',')[0]}" for place, date in dates.items())
    alike = len({str(date) for date in dates.values()}) == 1 and None not in dates.values()
    return faults or ([] if alike else [f"the date of the release is {told}: write one date in both"])


def git(root, *arguments):
    """Return what git prints; nothing where it fails."""
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True)
    return done.stdout.strip()


def git_faults(root, version):
    """Return what is not committed, and whether the tag stands on another commit."""
    commit = git(root, "rev-parse", "HEAD")
    faults = [] if commit else ["git knows no commit of this folder: a tag is made in a clone of the repository"]
    if changed := git(root, "status", "--porcelain").splitlines():
        first = changed[0].split(maxsplit=1)[1]
        faults.append(f"{len(changed)} changed and not committed, {first} first: commit or remove them")
    if git(root, "rev-parse", "--verify", f"refs/tags/v{version}^{{commit}}") not in ("", commit):
        faults.append(f"the tag v{version} is there, on another commit: raise the version")
    return faults


def failing(root, steps):
    """Return which of the commands fail, each with what to do; print each as it begins, and what a failing one says."""
    faults = []
    for command, advice in steps.items():
        shown = " ".join(command).replace(sys.executable, "python")
        print(f"{shown} ...", flush=True)
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            print(done.stdout)
            faults.append(f"{shown} fails, as its lines above say: {advice}")
    return faults


def gather(root, into):
    """Write what is published into the empty folder ``into``: the handout, its wheel, the site as a zip."""
    handout = shutil.copy(root / "dist/softmax-lab-handout.zip", into)
    with zipfile.ZipFile(handout) as archive:
        for name in archive.namelist():
            if name.endswith(".whl"):
                (into / Path(name).name).write_bytes(archive.read(name))
    site = root / "build/site"
    pages = {path.relative_to(site).as_posix(): path.read_bytes() for path in sorted(site.rglob("*")) if path.is_file()}
    write_zip(into / "softmax-lab-site.zip", pages)


def strangers(names):
    """Return the files of a wheel that are neither the helpers nor the wheel's own records."""
    return [name for name in names if not name.startswith("helpers/") and ".dist-info/" not in name]


def packing_faults(root, into):
    """Return what is in the wheel and does not belong there, and what the site holds and no list of licences names."""
    faults = []
    for wheel in into.glob("*.whl"):
        faults += [f"{name} is in the wheel: only helpers belongs there" for name in strangers(names_in(wheel))]
    listed = re.findall(r"`([^`\s]+)`", (root / LICENCES).read_text("utf-8"))
    ours = {path.name for path in (root / "docs/site/static").iterdir()}
    static = {path.name for path in (root / "build/site").rglob("_static/**/*") if path.is_file()}
    return faults + [
        f"{LICENCES} does not list {name}, which the site holds" for name in sorted(static - ours - {*listed})
    ]


def names_in(archive):
    """Return the names of a zip's files."""
    return zipfile.ZipFile(archive).namelist()


def summary(root, into, version):
    """Return what a person reads before the tag is pushed, but for what stands in the way."""
    yield f"\nsoftmax-lab {version}, at {git(root, 'rev-parse', '--short', 'HEAD')}. Its notes, from CHANGELOG.md:\n"
    yield newest((root / "CHANGELOG.md").read_text("utf-8"))[2]
    yield f"\nWhat the tag v{version} publishes with these notes, here in {into.relative_to(root)}:\n"
    for path in sorted(into.iterdir()):
        content = path.read_bytes()
        yield f"  {path.name}  {len(content):,} bytes\n    sha256 {hashlib.sha256(content).hexdigest()}"
    for wheel in into.glob("*.whl"):
        names = names_in(wheel)
        own = sum(name.startswith("helpers/") for name in names)
        yield f"\nThe wheel holds {own} files of helpers and {len(names) - own} records about itself."
    yield "The site goes on GitHub Pages too, from build/site. GitHub adds the repository itself, answers and hidden"
    yield f"cases with it, for whoever may read it. Licences of all that is packed: {LICENCES}"
    yield "\nNot done here:"
    yield f"  - what only a person can try: {CHECKLIST}"
    yield "  - make test and make test-slow: run them; the tag's workflow publishes only where they pass"
    if not tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["softmax-lab"]["repository"]:
        yield f'  - badges: set repository = "owner/name@v{version}" in pyproject.toml, run make course, and commit'


def main(root, wanted):
    """Check and build a checkout, print the summary, and return the exit code.

    Arguments
        root: the checkout's folder.
        wanted: the version or tag to be published; that of pyproject.toml, if empty.
    """
    version = wanted.removeprefix("v") or named(root)[0]["pyproject.toml"]
    into = root / "dist/release"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    faults = naming_faults(root, version) + git_faults(root, version) + failing(root, CHECKS)
    broken = failing(root, BUILDS)
    if not broken:
        gather(root, into)
        faults += packing_faults(root, into)
    faults += broken
    (root / "build").mkdir(exist_ok=True)
    (root / "build/notes.md").write_text(newest((root / "CHANGELOG.md").read_text("utf-8"))[2] + "\n", "utf-8")
    print(*summary(root, into, version), sep="\n")
    print("\nIn the way:", *[f"  {n}. {fault}" for n, fault in enumerate(faults, 1)] or ["  nothing"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main(REPOSITORY, "".join(sys.argv[1:])))
    except (OSError, ValueError, yaml.YAMLError) as error:
        sys.exit(f"release-check: {error}")
