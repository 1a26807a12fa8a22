"""The benchmarks run, and the programs they compare do the same job. No test asserts a time."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module

import pytest
import yaml
from conftest import ROOT

FOLDER = ROOT / "tests" / "benchmarks"


@pytest.fixture
def benchmarks(monkeypatch):
    """The modules of a script's folder, as the script itself imports them."""
    monkeypatch.syspath_prepend(FOLDER)
    return import_module


@pytest.mark.slow
def test_the_steps_that_are_measured_in_process_run():
    arguments = ["-n0", "--benchmark-only", "--benchmark-min-rounds=1", "--benchmark-max-time=0"]
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments, FOLDER / "rendering.py"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )


def test_what_is_measured_can_be_listed_without_installing_anything():
    listed = subprocess.check_output([sys.executable, FOLDER / "peers.py", "--list"], text=True)
    assert "`cvo-sg --help`" in listed
    assert "troposphere" in listed


@pytest.mark.slow
def test_the_bare_program_writes_each_row_as_a_rule(run, benchmarks, tmp_path):
    rows = benchmarks("rows")
    documented = run("rules", "--release", "3.7", "--output", "json").stdout
    expected = rows.flat(json.loads(documented))
    assert len(expected) > 70
    rows.write(expected, tmp_path)
    program = FOLDER / "programs" / "bare.py"
    subprocess.run([sys.executable, program, "rows.yaml"], cwd=tmp_path, check=True)
    text = (tmp_path / "template.yaml").read_text().replace("!Ref ", "").replace("!GetAtt ", "")
    resources = yaml.safe_load(text)["Resources"]
    rules = {
        name: r["Properties"] for name, r in resources.items() if "IpProtocol" in r["Properties"]
    }
    assert {name: (r["CidrIp"], r.get("FromPort", -1)) for name, r in rules.items()} == {
        row["id"]: (row["cidr"], -1 if row["protocol"] == "-1" else row["from_port"])
        for row in expected
    }


def test_every_row_is_a_term_of_aerleons_policy(benchmarks):
    rows = benchmarks("rows")
    one = {"group": "manager", "direction": "inbound", "mode": None, "protocol": "SSH"}
    one |= {
        "endpoints": ["a", "b"],
        "purpose": "It’s SSH",
        "permissions": [{"ip_protocol": "tcp", "from_port": 22, "to_port": 22}],
    }
    policy = rows.aerleon(rows.flat([one, one]))["pol/groups.yaml"]
    terms = [term for each in policy["filters"] for term in each["terms"]]
    assert [term["source-address"] for term in terms] == ["a", "b"]
    assert {term["destination-port"] for term in terms} == {"tcp-22-22"}


def test_a_line_is_the_median_of_the_ratios_in_each_round(benchmarks):
    peers, took = benchmarks("peers"), benchmarks("measuring").Took
    cases = {line.case for line in peers.LINES} | {line.less for line in peers.LINES} - {""}
    runs = {case: [took(2, 4), took(20, 40), took(3, 6)] for case in cases}
    runs["floor"] = [took(1, 1), took(10, 10), took(1, 1)]
    runs["lint customers"] = [took(22, 0), took(220, 0), took(23, 0)]
    text = peers.table(runs, {"bare": 75}, {"cdk": "there is no node"}, 6)
    assert "| `cvo-sg --help` | 2.00 | 4.00 | 1.00 |" in text
    assert "click and Jinja2 (75 rules) |" in text
    assert "| not measured: there is no node | | |" in text
    assert "| each next customer of the same form, no cache | 1.00 |" in text
    assert "| each next preset in that run, no cache | 0.00 |" in text


def test_the_table_in_the_readme_is_the_one_of_the_program(benchmarks):
    peers = benchmarks("peers")
    readme = peers.README.read_text(encoding="utf-8")
    for line in peers.LINES:
        assert f"\n| {line.label}" in readme, "python tests/benchmarks/peers.py --write"
    assert "\nnew table\n" in peers.marked(readme, "new table\n")
