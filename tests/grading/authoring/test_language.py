"""Every word is in the catalogues: with a language whose letters all have accents, no plain word is left anywhere.

`tests.support.pseudo` makes that language, from the catalogues alone, so that a third language needs its
files only.
"""

import builtins
import html
import json
import keyword
import re

import pytest
import torch
from bs4 import BeautifulSoup
from matplotlib import ft2font
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.text import Text
from nbclient import NotebookClient
from nbformat import v4

import helpers
from grading.authoring import build, texts
from grading.authoring.draw import public_bytes
from grading.course import REPOSITORY, Course
from grading.engine.verdict import Verdict, report_from
from grading.repair.sentences import SENTENCES
from grading.reports import catalogues
from grading.reports.feedback import page
from grading.reports.language import PageLanguage
from helpers import predictions
from helpers.checks import decisions, judging, needs, report
from helpers.checks.cases import in_use, use
from helpers.checks.compare import compare_case
from helpers.checks.notebook import namespace
from helpers.checks.report import Report
from helpers.support import language as spoken
from tests.support import pseudo
from tests.support.course import ASSIGNMENTS, CASES, COURSE, use_cases
from tests.support.deciding import SHARE, deciding_course
from tests.support.matrix import BANKED, answers_to, matrix_of
from tests.support.pseudo import accented, english_in

CATALOGUES = sorted((REPOSITORY / "helpers/locale").glob("*.json"))


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder with the catalogues of the accented language."""
    folder = tmp_path_factory.mktemp("language")
    pseudo.write(folder)
    return folder


@pytest.fixture
def speaking(root, monkeypatch):
    """Let helpers speak it."""
    made = (root / f"helpers/locale/{pseudo.CODE_NAME}.json").read_bytes()
    monkeypatch.setattr(spoken, "catalogue", {pseudo.CODE_NAME: made}.get)
    helpers.use_language(pseudo.CODE_NAME)
    yield
    helpers.use_language("en")


@pytest.fixture
def page_language(root):
    """The language of feedback pages that speak it."""
    return PageLanguage(pseudo.CODE_NAME, Course(root))


# Which language


def test_english_is_spoken_until_another_language_is_asked_for(speaking):
    assert helpers.text("right") == accented("right") == "ŕíǵĥť"
    helpers.use_language("en")
    assert helpers.text("right") == "right"


@pytest.mark.parametrize("code", ["tlh", "../locale/xx", "", None, 7])
def test_an_unknown_language_is_said_in_a_sentence(code, speaking, capsys):
    helpers.use_language(code)
    sentence = f"LANGUAGE is {code!r}, for which these helpers have no catalogue: they go on in English.\n"
    assert capsys.readouterr().out == sentence
    assert helpers.text("right") == "right"


def test_a_language_chooses_among_its_own_plural_forms():
    three = "n==1 ? 0 : n>=2 && n<=4 ? 1 : 2"  # as Czech and Slovak have them
    czech = spoken.Language({"plural": three, "texts": {"{count} dot": ["{count} a", "{count} b", "{count} c"]}})
    assert [czech.counted("{count} dot", "{count} dots", n) for n in (1, 3, 7)] == ["1 a", "3 b", "7 c"]
    assert [spoken.Language().counted("{count} dot", "{count} dots", n) for n in (1, 0)] == ["1 dot", "0 dots"]


@pytest.mark.parametrize("language", [path.stem for path in CATALOGUES])
def test_the_catalogues_that_helpers_ship_with_are_found(language, capsys):
    helpers.use_language(language)
    assert capsys.readouterr().out == "" and helpers.text("right") != "right"
    helpers.use_language("en")
    assert spoken.catalogue("../locale/" + language) is None


def test_a_text_that_no_catalogue_has_stays_as_it_is_and_its_places_are_filled(speaking, capsys):
    helpers.say("{share:.0%} of my own words", share=0.5)
    assert capsys.readouterr().out == "50% of my own words\n"
    assert helpers.text("braces {stay} without values") == "braces {stay} without values"
    assert helpers.text("") == ""


def test_the_rule_notices_an_english_word_and_passes_code_and_accents():
    """The red fixture."""
    assert english_in(accented("the largest is 0.5") + " at T = 2, left out") == ["at", "left", "out"]
    assert english_in("ŕíǵĥť, `code`, $x y$, softmax_t float32 nan 0.5, math.fmod, \"holds\" óŕ 'fine'") == []
    assert english_in('it holds, \'fine", "right"') == ["it", "holds", "fine", "right"]


# Notebooks


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_word_of_a_notebook_was_left_out(name):
    instructor = build.instructors(REPOSITORY)[0][name]
    prose = catalogues.usable_translations(pseudo.catalogues()[name])
    edition = texts.summed(texts.translated(instructor, pseudo.CODE_NAME, prose))
    read = [cell for cell in edition.cells if texts.is_read(cell)]
    said = [cell.source for cell in read if cell.cell_type == "markdown"]
    lines = [line for cell in read if cell.cell_type == "code" for line in comments_and_docstrings(cell.source)]
    assert len(said) > 20 and len(lines) > 20
    assert [word for text in said for word in english_in(text)] == []
    assert [word for line in lines for word in english_in(re.sub(r"\{.*\}", "", line))] == []


def comments_and_docstrings(source):
    """Yield the lines of a cell that are no code: found with other means than the build's."""
    quoted = False
    for line in source.split("\n"):
        was, quoted = quoted, quoted ^ (line.count('"""') == 1)
        if (was or quoted or '"""' in line) and not re.match(r"\s*>>>|\s+[\[(\d]|\s+tensor\(", line):
            yield line
        elif "# " in line and "### " not in line:
            yield line.partition("# ")[2]


