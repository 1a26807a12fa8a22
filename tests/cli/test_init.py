"""`cvo-sg init`: what a repository needs to start, each file written once and never overwritten."""

from __future__ import annotations

import json
import os

import jsonschema
import pytest
import yaml
from strategies import DATA


def test_the_schema_that_the_file_names_is_beside_it_and_fits(run, tmp_path):
    assert run("init", "sites/acme.yaml").exit_code == 0
    text = (tmp_path / "sites" / "acme.yaml").read_text()
    name = text.splitlines()[0].partition("$schema=")[2]
    schema = json.loads((tmp_path / "sites" / name).read_text())
    jsonschema.validate({**yaml.safe_load(text), "endpoints": {}}, schema)


def test_a_schema_that_is_there_stays(run, tmp_path):
    (tmp_path / "deployment.schema.json").write_text("mine")
    result = run("init", "acme.yaml")
    assert (result.exit_code, result.stdout) == (0, "wrote acme.yaml\n")
    assert "deployment.schema.json differs from this version's" in result.stderr
    assert (tmp_path / "deployment.schema.json").read_text() == "mine"
    assert run("init", "other.yaml", "--force").exit_code == 0
    assert run("init", "third.yaml").stderr.startswith("next: ")


def test_a_project_is_generated_and_checked_without_arguments(run, tmp_path):
    result = run("init", "sites/acme.yaml", "--project")
    assert result.stderr == "next: edit sites/acme.yaml, then run: cvo-sg generate\n"
    attributes = (tmp_path / ".gitattributes").read_text()
    assert attributes.endswith("\nout/*/*/* linguist-generated text=auto eol=lf merge=cvo-sg\n")
    assert run("generate", "--no-lint").exit_code == 0
    assert (tmp_path / "out" / "acme" / "terraform" / "main.tf").exists()
    assert run("generate", "--no-lint", "--check").exit_code == 0


def test_a_project_is_written_at_the_root_of_the_repository(run, tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "sites").mkdir()
    monkeypatch.chdir(tmp_path / "sites")
    assert "wrote ../cvo-sg.yaml\n" in run("init", "a b.yaml", "--project").stdout
    assert "- sites/*.yaml\n" in (tmp_path / "cvo-sg.yaml").read_text()
    assert run("generate", "--no-lint").exit_code == 0
    (tmp_path / "cvo-sg.yaml").unlink()
    assert run("init", "c d.yaml", "--project", "--force").exit_code == 0
    assert '- "sites/c d.yaml"\n' in (tmp_path / "cvo-sg.yaml").read_text(), "beside other YAML"
    outside = run("init", "../../acme.yaml", "--project")
    assert outside.exit_code == 2
    assert "is outside " in outside.stderr


@pytest.mark.parametrize("existing", ["cvo-sg.yaml", "pyproject.toml"])
def test_settings_are_not_overwritten(run, tmp_path, existing):
    (tmp_path / existing).write_text("[tool.cvo-sg]\n")
    result = run("init", "acme.yaml", "--project")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{existing} already exists: list acme.yaml there" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == [existing]


def test_attributes_that_are_there_stay_and_the_line_is_named(run, tmp_path):
    (tmp_path / ".gitattributes").write_text("*.sh eol=lf\n")
    result = run("init", "acme.yaml", "--project", "--force")
    assert result.exit_code == 0
    assert (
        "add this line to it: out/*/*/* linguist-generated text=auto eol=lf merge=cvo-sg\n"
        in result.stderr
    )
    assert (tmp_path / ".gitattributes").read_text() == "*.sh eol=lf\n"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
@pytest.mark.parametrize("name", [".gitattributes", "deployment.schema.json"])
def test_what_is_there_and_no_file_is_not_waited_for(run, tmp_path, name):
    os.mkfifo(tmp_path / name)
    result = run("init", "acme.yaml", "--project")
    assert (result.exit_code, result.stderr) == (2, f"{name}: this is not a regular file\n")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_single_node_is_one_edit(run, tmp_path):
    run("init", "acme.yaml")
    path = tmp_path / "acme.yaml"
    path.write_text(path.read_text().replace("topology: ha", "topology: single-node"))
    assert run("generate", "--no-lint", "acme.yaml").exit_code == 0
    assert "ha-mediator" not in (tmp_path / "out" / "acme" / "terraform" / "main.tf").read_text()


