"""Many deployments in one run: named by folder, looked at one by one, written all or none."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT
from folders import files

from generator.cli.named_files import some
from generator.cli.workers import in_order

TERRAFORM = ("generate", "--no-lint", "-f", "terraform")
MANY = 21


def deployment(name, text="outbound: basic\n"):
    return f'name: {name}\nrelease: "3.7"\n{text}'


@pytest.fixture
def sites(tmp_path):
    """Write deployment files below `sites/`, by their paths without the ending."""

    def write(**texts):
        for path, text in texts.items():
            file = tmp_path / "sites" / f"{path.replace('__', '/')}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    return write


@pytest.fixture
def many(sites):
    sites(**{f"s{i:02}": deployment(f"site-{i:02}") for i in range(MANY)})


def started(*arguments, **options):
    """The command line in a process of its own, which can have workers."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "generator", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, **pipes | options)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# Folders and patterns.


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["sites"], id="a folder, with those below"),
        pytest.param(["sites/"], id="with a slash"),
        pytest.param(["sites", "sites/eu/b.yaml"], id="a file twice"),
        pytest.param(["sites/*.yaml", "sites/*/*.yaml"], id="patterns"),
        pytest.param(["sites/**/*.yaml"], id="a pattern for any folder"),
    ],
)
def test_folders_and_patterns_mean_their_deployment_files(run, sites, tmp_path, arguments):
    sites(a=deployment("a"), eu__b=deployment("b"))
    result = run(*TERRAFORM, *arguments)
    assert result.exit_code == 0, result.stderr
    assert {name.split("/")[0] for name in files(tmp_path / "out")} == {"a", "b"}
    header = (tmp_path / "out" / "b" / "terraform" / "main.tf").read_text()
    assert "# Command: cvo-sg generate sites/eu/b.yaml\n" in header


def test_other_yaml_in_a_folder_is_skipped_and_named(run, sites, tmp_path):
    sites(a=deployment("a"), values="a: 1\n", ci="name: CI\non: push\n")
    sites(**{".hidden__x": deployment("x")})
    result = run(*TERRAFORM, "sites")
    assert result.exit_code == 0
    assert "skipped, not deployment files: sites/ci.yaml, sites/values.yaml\n" in result.stderr
    assert names(tmp_path / "out") == ["a"]


def test_a_deployment_with_a_misspelt_key_is_not_skipped(run, sites):
    sites(a=deployment("a"), b='nmae: b\nrelease: "3.7"\noutbound: basic\n')
    result = run(*TERRAFORM, "sites")
    assert result.exit_code == 2
    assert "sites/b.yaml:1:1: unknown key 'nmae'" in result.stderr


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        (
            "empty",
            "cvo-sg: empty has no deployment files (*.yaml or *.yml with name: and release:)",
        ),
        ("sites/*.yml", "cvo-sg: sites/*.yml: no file matches this pattern"),
    ],
)
def test_what_means_no_file_is_a_mistake(run, sites, tmp_path, argument, sentence):
    sites(a=deployment("a"))
    (tmp_path / "empty").mkdir()
    result = run(*TERRAFORM, argument)
    assert result.exit_code == 2
    assert result.stderr.startswith(sentence)


# All or none.


def test_the_mistakes_of_all_deployments_are_listed_and_nothing_is_written(run, sites, tmp_path):
    sites(
        a=deployment("a", "outbond: basic\n"),
        b=deployment("b"),
        c=deployment("c", "endpoints: {dns: [10.0.0.1/8]}\n"),
        d=deployment("b"),
    )
    result = run(*TERRAFORM, "sites")
    assert result.exit_code == 2
    places = [line.split(": ")[:2] for line in result.stderr.splitlines()]
    assert [place for place, *_ in places[:2]] == ["sites/a.yaml:3:1", "sites/c.yaml:3:19"]
    assert result.stderr.splitlines()[2:] == [
        "cvo-sg: duplicate deployment name 'b' in sites/b.yaml and sites/d.yaml: rename one",
        "cvo-sg: nothing was written: 3 of 4 deployments have mistakes",
    ]
    assert names(tmp_path) == ["sites"], "not even a folder is left"


