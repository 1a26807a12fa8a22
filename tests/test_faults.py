"""What happens when something goes wrong while files are written: every file is whole."""

from __future__ import annotations

import ctypes
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from conftest import ROOT
from forks import runs

from generator.load import shipped
from generator.write import locked

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX"),
]

DEPLOYMENT = 'name: site\nrelease: "3.7"\noutbound: {}\ntags: {{Version: "{}"}}\n'
VERSIONS = {"old": "basic", "new": "advanced"}


def start(folder, version, arguments=("--no-lint", "--quiet"), **options):
    return started("generate", f"{version}.yaml", *arguments, cwd=folder, **options)


def started(*arguments, **options):
    command = [sys.executable, "-m", "generator", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, env=environment, **pipes | options)


def finished(process):
    _, stderr = process.communicate()
    assert "Traceback" not in (stderr or "")
    return process.returncode, stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def folders(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_dir()}


def is_temporary(name: str) -> bool:
    return ".cvo-sg.tmp" in name


def generated(folder: Path) -> dict[str, bytes]:
    return {name: text for name, text in contents(folder).items() if not is_temporary(name)}


@pytest.fixture(scope="module")
def both_versions(tmp_path_factory):
    folder = tmp_path_factory.mktemp("versions")
    for version, outbound in reversed(VERSIONS.items()):
        (folder / f"{version}.yaml").write_text(DEPLOYMENT.format(outbound, version))
        assert finished(start(folder, version))[0] == 0
        shutil.copytree(folder / "out", folder / version)
    return folder


@pytest.fixture
def site(both_versions, tmp_path):
    """A folder with the output of both versions in `old/` and `new/`, and that of one in `out/`."""
    return shutil.copytree(both_versions, tmp_path / "site")


def assert_whole(folder: Path) -> set[str]:
    """That every file is as in one of two versions, and no other is there; which versions it is."""
    out, old, new = (generated(folder / name) for name in ("out", "old", "new"))
    assert out.keys() <= old.keys() | new.keys()
    versions = set()
    for name in old.keys() | new.keys():
        found = out.get(name)
        assert found in (old.get(name), new.get(name)), f"{name} is neither the old nor the new one"
        if old.get(name) != new.get(name):
            versions.add("old" if found == old.get(name) else "new")
    return versions


GENERATE = ("generate", "--no-lint", "--quiet")
SMALL = {  # which a run has soon read
    "rule-data.yaml": "replaces_built_in: true",
    "groups.yaml": "web: {description: A, output: web_id}",
    "endpoints.yaml": "peer: {title: B, help: C}",
    "releases/1/release.yaml": "{product: D, document: E, groups: [web]}",
    "releases/1/web.yaml": "{title: F, inbound: [], outbound: []}",
}
PROJECT = """\
outputs: [{{out: out, deployments: ["{0}/*.yaml"], formats: [some]}}]
rule_data: data
templates: {0}
"""
# From one to the other, a run replaces a file, puts one and removes one, and so a folder.
PLANS = {"old": ("kept", "gone"), "new": ("kept",)}


@pytest.fixture
def project(tmp_path):
    """A folder with what two versions of a project generate, in `old/` and `new/`, and its runs."""
    files = {f"data/{name}": text for name, text in SMALL.items()}
    for version, names in PLANS.items():
        for name in names:
            files[f"{version}.plan/{name}.yaml"] = f'name: {name}\nrelease: "1"\n'
        for name in ("both", version):
            files[f"{version}.plan/some/{name}.jinja"] = "{{ header | join('\\n') }}\n"
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with runs(tmp_path, CVO_SG_LOCK_TIMEOUT="0") as process:
        for version in PLANS:
            (tmp_path / "cvo-sg.yaml").write_text(PROJECT.format(f"{version}.plan"))
            assert process.one(GENERATE) == 0
            shutil.copytree(tmp_path / "out", tmp_path / version)
        yield tmp_path, process


