"""Generated files in a repository: their header, what happens when somebody edits them, the file
that lists what is generated, and what a change means in words."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from folders import files

from generator import cache
from generator.cli import cli
from generator.compare import IDENTITY
from generator.load import find_project, project_root, shipped
from generator.render import MARK, bounds, environment, is_edited, is_generated

DEPLOYMENT = (
    'name: {name}\nrelease: "3.7"\noutbound: basic\nendpoints:\n  inbound-clients: {peers}\n'
)
PROJECT = "outputs:\n  - out: infra\n    deployments: [sites/*.yaml]\n"
RULES = "infra/acme/terraform/rules.tf"


def write_repository():
    Path(".git").mkdir()
    write("sites/acme.yaml", DEPLOYMENT.format(name="acme", peers="[10.0.0.0/8]"))
    write("cvo-sg.yaml", PROJECT)


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Write a repository with a deployment, and the file that lists it."""
    monkeypatch.chdir(tmp_path)
    write_repository()
    return tmp_path


@pytest.fixture
def elsewhere(tmp_path_factory):
    """A folder beside the repository."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """What the deployment of the repository generates."""
    folder = tmp_path_factory.mktemp("repository")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_repository()
        result = CliRunner().invoke(cli, ["generate", "--no-lint", "--quiet"])
    assert result.exit_code == 0, result.stderr
    return folder / "infra"


def write(name, text):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


def edit(name, old, new):
    text = Path(name).read_text(encoding="utf-8")
    assert old in text
    Path(name).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture
def generate(run, repository, first_run, monkeypatch):
    """Run `cvo-sg generate` in the repository, which holds what it generates."""

    def generate(*arguments):
        return run("generate", "--no-lint", *arguments)

    monkeypatch.chdir(repository)
    shutil.copytree(first_run, "infra")
    return generate


def generated(folder="infra"):
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())


# The header.


@pytest.mark.usefixtures("generate")
def test_every_file_says_where_it_comes_from():
    for path in generated():
        lines = [line.lstrip("# ") for line in path.read_text().splitlines()[:7]]
        lines = [line for line in lines if not line.startswith(("<!--", "yamllint"))]
        assert re.fullmatch(rf"{MARK} from .* DO NOT EDIT\.", lines[0])
        assert lines[1] == 'Source: Cloud Manager 3.7, "Security group rules for AWS".'
        assert lines[2] == "Deployment: acme (ha, basic outbound rules), from sites/acme.yaml."
        assert lines[3] == "Command: cvo-sg generate sites/acme.yaml"
        assert re.fullmatch("Digest: sha256:[0-9a-f]{64}", lines[4])


@pytest.mark.usefixtures("generate")
def test_the_command_in_the_header_generates_the_same(run):
    before = {path: path.read_bytes() for path in generated()}
    [command] = {
        line for path in generated() for line in re.findall("Command: (.*)", path.read_text())
    }
    assert run(*command.split()[1:], "--no-lint", "--check").exit_code == 0
    assert {path: path.read_bytes() for path in generated()} == before


def test_the_header_is_the_same_from_any_folder(generate, repository, monkeypatch):
    monkeypatch.chdir(repository / "sites")
    assert generate("--check").exit_code == 0
    assert generate("acme.yaml", "--out", "../infra", "--check").exit_code == 0


def test_the_command_of_a_preset_goes_where_the_list_says_and_no_further(generate, run):
    write("cvo-sg.yaml", "outputs:\n  - {out: ex, presets: [predefined], formats: [terraform]}\n")
    assert generate("--quiet").exit_code == 0
    before = generated("ex")
    [command] = {c for path in before for c in re.findall("Command: (.*)", path.read_text())}
    assert run(*command.split()[1:], "--no-lint", "--quiet").exit_code == 0
    assert generated("ex") == before
    assert generate("--check").exit_code == 0


def test_options_are_part_of_the_command(run, tmp_path):
    arguments = ["--name", "a", "--release", "3.7", "--endpoint", "dns=10.0.0.2/32, 10.0.0.3/32"]
    run("generate", "--no-lint", "-f", "terraform", *arguments)
    text = (tmp_path / "out" / "a" / "terraform" / "main.tf").read_text()
    assert (
        "# Command: cvo-sg generate --name a --release 3.7 --endpoint 'dns=10.0.0.2/32, 10." in text
    )


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        pytest.param("a\nb.yaml", True, id="line-break"),
        pytest.param("a --> b.yaml", False, id="end-of-a-comment"),
        pytest.param("ü ${x} 'q'.yaml", False, id="quotes"),
    ],
)
def test_no_file_name_ends_a_comment(run, tmp_path, name, refused):
    (tmp_path / name).write_text(DEPLOYMENT.format(name="a", peers="[]"))
    result = run("generate", "--no-lint", name)
    if refused:
        assert result.exit_code == 2
        assert "contains a control character: rename it" in result.stderr
        return
    readme = (tmp_path / "out" / "a" / "terraform" / "README.md").read_text()
    head, _, rest = readme.partition("\n-->\n")
    assert "Digest" in head
    assert rest.startswith("\n# a: security groups")


# Edited, stale, missing, orphaned.


def test_a_file_edited_by_hand_is_not_overwritten_unasked(generate):
    edit(RULES, "from_port = 22,", "from_port = 23,")
    before = Path(RULES).read_bytes()
    result = generate()
    assert (result.exit_code, Path(RULES).read_bytes()) == (2, before)
    assert result.stderr.endswith(
        f"{RULES} was edited by hand: change the deployment file instead, or use "
        "--force to overwrite it\n"
    )
    assert generate("--force").exit_code == 0
    assert generate("--check").exit_code == 0


def test_check_tells_the_kinds_apart(generate):
    edit(RULES, "from_port = 22,", "from_port = 23,")
    Path("infra/acme/terraform/main.tf").unlink()
    edit("sites/acme.yaml", "10.0.0.0/8", "10.0.0.0/9")
    Path("infra/acme/terraform/versions.tf").rename("infra/acme/terraform/old.tf")
    Path("infra/acme/terraform/outputs.tf").write_text("mine\n")
    result = generate("--check")
    assert result.exit_code == 1
    assert dict(line.split(" ", 1) for line in result.stdout.splitlines()) == {
        "infra/acme/cloudformation/README.md": "is out of date",
        "infra/acme/cloudformation/template.yaml": "is out of date",
        "infra/acme/terraform/README.md": "is out of date",
        "infra/acme/terraform/main.tf": "is missing",
        "infra/acme/terraform/old.tf": "is no longer generated",
        "infra/acme/terraform/outputs.tf": "was not generated by this tool",
        RULES: "was edited by hand",
        "infra/acme/terraform/variables.tf": "is out of date",
        "infra/acme/terraform/versions.tf": "is missing",
    }
    report = json.loads(generate("--check", "--output", "json").stdout)
    assert {file["kind"] for file in report["files"]} == {
        *("changed", "missing", "orphaned", "foreign", "edited")
    }


def test_an_edited_file_that_is_generated_no_longer_is_not_removed_unasked(generate):
    write("sites/other.yaml", DEPLOYMENT.format(name="other", peers="[]"))
    generate("--quiet")
    Path("sites/other.yaml").unlink()
    edit("infra/other/terraform/rules.tf", "Code generated", "#Code generated")
    assert generate().exit_code == 2
    assert Path("infra/other/terraform/rules.tf").exists()
    assert generate("--force").exit_code == 0
    assert not Path("infra/other").exists()


def test_a_deployment_that_is_called_otherwise_leaves_no_files_behind(generate):
    Path("cvo-sg.yaml").unlink()
    assert generate("sites/acme.yaml", "--quiet").exit_code == 0
    assert generate("sites/acme.yaml", "--name", "staging", "--quiet").exit_code == 0
    edit("sites/acme.yaml", "acme", "acme-two")
    told = generate("sites/acme.yaml", "--diff").stdout
    assert "  acme is now called acme-two, and its files are in out/acme-two\n" in told
    assert generate("sites/acme.yaml").exit_code == 0
    assert {path.name for path in Path("out").iterdir()} == {"acme-two", "staging"}


def test_two_files_that_are_called_the_same_leave_each_others_files_alone(
    run, tmp_path, monkeypatch
):
    for customer in ("acme", "other"):
        (tmp_path / customer).mkdir()
        monkeypatch.chdir(tmp_path / customer)
        write("site.yaml", DEPLOYMENT.format(name=customer, peers="[10.0.0.0/8]"))
        run("generate", "--no-lint", "site.yaml", "--out", "../out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"acme", "other"}


KEPT = "kept {}: its files were generated for another folder."


@pytest.mark.parametrize("listed", [True, False])
def test_a_backup_of_what_is_generated_is_kept_and_named(generate, listed):
    if not listed:
        Path("cvo-sg.yaml").unlink()
    arguments = [] if listed else ["sites/acme.yaml", "--out", "infra"]
    assert generate(*arguments).exit_code == 0
    shutil.copytree("infra/acme", "infra/acme-before")
    shutil.copytree("infra/acme/terraform", "infra/acme/terraform-before")
    before = files(Path("infra"))
    told = generate(*arguments, "--force").stderr
    assert files(Path("infra")) == before
    expected = ["acme-before/terraform" if listed else "acme-before", "acme/terraform-before"]
    assert [KEPT.format(f"infra/{name}") in told for name in expected] == [True, True], told
    edit("sites/acme.yaml", "acme", "acme-two")
    assert generate(*arguments, "--force").exit_code == 0
    after = files(Path("infra"))
    kept = {name: text for name, text in before.items() if "-before/" in name}
    assert kept == {name: text for name, text in after.items() if "acme-two/" not in name}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_pipe_in_the_folder_is_let_alone(generate):
    os.mkfifo("infra/pipe")
    Path(RULES).unlink()
    os.mkfifo(RULES)
    assert f"{RULES} is not a regular file\n" in generate("--check").stdout
    assert generate("--force").exit_code == 2
    assert Path(RULES).is_fifo()


@pytest.mark.usefixtures("generate")
def test_line_ends_that_git_changed_are_no_edit():
    content = Path(RULES).read_bytes()
    assert is_generated(content)
    assert not is_edited(content.replace(b"\n", b"\r\n"))
    assert is_edited(content.replace(b"tcp", b"udp", 1))


def test_what_terraform_docs_inserts_stays(generate):
    readme = "infra/acme/terraform/README.md"
    edit(readme, "<!-- BEGIN_TF_DOCS -->\n", "<!-- BEGIN_TF_DOCS -->\n## Inputs\n\n\\1 it\n")
    assert generate("--check").exit_code == 0
    edit("sites/acme.yaml", "10.0.0.0/8", "10.0.0.0/9")
    assert generate("--quiet").exit_code == 0
    text = Path(readme).read_text()
    assert "10.0.0.0/9" in text
    assert "<!-- BEGIN_TF_DOCS -->\n## Inputs\n\n\\1 it\n<!-- END_TF_DOCS -->" in text
    assert generate("--check").exit_code == 0


MARKERS = "<!-- BEGIN_TF_DOCS --> x <!-- END_TF_DOCS --> <!-- permissions -->"


def test_a_tag_that_holds_a_marker_is_text_like_any_other(generate):
    write(
        "sites/acme.yaml",
        DEPLOYMENT.format(name="acme", peers="[]") + f'tags: {{a: "{MARKERS}"}}\n',
    )
    assert generate("--quiet").exit_code == 0
    assert generate("--check").exit_code == 0
    edit("infra/acme/terraform/variables.tf", " x ", " y ")
    assert "variables.tf was edited by hand" in generate("--check").stdout


# The file that lists what is generated.


def test_what_is_listed_is_generated_without_arguments(generate):
    assert {path.parts[:2] for path in generated()} == {("infra", "acme")}
    assert generate("--check").stderr == "settings: cvo-sg.yaml\n8 files up to date\n"


def test_a_deployment_that_is_listed_no_longer_is_removed(generate):
    write("sites/other.yaml", DEPLOYMENT.format(name="other", peers="[]"))
    write("infra/other/notes.md", "mine")
    generate("--quiet")
    Path("sites/other.yaml").unlink()
    assert "infra/other/terraform/main.tf is no longer generated" in generate("--check").stdout
    assert generate("--quiet").exit_code == 0
    assert generated("infra/other") == [Path("infra/other/notes.md")]


def test_the_last_deployment_can_be_deleted(generate):
    Path("sites/acme.yaml").unlink()
    check = generate("--check")
    assert check.exit_code == 1
    assert f"{RULES} is no longer generated\n" in check.stdout
    result = generate()
    assert result.exit_code == 0, result.stderr
    assert "sites/*.yaml: no deployment file matches, so infra has no files\n" in result.stderr
    assert "infra: 8 files removed\n" in result.stderr
    assert not generated()
    for arguments in ([], ["--check"], ["--diff"], ["--check", "--output", "json"]):
        assert generate(*arguments).exit_code == 0
    assert generate("--stdout").exit_code == 2
    write("sites/acme.yaml", DEPLOYMENT.format(name="acme", peers="[]"))
    assert generate("--quiet").exit_code == 0
    assert generated()


def test_a_pattern_that_is_wrong_removes_nothing(generate):
    before = generated()
    write("cvo-sg.yaml", PROJECT.replace("*.yaml", "*.yml"))
    result = generate()
    assert (result.exit_code, generated()) == (2, before)
    assert "sites/*.yml: no deployment file matches, but infra has files" in result.stderr


@pytest.mark.parametrize("pattern", ["sites/**", "**/acme.yaml", "./sites/acme.yaml"])
def test_patterns_stand_for_files_each_once(generate, pattern):
    write("cvo-sg.yaml", PROJECT.replace("[sites/", f'["{pattern}", sites/'))
    assert generate("--check").exit_code == 0


def test_the_same_file_twice_is_one_deployment(generate):
    assert generate("sites/acme.yaml", "sites/acme.yaml", "--check").exit_code == 0


def test_several_folders_presets_and_formats_can_be_listed(generate):
    write(
        "cvo-sg.yaml",
        PROJECT + "    formats: [terraform]\n  - {out: templates, presets: [predefined]}\n",
    )
    assert generate("--quiet").exit_code == 0
    folders = {path.parts[:3] for path in generated("templates") + generated("infra")}
    assert ("templates", "predefined", "cloudformation") in folders
    assert ("infra", "acme", "cloudformation") not in folders
    assert generate("--check").exit_code == 0


def test_pyproject_can_list_it_too(generate):
    Path("cvo-sg.yaml").unlink()
    write(
        "pyproject.toml",
        '[[tool.cvo-sg.outputs]]\nout = "infra"\ndeployments = ["sites/*.yaml"]\n',
    )
    assert generate("--check").exit_code == 0


@pytest.mark.parametrize(
    ("text", "status"),
    [
        pytest.param("# see [tool.cvo-sg] in the manual\n", 0, id="comment"),
        pytest.param("[project]\nname = 'cvo-sg'\n", 0, id="name"),
        pytest.param("[tool]\n'cvo-sg' = {outputs = []}\n", 2, id="inline"),
    ],
)
def test_pyproject_lists_it_only_in_its_section(generate, text, status):
    Path("cvo-sg.yaml").unlink()
    write("pyproject.toml", text)
    assert generate("--preset", "predefined", "--quiet").exit_code == status


def test_arguments_take_the_place_of_what_is_listed(generate):
    assert generate("--preset", "predefined", "--quiet").exit_code == 0
    assert generated("out")
    assert generate("--check").exit_code == 0, "the files elsewhere are not orphans"


def test_a_deployment_that_is_listed_goes_where_the_list_says(generate):
    write("sites/other.yaml", DEPLOYMENT.format(name="other", peers="[]"))
    assert generate("sites/acme.yaml", "--check").exit_code == 0
    edit("sites/acme.yaml", "10.0.0.0/8", "10.0.0.0/9")
    assert generate("sites/acme.yaml", "--quiet").exit_code == 0
    assert not Path("out").exists()
    assert not Path("infra/other").exists(), "which is not asked for"
    assert generate("sites/acme.yaml", "sites/other.yaml", "--quiet").exit_code == 0
    assert generate("--check").exit_code == 0
    write("unlisted.yaml", DEPLOYMENT.format(name="unlisted", peers="[]"))
    assert generate("unlisted.yaml", "--quiet").exit_code == 0
    assert Path("out/unlisted").exists()


def test_rule_data_and_templates_can_be_set(generate):
    write("templates/list/groups.txt.jinja", "{{ header | join('\\n') }}\n")
    write("cvo-sg.yaml", PROJECT + "templates: templates\n")
    assert generate("--quiet").exit_code == 0
    assert Path("infra/acme/list/groups.txt").exists()
    write("cvo-sg.yaml", PROJECT + "rule_data: nowhere\n")
    assert "nowhere is not a folder of rule data" in generate().stderr


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("outputs: []\n", "add at least one folder", id="empty"),
        pytest.param("outputs:\n  - {out: a}\n", "a: add deployments or presets", id="nothing"),
        pytest.param(
            "outputs:\n  - {out: a, deployments: [b.yaml]}\n", "b.yaml", id="no-such-file"
        ),
        pytest.param(
            "outputs:\n  - {out: infra, deployments: [x*.yaml]}\n",
            "x*.yaml: no deployment file matches, but infra has files that sites/acme.yaml",
            id="no-match",
        ),
        pytest.param(
            "outputs:\n  - {out: a, deployments: ['**.yaml']}\n", "** matches whole", id="stars"
        ),
        pytest.param("outputs:\n  - {out: /a, presets: [advanced]}\n", "relative", id="absolute"),
        pytest.param(
            "outputs:\n  - {out: a, presets: [x]}\n  - {out: a, presets: [y]}\n",
            "a is listed twice",
            id="twice",
        ),
        pytest.param(
            "outputs:\n  - {out: a, presets: [x]}\n", "unknown preset 'x'", id="no-preset"
        ),
        pytest.param("outputs:\n  - {ot: a}\n", "cvo-sg.yaml:2:6: ", id="misspelt"),
        pytest.param("- a\n", "cvo-sg.yaml:1:1: ", id="no-mapping"),
        pytest.param("", "cvo-sg.yaml:1:1: ", id="no-text"),
    ],
)
def test_mistakes_in_the_list_are_sentences(generate, text, sentence):
    write("cvo-sg.yaml", text)
    result = generate()
    assert result.exit_code == 2
    assert sentence in result.stderr


OUTSIDE = "it is not below the folder of this file"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        pytest.param("{out: .., presets: [advanced]}", f"1:17: ..: {OUTSIDE}", id="parent"),
        pytest.param("{out: a/../../b, presets: [advanced]}", f"b: {OUTSIDE}", id="sibling"),
        pytest.param("{out: link, presets: [advanced]}", f"link: {OUTSIDE}", id="link"),
        pytest.param("{out: link/new, presets: [advanced]}", f"new: {OUTSIDE}", id="below-link"),
        pytest.param("{out: loop, presets: [advanced]}", "cannot be resolved", id="loop"),
        pytest.param("{out: .git/hooks, presets: [advanced]}", "inside .git", id="git"),
        pytest.param("{out: a/.GIT, presets: [advanced]}", "inside .git", id="git-elsewhere"),
        pytest.param("{out: to-git, presets: [advanced]}", "inside .git", id="link-to-git"),
        pytest.param("{out: '.git ', presets: [advanced]}", "inside .git", id="git-and-a-blank"),
        pytest.param("{out: .git./x, presets: [advanced]}", "inside .git", id="git-and-a-dot"),
        pytest.param("{out: '.git . .', presets: [advanced]}", "inside .git", id="git-and-both"),
        pytest.param(
            "{out: '.git::$INDEX_ALLOCATION', presets: [advanced]}", "inside .git", id="git-stream"
        ),
        pytest.param('{out: ".g\\u200cit", presets: [advanced]}', "inside .git", id="git-to-macos"),
        pytest.param("{out: a.git/hooks, presets: [advanced]}", "inside .git", id="bare"),
        pytest.param("{out: a, deployments: [../x.yaml]}", OUTSIDE, id="deployment"),
        pytest.param("{out: a, deployments: [sites/to-x.yaml]}", OUTSIDE, id="deployment-link"),
        pytest.param("{out: a, deployments: [sites/*.yaml]}", OUTSIDE, id="deployment-link-found"),
        pytest.param("{out: a, deployments: ['../*.yaml']}", "without ..", id="pattern"),
        pytest.param("{out: a, deployments: [link/*.yaml]}", OUTSIDE, id="pattern-below-link"),
        pytest.param("{out: a, presets: [x]}\ntemplates: ..", OUTSIDE, id="templates"),
        pytest.param("{out: a, presets: [x]}\ntemplates: /tmp", "relative", id="absolute"),
        pytest.param(
            "{out: a, presets: [x]}\nrule_data: link", f"2:12: link: {OUTSIDE}", id="data"
        ),
        pytest.param(
            "{out: a, presets: [x]}\nrule_data: data", "data/a/far.yaml is a link to", id="in-data"
        ),
        pytest.param(
            "{out: a, presets: [x]}\ntemplates: data",
            "data/a/far.yaml is a link to",
            id="in-templates",
        ),
    ],
)
def test_settings_name_nothing_outside_of_their_folder(
    generate, repository, elsewhere, setting, sentence
):
    (elsewhere / "x.yaml").write_text(DEPLOYMENT.format(name="x", peers="[]"))
    Path("link").symlink_to(elsewhere)
    Path("loop").symlink_to("loop")
    Path("to-git").symlink_to(".git")
    Path("sites/to-x.yaml").symlink_to(elsewhere / "x.yaml")
    Path("data/a").mkdir(parents=True)
    Path("data/a/far.yaml").symlink_to(elsewhere / "x.yaml")
    write(
        "cvo-sg.yaml",
        f"outputs: [{setting.partition(chr(10))[0]}]\n{setting.partition(chr(10))[2]}",
    )

    def everything():
        return files(repository), files(elsewhere), {*repository.parent.iterdir()}

    before = everything()
    result = generate()
    assert (result.exit_code, everything()) == (2, before)
    assert f"cvo-sg.yaml:{'1' if 'x]}' not in setting else '2'}:" in result.stderr
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.usefixtures("repository")
def test_the_command_line_may_name_any_place(generate, elsewhere):
    (elsewhere / "templates" / "f").mkdir(parents=True)
    (elsewhere / "templates" / "f" / "x.jinja").write_text("{{ header | join('\n') }}\n")
    Path("cvo-sg.yaml").unlink()
    options = ["--out", elsewhere / "out", "--templates", elsewhere / "templates", "--quiet"]
    assert generate("sites/acme.yaml", *options).exit_code == 0
    assert (elsewhere / "out" / "acme" / "f" / "x").exists()


def test_patterns_do_not_search_the_files_of_git(generate):
    write(".git/x/acme.yaml", "no deployment")
    write("cvo-sg.yaml", PROJECT.replace("sites/*.yaml", '"**/acme.yaml"'))
    assert generate("--check").exit_code == 0


@pytest.mark.parametrize("name", ["cvo-sg.yaml", "pyproject.toml"])
@pytest.mark.usefixtures("repository")
def test_settings_are_a_file_of_the_repository(generate, elsewhere, name):
    (elsewhere / "settings").write_text("[tool.cvo-sg]\nsecret: x\n")
    Path("cvo-sg.yaml").unlink()
    Path(name).symlink_to(elsewhere / "settings")
    result = generate()
    assert result.exit_code == 2
    assert (
        f"{name}: the file is a link to a place outside its folder: put the file itself here"
        in result.stderr
    )
    assert "secret" not in result.stderr


# Where settings are looked for.


@pytest.fixture
def above(repository, monkeypatch):
    """A folder far below the repository, which has no .git in it any longer."""
    monkeypatch.setenv("HOME", str(repository / "elsewhere"))
    Path(".git").rmdir()
    folder = repository / "a" / "b"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def test_settings_above_are_found_without_a_repository(above, repository):
    assert find_project(above) == repository / "cvo-sg.yaml"
    assert project_root(above) == repository


def test_the_search_for_settings_ends_at_the_home_folder(above, monkeypatch):
    monkeypatch.setenv("HOME", str(above.parent))
    assert find_project(above) is None
    assert project_root(above) == above


def test_the_search_for_settings_ends_at_the_repository(above):
    (above.parent / ".git").write_text("gitdir: elsewhere\n")
    assert find_project(above) is None
    assert project_root(above) == above.parent


@pytest.mark.parametrize("planted", [None, ".git"])
def test_the_search_for_settings_ends_before_a_folder_of_another_user(
    above, repository, monkeypatch, planted
):
    """Whatever the other user puts there: a repository, too."""
    if planted:
        (repository / planted).mkdir()
    real = Path.stat

    def stat(path, **options):
        found = real(path, **options)
        return SimpleNamespace(st_uid=found.st_uid + (path == repository), st_mode=found.st_mode)

    monkeypatch.setattr(Path, "stat", stat)
    assert find_project(above) is None
    assert project_root(above) == above


@pytest.mark.parametrize("mode", [0o755, 0o775, 0o777, 0o1777])
@pytest.mark.parametrize("start", [".", "a/b"])
@pytest.mark.parametrize("name", ["cvo-sg.yaml", "pyproject.toml"])
@pytest.mark.usefixtures("above")
def test_settings_that_another_user_added_are_not_read(repository, monkeypatch, name, start, mode):
    Path(repository / "cvo-sg.yaml").rename(repository / name)
    if name == "pyproject.toml":
        (repository / name).write_text("[tool.cvo-sg]\n")
    repository.chmod(mode)
    assert find_project(repository / start) == repository / name
    real = Path.lstat

    def lstat(path):
        found = real(path)
        return SimpleNamespace(st_uid=found.st_uid + (path.name == name), st_mode=found.st_mode)

    monkeypatch.setattr(Path, "lstat", lstat)
    assert find_project(repository / start) is None


def test_settings_of_the_folders_owner_are_read(repository, monkeypatch):
    repository.chmod(0o1777)
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    assert find_project(repository) == repository / "cvo-sg.yaml"


# Files that are none.


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
@pytest.mark.parametrize("kind", [pipe, device, Path.mkdir])
@pytest.mark.parametrize(
    "place",
    [
        "cvo-sg.yaml",
        "pyproject.toml",
        "sites/acme.yaml",
        "data/groups.yaml",
        "data/supplements.yaml",
        "data/releases/3.7/release.yaml",
        "data/presets/predefined.yaml",
    ],
)
def test_what_is_no_file_is_not_waited_for(generate, kind, place):
    shutil.copytree(shipped("rule_data"), "data")
    if place != "cvo-sg.yaml":
        Path("cvo-sg.yaml").unlink()
    Path(place).unlink(missing_ok=True)
    kind(Path(place))
    result = generate("-p", "predefined", "sites/acme.yaml", "--rule-data", "data")
    assert result.exit_code == 2
    assert re.search(
        f"{place}(: the file is a link to a place outside its folder"
        "|: this is not a regular file|: Is a directory| has no deployment files)",
        result.stderr,
    )


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
@pytest.mark.parametrize("options", [["-o", "pipe"], ["--zip", "pipe"], ["--zip", "pipe/x.zip"]])
def test_a_place_that_is_no_folder_is_not_waited_for(generate, options):
    os.mkfifo("pipe")
    result = generate("-p", "advanced", "-f", "terraform", *options)
    assert result.exit_code == 2
    assert "cvo-sg: pipe" in result.stderr
    assert Path("pipe").is_fifo()


NESTED = "[" * 5000 + "]" * 5000
HOSTILE = [
    f"[tool.cvo-sg]\nx = {NESTED}\n",
    f"x = {NESTED}\n[tool.cvo-sg]\n",
    f"[tool.cvo-sg]\nx = {'9' * 5000}\n",
    f"[tool.cvo-sg]\nx = 0x{'f' * 5000}\n",
    "[tool.cvo-sg]\nx = nan\n",
    f"{'a.' * 20_000}b = 1\n[tool.cvo-sg]\n",
    f"[{'a.' * 3000}b]\n" + "".join(f"c{i} = 1\n" for i in range(60_000)) + "[tool.cvo-sg]\n",
    f"[tool.cvo-sg]\nx = {{ {'a . ' * 20_000}b = 1 }}\n",
    "[tool.cvo-sg]\nx = \xff\n",
]


@pytest.mark.parametrize(
    "text", ["[tool.cvo-sg]\noutputs = 1\n", "[tool.cvo-sg\n", "tool.cvo-sg = 3\n", *HOSTILE]
)
def test_mistakes_in_pyproject_are_sentences(generate, text):
    Path("cvo-sg.yaml").unlink()
    write("pyproject.toml", text)
    before = time.process_time()
    result = generate()
    assert time.process_time() - before < 2
    assert result.exit_code == 2
    assert result.stderr.startswith("pyproject.toml: [tool.cvo-sg] ")
    assert "sys." not in result.stderr


def test_verbose_says_what_is_read_and_lists_every_file(generate):
    Path("infra/acme/terraform/versions.tf").rename("infra/acme/terraform/old.tf")
    result = generate("--verbose")
    assert "settings: cvo-sg.yaml\n" in result.stderr
    assert "infra: 1 file written, 1 file removed, 7 files up to date\n" in result.stderr
    listed = result.stdout.splitlines()
    assert len(listed) == 9
    assert f"unchanged {RULES}" in listed
    assert "removed infra/acme/terraform/old.tf" in listed
    assert "wrote infra/acme/terraform/versions.tf" in listed


@pytest.mark.parametrize("option", ["--check", "--diff", "--quiet"])
def test_where_nothing_is_listed_a_check_says_how_to_list_it(generate, option):
    Path("cvo-sg.yaml").unlink()
    result = generate(option)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "lists no deployments: run `cvo-sg init acme.yaml --project`" in result.stderr
    assert not Path("out").exists()
    assert generate("--quiet", "--preset", "all").exit_code == 0
    assert generate(option, "--preset", "all").exit_code == 0


def test_all_presets_can_be_listed(generate):
    write("cvo-sg.yaml", PROJECT + "  - {out: examples, presets: [all], formats: [terraform]}\n")
    result = generate()
    assert "predefined                   Cloud Manager 3.7, ha, basic" in result.stderr
    assert result.stderr.count("warning: ") == result.stderr.count("warning: acme: ")
    assert "  manager                4 inbound" in result.stderr, (
        "of acme, which is nobody's example"
    )
    assert "next: " not in result.stderr
    before = generated("examples")
    assert generate("--preset", "all").exit_code == 0
    assert generated("examples") == before
    assert not Path("out").exists()
    assert generate("--check").exit_code == 0


def test_the_settings_that_are_used_are_named(generate, repository, monkeypatch):
    assert "settings: cvo-sg.yaml\n" in generate("--check").stderr
    assert generate("--check", "--quiet").stderr == ""
    monkeypatch.chdir(repository / "sites")
    assert "settings: ../cvo-sg.yaml\n" in generate("--check").stderr


# What a change means.


def test_a_diff_says_which_permissions_come_and_go(generate):
    edit(
        "sites/acme.yaml", "[10.0.0.0/8]", "[10.0.0.0/8]\n  administrators: {bastion: 10.1.2.0/28}"
    )
    result = generate("--diff")
    assert result.exit_code == 1
    _, told = result.stdout.split("\ninfra/acme/cloudformation, infra/acme/terraform:\n")
    purpose = "Provides SSH access to the Cloud Manager host"
    assert f"  - manager inbound TCP 22 from 10.0.0.0/8, administrators: {purpose}\n" in told
    new = "  + manager inbound TCP 22 from 10.1.2.0/28 (bastion), administrators"
    assert f"{new}: {purpose}\n" in told
    assert "INTERNET" not in told
    assert told.count("\n  + ") + told.startswith("  + ") == told.count("  - ")


def test_a_diff_says_what_opens_to_the_internet(generate):
    edit("sites/acme.yaml", "[10.0.0.0/8]", "[10.0.0.0/8]\n  nfs-clients: [0.0.0.0/0]")
    opened = "cloud-volumes-ontap inbound TCP 2049 from 0.0.0.0/0, nfs-clients: NFS server daemon"
    assert f"  OPEN TO THE INTERNET from now on: {opened}\n" in generate("--diff", "-v").stdout
    together = "11 rules inbound from 0.0.0.0/0, nfs-clients: cloud-volumes-ontap 11 (TCP 111, "
    assert f"  OPEN TO THE INTERNET from now on: {together}" in generate("--diff").stdout
    markdown = generate("--diff", "--output", "markdown").stdout
    assert markdown.startswith(
        "**11 rules open to the internet**, 11 rules close.\n\n### Opens to the "
    )
    assert f"### Opens to the internet\n\n`infra/acme`:\n\n- {together}" in markdown
    verbose = generate("--diff", "--output", "markdown", "--verbose").stdout
    assert f"\n- {opened}\n" in verbose
    annotations = generate("--diff", "--output", "github").stdout
    assert (
        "::warning file=infra/acme/cloudformation,title=cvo-sg open-to-the-internet::"
        in annotations
    )
    [deployment] = json.loads(generate("--diff", "--output", "json").stdout)["deployments"]
    assert {row["endpoint"] for row in deployment["opened"]} == {"nfs-clients"}


@pytest.mark.parametrize("form", ["text", "markdown", "github", "json"])
def test_a_diff_shouts_if_a_group_would_be_replaced(generate, form):
    edit("sites/acme.yaml", "outbound", "groups: [manager, ha-mediator]\noutbound")
    told = generate("--diff", "--output", form).stdout
    if form == "json":
        [deployment] = json.loads(told)["deployments"]
        assert deployment["replaced"] == ["cloud-volumes-ontap"]
    else:
        assert re.search("REPLACES OR DELETES THE SECURITY GROUP `?cloud-volumes-ontap", told)


@pytest.mark.parametrize("form", ["text", "markdown", "github", "json"])
def test_a_diff_of_nothing_says_so(generate, form):
    result = generate("--diff", "--output", form)
    assert (result.exit_code, result.stderr.splitlines()[1:]) == (0, ["8 files up to date"])
    expected = {"markdown": "Every generated file is up to date.\n", "json": '"files": []'}
    assert expected.get(form, "") in result.stdout


def test_a_diff_does_not_guess_the_old_permissions(generate):
    Path("infra/acme/terraform/README.md").unlink()
    assert generate("--diff").stdout.endswith(
        "\ninfra/acme/terraform:\n"
        "  which permissions change is unknown: no README of the old files lists them\n"
    )
    [told] = json.loads(generate("--diff", "--output", "json").stdout)["deployments"]
    assert (told["known"], told["added"]) == (False, [])


@pytest.mark.usefixtures("generate")
def test_a_group_is_identified_by_what_a_change_of_would_replace_it():
    marked = {
        path: [
            (mark[2], lines[i : i + int(mark[1])])
            for i, line in enumerate(lines, start=1)
            if (mark := IDENTITY.search(line))
        ]
        for path in generated()
        if (lines := path.read_text().splitlines())
    }
    main, template = (
        marked[Path(f"infra/acme/{n}")]
        for n in ("terraform/main.tf", "cloudformation/template.yaml")
    )
    for role, lines in main:
        assert [line.split()[0] for line in lines] == ["resource", "name", "description", "vpc_id"]
        assert role.replace("-", "_") in lines[0]
    for _, lines in template:
        keys = [line.split(":")[0].strip() for line in lines[1:]]
        assert keys == ["Type", "Properties", "GroupDescription", "VpcId"]
    assert len(main) == len(template) == 3


# Templates of one's own.


def test_a_template_of_ones_own_changes_a_format(generate):
    write(
        "mine/terraform/_header.jinja",
        "{% for line in header %}\n# {{ line }}\n{% endfor %}\n# Ours.\n",
    )
    result = generate("--templates", "mine", "--quiet", "-f", "terraform")
    assert result.exit_code == 0
    assert "\n# Ours.\n" in Path(RULES).read_text()
    assert "--templates mine" in Path(RULES).read_text()


def test_a_format_of_ones_own_stands_beside_ours(generate):
    row = "{{ rule.group }},{{ rule.traffic }},{{ rule.peer.value }}\n"
    rules = "{% for rule in granted %}\n" + row + "{% endfor %}\n"
    write(
        "mine/csv/rules.csv.jinja", "{% for line in header %}\n# {{ line }}\n{% endfor %}\n" + rules
    )
    assert generate("--templates", "mine", "--quiet", "--force").exit_code == 0
    lines = Path("infra/acme/csv/rules.csv").read_text().splitlines()
    assert "manager,TCP 22,10.0.0.0/8" in lines
    assert Path("infra/acme/terraform/main.tf").exists()


def test_a_format_without_templates_is_a_mistake(generate):
    Path("mine/x").mkdir(parents=True)
    result = generate("--templates", "mine")
    assert result.exit_code == 2
    assert result.stderr.endswith("cvo-sg: mine/x: there is no template NAME.jinja\n")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("{{ deployment.nmae }}", ":1: the template failed: .*nmae", id="undefined"),
        pytest.param("a\n{% if %}", ":2: invalid Jinja2: ", id="syntax"),
        pytest.param("a\nb\n{{ 1 / 0 }}", ":3: the template failed: ", id="arithmetic"),
        pytest.param(r"{{ '\ud800' }}", ": the template failed: .*UTF-8", id="surrogate"),
        pytest.param(
            "{{ ''.__class__.__mro__ }}", ":1: the template failed: .*__class__", id="unsafe"
        ),
        pytest.param("{% include 'x' %}", ":1: there is no template 'x'", id="include"),
        pytest.param(
            "{{ 'x' * 70000 }}{{ header | join('\n') }}",
            "print the lines of the variable `header` at the beginning",
            id="far-below",
        ),
        pytest.param("no header", "print the lines of the variable `header`", id="no-header"),
        pytest.param("{% set _ = deployment.tags.update({'a': 'b'}) %}", ":1: ", id="changes-data"),
    ],
)
def test_a_mistake_in_a_template_names_it_and_its_line(generate, text, sentence):
    write("mine/x/y.txt.jinja", text)
    result = generate("--templates", "mine", "-f", "x")
    assert result.exit_code == 2
    assert re.search(rf"y\.txt(\.jinja)?:? ?{sentence}", result.stderr), result.stderr


@pytest.mark.parametrize("name", ["y.txt.jinja", "_b.jinja"])
def test_a_template_that_is_no_text_is_named(generate, name):
    write("mine/x/y.txt.jinja", "{% include '_b.jinja' %}")
    write(f"mine/x/{name}", "")
    Path("mine/x", name).write_bytes(b"\xff")
    result = generate("--templates", "mine", "-f", "x")
    assert result.exit_code == 2
    assert f"{name} is not valid UTF-8\n" in result.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_template_that_is_no_file_is_not_waited_for(generate):
    Path("mine/x").mkdir(parents=True)
    os.mkfifo("mine/x/y.txt.jinja")
    result = generate("--templates", "mine", "-f", "x")
    assert result.exit_code == 2
    assert result.stderr.endswith("y.txt.jinja: this template is not a regular file\n")


ENDLESS = {
    "loops": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "macros": "{% macro f(n) %}{% if n %}{{ f(n - 1) ~ f(n - 1) }}{% endif %}{% endmacro %}"
    "{{ f(90) }}",
    "includes": "{% for a in range(99999) %}{% include '_b.jinja' %}{% endfor %}",
    "power": "{% set n = 9 ** 9 %}{{ n ** n ** 2 }}",
}


def test_an_alarm_that_is_lost_comes_again():
    def wait():
        until = time.monotonic() + 5
        while time.monotonic() < until:
            pass

    @bounds.limited(0.05)
    def lose_one():
        with suppress(bounds.OutOfTime):
            wait()
        wait()

    with pytest.raises(bounds.OutOfTime):
        lose_one()


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_a_template_that_does_not_end_is_ended(generate, monkeypatch, text):
    monkeypatch.setattr(bounds, "SECONDS", 0.05)
    write("mine/x/_b.jinja", "{% for b in range(99999) %}{% endfor %}")
    write("mine/x/y.txt.jinja", text)
    began = time.monotonic()
    result = generate("--templates", "mine", "-f", "x")
    assert result.exit_code == 2
    assert "mine/x/y.txt.jinja: the template took more than 0.05 seconds" in result.stderr
    assert time.monotonic() - began < 10
    assert generate("--check").exit_code == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{% include '_b.jinja' %}", "_b.jinja is a link out of the folder mine"),
        ("{% import '_b.jinja' as b %}", "_b.jinja is a link out of the folder mine"),
        ("{% extends '_b.jinja' %}", "_b.jinja is a link out of the folder mine"),
        ("{% include '../../secret' %}", "there is no template '../../secret'"),
        ("{% include 'device' %}", "there is no template 'device'"),
        ("{% for a in range(99999) %}{{ 'x' * 999 }}{% endfor %}", "longer than 10,000,000"),
        ("{% include 'y.txt.jinja' %}", "recursion"),
    ],
)
def test_a_template_sees_no_files_outside_of_its_folder(generate, text, sentence):
    write("secret", "hunter2 {{ header }}")
    write("mine/x/y.txt.jinja", text)
    Path("mine/x/_b.jinja").symlink_to(Path("secret").resolve())
    Path("mine/x/device").symlink_to("/dev/zero")
    result = generate("--templates", "mine", "-f", "x")
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert "hunter2" not in result.stderr


def test_a_template_itself_can_be_no_link_elsewhere(generate):
    write("secret", "{{ header | join('\n') }} hunter2")
    Path("mine/x").mkdir(parents=True)
    Path("mine/x/y.jinja").symlink_to(Path("secret").resolve())
    result = generate("--templates", "mine", "-f", "x")
    assert result.exit_code == 2
    assert "y.jinja is a link out of the folder mine" in result.stderr


def test_formats_can_share_a_template_by_a_link(generate):
    write("mine/_shared.jinja", "{{ header | join('\n') }}\n")
    Path("mine/x").mkdir(parents=True)
    Path("mine/x/y.jinja").symlink_to("../_shared.jinja")
    assert generate("--templates", "mine", "-f", "x", "--quiet").exit_code == 0


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (".jinja", "'' would be a hidden file"),
        (".zshenv.jinja", "'.zshenv' would be a hidden file"),
        ("a/b.jinja", "'a/b' is not the name of a plain file"),
        ("a\nb.jinja", "is not the name of a plain file"),
        ("a:b.jinja", "is not the name of a plain file"),
        ("nul.txt.jinja", "'nul.txt' is a device on Windows"),
    ],
)
def test_a_template_is_named_as_a_plain_file(generate, name, sentence):
    write(f"mine/x/{name}", "{{ header | join('\n') }}\n")
    before = generated(".")
    result = generate("--templates", "mine")
    assert (result.exit_code, generated(".")) == (2, before)
    assert sentence in result.stderr


def test_a_format_is_named_as_a_plain_folder(generate):
    for name in (".git", ".x"):
        write(f"mine/{name}/y.jinja", "{{ header | join('\n') }}\n")
    assert generate("--templates", "mine", "--quiet").exit_code == 0
    assert {path.name for path in Path("infra/acme").iterdir()} == {"cloudformation", "terraform"}
    write("mine/aux/y.jinja", "{{ header | join('\n') }}\n")
    result = generate("--templates", "mine")
    assert (result.exit_code, "mine/aux: 'aux' is a device on Windows" in result.stderr) == (
        2,
        True,
    )


# Compiled templates.


@pytest.fixture
def entries(generate, monkeypatch, tmp_path):
    """The cache of compiled templates, in a folder of its own."""
    environment._environment.cache_clear()
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    assert generate("--check").exit_code == 0
    yield lambda: {path: path.read_bytes() for path in (tmp_path / "cache").glob("template-*")}
    environment._environment.cache_clear()


BROKEN = {
    "empty": lambda _: b"",
    "header": lambda entry: entry[:100],
    "truncated": lambda entry: entry[:-1],
    "garbled": lambda entry: entry[:500] + bytes(9) + entry[509:],
    "of another version": lambda entry: entry.partition(b"\n")[2][:90],
    "foreign": lambda _: b"mine",
}


@pytest.mark.slow
def test_broken_compiled_templates_are_compiled_anew(entries, generate):
    whole = entries()
    assert len(whole) >= len(BROKEN)
    for (path, entry), broken in zip(whole.items(), cycle(BROKEN.values()), strict=False):
        path.write_bytes(broken(entry))
    environment._environment.cache_clear()
    assert generate("--check").exit_code == 0
    assert entries() == whole


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
def test_a_compiled_template_that_is_no_file_is_not_waited_for(entries, generate):
    whole = entries()
    for path in whole:
        path.unlink()
        os.mkfifo(path)
    environment._environment.cache_clear()
    assert generate("--check").exit_code == 0
    assert entries() == whole


@pytest.mark.slow
def test_an_entry_of_the_cache_under_another_name_is_not_taken(entries, generate):
    whole = entries()
    for path, entry in zip(whole, [*whole.values()][::-1], strict=True):
        path.write_bytes(entry)
    environment._environment.cache_clear()
    assert generate("--check").exit_code == 0
    assert entries() == whole


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no permissions of this kind")
@pytest.mark.parametrize("name", ["", "template-*"])
def test_a_cache_that_others_can_write_to_is_not_read(entries, generate, name):
    whole = entries()
    for path in [tmp_cache := next(iter(whole)).parent, *tmp_cache.glob(name or "none")]:
        path.chmod(0o777 if (path == tmp_cache) == (not name) else 0o700)
    for path in whole:
        path.write_bytes(BROKEN["foreign"](b""))
    environment._environment.cache_clear()
    assert generate("--check").exit_code == 0
    assert entries() == (whole if name else dict.fromkeys(whole, b"mine"))


def test_compiled_templates_are_removed_when_they_are_old(entries, generate):
    old = next(iter(entries())).with_name("template-old.cache")
    other = old.with_name("notes.txt")
    for path in (old, other, old.with_name("tidied")):
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    next(iter(entries())).unlink()
    environment._environment.cache_clear()
    assert generate("--check").exit_code == 0
    assert (old.exists(), other.exists()) == (False, True)


def test_our_templates_render_the_same_in_the_sandbox(generate, tmp_path):
    (tmp_path / "empty").mkdir()
    assert generate("--check").exit_code == 0
    before = {path: path.read_bytes() for path in generated()}
    write("cvo-sg.yaml", PROJECT + "templates: empty\n")
    assert generate("--check").exit_code == 0
    assert {path: path.read_bytes() for path in generated()} == before
