"""What `terraform show -json` prints of plans and states; the real thing is read in tests/proof."""

from __future__ import annotations

import json
import time

import pytest

from generator.errors import InputError
from generator.observe import join, read_text

STATE = {"format_version": "1.0", "terraform_version": "1.9.0"}
GROUP_ID, OTHER_ID = "sg-0123456789abcdef0", "sg-01234567"
NO_PEERS = {
    "cidr_blocks": [], "ipv6_cidr_blocks": [], "prefix_list_ids": [], "security_groups": [],
    "self": False, "description": "",
}  # fmt: skip


def resource(address, values, **more):
    kind = address.split("[")[0].split(".")[-2]
    return {"address": address, "mode": "managed", "type": kind, "values": values, **more}


def state(*resources, outputs=None, modules=()):
    root = {"resources": [*resources], "child_modules": [*modules]}
    return {**STATE, "values": {"outputs": outputs or {}, "root_module": root}}


def plan(*resources, expressions=None, changes=(), modules=(), calls=None, outputs=None):
    """A plan of resources, given the references of their attributes by address and name."""
    configured = [
        {"address": address, "expressions": found} for address, found in (expressions or {}).items()
    ]
    configuration = {
        "resources": configured, "module_calls": calls or {}, "outputs": outputs or {},
    }  # fmt: skip
    return {
        **STATE,
        "planned_values": {"root_module": {"resources": [*resources], "child_modules": [*modules]}},
        "resource_changes": [*changes],
        "configuration": {"root_module": configuration},
    }


def refers(*texts):
    return {"references": [*texts]}


def read(document):
    return read_text(json.dumps(document), "shown.json")


def short(rule):
    peer = f"{rule.owner}/{rule.peer}" if rule.owner else rule.peer
    return (rule.group, rule.direction, rule.ip_protocol, rule.from_port, rule.peer_kind, peer)


def rules(document):
    return [short(rule) for rule in read(document).rules]


def identities(document):
    return {p.identity for p in read(document).permissions()}


A, B = "aws_security_group.a", "aws_security_group.b"
INGRESS, EGRESS = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"
SSH = {"from_port": 22, "to_port": 22}
EVERYTHING = {"from_port": 0, "to_port": 0}
GROUP = resource(A, {"id": GROUP_ID, "name": "a", "owner_id": "123456789012", "vpc_id": "vpc-1"})

# One group in each of the three ways to write rules.
INLINE = [
    resource(A, GROUP["values"] | {
        "ingress": [NO_PEERS | SSH | {"protocol": "tcp", "self": True,
            "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"], "security_groups": [OTHER_ID]}],
        "egress": [NO_PEERS | EVERYTHING | {"protocol": "-1",
            "ipv6_cidr_blocks": ["2001:0DB8::/32"], "prefix_list_ids": ["pl-01234567"]}],
    }),
]  # fmt: skip
CLASSIC = [
    GROUP,
    *(
        resource(f"aws_security_group_rule.r[{i}]", {"security_group_id": GROUP_ID, **values})
        for i, values in enumerate([
            {"type": "ingress", "protocol": "tcp", **SSH,
             "cidr_blocks": ["10.0.0.0/8", "192.168.0.0/16"]},
            {"type": "ingress", "protocol": "tcp", **SSH, "source_security_group_id": OTHER_ID,
             "self": False},
            {"type": "ingress", "protocol": "tcp", **SSH, "source_security_group_id": GROUP_ID,
             "self": True},
            {"type": "egress", "protocol": "all", **EVERYTHING, "cidr_blocks": None,
             "ipv6_cidr_blocks": ["2001:db8::/32"], "prefix_list_ids": ["pl-01234567"]},
        ])
    ),
]  # fmt: skip
STANDALONE = [
    GROUP,
    *(
        resource(f"{kind}.r[{i}]", {"security_group_id": GROUP_ID, **values})
        for i, (kind, values) in enumerate([
            (INGRESS, {"ip_protocol": "tcp", **SSH, "cidr_ipv4": "10.0.0.0/8"}),
            (INGRESS, {"ip_protocol": "6", **SSH, "cidr_ipv4": "192.168.0.0/16"}),
            (INGRESS, {"ip_protocol": "tcp", **SSH, "referenced_security_group_id": OTHER_ID}),
            (INGRESS, {"ip_protocol": "tcp", **SSH,
                       "referenced_security_group_id": f"123456789012/{GROUP_ID}"}),
            (EGRESS, {"ip_protocol": "-1", "cidr_ipv6": "2001:db8::/32"}),
            (EGRESS, {"ip_protocol": "-1", "prefix_list_id": "pl-01234567"}),
        ])
    ),
]  # fmt: skip
FORMS = {"inline": INLINE, "classic": CLASSIC, "standalone": STANDALONE}


