"""What happens when something goes wrong while files are written: every file is whole."""

from __future__ import annotations

import ctypes
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import ROOT

from generator.write import locked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX")

DEPLOYMENT = 'name: site\nrelease: "3.7"\noutbound: {}\ntags: {{Version: "{}"}}\n'
VERSIONS = {"old": "basic", "new": "advanced"}
KILLS = 200


def start(folder, version, arguments=("--no-lint", "--quiet"), **options):
    command = [sys.executable, "-m", "generator", "generate", f"{version}.yaml", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env=environment, **pipes | options)


def finished(process):
    _, stderr = process.communicate()
    assert "Traceback" not in (stderr or "")
    return process.returncode, stderr


def contents(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


def is_temporary(name: str) -> bool:
    return name.endswith(".cvo-sg.tmp")


def is_writing(site: Path) -> bool:
    return any(is_temporary(name) for _, _, names in os.walk(site / "out") for name in names)


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


def assert_whole(site: Path) -> set[str]:
    """That every file is one of the two versions; which versions there are."""
    old, new = contents(site / "old"), contents(site / "new")
    found = {name: text for name, text in contents(site / "out").items() if not is_temporary(name)}
    assert found.keys() == old.keys() == new.keys()
    versions = set()
    for name, text in found.items():
        assert text in (old[name], new[name]), f"{name} is neither the old one nor the new one"
        if old[name] != new[name]:
            versions.add("old" if text == old[name] else "new")
    return versions


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_every_file_whole(site, proof):
    began = time.monotonic()
    finished(start(site, "new"))
    usual = time.monotonic() - began
    chance = random.Random(4711)
    for i in range(KILLS):
        version = ("old", "new")[i % 2]
        process = start(site, version)
        if i % 4 < 2:
            time.sleep(chance.uniform(0, usual))
        else:  # while it writes, which takes little of its time
            while process.poll() is None and not is_writing(site):
                pass
            time.sleep(chance.uniform(0, usual / 20))
        process.send_signal(signal.SIGKILL)
        code, _ = finished(process)
        versions = assert_whole(site)
        proof("runs killed", 1)
        proof("runs killed before their end", code == -signal.SIGKILL)
        proof("runs killed between two files", len(versions) == 2)
    assert finished(start(site, "new"))[0] == 0
    assert contents(site / "out") == contents(site / "new"), "nothing is left behind"


@pytest.mark.slow
def test_two_runs_at_once_do_not_mix(site, proof):
    for _ in range(20):
        runs = [start(site, version) for version in VERSIONS]
        ends = [finished(run) for run in runs]
        assert [code for code, _ in ends] == [0, 0], ends
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


def test_a_full_disk_changes_nothing(site):
    def limited():
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))

    before = contents(site / "out")
    code, stderr = finished(start(site, "new", preexec_fn=limited))
    assert (code, contents(site / "out")) == (2, before)
    assert "File too large" in stderr


def as_anybody():
    """Take from root what lets it write everywhere: CAP_DAC_OVERRIDE, out of the bounding set."""
    if os.geteuid() == 0:
        assert ctypes.CDLL(None).prctl(24, 1) == 0


@pytest.mark.skipif(
    sys.platform != "linux" and os.geteuid() == 0, reason="root can write everywhere"
)
def test_a_folder_that_cannot_be_written_changes_nothing(site):
    before = contents(site / "out")
    folders = [site / "out" / "site" / name for name in ("cloudformation", "terraform")]
    for folder in folders:
        folder.chmod(0o555)
    code, stderr = finished(start(site, "new", preexec_fn=as_anybody))
    for folder in folders:
        folder.chmod(0o755)
    assert (code, contents(site / "out")) == (2, before)
    assert "Permission denied" in stderr


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