EXERCISES = [name for public, _ in CASES.values() for name in public.exercises]
# Code and formulas that are printed.
IN_OUTPUTS = {*EXERCISES, "exp", "softmax", "sharp", "random", "Var", "ln", "sum", "cpu", "uniform", "fine"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_word_that_a_notebook_shows_was_left_out(name, root, tmp_path):
    nb = build.solution_notebook(build.instructors(REPOSITORY)[0][name])
    setup = next(cell for cell in nb.cells if cell.cell_type == "code" and "LANGUAGE = " in cell.source)
    setup.source = setup.source.replace('LANGUAGE = "en"', f'LANGUAGE = "{pseudo.CODE_NAME}"')
    path = root / f"helpers/locale/{pseudo.CODE_NAME}.json"
    catalogue = f"language.catalogue = lambda _: open({str(path)!r}, 'rb').read()"
    setup.source = f"from helpers.support import language\n{catalogue}\n{setup.source}"
    NotebookClient(nb, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    found = {}
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            page = BeautifulSoup(data.get("text/html", ""), "html.parser").get_text(" ")
            words = english_in(f"{output.get('text') or data.get('text/plain', '')} {page}", IN_OUTPUTS)
            found |= {cell.source: words} if words else {}
    assert found == {}


# Checks


ARGUMENTS = {"dim", "temperature", "rtol", "min_val", "max_val", "narrow", "wide", "mass", "other", "keepdim", "keys"}
PARTS = {"value", "masses", "tokens", "diagnosis"}  # of answers
CODE = {
    *dir(builtins),
    *keyword.kwlist,
    *ARGUMENTS,
    *PARTS,
    "numpy",
    "helpers",
    "results",
}
CODE |= {"Ellipsis", "entropy", "perplexity", "Tensor", "ndarray", "generator"}


@pytest.mark.parametrize("exercise", BANKED)
def test_no_word_of_a_check_was_left_out(exercise, speaking):
    found = []
    use_cases(exercise)
    for answer in list(answers_to(exercise).values()):
        shown = report(exercise, answer.function)
        raised = [str(result.got) for result in shown.results if result.outcome == "raised"]
        given = set(re.findall(r"\w+", " ".join(raised)))
        source = set(re.findall(r"\w+", answer.source))
        found += english_in(str(shown), CODE | given | source)
    assert found == []


def test_the_bank_makes_a_check_say_much(speaking):
    """What the test above would mean little without."""
    use_cases("softmax_t")
    assert len({str(report("softmax_t", a.function)) for a in answers_to("softmax_t").values()}) > 20


@pytest.mark.parametrize(
    "answer",
    [
        {"kind": "unattempted"},
        {"kind": "undefined"},
        {"kind": "none"},
        {"kind": "odd"},
        {"kind": "boolean", "value": True},
        {"kind": "number", "value": "0.5"},
        {"kind": "integer", "value": 7},
        {"kind": "dict", "type": "dict", "items": [["a", {"kind": "none"}]]},
        {"kind": "list", "type": "list", "items": []},
        {"kind": "other", "type": "Odd_1"},
    ],
    ids=lambda answer: answer["kind"],
)
def test_no_word_on_an_odd_answer_was_left_out(answer, speaking):
    """Before each exercise's cases: some kinds are a line on all of it, and the others a line for each case."""
    for file, exercise in [(public, name) for public, _ in CASES.values() for name in public.exercises]:
        results = tuple(compare_case(case, file.tensors, answer) for case in file.exercises[exercise]["cases"])
        said = str(Report(exercise, results, file.exercises[exercise]["aspects"]))
        assert set(said) & set(pseudo.ACCENTS), exercise
        assert english_in(said.replace(exercise, ""), CODE) == [], exercise


def test_no_word_about_predictions_claims_and_waiting_cells_was_left_out(speaking, capsys, monkeypatch, tmp_path):
    for module, name in ((predictions, "_revealed"), (decisions, "_first"), (decisions, "_numbers")):
        monkeypatch.setattr(module, name, {})
    claim = 'CLAIM = "3 / 2 < 3"\nVERDICT = "sometimes"\nBECAUSE = "{number} < 3"\nNUMBER = "3 / 2"\nNEEDS = ("halve",)'
    bare = 'CLAIM = "3 > 2"\nVERDICT = "holds"\nBECAUSE = "3 = 2 + 1"'
    share = SHARE.replace("a share lies between 0 and 1: write 0.06 for 6%", "0 <= p <= 1")
    course = deciding_course(tmp_path, claim_c2=claim, claim_c10=bare, prediction_1=share)
    use(public_bytes(course, "one"))
    names = namespace()

    def write(name, value):
        monkeypatch.setitem(names, name, value)

    for value in (None, "0.5", (1, 2), 3, 0.06, 0.0601, 0.0, 0.6):
        write("prediction_1", value)
        helpers.reveal("prediction_1", 0.06)
    for name, value in (("prediction_2", 2), ("prediction_2", 1), ("prediction_3", 500)):
        write(name, value)
        helpers.reveal(name, 10_000 if name == "prediction_3" else 1)
        helpers.sum_up_predictions()
    for decision in (None, "holds", "sometimes", 5):
        for answer in (None, lambda x: x / 2):
            write("claim_c2", decision)
            write("halve", answer)
            print(decisions.card("claim_c2", in_use().exercises["claim_c2"], decision, judging()))
            helpers.what_you_found()
        helpers.measured("claim_c2", 1.5)
    use(None)
    for waiting in (("softmax_t",), ("softmax_t", "perplexity")):
        with needs(*waiting):
            raise NotImplementedError
        with needs(*waiting):
            print(":")
    helpers.check("softmax_t")
    use_cases("softmax_t")
    helpers.check("nothing")
    said = capsys.readouterr().out
    assert said.count('"holds", "fails"') > 2, "what is to be written is the same in every language"
    assert english_in(said, {"perplexity", "halve", "nothing", "ValueError", "tuple", *EXERCISES}) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: helpers.softmax_t([1.0], temperature=0),
        lambda: helpers.softmax_t([1.0], temperature=torch.ones(2)),
        lambda: helpers.softmax_t([1j]),
        lambda: helpers.tokens_for_mass([[1.0]]),
        lambda: helpers.tokens_for_mass([-1.0]),
        lambda: helpers.tokens_for_mass([1.0], mass=2),
        lambda: helpers.pick_device("tpu"),
        lambda: helpers.pick_device("cuda:99"),
        lambda: helpers.seed_everything(-1),
        lambda: helpers.plot_iterations([], []),
        lambda: helpers.plot_iterations([[1.0]], [1.0, 2.0]),
        lambda: helpers.plot_log_std([]),
        lambda: helpers.plot_log_std([1.0], n_points=0),
        lambda: helpers.plot_final_tops([], {}),
        lambda: helpers.plot_final_tops([1.0], {}),
        lambda: helpers.plot_final_tops([1.0], {"start_1": [1.0, 2.0]}),
        lambda: helpers.reveal("prediction_1", None),
        lambda: helpers.reveal("nothing", 1),
        lambda: helpers.measured("nothing", 1),
        lambda: helpers.plot_full({}),
        lambda: helpers.plot_full({1: {1: {"logits": [1.0], "probs": [0.5, 0.5]}}}),
        lambda: helpers.plot_zoomed({1: {1: {"logits": [1.0, 2.0], "probs": [0.5, 0.5]}}}, limit=-1),
        lambda: report("nothing", None),
    ],
)
def test_no_word_of_an_error_was_left_out(call, speaking):
    use_cases("softmax_t")
    with pytest.raises((ValueError, TypeError, RuntimeError, KeyError)) as raised:
        call()
    assert set(str(raised.value)) & set(pseudo.ACCENTS)
    code = {"tpu", "cuda", "mps", "cpu", "prefer", "real", "abs", "results", "nothing", "perplexity", "complex64"}
    assert english_in(str(raised.value), code | {"logits", "torch", "float32", "result"}) == []