@pytest.mark.parametrize("resources", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("document", [state, plan], ids=["state", "plan"])
def test_every_way_to_write_rules_gives_the_same_permissions(document, resources):
    found = identities(document(*resources))
    assert found == identities(state(*INLINE))
    assert {(group, direction, t.ip_protocol, t.from_port, kind, peer)
            for group, direction, t, kind, peer in found} == {
        (A, "inbound", "tcp", 22, "cidr_ipv4", "10.0.0.0/8"),
        (A, "inbound", "tcp", 22, "cidr_ipv4", "192.168.0.0/16"),
        (A, "inbound", "tcp", 22, "security_group", OTHER_ID),
        (A, "inbound", "tcp", 22, "group", A),
        (A, "outbound", "-1", None, "cidr_ipv6", "2001:db8::/32"),
        (A, "outbound", "-1", None, "prefix_list", "pl-01234567"),
    }  # fmt: skip


def test_rules_that_the_state_of_a_group_repeats_are_there_once():
    both = state(resource(A, INLINE[0]["values"]), *STANDALONE[1:3])
    found = read(both)
    assert len(found.rules) == 6
    assert [r.place.what for r in found.rules if r.peer == "10.0.0.0/8"] == [f"{INGRESS}.r[0]"]


def test_rules_that_are_written_twice_stay_so():
    """Inline and standalone: the plan's configuration tells that from what a state repeats."""
    twice = plan(*INLINE, *STANDALONE[1:3], expressions={A: {"ingress": refers()}})
    assert len(read(twice).rules) == 8


def test_a_rule_that_the_plan_deletes_is_not_among_those_of_its_group():
    deleted = {"address": "x", "mode": "managed", "type": INGRESS, "change": {
        "actions": ["delete"], "before": STANDALONE[1]["values"], "after": None}}  # fmt: skip
    before, after = (rules(plan(*INLINE, changes=each)) for each in ([], [deleted]))
    assert [*{*before} - {*after}] == [(A, "inbound", "tcp", 22, "cidr_ipv4", "10.0.0.0/8")]


def test_a_group_keeps_what_is_known_of_it():
    document = state(GROUP | {"values": GROUP["values"] | {"tags": {"Name": "x"}}})
    (group,) = read(document).groups
    assert (group.key, group.id, group.name, group.vpc) == (A, GROUP_ID, "a", "vpc-1")
    assert (group.owner, group.tags, str(group.place)) == (
        "123456789012", {"Name": "x"}, f"shown.json ({A})",
    )  # fmt: skip


def test_a_rule_of_a_group_that_is_not_in_the_state_has_its_id():
    found = read(state(STANDALONE[1]))
    assert [(group.key, group.id) for group in found.groups] == [(GROUP_ID, GROUP_ID)]
    assert found.rules[0].group == GROUP_ID


def test_another_account_is_told_from_ones_own():
    values = {"security_group_id": GROUP_ID, "ip_protocol": "tcp", **SSH}
    foreign = {"referenced_security_group_id": f"210987654321/{OTHER_ID}"}
    own = {"referenced_security_group_id": f"123456789012/{OTHER_ID}"}
    both = (resource(f"{INGRESS}.r[{i}]", values | each) for i, each in enumerate([foreign, own]))
    assert [r[-1] for r in rules(state(GROUP, *both))] == [f"210987654321/{OTHER_ID}", OTHER_ID]


OUTPUTS = {
    "direct": ({"group": {"value": GROUP_ID}}, "group"),
    "in-an-object": ({"module": {"value": {"manager_id": GROUP_ID, "x": 1}}}, "manager_id"),
    "by-role": ({"groups": {"value": {"manager": {"id": GROUP_ID, "name": "a"}}}}, "manager"),
    "direct-before-role": (
        {"a": {"value": {"manager": {"id": GROUP_ID}}}, "b": {"value": {"c": GROUP_ID}}},
        "c",
    ),
    "none": ({"x": {"value": [GROUP_ID]}, "y": {"value": OTHER_ID}}, None),
}


@pytest.mark.parametrize(("outputs", "name"), OUTPUTS.values(), ids=OUTPUTS)
def test_the_output_of_a_group_in_a_state_is_found_by_its_value(outputs, name):
    (group,) = read(state(GROUP, outputs=outputs)).groups
    assert group.output == name


def test_the_output_of_a_group_in_a_plan_is_found_by_its_reference():
    outputs = {
        "every": {"expression": refers(f"{A}.id", A, f"{B}.id", B)},
        "name": {"expression": refers(f"{A}.name", A)},
        "id_of_a": {"expression": refers(f"{A}.id", A)},
    }
    groups = read(plan(resource(A, {}), resource(B, {}), outputs=outputs)).groups
    assert [group.output for group in groups] == ["id_of_a", None]


NEW = [resource(A, {"name": "a"}), resource(B, {"name": "b"})]
COUNTED = [resource(f"aws_security_group.n[{i}]", {}) for i in (0, 1)]
R = f"{INGRESS}.r"
VALUES = {"ip_protocol": "tcp", **SSH}
REFERENCES = {
    "group": (R, refers(f"{B}.id", B), ("group", B)),
    "group-with-index": (
        R,
        refers("aws_security_group.n[1].id", "aws_security_group.n[1]", "aws_security_group.n"),
        ("group", "aws_security_group.n[1]"),
    ),
    "group-with-the-same-key": (
        f"{R}[1]",
        refers("aws_security_group.n", "count.index"),
        ("group", "aws_security_group.n[1]"),
    ),
    "one-of-several-groups": (
        R,
        refers("aws_security_group.n", "data.x.y.z", "data.x.y"),
        ("security_group", f"{R}.referenced_security_group_id"),
    ),
    "one-of-two": (
        R,
        refers(f"{A}.id", A, f"{B}.id", B),
        ("security_group", f"{R}.referenced_security_group_id"),
    ),
    "something-else": (
        R, refers("data.aws_security_group.c.id", "data.aws_security_group.c"),
        ("security_group", "data.aws_security_group.c.id"),
    ),
    "of-each-instance": (
        f"{R}[1]",
        refers("data.aws_security_group.c", "count.index"),
        ("security_group", f"{R}[1].referenced_security_group_id"),
    ),
    "root-variable-aside": (R, refers("var.x", f"{B}.id", B), ("group", B)),
    "key-of-our-module": (
        f'{R}["tcp-22/group/b"]', refers("each.value.kind", "each.value", "local.ids"),
        ("group", B),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("address", "expression", "peer"), REFERENCES.values(), ids=REFERENCES)
def test_an_unknown_id_is_what_the_configuration_refers_to(address, expression, peer):
    expressions = {
        R: {
            "security_group_id": refers(f"{A}.id", A),
            "referenced_security_group_id": expression,
        }
    }
    document = plan(*NEW, *COUNTED, resource(address, VALUES), expressions=expressions)
    assert rules(document) == [(A, "inbound", "tcp", 22, *peer)]


def test_references_go_through_modules():
    inner = {
        "resources": [
            {"address": "aws_security_group.m", "expressions": {}},
            {
                "address": R,
                "expressions": {
                    "security_group_id": refers("aws_security_group.m.id", "aws_security_group.m"),
                    "referenced_security_group_id": refers("var.peer"),
                },
            },
        ],
        "outputs": {
            "id": {"expression": refers("aws_security_group.m.id", "aws_security_group.m")}
        },
    }
    calls = {"x": {"module": inner, "expressions": {"peer": refers("module.y.id", "module.y")}},
             "y": {"module": inner, "expressions": {"peer": refers(f"{A}.id", A)}}}  # fmt: skip
    modules = [
        {
            "address": f"module.{name}",
            "resources": [
                resource(f"module.{name}.aws_security_group.m", {}),
                resource(f"module.{name}.{R}", VALUES),
            ],
        }
        for name in ("x", "y")
    ]
    document = plan(*NEW, modules=modules, calls=calls)
    x, y = (f"module.{name}.aws_security_group.m" for name in ("x", "y"))
    assert rules(document) == [
        (x, "inbound", "tcp", 22, "group", y),
        (y, "inbound", "tcp", 22, "group", A),
    ]
    assert {g.key: g.output for g in read(document).groups} == {A: None, B: None, x: "id", y: "id"}


def without(name, **values):
    return {
        key: v for key, v in (NO_PEERS | SSH | {"protocol": "tcp"} | values).items() if key != name
    }


INLINE_UNKNOWN = {
    "one-group-for-two-rules": (
        [without("security_groups"), without("security_groups", from_port=21)],
        [f"{B}.id", B],
        [(22, "group", B), (21, "group", B)],
    ),
    "two-groups-for-one-rule": (
        [without("security_groups", cidr_blocks=["10.0.0.0/8"])],
        [f"{B}.id", B, f"{A}.id", A],
        [(22, "cidr_ipv4", "10.0.0.0/8"), (22, "group", B), (22, "group", A)],
    ),
    "which-is-not-known": (
        [without("security_groups"), without("security_groups", from_port=21)],
        [f"{B}.id", B, f"{A}.id", A],
        [(22, "security_group", f"{A}.ingress"), (21, "security_group", f"{A}.ingress")],
    ),
    "list": (
        [without("prefix_list_ids")],
        ["x.y.id", "x.y"],
        [(22, "prefix_list", f"{A}.ingress")],
    ),
}


@pytest.mark.parametrize(("inline", "references", "peers"), INLINE_UNKNOWN.values(),
                         ids=INLINE_UNKNOWN)  # fmt: skip
def test_unknown_ids_of_inline_rules_are_those_of_all_rules_together(inline, references, peers):
    group = resource(A, {"ingress": inline})
    document = plan(group, NEW[1], expressions={A: {"ingress": refers(*references)}})
    assert [(rule[3], *rule[4:]) for rule in rules(document)] == peers


NOT_KNOWN = {
    "inline": (
        plan(NEW[0], expressions={A: {"ingress": refers("var.x")}}),
        "inline rules that are not known",
    ),
    "networks": (
        plan(resource(A, {"ingress": [without("cidr_blocks")]}),
             expressions={A: {"ingress": refers("x.y.z")}}),
        "peers in cidr_blocks that are not known",
    ),
    "network": (
        plan(GROUP, resource(R, VALUES | {"security_group_id": GROUP_ID}),
             expressions={R: {"cidr_ipv4": refers("aws_eip.x.public_ip", "aws_eip.x")}}),
        "peers in cidr_ipv4 that are not known",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("document", "what"), NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_what_no_reference_can_stand_for_is_left_out_and_counted(document, what):
    found = read(document)
    assert (found.rules, found.left_out) == ((), (f"shown.json: 1 left out: {what}",))


def test_rules_of_one_source_for_groups_of_another_are_between_groups():
    other = resource(B, {"id": OTHER_ID})
    together = join([read(state(*STANDALONE)), read(state(other))])
    assert ("group", B) in {(rule.peer_kind, rule.peer) for rule in together.rules}


def test_a_group_in_two_sources_is_one_by_its_id():
    in_ec2 = {"GroupId": GROUP_ID, "GroupName": "a", "IpPermissions": [
        {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8"}],
         "UserIdGroupPairs": [{"GroupId": GROUP_ID}]}]}  # fmt: skip
    together = join([read(state(*STANDALONE[:2])), read({"SecurityGroups": [in_ec2]})])
    assert [(group.key, group.id) for group in together.groups] == [(A, GROUP_ID)]
    assert {short(rule) for rule in together.rules} == {
        (A, "inbound", "tcp", 22, "cidr_ipv4", "10.0.0.0/8"),
        (A, "inbound", "tcp", 22, "group", A),
    }


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"version": 4, "serial": 1, "lineage": "x", "resources": []}),
        "PK\x03\x04\x14\0\x08",
    ],
    ids=["state", "plan"],
)
def test_what_terraform_stores_is_an_error_that_says_what_to_do(text):
    with pytest.raises(InputError, match="use the output of `terraform show -json`"):
        read_text(text, "terraform.tfstate")