@pytest.mark.parametrize(("before", "after"), [("old", "new"), ("new", "old")])
def test_a_run_that_is_killed_leaves_every_file_whole(project, before, after, proof):
    """Before each of its changes of the disk, also where a run that was killed has left its files.

    A kill within a change shows no more: files are put by a step that is done or not, and what is
    written bit by bit is not in its place.
    """
    folder, process = project
    (folder / "cvo-sg.yaml").write_text(PROJECT.format(f"{after}.plan"))
    out, left = folder / "out", folder / "left"
    for start in (folder / before, left):
        kills = Counter()
        for changes in count():
            shutil.rmtree(out)
            shutil.copytree(start, out)
            code = process.killed(changes, GENERATE)
            assert_whole(folder)
            if code == 0:
                break
            assert code == -signal.SIGKILL
            if generated(out) == generated(start):
                kills["before the first file"] += 1
            elif generated(out) == generated(folder / after):
                kills["after the last file"] += 1
            else:
                kills["between two files"] += 1
                if not left.exists():
                    shutil.copytree(out, left)
            assert process.one(GENERATE) == 0
            assert contents(out) == contents(folder / after), "the next run leaves nothing behind"
            assert folders(out) == folders(folder / after)
        assert len(kills) == 3
        proof("runs killed", changes)
        for when, number in kills.items():
            proof(f"runs killed {when}", number)


def test_a_run_does_nothing_between_the_changes_of_another(project, proof):
    folder, process = project
    options = ("--rule-data", "data", "--format", "some", "--templates")
    one, other = (
        (*GENERATE, *options, f"{version}.plan", f"{version}.plan/kept.yaml") for version in PLANS
    )
    states = {}
    for command in (one, other):
        assert process.one(command) == 0
        states[command] = contents(folder / "out")
    codes = Counter()
    for changes in count():
        code, *rest = process.stopped(changes, one, other)
        assert code == 0
        assert contents(folder / "out") == states[one]
        if not rest:
            break
        codes.update(rest)
        one, other = other, one
    assert codes[2] > 10 > codes[0]  # which are those before the first one holds the folder
    proof("runs that began between two changes of another", codes[2])


def test_two_runs_at_once_do_not_mix(site, proof):
    commands = [(*GENERATE, f"{version}.yaml") for version in VERSIONS]
    with runs(site) as process:
        assert process.one(commands[0]) == 0
        for _ in range(20):
            assert process.at_once(*commands) == [0, 0]
            assert len(assert_whole(site)) == 1
            assert not any(map(is_temporary, contents(site / "out")))
            proof("pairs of runs at once", 1)


def test_a_run_does_not_look_at_what_another_one_is_writing(site):
    half = site / "out" / "site" / "terraform" / ".main.tf.cvo-sg.tmp"
    with locked(site / "out"):
        half.write_text("half of a fi")
        runs = [start(site, "old", [option, "--no-lint"]) for option in ("--check", "--diff")]
        time.sleep(1)  # a run that does not wait is done by then
        half.unlink()
    codes = [finished(run)[0] for run in runs]
    assert codes == [0, 0], "what was there before the lock was given back is not seen"


@pytest.mark.parametrize("option", [(), ("--check",)])
def test_a_run_that_waits_says_so_and_gives_up(site, option, monkeypatch):
    monkeypatch.setenv("CVO_SG_LOCK_TIMEOUT", "0.3")
    before = contents(site / "out")
    with locked(site / "out"):
        code, stderr = finished(start(site, "new", ["--no-lint", *option]))
    assert (code, contents(site / "out")) == (2, before)
    assert re.search("cvo-sg: out is in use by .*: waiting up to 0.3 seconds", stderr)
    assert re.search("cvo-sg: out is still in use by .* after 0.3 seconds: try again", stderr)


# Signals.


SLEEPER = """\
#!/bin/sh
sleep 300 &
echo $! > "{}"
wait
"""


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


NAMES = (
    "INT",
    "TERM",
    "HUP",
    "QUIT",
    "USR1",
    "USR2",
    "ALRM",
    "VTALRM",
    "PROF",
    "XCPU",
    "IO",
    "PWR",
)
ENDINGS = [
    pytest.param(number, 130 if name == "INT" else -number, id=name)
    for name in NAMES
    if (number := getattr(signal, f"SIG{name}", None))
]