def test_what_cfn_lint_finds_in_one_stops_the_writing_of_all(run, sites, tmp_path, monkeypatch):
    from generator import check

    sites(a=deployment("a"), b=deployment("b"))
    bad = check.Finding("x", 1, 1, "error", "E0000", "bad")
    monkeypatch.setattr(
        check.Linter, "lint", lambda *given, **_: [bad] if "/a/" in given[2] else []
    )
    result = run("generate", "sites")
    assert (result.exit_code, result.stdout.count("E0000")) == (1, 1)
    assert "nothing was written: cfn-lint found errors in the templates" in result.stderr
    assert names(tmp_path) == ["sites"]


def test_a_file_of_somebody_else_at_the_last_one_leaves_all_as_they_were(run, sites, tmp_path):
    sites(a=deployment("a"), b=deployment("b"))
    (tmp_path / "out" / "b" / "terraform").mkdir(parents=True)
    (tmp_path / "out" / "b" / "terraform" / "main.tf").write_text("mine")
    result = run(*TERRAFORM, "sites")
    assert result.exit_code == 2
    assert "main.tf was not generated by this tool" in result.stderr
    assert names(tmp_path / "out") == ["b"]


# What is said of many.


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_of_many_there_are_counts_and_the_names_of_some(run):
    lines = run(*TERRAFORM, "sites").stderr.splitlines()
    every = "site-00, site-01, site-02, site-03, site-04 and 16 more"
    assert lines[0] == "21 deployments"
    assert f"  21 open to the internet: {every}" in lines
    assert not any(line.startswith("site-") for line in lines), "no paragraph for each"
    assert lines[-1] == "out: 126 files written"
    with_warnings = [line for line in lines if line.startswith("warning: ")]
    assert all(line.endswith(every) for line in with_warnings)
    again = run(*TERRAFORM, "sites").stderr.splitlines()
    assert again == [*lines[:-1], "out: 126 files up to date"]


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_a_program_that_runs_it_keeps_its_garbage_collector(run):
    before = gc.isenabled(), gc.get_freeze_count()
    run(*TERRAFORM, "sites/")
    assert (gc.isenabled(), gc.get_freeze_count()) == before


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_under_strict_every_warning_of_many_is_listed(run):
    result = run(*TERRAFORM, "sites", "--strict")
    assert result.exit_code == 1
    assert all(f"site-{i:02}: " in result.stdout for i in range(MANY))


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "n0"), (6, "n0, n1, n2, n3, n4, n5"), (7, "n0, n1, n2, n3, n4 and 2 more")],
)
def test_names_are_listed_as_long_as_that_helps(number, text):
    assert some([f"n{i}" for i in range(number)]) == text


@pytest.mark.slow
@pytest.mark.usefixtures("many")
def test_a_change_of_many_for_one_reason_is_told_once(run, sites):
    run(*TERRAFORM, "sites")
    changed = "outbound: basic\nendpoints: {inbound-clients: [10.0.0.0/8]}\n"
    sites(**{f"s{i:02}": deployment(f"site-{i:02}", changed) for i in range(MANY)})
    result = run(*TERRAFORM, "sites", "--diff", "--output", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    [told] = found["deployments"]
    assert told["folders"] == [f"out/site-{i:02}/terraform" for i in range(MANY)]
    assert len(found["files"]) == len({file["path"] for file in found["files"]}) >= MANY
    assert json.dumps(found, indent=2, ensure_ascii=False) + "\n" == result.stdout
    text = run(*TERRAFORM, "sites", "--diff").stdout
    assert text.count("out/site-20/terraform:\n") == 1
    assert text.count("+++ out/site-20/terraform/variables.tf\n") == 1


# Processes.

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="no worker processes here")


