"""Whatever stands in a file, a user reads sentences: nothing that hypothesis makes of rule data,
deployment files, Jinja2 templates and CloudFormation templates raises an exception.

Most files are ours with a few changes: what is nearly right gets further than noise.
"""

from __future__ import annotations

import json
import shutil

import pytest
from click.testing import CliRunner
from draws import draws
from hypothesis import given
from hypothesis import strategies as st
from samples import TEMPLATE
from strategies import DATA

from generator.cli import cli
from generator.load import shipped

pytestmark = pytest.mark.slow
AWKWARD = [
    *"{}[]&*!|>%@`'\"#,:?-~\t\0\n\r\x1b\x85\ufeff\u2028",
    *["---", "...", "- ", "? ", ": ", "<<: *a", "&a [*a, *a]", "*a", "&a", "!!python/none", "!x"],
    *["null", "true", "no", "1", "-1", "1e999", ".inf", "0x1F", "0755", "22:22", "2020-01-01"],
    *["''", "[]", "{}", "[[]]", "{a: {b: c}}", "[1, {a: b}]", "x" * 5000, "[" * 200, "é", "名"],
    *["10.0.0.0/33", "::/129", "0.0.0.0/0", "pl-1", "sg-00000000", "group:x", "99999999999999999"],
    *["tcp", "All", "161-162", "65536", "icmp", "-1", "{{", "}}", "{%", "%}", "{% for x in y %}"],
    *["{{ x }}", "{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ deployment.x.y }}", "{{ [] | first | hcl }}"],
    *["!Ref", "!If [a, b, c]", "!Sub ${", "!GetAtt a", "Fn::If: [x]", "Fn::Transform: x"],
]
SNIPPETS = st.sampled_from(AWKWARD) | st.text(max_size=8)
NUMBERS = st.integers(0, 10**6)


def line_deleted(lines, at, _):
    del lines[at % len(lines)]