@pytest.mark.parametrize(("number", "code"), ENDINGS)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are seen in /proc")
def test_a_signal_ends_the_programs_that_a_run_started(tmp_path, monkeypatch, number, code):
    for name in ("bin", "module", "temporary"):
        (tmp_path / name).mkdir()
    (tmp_path / "module" / "main.tf").write_text("")
    (tmp_path / "bin" / "terraform").write_text(SLEEPER.format(tmp_path / "pid"))
    (tmp_path / "bin" / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    run = started("validate", "module", cwd=tmp_path)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    pid = int((tmp_path / "pid").read_text())
    assert alive(pid)
    run.send_signal(number)
    assert finished(run)[0] == code
    wait_until(lambda: not alive(pid))
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.parametrize(("number", "code"), ENDINGS)
def test_a_run_that_is_ended_says_nothing_of_drift(tmp_path, number, code):
    with locked(tmp_path / "out"):
        run = started("generate", "-p", "advanced", "--check", "--no-lint", cwd=tmp_path)
        assert any("in use" in line for line in run.stderr)
        run.send_signal(number)
        assert finished(run)[0] == code


INTERRUPTED = """\
import os, runpy, signal, sys
from importlib.abc import MetaPathFinder

class Interrupt(MetaPathFinder):
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupt())
sys.argv[1:] = {arguments!r}
runpy.run_module("generator", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        ("click", ["--version"]),
        ("generator.cli.rules", ["rules", "--help"]),
        ("generator.cli.rules", ["rules"]),
        ("generator.load.rule_data", ["rules"]),
    ],
)
def test_an_interrupt_is_quiet_from_the_beginning(tmp_path, module, arguments):
    """While a module is imported, be it for the command line, for an option or for a command."""
    code = INTERRUPTED.format(module=module, arguments=arguments)
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


def wait_until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_full_disk_changes_nothing(site):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    before = contents(site / "out")
    code, stderr = finished(start(site, "new", preexec_fn=limited))
    assert (code, contents(site / "out")) == (2, before)
    assert "File too large" in stderr


def as_anybody():
    """Take from root what lets it read and write everywhere, out of the bounding set.

    That is CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH.
    """
    if os.geteuid() == 0:
        assert [ctypes.CDLL(None).prctl(24, capability) for capability in (1, 2)] == [0, 0]


@pytest.mark.skipif(
    sys.platform != "linux" and os.geteuid() == 0, reason="root can write everywhere"
)
def test_a_folder_that_cannot_be_written_changes_nothing(site):
    before = contents(site / "out")
    closed = [site / "out" / "site" / name for name in ("cloudformation", "terraform")]
    for folder in closed:
        folder.chmod(0o555)
    code, stderr = finished(start(site, "new", preexec_fn=as_anybody))
    for folder in closed:
        folder.chmod(0o755)
    assert (code, contents(site / "out")) == (2, before)
    assert "Permission denied" in stderr


SETTINGS = """\
outputs: [{out: out, deployments: ["sites/**/*.yaml"]}]
rule_data: data
templates: templates
"""


@pytest.mark.skipif(
    sys.platform != "linux" and os.geteuid() == 0, reason="root can read everywhere"
)
@pytest.mark.parametrize(
    ("place", "mode"),
    [
        ("cvo-sg.yaml", 0),
        ("sites", 0),
        ("sites/deep", 0),
        ("sites/deep", 0o444),
        ("sites/deep/site.yaml", 0),
        ("data", 0),
        ("data/groups.yaml", 0),
        ("data/supplements.yaml", 0),
        ("data/presets", 0),
        ("data/presets", 0o444),
        ("data/presets/predefined.yaml", 0),
        ("data/releases", 0),
        ("data/releases", 0o444),
        ("data/releases/3.7", 0),
        ("data/releases/3.7/release.yaml", 0),
        ("templates", 0),
        ("templates", 0o444),
        ("templates/f", 0),
        ("templates/f/x.jinja", 0),
        ("out", 0),
        ("out/site", 0),
        ("out/site/f/x", 0),
        ("pyproject.toml", 0),
    ],
)
def test_what_cannot_be_read_is_named_and_nothing_is_removed(tmp_path, place, mode):
    """Least of all because a deployment that cannot be seen is taken for one that is gone."""
    (tmp_path / "sites" / "deep").mkdir(parents=True)
    (tmp_path / "sites" / "deep" / "site.yaml").write_text(DEPLOYMENT.format("basic", "1"))
    (tmp_path / "sites" / "other.yaml").write_text(
        DEPLOYMENT.format("basic", "1").replace("site", "other")
    )
    shutil.copytree(shipped("rule_data"), tmp_path / "data")
    (tmp_path / "templates" / "f").mkdir(parents=True)
    (tmp_path / "templates" / "f" / "x.jinja").write_text("{{ header | join('\\n') }}\n")
    (tmp_path / ("x" if place == "pyproject.toml" else "cvo-sg.yaml")).write_text(SETTINGS)
    if place == "pyproject.toml":
        (tmp_path / place).write_text("[tool.cvo-sg]")
    arguments = ["-f", "f", "--no-lint"]
    if place == "data/presets/predefined.yaml":
        arguments += ["-p", "predefined"]
    options = {"cwd": tmp_path, "preexec_fn": as_anybody}
    for folder in ("out/site/f", "out/other/f"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x").write_text("mine")
    before = contents(tmp_path)
    (tmp_path / place).chmod(mode)
    presets = ["-p", "predefined"] if "presets" in place else []
    code, stderr = finished(started("generate", *arguments, *presets, "--force", **options))
    (tmp_path / place).chmod(0o755)
    assert (code, contents(tmp_path)) == (2, before)
    assert re.search(rf"{place}.*: Permission denied", stderr), stderr


@pytest.mark.skipif(
    sys.platform != "linux" and os.geteuid() == 0, reason="root can read everywhere"
)
@pytest.mark.parametrize("mode", [0, 0o444])
@pytest.mark.parametrize("place", ["releases", "releases/3.7", "presets"])
def test_rule_data_that_cannot_be_seen_is_not_left_out(tmp_path, place, mode):
    """What is below may be the user's own, over what is built in."""
    for name in ("releases/3.7/manager.yaml", "presets/advanced.yaml"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped("rule_data") / name, tmp_path / "data" / name)
    arguments = ("generate", "-p", "advanced", "--no-lint", "--rule-data", "data")
    assert finished(started(*arguments, "--check", cwd=tmp_path))[0] == 1, "nothing is there yet"
    (tmp_path / "data" / place).chmod(mode)
    code, stderr = finished(started(*arguments, cwd=tmp_path, preexec_fn=as_anybody))
    (tmp_path / "data" / place).chmod(0o755)
    assert code == 2
    assert re.search(rf"data/{place}.*: Permission denied", stderr), stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("where", ["out/site", "out/site/terraform"])
def test_a_folder_swapped_for_a_link_is_not_followed(site, where):
    (site / where).rename(site / "aside")
    (site / where).symlink_to(site / "aside")
    before = contents(site / "aside")
    code, stderr = finished(start(site, "new"))
    assert (code, contents(site / "aside")) == (2, before)
    assert f"{where} is a symbolic link: remove it, or choose another folder" in stderr


@pytest.mark.parametrize("arguments", [["rules"], ["generate", "-p", "advanced", "--stdout"]])
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_output_that_takes_no_more_is_an_error_in_a_line(tmp_path, arguments):
    run = [sys.executable, "-m", "generator", *arguments]
    if "--stdout" in arguments:
        run += ["--format", "terraform", "--quiet"]
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            run,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert result.returncode == 2
    assert result.stderr == "cvo-sg: No space left on device\n"


@pytest.mark.parametrize(
    ("arguments", "closed", "sentence"),
    [
        (["generate", "-"], 0, "<stdin>: standard input is closed: name a file instead\n"),
        (["init", "x.yaml", "-i"], 0, "cvo-sg: --interactive: standard input is closed, so nobody"),
        (["generate", "-p", "advanced", "--no-lint"], 2, None),
        (["generate", "-p", "advanced", "--no-lint", "--quiet"], 1, ""),
        (["rules"], 1, "cvo-sg: standard output is closed\n"),
        (["--version"], 1, "cvo-sg: standard output is closed\n"),
    ],
)
def test_closed_streams_are_no_traceback(tmp_path, arguments, closed, sentence):
    run = started(*arguments, cwd=tmp_path, preexec_fn=lambda: os.close(closed))
    code, stderr = finished(run)
    assert code == (2 if sentence else 0)
    assert (stderr or "").startswith(sentence or "")
