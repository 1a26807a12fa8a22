"""A deployment with another name: one paragraph, with what keeps its groups."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from repository import commit, init

ACME = 'name: acme\nrelease: "3.7"\noutbound: basic\nendpoints: {inbound-clients: [10.0.0.0/8]}\n'
TITLE = "acme is now called acme-two, and its files are in sg/acme-two\n"
HCL = """\
module "acme_two" {
  source = "./sg/acme-two/terraform" # as seen from the root module
  name   = "acme"
  # vpc_id and all other arguments stay
}

moved { # if the call was module "acme"
  from = module.acme
  to   = module.acme_two
}
"""


@pytest.fixture
def generate(run):
    """Run `cvo-sg generate` where a deployment was generated and committed."""
    init()
    Path("sites").mkdir()
    Path("sites/acme.yaml").write_text(ACME)
    Path("cvo-sg.yaml").write_text("outputs:\n  - {out: sg, deployments: [sites/*.yaml]}\n")

    def generate(*arguments):
        return run("generate", "--no-lint", *arguments)

    generate("--quiet")
    commit()
    return generate


def rename(more=""):
    Path("sites/acme.yaml").write_text(ACME.replace("acme", "acme-two") + more)


def test_a_rename_is_one_paragraph_with_what_each_format_needs(generate):
    rename()
    told = generate("--quiet").stderr
    assert told.count("warning: ") == 1
    assert told.startswith(f"warning: {TITLE}")
    assert "REPLACES OR DELETES" not in told
    assert "cloudformation: deploy the new template to the stack that you have." in told
    assert HCL in re.sub("^ {6}", "", told, flags=re.MULTILINE)
    assert not Path("sg/acme").exists()


@pytest.mark.parametrize("options", [["--diff"], ["--check", "--against", "HEAD"]])
def test_a_comparison_tells_a_rename_and_no_permission_that_stays(generate, options):
    rename()
    if "--against" in options:
        generate("--quiet")
    told = generate(*options).stdout
    head = "sg/acme-two/cloudformation, sg/acme-two/terraform:\n"
    _, _, summary = told.partition(head)
    assert summary.startswith(f"  {TITLE}")
    assert not re.search(r"^  [-+] ", summary, re.MULTILINE)
    assert "REPLACES OR DELETES" not in told


def test_what_changes_besides_is_told_with_it(generate):
    rename("tags: {a: b}\n")
    Path("sites/acme.yaml").write_text(
        Path("sites/acme.yaml").read_text().replace("10.0.0.0/8", "10.0.0.0/9")
        + "groups: [manager, ha-mediator]\n"
    )
    told = generate("--check").stderr
    assert f"warning: {TITLE}" in told
    assert "acme-two: the new content REPLACES OR DELETES the security group cloud-volumes" in told
    summary = generate("--diff").stdout
    assert "  + 6 rules inbound from 10.0.0.0/9" in summary
    assert "REPLACES OR DELETES THE SECURITY GROUP manager" not in summary


def test_other_forms_have_it_too(generate):
    rename()
    [record] = json.loads(generate("--diff", "--output", "json").stdout)["deployments"]
    assert (record["formerly"], record["replaced"], record["added"]) == ("acme", [], [])
    markdown = generate("--diff", "--output", "markdown").stdout
    assert f"- {TITLE}" in markdown
    assert HCL in re.sub("^  ", "", markdown, flags=re.MULTILINE)
    assert "\n  ```hcl\n" in markdown
    annotations = generate("--diff", "--output", "github").stdout
    assert "title=cvo-sg renamed::acme is now called acme-two" in annotations
    assert "group-replaced" not in annotations


def test_without_groups_of_its_own_nothing_is_renamed_in_aws(generate):
    owned = "groups: [manager]\nexisting: {manager: sg-0123456789abcdef0}\n"
    Path("sites/acme.yaml").write_text(ACME + owned)
    generate("--quiet")
    rename(owned)
    assert "warning: " not in generate("--quiet").stderr


def test_a_deployment_that_is_gone_is_one_warning(generate):
    Path("sites/other.yaml").write_text(ACME.replace("acme", "other"))
    Path("sites/acme.yaml").unlink()
    told = generate("--quiet").stderr
    assert told == (
        "warning: acme is no longer generated: whoever applies that DELETES the security groups "
        "cloud-volumes-ontap, ha-mediator and manager, and may take the storage system behind "
        "along. Check first that nothing uses what is deleted. If other is the same deployment: "
        "rename its file first, with the old name: in it, and run `cvo-sg generate`; then change "
        "name: and run it again, which says how to keep the groups\n"
    )


def test_two_that_swap_their_names_are_no_rename(generate):
    Path("sites/other.yaml").write_text(ACME.replace("acme", "other"))
    generate("--quiet")
    Path("sites/other.yaml").write_text(ACME)
    Path("sites/acme.yaml").write_text(ACME.replace("acme", "other"))
    assert "is now called" not in generate("--check").stderr


def test_other_formats_of_a_deployment_are_not_another_name(generate):
    outputs = "outputs:\n  - {out: sg, deployments: [sites/*.yaml], formats: [terraform, csv]}\n"
    Path("cvo-sg.yaml").write_text(outputs)
    told = generate("--quiet").stderr
    assert "sg/acme/cloudformation/template.yaml" in told
    assert "is now called" not in told


def test_a_file_and_its_name_are_renamed_in_two_runs(generate):
    """At once, nothing in the files shows that it is the same deployment."""
    rename()
    Path("sites/acme.yaml").rename("sites/two.yaml")
    told = generate("--check").stderr
    assert "acme is no longer generated: " in told
    assert "If acme-two is the same deployment: rename its file first" in told
    Path("sites/two.yaml").write_text(ACME)
    assert "DELETES" not in generate("--quiet").stderr
    Path("sites/two.yaml").write_text(ACME.replace("acme", "acme-two"))
    assert generate("--quiet").stderr.startswith(f"warning: {TITLE}")


def test_a_deployment_that_is_gone_beside_two_new_ones_is_no_rename(generate):
    Path("sites/acme.yaml").unlink()
    for name in ("one", "two"):
        Path(f"sites/{name}.yaml").write_text(ACME.replace("acme", name))
    told = generate("--check").stderr
    assert "acme is no longer generated: " in told
    assert "the same deployment" not in told
