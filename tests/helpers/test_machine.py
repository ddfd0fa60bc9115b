"""python -m helpers: a report to paste into a question, and an exit code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import helpers
from helpers.checks import machine
from source import oracle


def test_the_report_names_versions_devices_and_a_self_test(tmp_path):
    done = subprocess.run([sys.executable, "-m", "helpers"], cwd=tmp_path, capture_output=True, text=True)
    first, python, packages, *tests = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert first == f"helpers {helpers.__version__}, installed"
    assert python.startswith(f"Python {sys.version.split()[0]}, ")
    assert f"torch {torch.__version__}, numpy " in packages and "MISSING" not in packages
    assert re.fullmatch(r"cpu \(\d+ threads\): softmax_t agrees with 4 of 4 references", tests[0])
    assert str(tmp_path) not in done.stdout


def test_a_wrong_softmax_fails_the_self_test(monkeypatch, capsys):
    """The red fixture."""
    monkeypatch.setattr("helpers.softmax.softmax_t", lambda x, *_: torch.softmax(x, -1))
    assert not machine.report_machine()
    assert re.search(r"agrees with [1-3] of 4", capsys.readouterr().out)


def test_a_missing_package_is_named_with_what_to_do(monkeypatch, capsys):
    versions = {"numpy": "2.1.3"}
    monkeypatch.setattr(machine, "found_version", versions.get)
    assert not machine.report_machine()
    shown = capsys.readouterr().out
    assert "torch MISSING, numpy 2.1.3" in shown
    assert "self-test: not run; first install torch and matplotlib and ipywidgets and safetensors: pip install" in shown


def test_pytorch_is_named_with_what_it_was_built_for(monkeypatch, capsys):
    """The package's own version, as PyPI has it, does not say so."""
    monkeypatch.setattr(machine, "found_version", lambda name: "2.6.0")
    monkeypatch.setattr(torch, "__version__", "2.6.0+cu124")
    assert machine.report_machine()
    assert "torch 2.6.0+cu124, numpy 2.6.0" in capsys.readouterr().out


def broken(*_):
    raise OSError(f"libcudart.so.12 in {Path.home()}: cannot open shared object file\nmore")


def test_a_pytorch_that_does_not_start_is_said_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(machine, "devices", broken)
    assert not machine.report_machine()
    last = capsys.readouterr().out.splitlines()[-1]
    said = "OSError: libcudart.so.12 in ~: cannot open shared object file"
    assert last == f"self-test: not run; PyTorch does not start: {said}"


def test_a_device_that_fails_leaves_the_others_their_lines(monkeypatch, capsys):
    test = machine.self_test
    monkeypatch.setattr(machine, "devices", lambda: [torch.device("meta"), torch.device("cpu")])
    monkeypatch.setattr(machine, "self_test", lambda device: (broken if device.type == "meta" else test)(device))
    assert not machine.report_machine()
    *_, failed, fine = capsys.readouterr().out.splitlines()
    assert failed.startswith("meta: the self-test failed: OSError: libcudart")
    assert fine.endswith("softmax_t agrees with 4 of 4 references")


@pytest.mark.parametrize("module, name", [("google.colab", "Colab"), ("kaggle_gcp", "Kaggle")])
def test_it_says_where_it_runs(monkeypatch, capsys, module, name):
    monkeypatch.setitem(sys.modules, module, machine)
    machine.report_machine()
    assert capsys.readouterr().out.startswith(f"helpers {helpers.__version__}, installed, in {name}\n")


def test_a_device_without_float64_is_tested_in_float32(monkeypatch):
    used = []
    monkeypatch.setattr("helpers.device.widest_float", lambda device: torch.float32)
    softmax = helpers.softmax_t
    monkeypatch.setattr("helpers.softmax.softmax_t", lambda x, *rest: used.append(x.dtype) or softmax(x, *rest))
    assert machine.self_test(torch.device("cpu")) == (4, 4)
    assert used == [torch.float32] * 4


def test_the_references_are_those_of_the_oracle():
    for logits, temperature in machine.SELF_TEST:
        assert machine.exact_softmax(logits, temperature) == [float(p) for p in oracle.softmax(logits, temperature)]
