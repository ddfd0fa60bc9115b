"""Translations: what the catalogues hold, what a translation must keep, and that every drift has a name."""

import ast
import json
import shutil
from functools import cache
from pathlib import Path

import nbformat
import polib
import pytest
from nbformat import v4

from grading.authoring import build, messages, texts, translation
from grading.authoring.texts import losses, marked, spans, translated
from grading.authoring.translation import faults, merged, untranslated
from grading.course import REPOSITORY
from grading.reports import catalogues
from grading.reports.catalogues import languages
from tests.support.course import ASSIGNMENTS

STUB = '''\
def double(x):
    """Return twice x.

    x  a number, or
       a tensor

    >>> double(2)
    4
    """
    ### BEGIN SOLUTION
    return 2 * x  # twice: no "#" here
    ### END SOLUTION


# warm up
print("# no comment")'''
PROSE = """\
## Why? (3 minutes)

Take $x$ and
`double`.

$$p_i = x_i$$

- one"""
EDITIONS = [(language, name) for language in languages(REPOSITORY) for name in ASSIGNMENTS]


def notebook(*cells):
    return v4.new_notebook(cells=[make(source) for make, source in cells])


@cache
def template():
    return translation.template(REPOSITORY, build.instructors(REPOSITORY)[0])


def catalogue(**entries):
    """Return a catalogue of {source: translation}, with the plural forms of Vietnamese."""
    made = translation.begun("vi")
    made.metadata["Plural-Forms"] = "nplurals=1; plural=0;"
    made.extend(polib.POEntry(msgid=text, msgstr=said, comment="prose") for text, said in entries.items())
    return made


# What is translated


def test_prose_is_taken_by_paragraph_without_its_bare_formulas():
    found = [text for _, text in texts.texts("markdown", PROSE)]
    assert found == ["## Why? (3 minutes)", "Take $x$ and\n`double`.", "- one"]


def test_of_code_docstrings_and_comments_are_taken_but_no_example_no_marker_and_no_string():
    assert texts.texts("code", STUB) == [
        ("docstring", "Return twice x."),
        ("docstring", "x  a number, or\n   a tensor"),
        ("comment", 'twice: no "#" here'),
        ("comment", "warm up"),
    ]


def test_a_translated_docstring_keeps_its_indentation_and_the_code_is_the_same():
    said = {"Return twice x.": "Trả về hai lần x.", "x  a number, or\n   a tensor": "x  một số, hoặc\n   một tensor"}
    cell = translated(notebook((v4.new_code_cell, STUB)), "vi", said | {"warm up": "làm nóng"}).cells[0]
    assert '"""Trả về hai lần x.\n\n    x  một số, hoặc\n       một tensor\n\n    >>> double(2)' in cell.source
    assert '# làm nóng\nprint("# no comment")' in cell.source
    assert skeleton(cell.source) == skeleton(STUB) != skeleton(STUB.replace("2 * x", "3 * x"))


def test_an_edition_keeps_ids_and_metadata_and_sets_its_language():
    nb = notebook((v4.new_markdown_cell, PROSE), (v4.new_code_cell, 'LANGUAGE = "en"\n\nimport torch'))
    nb.cells[0].metadata["tags"] = ["read"]
    edition = translated(nb, "vi", {"- one": "- một"})
    assert [(c.id, c.metadata) for c in edition.cells] == [(c.id, c.metadata) for c in nb.cells]
    assert edition.cells[0].source == PROSE.replace("- one", "- một")
    assert edition.cells[1].source == 'LANGUAGE = "vi"\n\nimport torch'


def test_a_cell_that_is_folded_away_is_nobody_s_reading_and_stays():
    nb = notebook((v4.new_code_cell, STUB))
    nb.cells[0].metadata["jupyter"] = {"source_hidden": True}
    assert translated(nb, "vi", {"warm up": "làm nóng"}).cells[0].source == STUB
    assert not translation.template(REPOSITORY, {"one": nb})["one"]


def test_a_program_marks_its_texts_and_their_plurals():
    source = '_("a" if x else "b")\nsay("{n} c", n=1)\ncounted("{count} d", "{count} ds", n)\n_(name)\nf("no")'
    assert marked(source) == [("a", None), ("b", None), ("{n} c", None), ("{count} d", "{count} ds")]


def test_an_f_string_is_refused_since_no_catalogue_could_hold_it():
    with pytest.raises(ValueError, match=r"line 1: _\(\) fills the \{named\} places of a text, an f-string has none"):
        marked('_(f"{n} entries")')


# Keeping a catalogue up to date