def line_repeated(lines, at, _):
    lines.insert(at % len(lines), lines[(at // 7) % len(lines)])


def line_moved(lines, at, _):
    lines.insert((at // 7) % len(lines), lines.pop(at % len(lines)))


def line_indented(lines, at, _):
    lines[at % len(lines)] = " " * (at % 5) + lines[at % len(lines)].lstrip()


def value_replaced(lines, at, snippet):
    key, colon, _ = lines[at % len(lines)].partition(":")
    lines[at % len(lines)] = f"{key}{colon} {snippet}"


def key_replaced(lines, at, snippet):
    line = lines[at % len(lines)]
    _, colon, value = line.partition(":")
    indent = len(line) - len(line.lstrip())
    lines[at % len(lines)] = f"{line[:indent]}{snippet}{colon}{value}"


def word_replaced(lines, at, snippet):
    words = lines[at % len(lines)].split(" ")
    words[(at // 7) % len(words)] = snippet
    lines[at % len(lines)] = " ".join(words)


def snippet_inserted(lines, at, snippet):
    line = lines[at % len(lines)]
    column = (at // 7) % (len(line) + 1)
    lines[at % len(lines)] = line[:column] + snippet + line[column:]


def end_cut_off(lines, at, _):
    lines[:] = lines[: max(1, at % len(lines))]


CHANGES = [
    line_deleted,
    line_repeated,
    line_moved,
    line_indented,
    value_replaced,
    key_replaced,
    word_replaced,
    snippet_inserted,
    end_cut_off,
]


def changed(*texts: str):
    """One of the texts with a few changes, as bytes; or any bytes at all."""

    def build(text, changes, tail):
        lines = text.splitlines()
        for change, at, snippet in changes:
            change(lines, at, snippet)
            lines = lines or [""]
        return "\n".join(lines).encode("utf-8", "surrogatepass") + tail

    steps = st.tuples(st.sampled_from(CHANGES), NUMBERS, SNIPPETS)
    ours = st.builds(
        build,
        st.sampled_from(texts),
        st.lists(steps, min_size=1, max_size=4),
        st.just(b"\n") | st.binary(max_size=3),
    )
    return st.one_of(ours, ours, ours, ours, st.binary(max_size=40))


JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats() | SNIPPETS,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(SNIPPETS, values, max_size=4),
    max_leaves=12,
)
RELEASE = shipped("rule_data") / "releases" / "3.7"
RULE_DATA = [
    *("groups.yaml", "endpoints.yaml", "supplements.yaml", "presets/advanced.yaml"),
    *(f"releases/3.7/{path.name}" for path in sorted(RELEASE.glob("*.yaml"))),
]
TEMPLATES = sorted(
    path.relative_to(shipped("templates")).as_posix()
    for path in shipped("templates").rglob("*.jinja")
)
PRESETS = [(shipped("rule_data") / "presets" / f"{name}.yaml").read_text()
           for name in DATA.presets()]  # fmt: skip
SMALL = """\
name: site
release: "3.7"
topology: single-node
outbound: basic
endpoints:
  inbound-clients: [10.0.0.0/8, "2001:db8::/32"]
  administrators: {bastion: 10.1.2.0/28}
  outbound-anywhere: [{id: pl-01234567, max_entries: 3}, sg-01234567, "group:manager"]
tags: {CostCenter: "4711"}
quota: 100
compact: true
"""
CONDITIONAL = (
    TEMPLATE % "!If [Large, !Ref Servers, 10.0.0.0/8]"
    + """\
  Other:
    Type: AWS::EC2::SecurityGroupEgress
    Condition: Large
    Properties: {GroupId: !GetAtt Group.GroupId, IpProtocol: "-1", CidrIpv6: ::/0}
Parameters: {Servers: {Type: String, Default: 10.0.0.0/8}}
Conditions: {Large: !Not [!Equals [!Ref Servers, ""]]}
"""
)


def assert_sentences(*arguments: object) -> None:
    """That a command ends with one of its exit codes, and says what is wrong if it fails."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code in (0, 1, 2)
    assert "Traceback" not in result.output
    assert "processing rule E93" not in result.output, "an exception in a rule of ours"
    assert "processing rule W93" not in result.output, "an exception in a rule of ours"
    if result.exit_code == 2:
        assert result.stderr.strip()
    if result.exit_code == 1:
        assert result.stdout.strip()


GENERATE = ["generate", "--no-lint", "--quiet", "--check"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fuzz")
    shutil.copytree(shipped("rule_data"), folder / "rule_data")
    shutil.copytree(shipped("templates"), folder / "templates")
    return folder


def check_deployment(folder, content):
    (folder / "site.yaml").write_bytes(content)
    assert_sentences(*GENERATE, "--out", folder / "out", "-f", "terraform", folder / "site.yaml")
    assert_sentences("validate", "--strict", folder / "site.yaml")


def check_rule_data(folder, name, content):
    path = folder / "rule_data" / name
    original = path.read_bytes()
    path.write_bytes(content)
    try:
        data = ["--rule-data", folder / "rule_data"]
        assert_sentences("rules", "--output", "json", *data)
        assert_sentences(*GENERATE, *data, "--out", folder / "out", "-p", "advanced")
    finally:
        path.write_bytes(original)


def check_template(folder, name, content):
    path = folder / "templates" / name
    original = path.read_bytes()
    path.write_bytes(content)
    try:
        arguments = ["-p", "predefined", "--templates", folder / "templates"]
        assert_sentences(*GENERATE, *arguments, "--out", folder / "out")
    finally:
        path.write_bytes(original)


def check_cloudformation(folder, content):
    (folder / "t.yaml").write_bytes(content)
    for output in ("sarif", "junit"):
        assert_sentences("validate", "--output", output, folder / "t.yaml")


def changed_file(root, names):
    return st.sampled_from(names).flatmap(
        lambda name: st.tuples(st.just(name), changed((root / name).read_text()))
    )


DEPLOYMENTS = changed(SMALL, *PRESETS) | JSON.map(lambda value: json.dumps(value).encode())
CLOUDFORMATION = changed(CONDITIONAL) | JSON.map(
    lambda value: json.dumps({"Resources": value, "Type": "AWS::"}).encode()
)


@draws(2000)
@given(DEPLOYMENTS)
def test_deployment_files(folder, proof, content):
    check_deployment(folder, content)
    proof("files fuzzed: deployment-files", 1)


@draws(600)
@given(changed_file(shipped("rule_data"), RULE_DATA))
def test_rule_data(folder, proof, file):
    check_rule_data(folder, *file)
    proof("files fuzzed: rule-data", 1)


@draws(400)
@given(changed_file(shipped("templates"), TEMPLATES))
def test_jinja2_templates(folder, proof, file):
    check_template(folder, *file)
    proof("files fuzzed: jinja2-templates", 1)


@draws(300)
@given(CLOUDFORMATION)
def test_cloudformation_templates(folder, proof, content):
    check_cloudformation(folder, content)
    proof("files fuzzed: cloudformation-templates", 1)
