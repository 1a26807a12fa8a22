"""The Terraform modules: what Terraform itself accepts and says, and what the module promises."""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import replace
from functools import cache

import hcl2
import pytest
from samples import DATA, DEPLOYMENTS, HOSTILE, TEXTS, rendered, resolved, reworded, variant
from terraform import require_terraform, succeeded, terraform

from generator.model import Peer

# As another reader of HCL sees it.


def plain(value):
    """python-hcl2 8 keeps the quotes of strings and adds keys of its own; 7 does neither."""
    if isinstance(value, dict):
        return {plain(k): plain(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return re.sub(r'\A"(.*)"\Z', r"\1", value) if isinstance(value, str) else value


@cache
def read(text):
    """By the kind of block, the blocks of a file."""
    return plain(hcl2.loads(text))


@cache
def blocks(name, file):
    """python-hcl2 takes a second for a file of rules or variables."""
    return read(rendered(DEPLOYMENTS[name])[file])


def labelled(blocks):
    """Blocks with one label, by that label."""
    return {label: body for block in blocks for label, body in block.items()}


def bodies(text, heading):
    """The bodies of the blocks with a heading, by their last label, as text."""
    pattern = rf'(?ms)^{heading} "(\w+)" {{\n(.*?)^}}\n'
    return dict(re.findall(pattern, text))


def security_groups(main):
    return bodies(main, 'resource "aws_security_group"')


every_deployment = pytest.mark.parametrize("name", DEPLOYMENTS)


@every_deployment
def test_a_module_works_with_old_and_new_versions_and_brings_no_provider(name):
    files = rendered(DEPLOYMENTS[name])
    assert read(re.sub("(?m)^#.*\n", "", files["versions.tf"])) == {
        "terraform": [
            {
                "required_version": ">= 1.5.0",
                "required_providers": [{"aws": {"source": "hashicorp/aws", "version": ">= 5.0"}}],
            }
        ]
    }
    code = "".join(text for file, text in files.items() if file.endswith(".tf"))
    assert not re.search("(?m)^provider ", code)


@every_deployment
def test_the_vpc_is_the_only_required_variable_and_each_is_described(name):
    variables = bodies(rendered(DEPLOYMENTS[name])["variables.tf"], "variable")
    defaults = {label: re.search("(?m)^  default +=", body) for label, body in variables.items()}
    assert [label for label, default in defaults.items() if not default] == ["vpc_id"]
    for body in variables.values():
        assert re.search(r'(?m)^  description += ("[^"]|<<)', body)


def test_a_binding_becomes_the_default_of_its_variable():
    variables = labelled(blocks("peers-of-every-kind", "variables.tf")["variable"])
    assert variables["inbound_clients"]["default"] == {
        "cidr_ipv4": ["10.0.0.0/8"],
        "cidr_ipv6": ["2001:db8::/32"],
    }
    assert variables["active_directory"]["default"] == {
        "cidr_ipv4": ["10.1.0.1/32", "10.20.0.10/32"]
    }
    assert variables["backup_endpoints"]["default"] == {
        "prefix_lists": {"pl-01234567": "pl-01234567"},
        "security_group_ids": {"sg-0123456789abcdef0": "sg-0123456789abcdef0"},
        "groups": ["ha-mediator"],
    }
    assert "mail_server" not in variables, "nobody is there, so there is nothing to fill in"


@every_deployment
def test_groups_are_named_after_roles_and_hold_no_rules_of_their_own(name):
    groups = security_groups(rendered(DEPLOYMENTS[name])["main.tf"])
    roles = [group.role for group in resolved(DEPLOYMENTS[name]).groups]
    assert list(groups) == [role.replace("-", "_") for role in roles]
    for group in groups.values():
        revoked = re.search("(?m)^  revoke_rules_on_delete += true$", group)
        assert revoked, "groups refer to each other"
        assert not re.search(r"(?m)^  (in|e)gress\b", group)


@every_deployment
def test_no_wording_of_a_release_reaches_a_group_since_a_change_would_replace_it(name):
    deployment = DEPLOYMENTS[name]
    main = rendered(deployment, release=reworded(DATA.release(deployment.release)))["main.tf"]
    assert "Product 9.9" in main
    assert security_groups(main) == security_groups(rendered(deployment)["main.tf"])


@every_deployment
def test_the_rule_tables_list_the_lines_of_the_resolved_tables(name):
    tables = re.findall(
        r'(?ms)^    "([\w-]+)" = {\n(.*?)^    }$', rendered(DEPLOYMENTS[name])["rules.tf"]
    )
    written = {
        (role, direction): [*map(literal, re.findall('(?m)description = (".*") },$', lines))]
        for role, table in tables
        for direction, lines in re.findall(r"(?ms)^      (\w+) += \[(.*?)^      \]$", table)
    }
    assert written == {
        (group.role, direction): [line.description for line in getattr(group, direction)]
        for group in resolved(DEPLOYMENTS[name]).groups
        for direction in ("ingress", "egress")
    }


LAYOUT = """\
  default = {
    cidr_ipv4 = [
      # dc1
      "10.1.0.1/32",
      "10.1.0.2/32",
    ]
    security_group_ids = {
      "sg-0123456789abcdef0" = "sg-0123456789abcdef0"
      "sg-01234567"          = "123456789012/sg-01234567"
      # dc2
      "sg-76543210" = "sg-76543210"
    }
  }
"""


def test_the_name_of_a_peer_is_a_comment_above_its_value():
    cidrs = {"dc1": "10.1.0.1/32", "10.1.0.2/32": "10.1.0.2/32"}
    long, short = "sg-0123456789abcdef0", "sg-01234567"
    groups = {long: long, short: f"123456789012/{short}", "dc2": "sg-76543210"}
    named = {name: Peer.parse(text) for name, text in (cidrs | groups).items()}
    written = rendered(variant(endpoints={"active-directory": named}))["variables.tf"]
    assert LAYOUT in written


@pytest.mark.parametrize(
    ("tags", "lines"),
    [
        pytest.param({"a": "1", "bcd": "2"}, ['"a"   = "1"', '"bcd" = "2"'], id="aligned"),
        pytest.param({"b": "1", "ä": "2"}, ['"b" = "1"', "", '"ä" = "2"'], id="of-unknown-width"),
    ],
)
def test_tags_are_laid_out_as_terraform_fmt_has_them(tags, lines):
    written = bodies(rendered(variant(tags=tags))["variables.tf"], "variable")["tags"]
    layout = "".join(f"    {line}\n" if line else "\n" for line in lines)
    assert written.endswith(f"  default = {{\n{layout}  }}\n")


def test_nothing_is_rendered_that_the_deployment_does_not_use():
    main = rendered(DEPLOYMENTS["ha-internal-by-name"])["main.tf"]
    assert "coalesce" not in main
    assert not re.search(r"coalesce\([^,]*\)", rendered(variant())["main.tf"]), "one argument"


def test_protected_groups_cannot_be_destroyed():
    assert "prevent_destroy = true" in rendered(variant(protect=True))["main.tf"]
    assert "prevent_destroy" not in rendered(variant())["main.tf"]


@pytest.mark.parametrize("topology", ["ha", "single-node"])
@pytest.mark.parametrize("preset", ["predefined", "advanced"])
def test_outputs_exist_for_every_group_of_ones_own_in_every_topology(preset, topology):
    outputs = read(rendered(variant(preset, topology=topology, groups=None))["outputs.tf"])
    values = {name: body["value"] for name, body in labelled(outputs["output"]).items()}
    assert values.pop("security_groups").keys() == {
        "manager",
        "cloud-volumes-ontap",
        *(["ha-mediator"] if topology == "ha" else []),
    }
    assert values == {
        "manager_security_group_id": "${aws_security_group.manager.id}",
        "cloud_volumes_ontap_security_group_id": "${aws_security_group.cloud_volumes_ontap.id}",
        "mediator_security_group_id": (
            "${aws_security_group.ha_mediator.id}" if topology == "ha" else None
        ),
    }


def test_outputs_of_groups_that_are_not_asked_for_are_null():
    outputs = labelled(blocks("manager-only", "outputs.tf")["output"])
    assert {name for name, body in outputs.items() if body["value"] is None} == {
        "cloud_volumes_ontap_security_group_id",
        "mediator_security_group_id",
    }


def literal(quoted):
    """HCL's escapes within quotes are JSON's, and two of its own."""
    assert not re.search(r"(?<!\$)\$\{|(?<!%)%\{", quoted), "an interpolation or a directive"
    return json.loads(quoted).replace("$${", "${").replace("%%{", "%{")


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_is_written_as_exactly_that_text(text):
    written = rendered(replace(HOSTILE, tags={text: text}))["variables.tf"]
    [tag] = re.findall(r'(?m)^    (".*") = (".*")$', written)
    assert tuple(map(literal, tag)) == (text, text)


@pytest.mark.parametrize("case", ["quotes", "interpolation"])
def test_a_title_of_the_rule_data_is_written_as_exactly_that_text(case):
    release = DATA.release("3.7")
    rules = {role: replace(table, title=TEXTS[case]) for role, table in release.rules.items()}
    written = rendered(HOSTILE, release=replace(release, rules=rules))["outputs.tf"]
    description = re.search(r'(?m)^  description = (".*")$', written)
    assert literal(description[1]).startswith(f"{TEXTS[case]}: for ")


# As Terraform sees it.


def ipv4(*networks):
    return {"cidr_ipv4": networks}


def ipv6(*networks):
    return {"cidr_ipv6": networks}


VPC = "vpc-0123456789abcdef0"
CLOSED = {"vpc_id": VPC, "inbound_clients": ipv4("10.0.0.0/8")}
THREE = ("10.0.0.0/16", "10.2.0.0/16", "10.4.0.0/16")
INVALID = "Invalid value for variable"
CONDITION = "Resource precondition failed"
OPEN = "Check block assertion failed: The whole internet may connect to"
PLANS = {
    # the reason: the module, its variables, what Terraform says ("" for nothing)
    "ipv4-among-ipv6": (
        "manager-only",
        {"dns": ipv6("10.0.0.0/8")},
        f"{CONDITION}: dns: invalid IPv6 CIDR 10.0.0.0/8: use 2001:db8::/32 or the like",
    ),
    "ipv6-among-ipv4": (
        "manager-only",
        {"dns": ipv4("2001:db8::/32")},
        f"{CONDITION}: dns: invalid IPv4 CIDR 2001:db8::/32: use 10.0.0.0/16 or the like",
    ),
    "address-without-length": (
        "manager-only",
        {"administrators": ipv4("10.0.0.0")},
        f"{CONDITION}: administrators: invalid IPv4 CIDR 10.0.0.0",
    ),
    "the-internet-by-mistake": (
        "manager-only",
        {"administrators": ipv4("10.0.0.0/0")},
        f"{CONDITION}: administrators: invalid IPv4 CIDR 10.0.0.0/0",
    ),
    "wrong-prefix-list": (
        "manager-only",
        {"dns": {"prefix_lists": {"a": "sg-1"}}, "prefix_list_entries": {"a": 1}},
        f"{CONDITION}: dns: invalid prefix list id sg-1",
    ),
    "wrong-group-id": (
        "manager-only",
        {"dns": {"security_group_ids": {"a": "pl-1"}}},
        f"{CONDITION}: dns: invalid security group id pl-1",
    ),
    "role-of-no-group-here": (
        "manager-only",
        {"dns": {"groups": ["ha-mediator"]}},
        f"{CONDITION}: dns: no group ha-mediator in this module: use manager",
    ),
    "open-in-both-families": (
        "manager-only",
        {"inbound_clients": {**ipv4("0.0.0.0/0"), **ipv6("::/0")}},
        OPEN,
    ),
    "open-beside-a-network-of-the-other-family": (
        "manager-only",
        {"inbound_clients": {**ipv4("0.0.0.0/0"), **ipv6("2001:db8::/32")}},
        OPEN,
    ),
    "half-of-each-family": (
        "manager-only",
        {"inbound_clients": {**ipv4("0.0.0.0/1"), **ipv6("8000::/1")}},
        "",
    ),
    "quota-of-no-number": ("variables", {"rules_quota": 0}, f"{INVALID}: The quota is a whole"),
    "quota-over-the-limit": ("variables", {"rules_quota": 1001}, f"{INVALID}: The quota is"),
    "entries-of-no-number": (
        "variables",
        {"prefix_list_entries": {"a": 3, "b": -1}},
        f"{INVALID}: The maximum entries of a prefix list are a whole number",
    ),
    "wrong-vpc": ("variables", {"vpc_id": "10.0.0.0/8"}, f"{INVALID}: A VPC id looks like vpc-"),
    "name-like-an-id": ("variables", {"name": "sg-1"}, f"{INVALID}: A name has 1 to 200"),
    "well-formed": (
        "manager-only",
        {
            "dns": ipv4("10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/32") | ipv6("2001:db8::/32", "::/0"),
            "administrators": {
                "prefix_lists": {"a": "pl-1"},
                "security_group_ids": {"b": "sg-1", "other-account": "123456789012/sg-2"},
            },
            "prefix_list_entries": {"a": 3},
            "active_directory": {"groups": ["manager"]},
        },
        "",
    ),
    "host-bits-are-cleared-as-ec2-clears-them": (
        "manager-only",
        {"dns": ipv4("10.0.0.1/8", "10.0.0.0/8") | ipv6("2001:DB8::1/32")},
        "",
    ),
    "one-prefix-list-under-two-names": (
        "manager-only",
        {
            "dns": {"prefix_lists": {"a": "pl-1", "b": "pl-1"}},
            "prefix_list_entries": {"a": 1, "b": 1},
        },
        f"{CONDITION}: EC2 takes a rule of manager once, but egress udp-53/prefix-list/a and "
        "udp-53/prefix-list/b are the same: remove one of the names",
    ),
    "one-group-with-and-without-its-account": (
        "manager-only",
        {"dns": {"security_group_ids": {"a": "sg-1", "b": "123456789012/sg-1"}}},
        f"{CONDITION}: EC2 takes a rule of manager once, but egress udp-53/security-group/a",
    ),
    "one-network-at-both-endpoints-of-a-rule-is-one-rule": (
        "manager-only",
        {
            "outbound_internet": ipv4("10.0.0.0/8"),
            "ontap_cluster_management_lif": ipv4("10.0.0.0/8", "10.1.0.0/16"),
        },
        "",
    ),
    "a-peer-that-the-deployment-binds-to-both": (
        "a-peer-at-both-destinations",
        {"prefix_list_entries": {"pl-01234567": 1}},
        "",
    ),
    "one-network-at-endpoints-of-different-rules": (
        "manager-only",
        {"dns": ipv4("10.0.0.0/8"), "active_directory": ipv4("10.0.0.0/8")},
        "",
    ),
    "three-networks-exceed-the-quota": (
        "single-node",
        {"inbound_clients": ipv4(*THREE)},
        f"{CONDITION}: cloud-volumes-ontap needs 72 ingress rules, but the quota is 60 a direction",
    ),
    "three-networks-just-within-a-raised-quota": (
        "single-node",
        {"inbound_clients": ipv4(*THREE), "rules_quota": 72},
        "",
    ),
    "a-prefix-list-counts-its-maximum-entries": (
        "single-node",
        {"inbound_clients": {"prefix_lists": {"a": "pl-1"}}, "prefix_list_entries": {"a": 3}},
        f"{CONDITION}: cloud-volumes-ontap needs 72 ingress rules",
    ),
    "a-prefix-list-of-unknown-size": (
        "single-node",
        {"inbound_clients": {"prefix_lists": {"a": "pl-1"}}},
        "Check block assertion failed: EC2 counts a rule with a prefix list as its maximum entries",
    ),
    "each-address-family-has-its-quota": (
        "advanced",
        {"inbound_clients": ipv4(*THREE[:2]) | ipv6("2001:db8::/64", "2001:db8:1::/64")},
        "",
    ),
    "open-as-documented": (
        "predefined",
        {"inbound_clients": ipv4("0.0.0.0/0")},
        f"{OPEN} cloud-volumes-ontap, ha-mediator, manager.",
    ),
    "open-in-two-halves": (
        "manager-only",
        {"inbound_clients": ipv4("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2", "10.0.0.0/8")},
        f"{OPEN} manager.",
    ),
    "open-in-three-quarters": (
        "manager-only",
        {"inbound_clients": ipv4("0.0.0.0/1", "128.0.0.0/2", "10.0.0.0/8")},
        "",
    ),
    "open-to-ipv6-in-two-halves": (
        "manager-only",
        {"administrators": ipv6("::/1", "8000::/1")},
        f"{OPEN} manager.",
    ),
    "open-to-ipv6": ("manager-only", {"administrators": ipv6("::/0")}, f"{OPEN} manager."),
    "narrowed-by-inbound-clients": ("predefined", {}, ""),
    "ids-unknown-until-apply": ("ids-of-other-resources", None, ""),
}
IDS_OF_OTHER_RESOURCES = """
resource "aws_security_group" "other" {
  count = 2
}

module "groups" {
  source          = "../manager-only"
  vpc_id          = "vpc-0123456789abcdef0"
  inbound_clients = { security_group_ids = { web = aws_security_group.other[0].id } }
  dns = {
    security_group_ids = { a = aws_security_group.other[0].id, b = aws_security_group.other[1].id }
  }
}
"""


def write_modules(folder):
    for name, deployment in (DEPLOYMENTS | {"tags": HOSTILE}).items():
        (folder / name).mkdir()
        for file, text in rendered(deployment).items():
            (folder / name / file).write_text(text)
        call = f'module "{name}" {{\n  source = "./{name}"\n  vpc_id = "{VPC}"\n}}\n'
        (folder / f"{name}.tf").write_text(call)
    (folder / "variables").mkdir()
    shutil.copy(folder / "manager-only" / "variables.tf", folder / "variables")
    (folder / "ids-of-other-resources").mkdir()
    (folder / "ids-of-other-resources" / "main.tf").write_text(IDS_OF_OTHER_RESOURCES)


def write_plans(folder):
    for case, (module, variables, _) in PLANS.items():
        run = {"command": "plan", "module": {"source": f"./{module}"}}
        if variables is not None:
            run["variables"] = CLOSED | variables
        test = {"mock_provider": {"aws": {}}, "run": {case: run}}
        (folder / f"{case}.tftest.json").write_text(json.dumps(test))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A folder where every module is called once and every plan is a test."""
    require_terraform()
    folder = tmp_path_factory.mktemp("terraform")
    write_modules(folder)
    write_plans(folder)
    return folder


@pytest.fixture(scope="module")
def initialised(workspace):
    """The same with the provider, which takes seconds to install."""
    succeeded(terraform(workspace, "init"))
    return workspace


@pytest.fixture(scope="module")
def errors(initialised):
    """By plan, the errors that Terraform reports."""
    found = {}
    for event in map(json.loads, terraform(initialised, "test", "-json").stdout.splitlines()):
        if event["type"] == "test_run":
            found.setdefault(event["@testrun"], [])
        if event["type"] == "diagnostic" and event["diagnostic"]["severity"] == "error":
            error = "{summary}: {detail}".format(**event["diagnostic"])
            found.setdefault(event.get("@testrun"), []).append(error)
    assert None not in found, found[None]
    return found


@pytest.mark.slow
def test_terraform_fmt_has_nothing_to_change(workspace):
    assert succeeded(terraform(workspace, "fmt", "-check", "-diff", "-recursive")) == ""


@pytest.mark.slow
def test_terraform_finds_every_module_valid(initialised):
    assert json.loads(succeeded(terraform(initialised, "validate", "-json")))["diagnostics"] == []


@pytest.mark.slow
@pytest.mark.parametrize("case", PLANS)
def test_a_plan_says_in_words_what_ec2_would_refuse(errors, case):
    *_, words = PLANS[case]
    assert bool(errors[case]) == bool(words), errors[case]
    assert not words or any(error.startswith(words) for error in errors[case]), errors[case]


@pytest.mark.slow
def test_terraform_reads_exactly_the_texts_of_the_deployment(tmp_path):
    require_terraform()
    (tmp_path / "variables.tf").write_text(rendered(HOSTILE)["variables.tf"])
    result = terraform(tmp_path, "console", stdin="base64encode(jsonencode(var.tags))")
    assert json.loads(base64.b64decode(result.stdout)) == HOSTILE.tags