def test_a_catalogue_follows_its_source_new_empty_changed_fuzzy_gone_dropped():
    old = catalogue(**{"Run the cells from top to bottom.": "Chạy từ trên xuống.", "Same.": "Như cũ.", "Gone?": "Mất."})
    fresh = catalogue(**{"Brand new: 1 + 1.": "", "Same.": "", "Run all the cells from top to bottom.": ""})
    new = merged(old, fresh)
    assert [(e.msgid, e.msgstr, e.fuzzy, e.previous_msgid) for e in new] == [
        ("Brand new: 1 + 1.", "", False, None),
        ("Same.", "Như cũ.", False, None),
        ("Run all the cells from top to bottom.", "Chạy từ trên xuống.", True, "Run the cells from top to bottom."),
    ]
    assert str(merged(new, fresh)) == str(new)


def test_a_language_is_begun_by_one_command_one_file_a_domain(tmp_path):
    lines = translation.update(tmp_path, "xx", template())
    assert languages(tmp_path) == ["xx"]
    assert sorted(path.stem for path in tmp_path.rglob("*.po")) == sorted([*ASSIGNMENTS, "helpers", "grading"])
    assert len(lines) == len(ASSIGNMENTS) + 2
    assert all("texts, " in line and not line.endswith(" 0 to translate") for line in lines)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.po")}
    translation.update(tmp_path, "xx", template())
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*.po")}


# The drift check


@pytest.mark.parametrize("language", languages(REPOSITORY))
@pytest.mark.parametrize("domain", [*ASSIGNMENTS, "helpers", "grading"])
def test_every_translation_keeps_what_it_must(language, domain):
    """That all is translated is asked before a release, by `make messages CHECK=1` in .ci/run."""
    stored = catalogues.load(REPOSITORY, language, [domain])[domain]
    assert faults(stored, template()[domain]) == []


def test_a_release_waits_for_its_translation_and_the_check_of_it_writes_nothing(tmp_path, capsys):
    """The red fixture of the gate, on a small course with an edition of its own."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one.py").write_text("# %% [markdown]\n# Read this.\n\n# %%\n1\n", "utf-8")
    assert messages.main(["--check", "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "every text is translated\n"
    folder = tmp_path / "source" / "locale" / "xx"
    folder.mkdir(parents=True)
    assert messages.main(["--check", "--root", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()
    assert "source/locale/xx/one.po: 'Read this.' is missing" in said
    assert any(line.startswith("source/locale/xx/helpers.po: ") for line in said) and not any(folder.iterdir())
    (folder / "old.po").write_text("")
    assert messages.main(["--check", "--root", str(tmp_path)]) == 1
    assert "source/locale/xx/old.po is no catalogue of this course" in capsys.readouterr().err


def test_the_gate_before_a_change_lands_asks_for_every_translation():
    assert "make messages CHECK=1" in (REPOSITORY / ".ci" / "run").read_text("utf-8").splitlines()


def test_a_language_that_is_begun_takes_over_what_is_translated_here(tmp_path):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "one.py").write_text("# %%\n1\n", "utf-8")
    for language in languages(REPOSITORY):
        assert messages.main([language, "--root", str(tmp_path)]) == 0
        for domain in catalogues.SHARED:
            here, there = (catalogues.load(root, language, [domain])[domain] for root in (REPOSITORY, tmp_path))
            known = {entry.msgid: entry.msgstr for entry in here if entry.translated()}
            assert there and all(entry.msgstr == known.get(entry.msgid, "") for entry in there)


def test_a_missing_a_stale_an_empty_and_a_fuzzy_entry_are_named():
    stored = catalogue(**{"old": "cũ", "empty": "", "changed": "đổi"})
    stored.find("changed").flags.append("fuzzy")
    fresh = catalogue(**{"new": "", "empty": "", "changed": ""})
    assert faults(stored, fresh) == [] and untranslated(stored, fresh) == [
        "'new' is missing",
        "'old' is gone from its source",
        "'empty' is not translated",
        "'changed' is fuzzy: its source was changed; translate it again, take the flag off",
    ]


def test_a_plural_needs_every_form_of_its_language():
    stored = catalogue()
    stored.append(polib.POEntry(msgid="{count} dot", msgid_plural="{count} dots", msgstr_plural={0: "{count} chấm"}))
    assert untranslated(stored, stored) == []
    stored.metadata["Plural-Forms"] = "nplurals=2; plural=(n != 1);"
    assert untranslated(stored, stored) == ["'{count} dot' is not translated"]


@pytest.mark.parametrize(
    ("kind", "source", "said", "loss"),
    [
        ("prose", "so $e^x$ grows", "nên $e^y$ tăng", "loses the formula '$e^x$'"),
        ("prose", "so $$e^x$$", "nên", "loses the formula '$$e^x$$'"),
        ("prose", "see `exp`", "xem exp", "loses the code '`exp`'"),
        ("prose", "<details><summary>Hint</summary>", "<details>Gợi ý", "loses the tag '<summary>'"),
        ("prose", "## Why? (3 minutes)", "Tại sao? (3 phút)", "loses the heading '##'"),
        ("prose", "## Why? (3 minutes)", "## Tại sao?", "loses the number 3"),
        ("prose", "- one\n- two", "- một, hai", "loses the list item '-'"),
        ("prose", "| a |\n|---|", "| a |", "loses the table row '|'"),
        ("prose", "**Claim C4: all**", "**Nhận định: tất cả**", "loses the claim 'C4'"),
        ("prose", "**bold**", "**đậm", "loses the bold '**'"),
        ("prose", "a 0.05", "một 0,05", "loses the number 0.05"),
        ("prose", "one\ntwo", "một\n\nhai", "has an empty line, which its text has not"),
        ("printed", "{n:3} of {total}", "{n:3}", "loses the place '{total}'"),
        ("printed", "{n:3} of", "{n:4} trong", "loses the place '{n:3}'"),
        ("printed", "{n} of", "{n} trong {total}", "adds the place '{total}'"),
        ("printed", "share at $T$ = 2", "tỉ trọng tại T = 2", "loses the formula '$T$'"),
        ("helpers/figures.py", "claim C5 holds", "nhận định đúng", "loses the claim 'C5'"),
        ("printed", " and ", "và", "begins or ends with other blanks"),
        ("docstring", "Return x.", 'Trả về x.""" + 1', "has what ends or escapes a docstring"),
        ("comment", "warm up", "làm\nnóng", "has a second line, which a comment has not"),
    ],
)
def test_a_lost_part_is_named(kind, source, said, loss):
    assert loss in losses(source, said, kind)
    assert losses(source, source, kind) == []


