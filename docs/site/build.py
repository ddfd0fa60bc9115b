"""Build the site: ``make site``, or ``python -m docs.site.build``. Its first page is build/site/index.html.

Each language is a site of its own, English at the top. Sphinx's warnings are errors, and so is a link, an anchor or a
picture that is missing, and whatever a page would load from elsewhere.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from docs.site.sources import HERE, LANGUAGES, write_sources
from grading.course import REPOSITORY


def build(site: Path, sources: Path) -> list[str]:
    """Build every language's pages, and return what is wrong with them; what Sphinx has to say it prints.

    Arguments
        site, sources: folders, which are emptied first.
    """
    for folder in (site, sources):
        shutil.rmtree(folder, ignore_errors=True)
    running = {}
    for language in LANGUAGES:
        write_sources(language, sources / language)
        running[language] = start_sphinx(language, sources / language, site if language == "en" else site / language)
    failed = [
        f"Sphinx warns, in {language}: its lines stand above" for language, each in running.items() if each.wait()
    ]
    return failed or faults(site)


def start_sphinx(language: str, sources: Path, site: Path) -> subprocess.Popen[bytes]:
    """Begin to make a language's pages of their sources; a warning makes the exit code 1, at the end."""
    settings = {"language": language, "html_extra_path": sources / "files", "locale_dirs": sources / "locale"}
    options = ["-W", "--keep-going", "-n", "-q", "-c", HERE, "-d", sources.with_name(f"doctrees-{language}")]
    options += [f"-D{name}={value}" for name, value in settings.items()]
    return subprocess.Popen([sys.executable, "-m", "sphinx", *options, sources, site], cwd=REPOSITORY)


def faults(site: Path) -> list[str]:
    """Return what is wrong in the pages of a folder: links, anchors and pictures without a file, a name or words."""
    read = {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(site.rglob("*.html"))}
    names = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in read.items()}
    found = []
    for path, page in read.items():
        where = path.relative_to(site).as_posix()
        found += [f"{where}: {str(tag)[:60]} has no words" for tag in page.find_all("img") if not tag.get("alt")]
        for tag in page.find_all(True):
            target = tag.get("src") or tag.get("href") or ""
            link = urlsplit(target)
            if link.scheme in ("http", "https") or link.netloc:
                found += [] if tag.name == "a" else [f"{where}: {target} would be loaded from elsewhere"]
                continue
            place = (path.parent / unquote(link.path)).resolve() if link.path else path
            if link.scheme not in ("", "data"):
                found.append(f"{where}: what is {target}?")
            elif not link.scheme and not place.is_file():
                found.append(f"{where}: there is no {target}")
            elif place in names and link.fragment and unquote(link.fragment) not in names[place]:
                found.append(f"{where}: nothing is named {target}")
    return found


def main() -> int:
    """Build the site into build/site, say what is wrong with it, and return the exit code."""
    site = REPOSITORY / "build/site"
    try:
        wrong = build(site, REPOSITORY / "build/site-sources")
    except OSError as error:
        wrong = [f"{error.filename}: {error.strerror}; a notebook that is missing is built by make course"]
    print(*wrong or [f"build/site/index.html: the first of {len([*site.rglob('*.html')])} pages"], sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
