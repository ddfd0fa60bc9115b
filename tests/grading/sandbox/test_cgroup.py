"""Control groups: what is asked of the system, on a made tree of files; and what it then does, where it lets us."""

import os
import subprocess
import sys

import pytest

from grading.sandbox import cgroup


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A function that makes a tree in which this process is in one group, and returns what `own_tree` takes."""

    def make(name="/user.slice/run.scope", controllers="cpu memory pids", delegated=True):
        here = tmp_path / "tree" / name.strip("/")
        here.mkdir(parents=True)
        (tmp_path / "tree/cgroup.controllers").touch()
        for file, text in {"controllers": controllers, "procs": "1\n23\n", "subtree_control": ""}.items():
            (here / f"cgroup.{file}").write_text(text)
        (tmp_path / "own").write_text(f"12:pids:/elsewhere\n0::{name}\n")
        monkeypatch.setattr(cgroup.os, "getxattr", lambda path, _: b"1" if delegated and path == here else b"")
        return tmp_path / "tree", tmp_path / "own"

    return make


def test_the_grader_moves_into_a_group_of_its_own_and_asks_for_counts(tree):
    root, own = tree()
    here = cgroup.own_tree(root, own)
    assert here == root / "user.slice/run.scope"
    assert (here / "grader/cgroup.procs").read_text() == "23"  # the last that was written there
    assert (here / "cgroup.subtree_control").read_text() == "+memory +pids"


def test_a_worker_that_is_there_already_finds_the_group_above(tree):
    root, own = tree("/user.slice/run.scope/grader")
    assert cgroup.own_tree(root, own) == root / "user.slice/run.scope"


@pytest.mark.parametrize("refusal", [{"delegated": False}, {"controllers": "cpu hugetlb"}])
def test_what_is_not_handed_to_the_grader_stays_as_it_is(tree, refusal):
    root, own = tree(**refusal)
    before = {path: path.read_text() for path in root.rglob("cgroup.*")}
    assert cgroup.own_tree(root, own) is None
    assert {path: path.read_text() for path in root.rglob("cgroup.*")} == before


def test_the_whole_tree_of_a_container_is_its_own(tree):
    root, own = tree("/", delegated=False)
    assert cgroup.own_tree(root, own) == root


def test_a_system_without_groups_of_version_2_has_none(tmp_path):
    assert cgroup.own_tree(tmp_path, tmp_path / "own") is None


def test_a_group_has_its_limits_and_tells_whether_it_was_over_them(tmp_path):
    group = cgroup.Group(tmp_path / "sandbox-1-1", 99)
    assert {path.name: path.read_text() for path in group.folder.iterdir()} == {
        "pids.max": "99",
        "memory.oom.group": "1",
    }
    assert not group.was_over()
    (group.folder / "memory.events").write_text("low 0\noom 2\noom_kill 0\n")
    assert not group.was_over()
    (group.folder / "memory.events").write_text("low 0\noom 2\noom_kill 3\n")
    assert group.was_over()


def test_groups_of_graders_that_are_gone_are_ended_and_others_stay(tmp_path, monkeypatch):
    ended = []
    monkeypatch.setattr(cgroup.Group, "end", lambda group: ended.append(group.folder.name))
    gone = subprocess.Popen([sys.executable, "-ISc", ""])
    gone.wait()
    for name in (f"sandbox-{gone.pid}-1", f"sandbox-{os.getpid()}-1", "sandbox-x-1", "grader"):
        (tmp_path / name).mkdir()
    cgroup.sweep_groups(tmp_path)
    assert ended == [f"sandbox-{gone.pid}-1"]


def test_what_takes_more_than_its_group_may_is_ended_alone():
    group = cgroup.new_group(20)
    if group is None:
        pytest.skip("the system hands this process no control group with a memory controller")
    group.set("memory.max", 64 << 20)
    code = "import os\nkept = []\nwhile True: kept.append(os.urandom(1 << 20))"
    with subprocess.Popen(["sleep", "100"]) as other:
        done = subprocess.run([sys.executable, "-ISc", code], preexec_fn=group.join)
        assert (done.returncode, group.was_over(), other.poll()) == (-9, True, None)
        other.kill()
    group.end()
    assert not group.folder.exists()