# Figures and explorers


def words_in(figure):
    """Return everything that a figure says."""
    figure.draw_without_rendering()
    return [figure.alt, *(text.get_text() for text in figure.findobj(Text))]


ZERO, LOST = [0.5, 0.05, 0.0, 0.0], float("nan")
RESULTS = {r: {t: {"logits": [0.0, 1.0, 6.0], "probs": [0.2, 0.3, 0.5]} for t in (0.5, 1)} for r in (0.4, 5)}
FIGURES = {
    "iterations": lambda: helpers.plot_iterations([[0.1, 0.9], [0.5, 0.5], [0.5, 0.5]], [0.0, 1.0]),
    "not finite": lambda: helpers.plot_iterations([[0.1, LOST]], [0.0, 1.0]),
    "nothing finite": lambda: helpers.plot_iterations([[LOST, LOST]], [0.0, 1.0]),
    "deviations": lambda: helpers.plot_log_std([*ZERO, 0.1, 0.0, -1.0], n_points=20),
    "no deviation": lambda: helpers.plot_log_std([LOST]),
    "tops": lambda: helpers.plot_final_tops([0.1, 0.2], {"one-hot": [1.0, 0.05]}, {"1/n": 0.05}),
    "full": lambda: helpers.plot_full(RESULTS),
    "zoomed": lambda: helpers.plot_zoomed(RESULTS),
    "cut": lambda: helpers.plot_zoomed(RESULTS | {1: {1: RESULTS[5][1] | {"probs": [0.2, 0.2, LOST]}}}, limit=0.25),
    "nothing": lambda: helpers.plot_full({1: {1: {"logits": [0.0], "probs": [LOST]}}}),
}