@pytest.mark.slow
@needs_fork
@pytest.mark.usefixtures("many")
def test_more_processes_say_and_write_the_same(tmp_path):
    results = []
    for number in (1, 3):
        out = tmp_path / "out"
        process = started(*TERRAFORM, "sites", "--jobs", number, "-v", cwd=tmp_path)
        stdout, stderr = process.communicate()
        results.append((process.returncode, stdout, stderr, files(out)))
        out.rename(tmp_path / f"out-{number}")
    assert results[0] == results[1]
    assert results[0][1].count("wrote ") == 126


@needs_fork
def test_a_worker_that_is_killed_ends_the_run():
    code = (
        "import os, signal\n"
        "from generator.cli.workers import in_order\n"
        "def work(i):\n"
        "    if i == 5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return i\n"
        "print(*in_order(work, 10, 2))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert "a worker process ended before its work was done" in result.stderr


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.usefixtures("many")
def test_a_signal_ends_the_workers_and_leaves_nothing(tmp_path, number):
    process = started(*TERRAFORM, "sites", "--jobs", 3, cwd=tmp_path, start_new_session=True)
    end = time.monotonic() + 30
    while not list(tmp_path.glob("out/.staged.*/new/*")):
        assert process.poll() is None
        assert time.monotonic() < end
    os.killpg(process.pid, number)  # as a terminal does
    _, stderr = process.communicate()
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert stderr == ""
    assert names(tmp_path) == ["sites"]


def test_the_results_come_in_order_whoever_makes_them():
    assert list(in_order(lambda i: i * i, 0, 1)) == []
    assert list(in_order(lambda i: i * i, 7, 1)) == [i * i for i in range(7)]


# Memory.


# Started by what is smaller: the system counts what a process was forked from as its memory.
MEASURE = """\
import os, sys
pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, *sys.argv[1:]])
_, status, used = os.wait4(pid, 0)
print(used.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "wait4"), reason="no memory of a single process")
def test_memory_does_not_grow_with_the_deployments(sites, tmp_path, proof):
    """Of one small group each: what a run keeps by mistake, it keeps of all."""
    command = [sys.executable, "-S", "-c", MEASURE, "-m", "generator", *TERRAFORM, "sites", "-q"]
    kinds = ((), ("--check",), ("--diff", "-e", "aws-api-services=10.0.0.2/32"))
    peaks = {kind: [] for kind in kinds}
    for number in (10, 500):
        text = f"groups: [ha-mediator]\ntags: {{N: '{number}'}}\n"
        sites(**{f"s{i}": deployment(f"site-{i}", text) for i in range(number)})
        for kind in kinds:
            result = subprocess.run(
                [*command, "--jobs", "1", *kind],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert result.returncode == ("--diff" in kind)
            peaks[kind].append(int(result.stderr.split()[-1]))
    assert all(many < 1.2 * few for few, many in peaks.values()), peaks
    proof("deployments in the memory of ten", 500)


# A run that was killed.


@pytest.mark.slow
@pytest.mark.usefixtures("many")  # which are staged for long enough to be interrupted
def test_what_a_killed_run_staged_is_removed_by_the_next_one(run, tmp_path):
    process = started(*TERRAFORM, "sites", cwd=tmp_path)
    while process.poll() is None and not list(tmp_path.glob("out/.staged.*/new/*")):
        pass
    process.kill()
    process.communicate()
    assert list(tmp_path.glob("out/.staged.*")), "the test did not kill it in time"
    assert run(*TERRAFORM, "sites").exit_code == 0
    assert names(tmp_path / "out") == [f"site-{i:02}" for i in range(MANY)]


def test_a_check_names_what_a_killed_run_staged(run, sites, tmp_path):
    sites(a=deployment("a"))
    run(*TERRAFORM, "sites")
    Path(tmp_path / "out" / ".staged.0123abcd.cvo-sg.tmp").mkdir()
    result = run(*TERRAFORM, "sites", "--check")
    assert (result.exit_code, result.stdout) == (
        1,
        "out/.staged.0123abcd.cvo-sg.tmp is no longer generated\n",
    )