def test_an_empty_state_has_no_groups():
    assert read({"format_version": "1.0"}).groups == ()


WRONG = [None, 1, "x", [], [1], {}, {"a": 1}, [None, [], {"address": 1}], True]


@pytest.mark.slow
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_values_of_other_types_are_none(wrong):
    """Whatever is in place of each value of a document, there is no traceback."""
    for document in (
        plan(*INLINE, *STANDALONE, expressions={A: {"ingress": refers("x")}, R: {"cidr_ipv4": {}}},
             modules=[{"address": "module.x", "resources": [GROUP]}], calls={"x": {"module": {}}},
             changes=[{"address": "x", "mode": "managed", "type": INGRESS,
                       "change": {"before": STANDALONE[1]["values"]}}],
             outputs={"a": {"expression": refers(f"{A}.id")}}),
        state(*INLINE, *CLASSIC, outputs={"a": {"value": {"b": GROUP_ID}}}),
    ):  # fmt: skip
        for changed in replacements(document, wrong):
            if isinstance(changed, dict) and isinstance(changed.get("format_version"), str):
                read(changed)


def replacements(value, wrong):
    """The value with each part of it replaced."""
    yield wrong
    items = {dict: dict.items, list: enumerate}.get(type(value), lambda _: ())(value)
    for key, each in [*items]:
        for changed in replacements(each, wrong):
            copy = value.copy()
            copy[key] = changed
            yield copy


HOSTILE = {
    "deep-modules": '{"format_version": "1.0", "terraform_version": "1", "values": {"root_module": '
    + '{"child_modules": [' * 100_000,
    "long-number": '{"format_version": "1.0", "terraform_version": "1", "a": ' + "9" * 10_000 + "}",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_documents_are_not_recognised(text):
    with pytest.raises(InputError, match="not recognised"):
        read_text(text, "shown.json")


def test_variables_that_refer_to_each_other_through_modules_end_soon():
    both = {"a": refers("var.a", "var.b"), "b": refers("var.b", "var.a")}
    peer = {"referenced_security_group_id": refers("var.a"), "security_group_id": refers("var.b")}
    module = {"resources": [{"address": R, "expressions": peer}]}
    for _ in range(40):
        module = {"module_calls": {"c": {"module": module, "expressions": both}}}
    address = ".".join(["module.c"] * 40)
    below = {"address": address, "resources": [resource(f"{address}.{R}", VALUES)]}
    document = plan(modules=[below], calls=module["module_calls"])
    start = time.monotonic()
    assert len(read(document).rules) == 1
    assert time.monotonic() - start < 5
