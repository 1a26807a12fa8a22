"""`cvo-sg validate`: templates, modules and deployment files, and the ways to print findings."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from time import process_time
from xml.etree import ElementTree

import jsonschema
import pytest
from conftest import ROOT
from samples import TEMPLATE
from terraform import SETTINGS, mirror, require_terraform

from generator.check import REPORTS, Check, Finding, Report, lint, target_at

CLEAN, OPEN = TEMPLATE % "10.0.0.0/8", TEMPLATE % "0.0.0.0/0"
BROKEN = CLEAN.replace("ToPort: 22", "ToPort: 2")
DEPLOYMENT = """\
name: site
release: "3.7"
outbound: basic
connect_groups: true
endpoints: {inbound-clients: [10.0.0.0/8]}
"""
MODULE = 'variable "a" {\n  type = string\n}\n'


@pytest.fixture
def put(tmp_path):
    def put(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    return put


@pytest.fixture
def with_terraform(monkeypatch, tmp_path_factory):
    require_terraform()
    settings = tmp_path_factory.mktemp("settings") / "terraformrc"
    settings.write_text(SETTINGS % mirror())
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(settings))


@pytest.fixture
def without_terraform(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def snapshot(folder):
    return {p: p.stat().st_mtime_ns for p in sorted(folder.rglob("*"))}


def test_clean_files_are_said_to_be_clean(run, put):
    put({"t.yaml": CLEAN, "site.yaml": DEPLOYMENT})
    result = run("validate", "t.yaml", "site.yaml")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "checked 2 places: nothing found\n"


def test_errors_are_findings_with_their_place(run, put):
    put({"t.yaml": BROKEN})
    result = run("validate", "t.yaml")
    assert result.exit_code == 1
    assert result.stdout == (
        "t.yaml:10:11: error: port range 22-2 is reversed: EC2 would refuse it [E9303]\n"
    )
    assert result.stderr == "checked 1 place: 1 error, 0 warnings\n"


def test_warnings_fail_only_if_asked_to(run, put):
    put({"t.yaml": OPEN})
    assert run("validate", "t.yaml").exit_code == 0
    result = run("validate", "t.yaml", "--strict")
    assert result.exit_code == 1
    assert result.stdout.startswith("t.yaml:10:11: warning: Group: tcp 22 is open to 0.0.0.0/0")


def test_json_templates_are_templates_too(run, put):
    group = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "A group"}}
    put({"t.json": json.dumps({"Resources": {"Group": group}})})
    assert "[E9305]" in run("validate", "t.json").stdout


@pytest.mark.usefixtures("without_terraform")
def test_a_folder_is_searched_for_everything(run, put):
    put(
        {
            "infra/a/t.yml": BROKEN,
            "infra/b/main.tf": MODULE,
            "infra/site.yaml": DEPLOYMENT,
            "infra/values.yaml": "a: 1\n",
            "infra/.hidden/t.yaml": BROKEN,
            "infra/package.json": '{"name": "x"}',
        }
    )
    report = json.loads(run("validate", "infra", "--output", "json").stdout)
    assert [Path(p).as_posix() for p in report["checked"]] == [
        "infra/site.yaml",
        "infra/a/t.yml",
        "infra/b",
    ]
    assert [finding["rule"] for finding in report["findings"]] == ["E9303"]


@pytest.mark.usefixtures("without_terraform")
def test_terraform_is_judged_by_the_rules_for_templates(run, put):
    rule = {"protocol": "tcp", "from_port": 22, "to_port": 22, "cidr_blocks": ["0.0.0.0/0"]}
    group = {
        "address": "aws_security_group.web",
        "mode": "managed",
        "type": "aws_security_group",
        "name": "web",
        "values": {"ingress": [rule]},
    }
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": {"resources": [group]}},
    }
    module = (
        'resource "aws_security_group" "web" {\n  description = "doesn’t"\n  ingress {\n'
        '    protocol = "tcp"\n    from_port = 443\n    to_port = 80\n'
        '    cidr_blocks = ["10.0.0.0/8"]\n  }\n}\n'
    )
    put({"module/main.tf": module, "plan.json": json.dumps(plan)})
    result = run("validate", ".", "-o", "json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)["findings"]
    assert [(each["file"], each["line"], each["rule"]) for each in found] == [
        ("plan.json", 0, "W9306"),
        ("module/main.tf", 1, "E9301"),
        ("module/main.tf", 3, "E9303"),
    ]


@pytest.mark.parametrize(
    ("misspelt", "sentence"),
    [
        pytest.param({"release:": "relase:"}, "site.yaml:2:1: error: unknown key 'relase'"),
        pytest.param({"release:": '"release":', "name:": '"name":'}, ""),
        pytest.param({"name: ": "#"}, "site.yaml:2:1: error: missing key 'name'"),
    ],
    ids=["misspelt", "quoted", "missing"],
)
def test_a_deployment_file_is_known_by_most_of_its_keys(run, put, misspelt, sentence):
    text = DEPLOYMENT
    for old, new in misspelt.items():
        text = text.replace(old, new)
    put({"infra/site.yaml": text})
    result = run("validate", "infra", "--verbose")
    assert f"checking {Path('infra/site.yaml')}" in result.stderr
    assert result.exit_code == bool(sentence)
    assert sentence in result.stdout


def test_a_deployment_file_that_is_named_needs_one_key(run, put):
    put({"site.yaml": 'name: site\nrelase: "3.7"\n'})
    assert "did you mean release?" in run("validate", "site.yaml").stdout
    assert run("validate", "site.yaml", "--skip-others").exit_code == 0


def test_a_finding_is_a_line(run, put):
    put({"t.yaml": "AWSTemplateFormatVersion: 1\n---\nResources: {}\n"})
    result = run("validate", "t.yaml")
    assert (result.exit_code, result.stdout.count("\n")) == (1, 1)


@pytest.mark.usefixtures("without_terraform")
def test_the_same_thing_is_checked_once(run, put):
    put({"m/a.tf": MODULE, "m/b.tf": ""})
    report = json.loads(run("validate", "m/a.tf", "m/b.tf", "m", "-o", "json").stdout)
    assert report["checked"] == ["m"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        pytest.param("nowhere.yaml", "nowhere.yaml: No such file or directory", id="missing"),
        pytest.param("other.yaml", "other.yaml is not a CloudFormation template", id="other"),
        pytest.param("", "a path is empty: use .", id="no-path"),
        pytest.param("empty", "empty holds no template, no module and no dep", id="empty-folder"),
    ],
)
def test_what_cannot_be_checked_is_wrong_usage(run, put, tmp_path, path, sentence):
    put({"other.yaml": "a: 1\n"})
    (tmp_path / "empty").mkdir()
    result = run("validate", path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"cvo-sg: {sentence}")


def test_hooks_give_files_that_are_something_else(run, put):
    put({"other.yaml": "a: 1\n", "t.yaml": BROKEN})
    result = run("validate", "--skip-others", "--verbose", "other.yaml", "t.yaml")
    assert (result.exit_code, result.stdout.count("\n")) == (1, 1)
    assert result.stderr.startswith("checking t.yaml\n")
    assert run("validate", "--skip-others", "other.yaml").exit_code == 0


def test_files_that_are_no_text_are_findings_or_passed_over(run, tmp_path):
    (tmp_path / "t.yaml").write_bytes(b"AWSTemplateFormatVersion: \xff\xfe\x00\n")
    (tmp_path / "blob.json").write_bytes(bytes(range(256)))
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    result = run("validate", ".")
    assert result.exit_code == 1
    assert "[E0000]" in result.stdout


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_names_that_are_no_text_are_shown_as_they_can_be(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.yaml")).write_text(BROKEN)
    for output in REPORTS:
        command = [sys.executable, "-m", "generator", "validate", ".", "--output", output]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
        assert result.returncode == 1
        assert b"Traceback" not in result.stderr
        assert b"E9303" in result.stdout


GROUP = {"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupDescription": "A group"}}
RECOGNISED = {
    "byte-order-mark": BROKEN.encode("utf-8-sig"),
    "utf-16": BROKEN.encode("utf-16"),
    "utf-16-without-mark": BROKEN.encode("utf-16-le"),
    "utf-32": BROKEN.encode("utf-32"),
    "utf-32-without-mark": BROKEN.encode("utf-32-be"),
    "tagged-type": b"Resources:\n  A:\n    Type: !!str AWS::EC2::SecurityGroup\n",
    "anchored-type": b"Resources:\n  A:\n    Type: &t AWS::EC2::SecurityGroup\n",
    "folded-type": b"Resources:\n  A:\n    Type: >-\n      AWS::EC2::SecurityGroup\n",
    "escaped-type": b'{"Resources": {"A": {"\\u0054ype": "AWS\\u003A\\u003aEC2::VPC"}}}',
    "escaped-key": b'"Resour\\u0063\\x65s":\n  A:\n    "T\\x79pe": "B\\U0000003a:C"\n',
    "tagged-key": b"!!str Resources:\n  A:\n    Type: B::C\n",
    "anchored-key": b"&a Resources:\n  A:\n    Type: B::C\n",
    "explicit-key": b"? Resources\n: A:\n    Type: B::C\n",
    "tagged-flow": b"--- !!map {Resources: {A: {Type: 'B::C'}}}",
    "flow-style": b"{AWSTemplateFormatVersion: '2010-09-09', Resources: {A: {Type: 'B::C'}}}",
    "flow-style-after-a-marker": b"--- {Resources: {A: {Type: 'B::C::D'}}}",
    "json-in-one-line": json.dumps({"Resources": {"Group": GROUP}}).encode(),
    "json-that-is-broken": b'{"Resources": {"A": {"Type": "B::C"}},}',
    "custom-types": b"Resources:\n  A:\n    Type: Custom::Thing\n",
    "third-party-types": b"Resources:\n  A:\n    Type: My::Own::Type\n",
    "indented": b"\n  # all of it\n  Resources:\n    A:\n      Type: B::C\n",
}


@pytest.mark.parametrize("content", RECOGNISED.values(), ids=RECOGNISED)
def test_templates_are_recognised_beside_other_files(run, put, tmp_path, content):
    put({"a/site.yaml": DEPLOYMENT, "a/values.yaml": "a: 1\n"})
    (tmp_path / "a" / "t.yaml").write_bytes(content)
    report = json.loads(run("validate", "a", "--output", "json").stdout)
    assert str(Path("a/t.yaml")) in report["checked"]
    assert report["skipped"] == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("data:\n  t: |\n    AWSTemplateFormatVersion: x\n", id="embedded"),
        pytest.param("resources:\n  Resources:\n    A:\n      Type: AWS::S3::Bucket\n", id="below"),
        pytest.param("A:\n  Type: AWS::S3::Bucket\n", id="part"),
        pytest.param("A:\n  Type: !!str AWS::S3::Bucket\n", id="tagged-part"),
        pytest.param('A:\n  Type: "\\x41WS::S3::Bucket"\n', id="escaped-part"),
        pytest.param("Resources:\n  A:\n    Type: Bucket\n", id="no-type"),
        pytest.param('{"stack": {"Resources": {"A": {"Type": "A::B"}}}}', id="json"),
    ],
)
def test_what_could_be_a_template_and_is_none_is_listed(run, put, text):
    put({"a/site.yaml": DEPLOYMENT, "a/other.yaml": text})
    result = run("validate", "a", "--output", "json")
    [reason] = json.loads(result.stdout)["skipped"]
    assert reason.startswith(f"{Path('a/other.yaml')}: not checked: it mentions CloudFormation")
    assert f"warning: {reason}" in result.stderr
    assert run("validate", "a", "--require-terraform").exit_code == 0


@pytest.mark.parametrize("name", ["t.YAML", "t.Yml", "t.JSON", "t.Template", "t.cfn"])
def test_templates_are_found_by_any_of_their_endings(run, put, name):
    put({f"a/{name}": BROKEN, "a/site.yaml": DEPLOYMENT})
    assert "E9303" in run("validate", "a").stdout


def test_a_link_to_a_folder_is_listed(run, put, tmp_path):
    put({"a/site.yaml": DEPLOYMENT, "b/t.yaml": BROKEN})
    (tmp_path / "a" / "link").symlink_to("../b")
    result = run("validate", "a")
    assert f"{Path('a/link')}: not checked: a symbolic link to a folder" in result.stderr
    assert "E9303" in run("validate", "a/link").stdout


@pytest.fixture
def denied(monkeypatch):
    """Deny access as the mode 000 does; a user who may do everything runs tests, too."""

    def deny(path: Path) -> None:
        for name in ("open", "scandir"):
            original = getattr(os, name)

            def refuse(given, *args, original=original, **options):
                if Path(given) == path:
                    raise PermissionError(13, "Permission denied", str(given))
                return original(given, *args, **options)

            monkeypatch.setattr(os, name, refuse)

    return deny


@pytest.mark.parametrize("given", ["a", "a/t.yaml"])
def test_a_file_that_cannot_be_read_is_an_error(run, put, denied, given):
    put({"a/t.yaml": CLEAN, "a/site.yaml": DEPLOYMENT})
    denied(Path("a/t.yaml"))
    result = run("validate", given)
    assert result.exit_code == 1
    assert result.stdout == (
        f"{Path('a/t.yaml')}: error: cannot be read: Permission denied [unreadable]\n"
    )


@pytest.mark.parametrize("folder", ["a", "a/b"])
def test_a_folder_that_cannot_be_read_is_an_error(run, put, denied, folder):
    put({"a/site.yaml": DEPLOYMENT, "a/b/t.yaml": CLEAN})
    denied(Path(folder))
    result = run("validate", "a")
    assert result.exit_code == 1
    assert f"{Path(folder)}: error: cannot be read: Permission denied [unreadable]" in result.stdout


@pytest.fixture
def unsearchable(monkeypatch):
    """Deny what is in a folder that can be listed, but not searched: as the mode 444 does."""

    def deny(folder: Path) -> None:
        for name in ("open", "stat", "lstat"):
            original = getattr(os, name)

            def refuse(given, *args, original=original, **options):
                if not isinstance(given, int) and folder in Path(os.fspath(given)).parents:
                    raise PermissionError(13, "Permission denied", str(given))
                return original(given, *args, **options)

            monkeypatch.setattr(os, name, refuse)

    return deny


@pytest.mark.parametrize("given", ["a", "a/b/z.yaml"])
def test_what_is_in_a_folder_that_cannot_be_searched_is_an_error(run, put, unsearchable, given):
    put({"a/bad.yaml": BROKEN, "a/b/z.yaml": CLEAN})
    unsearchable(Path("a/b"))
    result = run("validate", given, "a/bad.yaml")
    assert result.exit_code == 1
    sentence = "error: cannot be read: Permission denied [unreadable]"
    assert f"{Path('a/b/z.yaml')}: {sentence}" in result.stdout
    assert "E9303" in result.stdout, "it does not end the run"


@pytest.mark.skipif(sys.platform == "win32", reason="FIFOs and devices")
@pytest.mark.parametrize("given", ["a", "a/x.yaml"])
@pytest.mark.parametrize("kind", ["a FIFO", "a device", "a socket"])
def test_what_is_no_regular_file_is_refused_at_once(run, put, tmp_path, monkeypatch, kind, given):
    put({"a/site.yaml": DEPLOYMENT})
    path = tmp_path / "a" / "x.yaml"
    if kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        monkeypatch.chdir(path.parent)  # the path of a socket is short
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind("x.yaml")
        monkeypatch.chdir(tmp_path)
    result = run("validate", given)
    assert result.exit_code == 1
    assert (
        result.stdout == f"{Path('a/x.yaml')}: error: is {kind}, not a regular file [unreadable]\n"
    )


def test_a_template_that_is_too_large_is_refused(run, put):
    put({"t.yaml": CLEAN + "#" * 1_000_000, "a/data.json": f'["{"x" * 1_000_000}"]'})
    result = run("validate", ".")
    assert (result.exit_code, result.stdout) == (
        1,
        "t.yaml: error: is larger than 1 MB, the most that CloudFormation accepts [unreadable]\n",
    )


@pytest.mark.parametrize(
    ("odd", "output"),
    [
        ("[1]", "sarif"),
        ("{cfn-lint: 1}", "junit"),
        ("{cfn-lint: {config: {regions: [x]}}}", "json"),
    ],
)
def test_one_odd_template_does_not_hide_the_others(run, put, output, odd):
    put({"a/bad.yaml": BROKEN, "a/odd.yaml": f"Metadata: {odd}\n{BROKEN}", "a/z.yaml": BROKEN})
    result = run("validate", "a", "--output", output)
    assert result.exit_code == 1
    for name in ("bad", "odd", "z"):
        assert f"a/{name}.yaml" in result.stdout.replace("\\\\", "/")
    assert result.stdout.count("E9303") >= 2


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no worker processes here")
@pytest.mark.usefixtures("without_terraform")
def test_more_processes_find_the_same_in_the_same_order(put, tmp_path):
    put({f"a/{i}.yaml": (BROKEN, OPEN, CLEAN)[i % 3] for i in range(8)})
    put({"a/4/main.tf": MODULE, "a/site.yaml": DEPLOYMENT.replace("basic", "bsaic")})
    one, *others = (
        subprocess.run(
            [sys.executable, "-m", "generator", *("validate", "a", "--no-cache", "-v"), *jobs],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
        )
        for jobs in (["--jobs", "1"], ["--jobs", "3"], [])
    )
    assert one.returncode == 1
    assert one.stdout.count("E9303") == 3
    for other in others:
        assert (other.returncode, other.stdout, other.stderr) == (1, one.stdout, one.stderr)


@pytest.mark.parametrize(
    ("templates", "asked", "processes"),
    [
        pytest.param(3, [], 1, id="few are linted by the run itself"),
        pytest.param(9, [], 4, id="many by a process per processor, but by two templates each"),
        pytest.param(9, ["--jobs", 2], 2, id="or by as many as asked for"),
    ],
)
def test_templates_are_shared_among_processes(run, put, monkeypatch, templates, asked, processes):
    used = []
    monkeypatch.setattr("generator.cli.validate.cores", lambda: 8)
    monkeypatch.setattr(
        "generator.cli.validate.in_order",
        lambda f, number, processes: used.append(processes) or (f(i) for i in range(number)),
    )
    put({"a/site.yaml": DEPLOYMENT} | {f"a/{i}.yaml": CLEAN for i in range(templates)})
    assert run("validate", "a", *asked).exit_code == 0
    assert used == [processes]


def test_a_failure_of_ours_is_a_finding_of_its_file(run, put, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("oops")

    monkeypatch.setattr("generator.check.cfn_lint._runner", fail)
    put({"a/t.yaml": BROKEN, "a/site.yaml": DEPLOYMENT.replace("basic", "bsaic")})
    result = run("validate", "a", "--no-cache")
    assert result.exit_code == 1
    assert "cfn-lint failed on this template, which may hide other findings: RuntimeError" in (
        result.stdout
    )
    assert "site.yaml:3:11: error" in result.stdout
    monkeypatch.setattr("generator.check.Linter.lint", fail)
    assert "error: checking this failed: RuntimeError: oops" in run("validate", "a").stdout


IGNORING = "Metadata: {cfn-lint: {config: {ignore_checks: [E, W]}}}\n"
IN_RESOURCE = "    Metadata: {cfn-lint: {config: {ignore_checks: [E9303]}}}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            IGNORING + BROKEN,
            "t.yaml:1: note: rules E, W are ignored in the template; --no-suppressions reports "
            "everything [suppression]\n",
            id="template",
        ),
        pytest.param(
            BROKEN.replace("    Properties:\n", f"{IN_RESOURCE}    Properties:\n", 1),
            "note: rules E9303 are ignored in resource Group;",
            id="resource",
        ),
        pytest.param(
            OPEN.replace(
                "Resources:",
                "Metadata: {cfn-lint: {config: {configure_rules: {W9306: {ports: []}}}}}\n"
                "Resources:",
            ),
            "note: rules W9306 are configured in the template;",
            id="configured",
        ),
    ],
)
def test_suppressions_are_listed_and_can_be_ignored(run, put, text, told):
    put({"t.yaml": text})
    result = run("validate", "t.yaml", "--strict" if "W9306" not in text else "--quiet")
    assert result.exit_code == 0
    assert told in result.stdout
    everything = run("validate", "t.yaml", "--strict", "--no-suppressions")
    assert everything.exit_code == 1
    assert "suppression" not in everything.stdout


def test_files_that_a_template_names_for_cfn_lint_are_not_read(run, put):
    put({"t.yaml": "Metadata: {cfn-lint: {config: {parameter_files: [p.json]}}}\n" + CLEAN})
    assert run("validate", "t.yaml").stdout == ""


def test_the_default_egress_rule_is_a_warning_in_templates_of_others(run, put):
    put({"t.json": json.dumps({"Resources": {"Group": GROUP}})})
    result = run("validate", "t.json")
    assert result.exit_code == 0
    assert result.stdout == (
        "t.json:1:61: warning: Group has the default egress rule, which allows all traffic to "
        'everywhere. To keep that, add to SecurityGroupEgress {IpProtocol: "-1", CidrIp: '
        '0.0.0.0/0}; to allow nothing, {IpProtocol: "-1", CidrIp: 127.0.0.1/32} [E9305]\n'
    )
    [ours] = lint(json.dumps({"Resources": {"Group": GROUP}}), "t.json", advice=False)
    assert (ours.rule, ours.severity) == ("E9305", "error")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n" * 100_000 + "a: 1\n", id="blank-lines"),
        pytest.param(" " * 100_000 + "a: 1\n", id="blanks"),
        pytest.param("Resources:\n" * 20_000, id="keys"),
        pytest.param("{" + "Resources " * 20_000, id="flow"),
        pytest.param('{"Type"' * 20_000, id="json"),
        pytest.param("Type:\n" * 20_000, id="types"),
        pytest.param("---\n" * 50_000, id="markers"),
        pytest.param("name \n" * 50_000, id="deployment-keys"),
        pytest.param("!a " * 50_000 + "a: 1\n", id="tags"),
        pytest.param("a: 1\n" + "? !Resources\n" * 20_000, id="explicit-keys"),
        pytest.param("a: 1\n" + "!a\n" * 50_000, id="tags-on-lines"),
        pytest.param("\\x41" * 50_000, id="escapes"),
    ],
)
def test_recognising_a_file_is_linear(tmp_path, text):
    (tmp_path / "t.yaml").write_text(text)
    before = process_time()
    target_at(tmp_path / "t.yaml")
    assert process_time() - before < 1


# Deployment files.


def test_mistakes_of_deployment_files_are_findings(run, put):
    put({"site.yaml": DEPLOYMENT.replace("basic", "bsaic")})
    result = run("validate", "site.yaml")
    assert result.exit_code == 1
    assert result.stdout.startswith("site.yaml:3:11: error: ")


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        pytest.param(
            {"endpoints: {inbound-clients: [10.0.0.0/8]}\n": ""},
            "open-to-the-internet",
            "site: 30 inbound rules are open to the internet (0.0.0.0/0): manager (TCP 22, 80, "
            "443, 3128), cloud-volumes-ontap (",
            id="open",
        ),
        pytest.param(
            {"basic\n": "basic\nquota: 27\n"},
            "quota-nearly-used",
            "cloud-volumes-ontap uses 25 inbound rules of 27",
            id="quota",
        ),
        pytest.param(
            {"basic": "advanced"},
            "outbound-incomplete",
            "group cloud-volumes-ontap has no outbound rule for TCP 443 to autosupport: ",
            id="outbound",
        ),
        pytest.param(
            {"basic": "advanced", "8]}": "8], outbound-internet: []}"},
            "outbound-incomplete",
            "group manager has no outbound rule for TCP 443 to outbound-internet: Cloud",
            id="outbound-bound-to-nobody",
        ),
        pytest.param(
            {"basic": "advanced", "3.7": "console"},
            "outbound-incomplete",
            "group cloud-volumes-ontap has no outbound rule for TCP 443 to s3: tiering moves",
            id="tiering-in-the-console",
        ),
        pytest.param(
            {"basic\n": "basic\ngroups: [ha-internal]\n"},
            "without-effect",
            "always creates the group ha-internal itself",
            id="group-of-the-product",
        ),
        pytest.param(
            {"basic\n": "basic\ngroups: [manager]\nsupplements: [ntp]\n"},
            "without-effect",
            "site: the supplement ntp adds no rule",
            id="supplement-of-a-group-left-out",
        ),
        pytest.param(
            {"basic\n": "basic\nsupplements: [s3-tiering]\nfeatures: {tiering: false}\n"},
            "without-effect",
            "site: the supplement s3-tiering adds no rule",
            id="supplement-of-a-feature-left-out",
        ),
    ],
)
def test_warnings_about_deployments_say_what_to_write(run, put, change, kind, told):
    text = DEPLOYMENT
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    put({"site.yaml": text})
    for command in (["validate", "site.yaml"], ["generate", "--no-lint", "site.yaml"]):
        relaxed = run(*command)
        assert relaxed.exit_code == 0
        strict = run(*command, "--strict")
        assert strict.exit_code == 1
        assert told in strict.stdout
    found = json.loads(run("validate", "site.yaml", "-o", "json").stdout)["findings"]
    assert kind in {finding["rule"] for finding in found}


@pytest.mark.parametrize(
    ("change", "bound"),
    [
        pytest.param("advanced\nfeatures: {tiering: false}", "", id="not-tiered"),
        pytest.param("advanced\nsupplements: [s3-tiering]", ", s3: [pl-01234567]", id="supplement"),
    ],
)
def test_who_tiers_nothing_or_lets_it_out_is_not_warned_of_tiering(run, put, change, bound):
    text = DEPLOYMENT.replace("basic", change)
    put({"site.yaml": text.replace("8]}", f"8]{bound}}}")})
    assert "tiering" not in run("validate", "site.yaml").stdout


ADVANCED = "advanced\n"


def test_https_to_everywhere_is_https_to_whoever_needs_it(run, put):
    text = DEPLOYMENT.replace("basic", ADVANCED + "supplements: [autosupport]")
    put({"site.yaml": text.replace("8]}", "8], autosupport: [0.0.0.0/0]}")})
    assert run("validate", "site.yaml", "--strict").stdout == ""


def test_one_fact_is_one_line_for_people_and_each_rule_one_record_for_programs(run, put):
    put({"site.yaml": DEPLOYMENT.replace("endpoints: {inbound-clients: [10.0.0.0/8]}\n", "")})
    for form, number in {"text": 1, "markdown": 1, "github": 1, "json": 30, "sarif": 30}.items():
        told = run("validate", "--quiet", "site.yaml", "--output", form).stdout
        rule = '"ruleId": "open' if form == "sarif" else "open-to-the-internet"
        assert told.count(rule) == number, form
    line = run("validate", "--quiet", "site.yaml").stdout
    assert "site: 30 inbound rules are open to the internet (0.0.0.0/0): manager (TCP 22" in line
    assert "inbound-clients: [10.0.0.0/8] for all of them, or one by one: administrators," in line
    strict = run("generate", "--no-lint", "site.yaml", "--strict")
    assert "30 inbound rules are open" in strict.stdout
    assert strict.stderr == "cvo-sg: nothing was written: 1 warning is an error under --strict\n"


def test_a_warning_names_the_row_of_its_protocol(run, put):
    put({"site.yaml": DEPLOYMENT.replace("endpoints: {inbound-clients: [10.0.0.0/8]}\n", "")})
    told = run("validate", "site.yaml", "--output", "json").stdout
    assert "has an inbound rule for TCP 111 from 0.0.0.0/0 (row inbound-tcp-111 of" in told
    assert "has an inbound rule for UDP 111 from 0.0.0.0/0 (row inbound-udp-111 of" in told


def test_strict_writes_nothing(run, put, tmp_path):
    put({"site.yaml": DEPLOYMENT.replace("basic", ADVANCED)})
    result = run("generate", "--no-lint", "site.yaml", "--strict")
    assert "nothing was written: 2 warnings are errors under --strict" in result.stderr
    text = DEPLOYMENT.replace("basic", ADVANCED + "supplements: [autosupport]")
    put({"site.yaml": text.replace("8]}", "8], autosupport: [10.0.0.80/32]}")})
    result = run("generate", "--no-lint", "site.yaml", "--strict")
    assert "nothing was written: 1 warning is an error under --strict" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_clean_deployment_passes_strictly(run, put):
    put({"site.yaml": DEPLOYMENT})
    assert run("generate", "--no-lint", "site.yaml", "--strict").exit_code == 0


@pytest.mark.parametrize("format_", ["terraform", "cloudformation"])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(["--group", "manager", "--group", "ha-mediator"], id="group-left-out"),
        pytest.param(["--rule-data", "changed"], id="description-changed"),
    ],
)
def test_a_group_that_would_be_replaced_is_warned_of(run, put, tmp_path, data, format_, change):
    put({"site.yaml": DEPLOYMENT})
    shutil.copytree(data.root, tmp_path / "changed")
    groups = tmp_path / "changed" / "groups.yaml"
    groups.write_text(groups.read_text().replace("Cloud Volumes ONTAP nodes", "Nodes"))
    command = ["generate", "--no-lint", "site.yaml", "-f", format_]
    assert "REPLACES" not in run(*command).stderr
    before = snapshot(tmp_path / "out")
    strict = run(*command, *change, "--strict")
    assert strict.exit_code == 1
    assert "REPLACES OR DELETES the security group cloud-volumes-ontap" in strict.stdout
    assert snapshot(tmp_path / "out") == before
    for mode in ("--check", "--diff"):
        assert "REPLACES OR DELETES" in run(*command, *change, mode).stderr
    assert "REPLACES OR DELETES" in run(*command, *change).stderr


@pytest.mark.parametrize("format_", ["terraform", "cloudformation"])
def test_other_changes_replace_no_group(run, put, format_):
    put({"site.yaml": DEPLOYMENT})
    command = ["generate", "--no-lint", "site.yaml", "-f", format_]
    run(*command)
    for change in (["--outbound", "advanced"], ["-e", "dns=10.0.0.2/32"], ["--quiet"]):
        assert "REPLACES" not in run(*command, *change).stderr


# Terraform modules.


@pytest.mark.usefixtures("without_terraform")
def test_without_terraform_it_says_so(run, put):
    put({"m/main.tf": MODULE})
    result = run("validate", "m")
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: m: not checked, because terraform is not on PATH\n"
        "checked 1 place, 1 of them not completely: nothing found\n"
    )
    required = run("validate", "m", "--require-terraform")
    assert required.exit_code == 2
    assert "cvo-sg: --require-terraform: install Terraform" in required.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands in for a broken Terraform")
def test_a_terraform_that_cannot_run_is_no_finding(run, put, tmp_path, monkeypatch):
    put({"m/main.tf": MODULE, "bin/terraform": "no script"})
    (tmp_path / "bin" / "terraform").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    result = run("validate", "m", "--require-terraform")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "terraform cannot be run" in result.stderr


@pytest.mark.slow
@pytest.mark.usefixtures("with_terraform")
def test_modules_are_formatted_and_validated(run, put, tmp_path):
    put(
        {
            "good/main.tf": MODULE,
            "unformatted/main.tf": 'variable "a" {\n    type=string\n}\n',
            "wrong/main.tf": 'output "b" {\n  value = var.missing\n}\n',
            "unreadable/main.tf": 'variable "a" {{\n',
            "caller/main.tf": 'module "m" {\n  source = "../good"\n  a      = "x"\n}\n',
            "lost/main.tf": 'module "m" {\n  source = "../nowhere"\n}\n',
        }
    )
    before = snapshot(tmp_path)
    result = run("validate", ".")
    assert result.exit_code == 1
    lines = [line.split(": ", 2)[:2] for line in result.stdout.splitlines()]
    assert lines == [
        ["lost/main.tf:1", "error"],
        ["unformatted/main.tf", "error"],
        ["unreadable/main.tf:1:15", "error"],
        ["wrong/main.tf:2:11", "error"],
    ]
    assert snapshot(tmp_path) == before, "nothing is written beside the modules"


@pytest.mark.slow
@pytest.mark.usefixtures("with_terraform")
def test_settings_of_the_user_do_not_change_what_is_checked(run, put, tmp_path, monkeypatch):
    put({"m/main.tf": MODULE})
    for name in ("TF_CLI_ARGS_validate", "TF_CLI_ARGS", "TF_CLI_ARGS_init"):
        monkeypatch.setenv(name, "-nonsense")
    monkeypatch.setenv("TF_DATA_DIR", str(tmp_path / "elsewhere"))
    assert run("validate", "m", "--require-terraform").exit_code == 0
    assert os.listdir(tmp_path) == ["m"]  # noqa: PTH208


@pytest.mark.slow
@pytest.mark.usefixtures("with_terraform")
def test_a_provider_that_cannot_be_had_is_no_finding(run, put, tmp_path, monkeypatch):
    (tmp_path / "mirror").mkdir()
    (tmp_path / "terraformrc").write_text(SETTINGS % (tmp_path / "mirror"))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "terraformrc"))
    put({"m/main.tf": 'resource "aws_vpc" "a" {\n  cidr_block = "10.0.0.0/16"\n}\n'})
    result = run("validate", "m")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith(
        "warning: m: not validated: no version of the provider hashicorp/aws that it accepts is in "
        "your mirrors or plugin cache (--download lets Terraform fetch what is missing)\n"
    )


@pytest.mark.slow
@pytest.mark.usefixtures("with_terraform")
def test_what_is_generated_is_valid(run):
    assert run("generate").exit_code == 0
    result = run("validate", "out", "--require-terraform")
    assert result.exit_code == 0
    assert " error: " not in result.stdout


# The ways to print findings.

AWKWARD = Finding("a b/c:ü.yaml", 3, 0, "warning", "W1", "50 %\n, \x07 <&> 'x'")
PLAIN = Finding("t.yaml", 1, 2, "error", "E1", "It is wrong")
REPORT = Report(
    (
        Check("a b/c:ü.yaml", (AWKWARD,)),
        Check("t.yaml", (PLAIN,)),
        Check("clean.yaml"),
        Check("m", skipped="not checked"),
    )
)


def printed(format_, report=REPORT):
    return REPORTS[format_](report)


def test_json_holds_everything():
    assert json.loads(printed("json")) == {
        "failed": True,
        "checked": ["a b/c:ü.yaml", "t.yaml", "clean.yaml", "m"],
        "skipped": ["m: not checked"],
        "findings": [AWKWARD._asdict(), PLAIN._asdict()],
    }


def test_annotations_are_escaped():
    assert printed("github") == (
        "::warning file=a b/c%3Aü.yaml,line=3,title=cvo-sg W1::50 %25%0A, \x07 <&> 'x'\n"
        "::error file=t.yaml,line=1,col=2,title=cvo-sg E1::It is wrong\n"
    )


@pytest.mark.parametrize("strict", [False, True])
def test_the_last_of_ten_annotations_of_a_level_lists_the_rest(strict):
    found = [Finding("a.yaml", i, 0, "warning", "W1", f"no. {i}") for i in range(1, 13)]
    several = Report((Check("a.yaml", (*found[:10], PLAIN, *found[10:])),), strict)
    lines = printed("github", several).splitlines()
    level = "error" if strict else "warning"
    assert len(lines) == (10 if strict else 11)
    assert lines[8] == f"::{level} file=a.yaml,line=9,title=cvo-sg W1::no. 9"
    last = f"::{level} file=a.yaml,line=10,title=cvo-sg W1::and {3 + strict} more:%0A"
    assert lines[9].startswith(f"{last}a.yaml:10: no. 10 [W1]%0A")
    assert lines[9].endswith("%0Aa.yaml:12: no. 12 [W1]")
    ten = Report((Check("a.yaml", tuple(found[:10])),))
    assert "more" not in printed("github", ten)


def test_sarif_has_a_result_a_finding():
    [run] = json.loads(printed("sarif"))["runs"]
    assert [result["level"] for result in run["results"]] == ["warning", "error"]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["W1", "E1"]
    awkward, plain = (result["locations"][0]["physicalLocation"] for result in run["results"])
    assert awkward == {
        "artifactLocation": {"uri": "a%20b/c%3A%C3%BC.yaml"},
        "region": {"startLine": 3},
    }
    assert plain["region"] == {"startLine": 1, "startColumn": 2}


def test_junit_does_not_pass_a_module_with_findings():
    report = Report((Check("m", (PLAIN._replace(file="m/main.tf"),), skipped="not validated"),))
    suite = ElementTree.fromstring(printed("junit", report)).find("testsuite")
    assert [[child.tag for child in case] for case in suite] == [["failure"], ["skipped"]]


def test_junit_has_a_case_a_finding_and_one_for_each_clean_place():
    suite = ElementTree.fromstring(printed("junit")).find("testsuite")
    assert {k: suite.get(k) for k in ("tests", "failures", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "skipped": "1",
    }
    cases = [(case.get("classname"), [child.tag for child in case]) for case in suite]
    assert cases == [
        ("a b/c:ü.yaml", ["system-out"]),
        ("t.yaml", ["failure"]),
        ("clean.yaml", []),
        ("m", ["skipped"]),
    ]


SCHEMAS = Path(__file__).parents[1] / "schemas"


@pytest.mark.parametrize("report", [REPORT, Report(()), REPORT._replace(strict=True)])
def test_sarif_is_valid(report):
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
    jsonschema.Draft4Validator(schema).validate(json.loads(printed("sarif", report)))


@pytest.mark.slow
@pytest.mark.parametrize("report", [REPORT, Report(()), REPORT._replace(strict=True)])
def test_junit_is_valid(report):
    import xmlschema  # takes half a second

    xmlschema.XMLSchema(SCHEMAS / "junit.xsd").validate(printed("junit", report))


@pytest.mark.parametrize("format_", REPORTS)
def test_strictly_a_warning_is_an_error_in_every_format(format_):
    strict = Report((Check("a", (AWKWARD,)),), strict=True)
    assert strict.failed
    if format_ != "text":
        assert printed(format_, strict) != printed(format_, strict._replace(strict=False))


@pytest.mark.parametrize("format_", REPORTS)
def test_a_report_without_findings_can_be_printed(format_):
    assert printed(format_, Report(())) is not None
