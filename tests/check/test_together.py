"""Many modules at once: clean is only what Terraform finds nothing in, module by module."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from terraform import SETTINGS, mirror, require_terraform

from generator.check import Check, check_module, clean_modules, terraform


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Write modules, by name the text of their `main.tf` or of several files; their folders."""
    require_terraform()
    settings = tmp_path / "terraformrc"
    settings.write_text(SETTINGS % mirror())
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(settings))

    def write(modules) -> list[Path]:
        for name, files in modules.items():
            files = {"main.tf": files} if isinstance(files, str) else files
            for file, text in files.items():
                path = tmp_path / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return [tmp_path / name for name in modules]

    return write


@pytest.fixture
def runs(monkeypatch):
    """What Terraform is asked, as lists of words."""
    asked = []
    original = terraform._run
    monkeypatch.setattr(
        terraform,
        "_run",
        lambda f, e, *words, **k: asked.append(words[0]) or original(f, e, *words, **k),
    )
    return asked


def clean_among(folders) -> set[Path]:
    return {folder for some in clean_modules(folders) for folder in some}


REQUIRED = 'variable "a" {\n  type = string\n}\n\noutput "a" {\n  value = var.a\n}\n'
OPTIONAL = 'variable "b" {\n  type    = list(string)\n  default = []\n}\n'
BAD = 'output "c" {\n  value = var.nowhere\n}\n'
RESOURCE = 'resource "terraform_data" "a" {\n  inptu = 1\n}\n'
UNFORMATTED = 'variable "a" {\n type = string\n}\n'
CALLS_UNFORMATTED = {
    "main.tf": 'module "m" {\n  source = "./inner"\n  a      = "x"\n}\n',
    "inner/main.tf": UNFORMATTED,
}
CLEAN = {"one": REQUIRED, "two": OPTIONAL, "three": REQUIRED + "\n" + OPTIONAL}


@pytest.mark.slow
def test_modules_are_validated_in_one_run(put, runs):
    folders = put(CLEAN)
    assert clean_among(folders) == set(folders)
    assert runs == ["fmt", "init", "validate"]


@pytest.mark.slow
def test_each_module_that_is_prepared_is_a_step_for_whoever_waits(put):
    folders = put(CLEAN)
    assert [*clean_modules(folders)] == [(), (), (), folders]


@pytest.mark.slow
@pytest.mark.parametrize("beside", [{}, {"syntax": "variable {\n"}], ids=["alone", "unreadable"])
def test_modules_that_are_not_formatted_are_left_out(put, beside):
    """Also beside a file that cannot be read, and not because of a module that one calls."""
    folders = put({**CLEAN, "unformatted": UNFORMATTED, "caller": CALLS_UNFORMATTED, **beside})
    assert clean_among(folders) == {*folders[:3], folders[4]}


@pytest.mark.slow
def test_modules_with_mistakes_are_left_to_be_validated_alone(put):
    folders = put({**CLEAN, "bad": BAD, "worse": RESOURCE})
    assert clean_among(folders) == set(folders[:3])
    found = [f for folder in folders for f in check_module(folder, clean=set(folders[:3])).findings]
    assert [(Path(f.file).parent.name, f.line) for f in found] == [("bad", 2), ("worse", 2)]


def test_a_module_alone_needs_no_other_run(put, runs):
    assert clean_among(put({"one": REQUIRED})) == set()
    assert runs == []


LOCAL = {
    "main.tf": 'module "m" {\n  source = "./inner"\n  a      = "x"\n}\n',
    "inner/main.tf": REQUIRED,
}


@pytest.mark.slow
def test_modules_are_called_with_those_that_they_call(put):
    folders = put({"one": LOCAL, "two": LOCAL})
    assert clean_among(folders) == set(folders)


# Each is said of a module that is validated alone, and might not be of one that is called.
MISTAKES = {
    "undeclared": BAD,
    "argument": RESOURCE,
    "type": 'variable "a" {\n  type    = number\n  default = "x"\n}\n',
    "twice": REQUIRED + "\n" + REQUIRED,
    "unformatted": UNFORMATTED,
    "syntax": "variable {\n",
    "no-type": "resource {\n}\n",
    "version": 'terraform {\n  required_version = ">= 99"\n}\n',
    "sensitive-variable": 'variable "a" {\n  type      = string\n  sensitive = true\n}\n\n'
    'output "a" {\n  value = var.a\n}\n',
    "sensitive-function": 'output "a" {\n  value = sensitive("x")\n}\n',
    "sensitive-in-json": {"main.tf.json": '{"output": {"a": {"value": "${sensitive(1)}"}}}'},
    "ephemeral": 'output "a" {\n  value     = "x"\n  ephemeral = true\n}\n',
    "file": 'output "a" {\n  value = file("${path.root}/nowhere")\n}\n',
    "provider": 'resource "evil_thing" "a" {}\n',
    "missing-argument": 'module "m" {\n  source = "./inner"\n}\n',
    "call": {"main.tf": LOCAL["main.tf"].replace("./inner", "./nowhere")},
    "remote": 'module "m" {\n  source = "terraform-aws-modules/vpc/aws"\n}\n',
    "itself": 'module "m" {\n  source = "../itself"\n}\n',
    "import": "import {\n  to = terraform_data.a\n  id = var.a\n}\n",
    "condition": 'variable "a" {\n  type = string\n\n  validation {\n    condition     = var.b\n'
    '    error_message = "x"\n  }\n}\n',
}


@pytest.mark.slow
def test_nothing_but_what_is_clean_alone_is_called_clean(put, proof):
    folders = put({**CLEAN, **MISTAKES, "local": LOCAL})
    alone = {f for f in folders if terraform.run_terraform(f) == Check(str(f))}
    assert {f.name for f in alone} == {*CLEAN, "local"}
    assert clean_among(folders) == alone
    proof("modules with mistakes among others, found as they are alone", len(folders) - len(alone))


@pytest.mark.slow
def test_each_mistake_is_found_beside_clean_modules_only(put):
    folders = put({**CLEAN, **MISTAKES})
    for folder in folders[3:]:
        assert clean_among([*folders[:3], folder]) == set(folders[:3]), folder.name


@pytest.mark.slow
def test_generated_modules_are_clean_together_and_their_mistakes_are_found(put, tmp_path):
    put({})
    folders = []
    names = ("predefined", "advanced", "console-all-vpcs", "console-all-vpcs", "predefined")
    for i, name in enumerate(names):
        folders.append(tmp_path / f"{i}" / "terraform")
        shutil.copytree(Path(__file__).parents[2] / "out" / name / "terraform", folders[-1])
    wrong = folders.pop(2)
    main = wrong / "main.tf"
    main.write_text(main.read_text().replace("vpc_id ", "vpc_ip ", 1))
    assert clean_among([*folders, wrong]) == set(folders)
    [finding] = [f for f in check_module(wrong).findings if "vpc_ip" in f.message]
    assert Path(finding.file) == main