def test_the_check_names_the_file_and_the_text(tmp_path):
    root = tmp_path / "course"
    folder = Path(shutil.copytree(REPOSITORY / catalogues.LOCALE / "vi", root / catalogues.LOCALE / "vi"))
    assert translation.problems(root, template()) == []
    grading = polib.pofile(str(folder / "grading.po"))
    grading.find("Full marks").flags.append("fuzzy")
    plural = next(entry for entry in grading if entry.msgid_plural)
    plural.msgstr_plural[0] = "không có số"
    grading.save()
    (folder / "notes.txt").write_text("of a translator")
    lost, superfluous = translation.problems(root, template())
    assert lost.startswith("source/locale/vi/grading.po: '{count} ") and lost.endswith(" loses the place '{count}'")
    assert superfluous == "source/locale/vi/notes.txt is no catalogue of this course"
    fuzzy = "source/locale/vi/grading.po: 'Full marks' is fuzzy: its source was changed"
    assert any(line.startswith(fuzzy) for line in translation.left_to_translate(root, template()))
    (folder / "helpers.po").write_text("no catalogue", "utf-8")
    with pytest.raises(catalogues.TranslationError, match=r"^vi/helpers.po cannot be read: "):
        translation.problems(root, template())


# What is derived


def skeleton(source):
    """Return code without its docstrings, comments, LANGUAGE and packed files, as text."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[0].value.value = ""
        if isinstance(node, ast.keyword) and node.arg == "packed":  # helpers, with the edition's own catalogue
            node.value = ast.Constant("")
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "LANGUAGE":
            node.value.value = ""
    return ast.dump(tree)


@pytest.mark.parametrize(("language", "name"), EDITIONS)
@pytest.mark.parametrize("folder", ["notebooks", "solutions"])
def test_an_edition_has_the_same_code_ids_and_marks(folder, language, name):
    english, edition = (
        nbformat.read(REPOSITORY / folder / part / f"{name}.ipynb", nbformat.NO_CONVERT) for part in ("", language)
    )
    assert [cell.id for cell in edition.cells] == [cell.id for cell in english.cells]
    for ours, theirs in zip(english.cells, edition.cells, strict=True):
        marks, others = (dict(cell.metadata.get("nbgrader", {}), checksum="") for cell in (ours, theirs))
        assert marks == others and ours.cell_type == theirs.cell_type
        if ours.cell_type == "code":
            assert skeleton(theirs.source) == skeleton(ours.source)


def test_helpers_ship_with_their_own_texts_and_those_that_cells_print():
    parts = {name: catalogue(**{name: f"x {name}"}) for name in ("one", "helpers")}
    parts["one"].append(polib.POEntry(msgid="{n} printed", msgstr="in {n}", comment="printed"))
    parts["helpers"].append(polib.POEntry(msgid="{count} dot", msgid_plural="dots", msgstr_plural={0: "{count} chấm"}))
    assert json.loads(translation.compiled(parts)) == {
        "plural": "0",
        "texts": {"helpers": "x helpers", "{count} dot": ["{count} chấm"], "{n} printed": "in {n}"},
    }


def test_a_place_is_where_its_text_stands():
    assert [STUB[start:end] for start, end, *_ in spans("code", STUB)] == [
        "Return twice x.",
        "x  a number, or\n       a tensor",
        'twice: no "#" here',
        "warm up",
    ]