def test_what_has_to_be_decided_comes_first(run, tmp_path):
    run("init", "acme.yaml")
    head, _, endpoints = (tmp_path / "acme.yaml").read_text().partition("\nendpoints:\n")
    decide, _, _ = head.partition("\nname: ")
    for word in (
        "name:",
        "release, topology and outbound:",
        "inbound-clients: left out, the whole",
    ):
        assert word in decide
    assert endpoints.index("# inbound-clients: []") < endpoints.index("# dns: []")
    assert endpoints.index("# dns: []") < endpoints.index("# administrators: []")


@pytest.mark.parametrize(
    "name", ["cvo-sg.yaml", "pyproject.toml", ".gitattributes", "deployment.schema.json", "-", ".",
             "a\nb.yaml"],
    ids=["settings", "pyproject", "attributes", "schema", "stdin", "folder", "line-break"],
)  # fmt: skip
def test_a_name_that_no_command_would_find_is_refused(run, tmp_path, name):
    result = run("init", name)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "such as acme.yaml" in result.stderr
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["my site.yaml", "-site.yaml"])
def test_the_command_that_it_suggests_works(run, name):
    result = run("init", "--", name)
    assert result.exit_code == 0
    suggested = result.stderr.partition("run: cvo-sg ")[2].strip().replace("'", "")
    assert run("generate", "--no-lint", suggested.removeprefix("generate ")).exit_code == 0


def test_the_file_says_which_release_is_for_which_versions(run, tmp_path):
    run("init", "acme.yaml", "--release", "3.9")
    text = (tmp_path / "acme.yaml").read_text()
    choice, _, _ = text.partition('release: "3.9"\n')
    for release in DATA.history():
        assert f'#   "{release.id}": {release.info.versions}\n' in choice


@pytest.mark.parametrize("release", DATA.releases())
def test_a_file_of_every_release_is_generated(run, release):
    run("init", "acme.yaml", "--release", release)
    result = run("generate", "--no-lint", "acme.yaml")
    assert result.exit_code == 0, result.stderr


def test_attributes_of_a_folder_that_is_not_listed_any_more_are_named(run, tmp_path):
    run("init", "sites/acme.yaml", "--project")
    settings, attributes = tmp_path / "cvo-sg.yaml", tmp_path / ".gitattributes"
    assert ".gitattributes" not in run("generate", "--no-lint").stderr
    settings.write_text(settings.read_text().replace("out: out", "out: ./infra"))
    told = run("generate", "--no-lint", "--quiet").stderr
    assert (
        "warning: .gitattributes: out/*/*/* is not a folder that the settings list: write "
        "infra/*/*/* there, and remove what was generated in out\n"
    ) in told
    attributes.write_text(attributes.read_text().replace("out/*/*/*", "/infra/*/*/*"))
    assert ".gitattributes" not in run("generate", "--no-lint", "--quiet").stderr


def test_attributes_of_more_folders_than_are_listed_are_fine(run, tmp_path):
    run("init", "sites/acme.yaml", "--project")
    with (tmp_path / ".gitattributes").open("a") as file:
        file.write("by-hand/*/*/* merge=cvo-sg\n")
    assert ".gitattributes" not in run("generate", "--no-lint", "--quiet").stderr


@pytest.mark.parametrize("more", ["", "#" * (1 << 20)], ids=["small", "too-large-to-read"])
def test_attributes_that_cannot_be_read_end_no_run(run, tmp_path, more):
    run("init", "sites/acme.yaml", "--project")
    settings, attributes = tmp_path / "cvo-sg.yaml", tmp_path / ".gitattributes"
    settings.write_text(settings.read_text().replace("out: out", "out: infra"))
    attributes.write_text(attributes.read_text() + more)
    done = run("generate", "--no-lint", "--quiet")
    assert (done.exit_code, ".gitattributes" in done.stderr) == (0, not more)