@pytest.mark.parametrize("name", FIGURES)
def test_no_word_of_a_figure_was_left_out(name, speaking):
    assert [word for words in words_in(FIGURES[name]()) for word in english_in(re.sub(r"\$.*?\$", "", words))] == []


EXPLORERS = {
    "softmax": (helpers.explore_softmax, [{}, {"temperature": 99}]),
    "repeated": (helpers.explore_repeated_softmax, [{}, {"steps": 0}, {"steps": 1.5, "temperature": 0.1}]),
    "rounded": (
        helpers.explore_repeated_softmax,
        [{"dtype": "bfloat16", "steps": 30}, {"steps": 60, "temperature": 0.1}],
    ),
    "outlier": (helpers.explore_temperature_range, [{}, {"temperature": 5.0}, {"outlier": -8.0, "temperature": 0.1}]),
    "vocabulary": (helpers.explore_vocabulary, [{}, {"spread": 8.0, "temperature": 0.1}]),
}


def all_in(widget):
    return [widget, *(inner for child in getattr(widget, "children", ()) for inner in all_in(child))]


@pytest.mark.parametrize("name", EXPLORERS)
def test_no_word_of_an_explorer_was_left_out(name, speaking):
    make, settings = EXPLORERS[name]
    for setting in settings:
        explorer = make()
        for control, value in setting.items():
            explorer.controls[control].field.value = value
        labels = [
            getattr(widget, "description", "")
            for control in explorer.controls.values()
            for widget in all_in(control.view)
        ]
        for words in [explorer.words, *labels, *words_in(explorer.figure)]:
            assert english_in(re.sub(r"\$.*?\$", "", words)) == []


def test_no_word_beside_a_stored_explorer_or_after_a_second_softmax_was_left_out(speaking, monkeypatch):
    shown = []
    monkeypatch.setattr("helpers.explorers.shell.display", lambda data, **more: shown.append(data))
    explorer = helpers.explore_softmax()
    explorer.controls["times"].more.click()
    explorer._ipython_display_()
    [hint] = re.findall("<p.*?>(.*?)</p>", shown[0]["text/html"])
    for words in [html.unescape(hint), explorer.words, *words_in(explorer.figure)]:
        assert words.strip() == "" or english_in(words) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_letter_of_a_catalogue_has_a_glyph_in_the_figures_font(path):
    font = ft2font.FT2Font(findfont(FontProperties()))
    letters = set(str(list(json.loads(path.read_text("utf-8"))["texts"].values())))
    assert "ệ" in letters or path.stem != "vi"
    assert [letter for letter in letters if letter.isalpha() and ord(letter) not in font.get_charmap()] == []
    assert ord("字") not in font.get_charmap()  # the red fixture


