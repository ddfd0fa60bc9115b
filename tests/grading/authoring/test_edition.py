"""Editions: one setting writes another one, and a submission of any edition is graded like that of any other."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from grading.authoring import build, texts
from grading.authoring.edition import Edition
from grading.course import REPOSITORY, notebook_at
from grading.repair.doctor import mend
from grading.repair.editions import language_of
from grading.reports import catalogues
from grading.reports.findings import findings
from tests.support import pseudo
from tests.support.course import ASSIGNMENTS, COURSE, FORBIDDEN, NO_SHIFT, Trial, fill, released, solutions

ASSIGNMENT = "iterated_softmax"
SOLVED = solutions(ASSIGNMENT)
LANGUAGES = catalogues.languages(REPOSITORY)


def accented_edition(name=ASSIGNMENT):
    """Return what students would get in a language that nobody speaks."""
    prose = catalogues.usable_translations(pseudo.catalogues()[name])
    edition = texts.translated(released(name), pseudo.CODE_NAME, prose)
    written = build.instructor_notebook(build.parse(build.text_notebooks(REPOSITORY)[name], name))
    built = texts.summed(texts.translated(written, pseudo.CODE_NAME, prose))
    said = {cell.id: cell.source for cell in built.cells if texts.is_prose(cell)}
    for cell in edition.cells:
        cell.source = said.get(cell.id, cell.source)
    return edition


@pytest.fixture
def accented():
    """The notebook in that language."""
    return accented_edition()


def mended(notebook, release=None):
    """Mend a submission of a course in English and in that language."""
    editions = [(pseudo.CODE_NAME, sources(accented_edition())), ("en", sources(released(ASSIGNMENT)))]
    return mend(nbformat.writes(notebook).encode(), release or released(ASSIGNMENT), editions)


def sources(notebook):
    return [cell.source for cell in notebook.cells]


# Which editions there are


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_editions_of_a_release_are_found_by_the_ids_of_its_cells(name):
    found = dict(COURSE.editions(released(name)))
    assert sorted(found) == LANGUAGES, "English is what was released"
    for language in LANGUAGES:
        assert list(found[language]) == sources(notebook_at(COURSE.notebook(name, language)))
        assert ("en", tuple(sources(released(name)))) in COURSE.editions(notebook_at(COURSE.notebook(name, language)))


def test_a_cell_that_an_edition_lacks_is_the_releases_own_and_another_course_has_none():
    release = released(ASSIGNMENT)
    release.cells[2].id, release.cells[2].source = "new", "A new paragraph."
    assert all(found[2] == "A new paragraph." for _, found in COURSE.editions(release)) and COURSE.editions(release)
    assert COURSE.editions(v4.new_notebook(cells=[v4.new_markdown_cell("Another course")])) == ()


def test_the_setting_names_the_languages_there_are():
    with pytest.raises(ValueError, match=r"Edition.language is 'tlh', and there is en, vi"):
        Edition(language="tlh").preprocess(released(ASSIGNMENT), {})


def test_without_the_setting_nothing_is_translated():
    assert Edition().preprocess(released(ASSIGNMENT), {})[0] == released(ASSIGNMENT)


# The doctor


def test_an_untouched_notebook_of_another_edition_needs_no_repair_and_stays_in_its_language(accented):
    found = mended(accented)
    assert found.repairs == ()
    assert sources(found.notebook) == sources(accented) != sources(released(ASSIGNMENT))
    assert [cell.id for cell in found.notebook.cells] == [cell.id for cell in released(ASSIGNMENT).cells]
    assert [cell.metadata for cell in found.notebook.cells] == [cell.metadata for cell in released(ASSIGNMENT).cells]


def test_an_english_submission_to_a_release_in_another_language_stays_english(accented):
    found = mended(released(ASSIGNMENT), accented)
    assert found.repairs == ()
    assert sources(found.notebook) == sources(released(ASSIGNMENT))


@pytest.mark.parametrize("quote", ['"', "'"])
def test_whoever_turns_the_language_in_the_setup_cell_has_changed_nothing_else(quote, accented):
    notebook = released(ASSIGNMENT)
    setup = next(cell for cell in notebook.cells if "LANGUAGE" in cell.source)
    setup.source = setup.source.replace('LANGUAGE = "en"', f"LANGUAGE = {quote}xx{quote}")
    found = mended(notebook)
    assert found.repairs == () and language_of(found.notebook.cells) == "xx"
    assert sources(found.notebook) == sources(accented)


def test_a_language_without_an_edition_is_graded_in_the_releases(accented):
    notebook = released(ASSIGNMENT)
    setup = next(cell for cell in notebook.cells if "LANGUAGE" in cell.source)
    setup.source = setup.source.replace('"en"', '"tlh"')
    assert mended(notebook).repairs == ()
    assert sources(mended(notebook).notebook) == sources(released(ASSIGNMENT))


def test_answers_and_additions_are_kept_the_same_from_both_editions(accented):
    found = []
    for notebook in (released(ASSIGNMENT), accented):
        fill(notebook, {"softmax_t": SOLVED["softmax_t"], "prediction_1": "prediction_1 = 2"})
        notebook.cells.insert(9, v4.new_code_cell("my_own = 1", id="mine"))
        result = mended(notebook)
        assert result.repairs == ()
        found.append([(cell.id, cell.source) for cell in result.notebook.cells if cell.cell_type == "code"])
    ours, theirs = (dict(cells) for cells in found)
    same = ["mine", "solution-softmax_t", "solution-prediction_1"]
    assert (
        [ours[id] for id in same]
        == [theirs[id] for id in same]
        == ["my_own = 1", SOLVED["softmax_t"], "prediction_1 = 2"]
    )
    assert [id for id, _ in found[0]] == [id for id, _ in found[1]]


def test_a_changed_paragraph_is_noticed_in_every_edition(accented):
    prose = [i for i, cell in enumerate(accented.cells) if cell.cell_type == "markdown"]
    accented.cells[prose[1]].source += "\n\nMy note."
    [repair] = mended(accented).repairs
    assert str(repair) == "1 cell of the released notebook changed; as released again, with the changed one below."


def test_the_section_of_a_finding_is_named_in_the_editions_words_without_its_minutes(accented):
    found = {finding.exercise: finding.section for finding in findings(accented)}
    assert found["softmax_t"] == pseudo.accented("3. How is it cured?")
    assert {finding.exercise: finding.section for finding in findings(released(ASSIGNMENT))}["softmax_t"] == (
        "3. How is it cured?"
    )


# Through nbgrader


@pytest.mark.slow
def test_the_same_answers_get_the_same_marks_and_each_its_own_page(tmp_path):
    course, answers = Trial(tmp_path), SOLVED | {"softmax_t": NO_SHIFT, "decay_ratios": "decay_ratios = None"}
    answers |= {"contraction_rate": FORBIDDEN.replace("softmax_t(x", "contraction_rate(x")}
    course.generate(ASSIGNMENT)
    for language in ("en", *LANGUAGES):
        path = REPOSITORY / "notebooks" / ("" if language == "en" else language) / f"{ASSIGNMENT}.ipynb"
        course.submit(language, ASSIGNMENT, fill(nbformat.read(path, nbformat.NO_CONVERT), answers))
    assert course.nbgrader("autograde", ASSIGNMENT).returncode == 0
    marks = course.marks(ASSIGNMENT)
    assert all(marks[language] == marks["en"] for language in LANGUAGES)
    assert 0 < marks["en"]["softmax_t"] < 5 and marks["en"]["decay_ratios"] == 0 and marks["en"]["trusted_steps"] == 2
    assert course.nbgrader("generate_feedback", ASSIGNMENT).returncode == 0
    texts = {}
    for language in ("en", *LANGUAGES):
        html = (tmp_path / "feedback" / language / ASSIGNMENT / f"{ASSIGNMENT}.html").read_text("utf-8")
        texts[language] = BeautifulSoup(html, "html.parser")
        assert texts[language].html["lang"] == language
    numbers = {language: re.findall(r"\d+", text.find("table").get_text()) for language, text in texts.items()}
    assert all(found == numbers["en"] for found in numbers.values())
    assert "The cases that passed" in texts["en"].get_text()
    assert not any("The cases that passed" in texts[language].get_text() for language in LANGUAGES)


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_one_setting_writes_the_edition_that_the_build_wrote(language, tmp_path):
    course = Trial(tmp_path)
    course.generate(ASSIGNMENT)
    done = course.nbgrader("generate_assignment", ASSIGNMENT, "--force", f"--Edition.language={language}")
    assert done.returncode == 0, done.stderr
    written = (tmp_path / f"release/{ASSIGNMENT}/{ASSIGNMENT}.ipynb").read_bytes()
    assert written == (REPOSITORY / f"notebooks/{language}/{ASSIGNMENT}.ipynb").read_bytes()