# The feedback page


def stored(report):
    """Return a report as it comes back from the JSON of a verdict."""
    return report_from(json.loads(json.dumps(Verdict(report.maximum, report).as_data())))


def test_every_stored_sentence_of_a_verdict_is_translated_when_it_is_shown(page_language):
    found = set()
    for exercise in BANKED:
        for row in matrix_of(exercise):
            for result in stored(row.report).results:
                said = [page_language.text(result.name), page_language.text(result.aspect)]
                said += [page_language.render(part) for part in (result.expected, result.got, result.diagnosis) if part]
                found |= set(english_in(" ".join(said), CODE))
    assert found == set()


def test_every_stored_repair_is_translated_when_it_is_shown(page_language):
    for kind, sentence in SENTENCES.items():
        for things in (["softmax_t"], ["test_softmax_t", "final_top"]):
            kept = spoken.Message.from_json(json.loads(json.dumps(sentence(things).to_json())))
            assert english_in(page_language.render(kept)) == [], kind
            assert str(kept) == str(sentence(things))


def test_a_message_keeps_its_values_and_the_messages_within(page_language):
    inner = spoken.english("the notebook used more than {size:.3g} GiB of memory", size=6)
    outer = spoken.english("no answer came out, because {reason}", reason=inner)
    assert str(outer) == "no answer came out, because the notebook used more than 6 GiB of memory"
    kept = spoken.Message.from_json(json.loads(json.dumps(outer.to_json())))
    assert kept == outer and english_in(page_language.render(kept), {"GiB"}) == []
    counted = spoken.english_counted("{count} value", "{count} values", 3)
    assert [str(counted), str(spoken.english_counted("{count} value", "{count} values", 1))] == ["3 values", "1 value"]
    assert PageLanguage("en").render(counted) == "3 values" and page_language.render("as it is") == "as it is"


@pytest.mark.parametrize("data", [None, "text", [], {}, {"id": "a"}, {"id": "a", "values": "b"}], ids=repr)
def test_what_is_no_stored_message_is_refused(data):
    with pytest.raises(ValueError, match="no stored message"):
        spoken.Message.from_json(data)


def test_no_word_of_a_feedback_page_was_left_out(page_language, monkeypatch):
    monkeypatch.setattr("grading.reports.feedback.page_language", lambda *_: page_language)
    nb = v4.new_notebook(cells=[v4.new_code_cell('LANGUAGE = "xx"')])
    scores, names = {}, [*BANKED[:-1], "prediction_1"]
    for index, exercise in enumerate(names):
        rows = matrix_of(exercise) if exercise in BANKED else []
        cell = v4.new_code_cell("check()", metadata={"nbgrader": marks(exercise)})
        if rows:
            data = Verdict(2.0, rows[index % len(rows)].report).as_data() | {"isolation": "limits"}
            cell.outputs = [v4.new_output("display_data", {"application/json": data})]
        nb.cells += [v4.new_markdown_cell(accented("## Why? (3 minutes)")), cell]
        scores[exercise] = None if index == 1 else 2.0 if index == 2 else float(index % 2)
    grades = dict(student="Student One", assignment="iterated_softmax", notebook="iterated_softmax")
    grades |= dict(score=3.0, max_score=30.0, late_penalty=1.0)
    text = BeautifulSoup(
        re.sub("<(code|pre).*?</(code|pre)>", "", page(nb, grades, scores, COURSE), flags=re.DOTALL), "html.parser"
    )
    assert text.html["lang"] == pseudo.CODE_NAME
    text.style.decompose()
    code = CODE | {"Student", "One", "ipynb", "perplexity", *re.findall(r"\w+", str(names))}
    assert english_in(text.get_text(" ").replace("_ ", "_"), code | {"softmax", "iterated"}) == []


def marks(exercise):
    return {
        "grade": True,
        "solution": False,
        "grade_id": f"test_{exercise}",
        "points": 2,
        "locked": True,
        "schema_version": 3,
    }
