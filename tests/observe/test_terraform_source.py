"""The source of Terraform modules: what is read, from where, and what is left out and counted."""

from __future__ import annotations

import json
import time

import pytest
from samples import rendered, resolved, variant

from generator.errors import InputError
from generator.observe import read_module, read_text

GROUP = 'resource "aws_security_group" "a" {\n}\n'


def rule(attributes, kind="aws_vpc_security_group_ingress_rule", name="r"):
    return f'resource "{kind}" "{name}" {{\n{attributes}\n}}\n'


def short(observed):
    """A rule in a line: group, direction, protocol with ports, peer."""
    traffic = ":".join(
        str(v)
        for v in (observed.ip_protocol, observed.from_port, observed.to_port)
        if v is not None
    )
    owner = f"{observed.owner}/" if observed.owner else ""
    arrow = "<-" if observed.direction == "inbound" else "->"
    peer = f"{observed.peer_kind}={owner}{observed.peer}"
    return f"{observed.group} {arrow} {traffic} {peer}"


def read(text, file="main.tf"):
    observation = read_text(text, file)
    return [short(each) for each in observation.rules], [*observation.left_out]


A = "aws_security_group.a"
TO_A = "security_group_id = aws_security_group.a.id\n"
SSH = 'ip_protocol = "tcp"\nfrom_port = 22\nto_port = 22\n'
CLASSIC = 'type = "egress"\nprotocol = "tcp"\nfrom_port = 22\nto_port = 22\n'
READ = {
    "cidr": (
        rule(TO_A + SSH + 'cidr_ipv4 = "10.0.0.0/8"'),
        [f"{A} <- tcp:22:22 cidr_ipv4=10.0.0.0/8"],
    ),
    "egress": (
        rule(TO_A + 'ip_protocol = -1\ncidr_ipv6 = "::/0"', "aws_vpc_security_group_egress_rule"),
        [f"{A} -> -1 cidr_ipv6=::/0"],
    ),
    "prefix-list": (
        rule(TO_A + SSH + 'prefix_list_id = "pl-01234567"'),
        [f"{A} <- tcp:22:22 prefix_list=pl-01234567"],
    ),
    "group-of-another-account": (
        rule(TO_A + SSH + 'referenced_security_group_id = "123456789012/sg-01234567"'),
        [f"{A} <- tcp:22:22 security_group=123456789012/sg-01234567"],
    ),
    "group-of-the-module": (
        rule(TO_A + SSH + "referenced_security_group_id = aws_security_group.a.id"),
        [f"{A} <- tcp:22:22 group={A}"],
    ),
    "interpolation-only": (
        rule(TO_A + SSH + 'referenced_security_group_id = "${aws_security_group.a.id}"'),
        [f"{A} <- tcp:22:22 group={A}"],
    ),
    "group-that-is-not-here": (
        rule(TO_A + SSH + "referenced_security_group_id = data.aws_security_group.b.id"),
        [f"{A} <- tcp:22:22 security_group=data.aws_security_group.b.id"],
    ),
    "of-a-group-that-is-not-here": (
        rule('security_group_id = var.group\ncidr_ipv4 = "10.0.0.0/8"\n' + SSH),
        ["var.group <- tcp:22:22 cidr_ipv4=10.0.0.0/8"],
    ),
    "classic": (
        rule(
            TO_A + CLASSIC + 'cidr_blocks = ["10.0.0.0/8", "192.168.0.0/16"]\n'
            'ipv6_cidr_blocks = [\n  "2001:db8::/32", # a comment\n]\n'
            'prefix_list_ids = ["pl-01234567"]',
            "aws_security_group_rule",
        ),
        [
            f"{A} -> tcp:22:22 cidr_ipv4=10.0.0.0/8",
            f"{A} -> tcp:22:22 cidr_ipv4=192.168.0.0/16",
            f"{A} -> tcp:22:22 cidr_ipv6=2001:db8::/32",
            f"{A} -> tcp:22:22 prefix_list=pl-01234567",
        ],
    ),
    "classic-for-a-group": (
        rule(
            TO_A + CLASSIC + 'source_security_group_id = "sg-01234567"', "aws_security_group_rule"
        ),
        [f"{A} -> tcp:22:22 security_group=sg-01234567"],
    ),
    "classic-for-itself": (
        rule(TO_A + CLASSIC + "self = true", "aws_security_group_rule"),
        [f"{A} -> tcp:22:22 group={A}"],
    ),
    "number-of-a-protocol": (
        rule(TO_A + 'ip_protocol = "17"\nfrom_port = "53"\nto_port = 53\ncidr_ipv4 = "10.0.0.0/8"'),
        [f"{A} <- udp:53:53 cidr_ipv4=10.0.0.0/8"],
    ),
    "variable-with-a-default": (
        'variable "net" {\n default = "10.0.0.0/8"\n}\n' + rule(TO_A + SSH + "cidr_ipv4 = var.net"),
        [f"{A} <- tcp:22:22 cidr_ipv4=10.0.0.0/8"],
    ),
    "locals-that-refer-to-others": (
        'locals {\n a = local.b["x"]\n b = { x = "10.${local.c}.0.0/16" }\n c = 1\n}\n'
        + rule(TO_A + SSH + "cidr_ipv4 = local.a"),
        [f"{A} <- tcp:22:22 cidr_ipv4=10.1.0.0/16"],
    ),
    "count": (
        'resource "aws_security_group" "n" {\n  count = 2\n}\n'
        + rule(
            "security_group_id = aws_security_group.n[1].id\n" + SSH + 'cidr_ipv4 = "10.0.0.0/8"'
        ),
        ["aws_security_group.n[1] <- tcp:22:22 cidr_ipv4=10.0.0.0/8"],
    ),
    "count-of-none": (rule("count = 0\n" + TO_A + SSH + 'cidr_ipv4 = "10.0.0.0/8"'), []),
    "self-and-the-same-group": (
        rule(
            TO_A + CLASSIC + "self = true\nsource_security_group_id = aws_security_group.a.id",
            "aws_security_group_rule",
        ),
        [f"{A} -> tcp:22:22 group={A}"],
    ),
    "null-is-no-peer": (
        rule(TO_A + SSH + 'cidr_ipv6 = null\nprefix_list_id = ""\ncidr_ipv4 = "10.0.0.0/8"'),
        [f"{A} <- tcp:22:22 cidr_ipv4=10.0.0.0/8"],
    ),
}


@pytest.mark.parametrize(("text", "rules"), READ.values(), ids=READ)
def test_literals_are_read(text, rules):
    assert read(GROUP + text) == (rules, [])


INLINE = """\
resource "aws_default_security_group" "d" {
  vpc_id = "vpc-01234567"

  ingress { # of one line each
    from_port = 0
    to_port = 0
    protocol = "all"
    self = true
  }
  egress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    description = "To $${everyone} \\"there\\""
    cidr_blocks = ["0.0.0.0/0"]
    security_groups = ["sg-01234567", aws_default_security_group.d.id]
  }
}

resource "aws_security_group" "e" {
  name    = "${local.prefix}-manager"
  tags    = { Name = "m", other = var.x, "a b" = "c" }
  ingress = [{ from_port = 22, to_port = 22, protocol = "tcp", cidr_blocks = ["10.0.0.0/8"] }]
  egress  = []
}

locals { prefix = "acme" }

output "manager" { value = aws_security_group.e.id }
"""


def test_inline_rules_have_the_lines_of_their_blocks():
    observation = read_text(INLINE, "main.tf")
    d = "aws_default_security_group.d"
    assert [(short(each), each.place.line) for each in observation.rules] == [
        (f"{d} <- -1:0:0 group={d}", 4),
        (f"{d} -> tcp:443:443 cidr_ipv4=0.0.0.0/0", 10),
        (f"{d} -> tcp:443:443 security_group=sg-01234567", 10),
        (f"{d} -> tcp:443:443 group={d}", 10),
        ("aws_security_group.e <- tcp:22:22 cidr_ipv4=10.0.0.0/8", 23),
    ]
    assert observation.rules[1].description == 'To ${everyone} "there"'
    assert str(observation.rules[0].place) == "main.tf:4 (aws_default_security_group.d)"
    assert observation.permissions()[0].traffic.from_port is None, "all traffic has no ports"


def test_a_group_has_its_name_tags_and_output():
    group = read_text(INLINE, "main.tf").groups[1]
    assert (group.key, group.name, group.output) == (
        "aws_security_group.e",
        "acme-manager",
        "manager",
    )
    assert group.tags == {"Name": "m", "a b": "c"}
    assert (group.place.line, group.id) == (20, None)


IN_JSON = {
    "locals": {"nets": ["10.0.0.0/8"]},
    "resource": {
        "aws_security_group": {
            "a": {
                "ingress": [{"from_port": 22, "to_port": "22", "protocol": "6",
                             "cidr_blocks": "${local.nets}"}],
                "dynamic": {"egress": {"for_each": [1], "content": {}}},
            }
        },
        "aws_vpc_security_group_egress_rule": {
            "r": [{"security_group_id": "${aws_security_group.a.id}", "ip_protocol": "-1",
                   "referenced_security_group_id": "${aws_security_group.a.id}"}]
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("file", ["main.tf.json", "standard input"])
def test_the_json_syntax_is_read_with_lines(file):
    observation = read_text(json.dumps(IN_JSON, indent=1), file)
    assert [(short(each), each.place.line) for each in observation.rules] == [
        (f"{A} <- tcp:22:22 cidr_ipv4=10.0.0.0/8", 11),
        (f"{A} -> -1 group={A}", 30),
    ]
    assert [each.partition(": ")[2] for each in observation.left_out] == [
        "1 left out: dynamic blocks (terraform show -json of a plan has them)"
    ]


PLAN = "(terraform show -json of a plan has them)"
UNKNOWN = {
    "for_each": (
        rule("for_each = local.x\n" + TO_A + SSH + 'cidr_ipv4 = "10.0.0.0/8"'),
        f"1 left out: resources with count or for_each {PLAN}",
    ),
    "conditional-count": (
        rule("count = var.x ? 1 : 0\n" + TO_A + SSH + 'cidr_ipv4 = "10.0.0.0/8"'),
        f"1 left out: resources with count or for_each {PLAN}",
    ),
    "huge-count": (
        rule("count = 100000000\n" + TO_A + SSH + 'cidr_ipv4 = "10.0.0.0/8"'),
        f"1 left out: resources with count or for_each {PLAN}",
    ),
    "dynamic": (
        'resource "aws_security_group" "b" {\n dynamic "ingress" {\n content {\n }\n }\n}',
        f"1 left out: dynamic blocks {PLAN}",
    ),
    "port": (
        rule(TO_A + 'ip_protocol = "tcp"\nfrom_port = var.x\ncidr_ipv4 = "10.0.0.0/8"'),
        "1 left out: rules whose protocol or ports are not known",
    ),
    "protocol": (
        rule(TO_A + 'ip_protocol = lower("TCP")\ncidr_ipv4 = "10.0.0.0/8"'),
        "1 left out: rules whose protocol or ports are not known",
    ),
    "protocol-of-a-variable": (
        rule(TO_A + 'ip_protocol = var.protocol\ncidr_ipv4 = "10.0.0.0/8"'),
        "1 left out: rules whose protocol or ports are not known",
    ),
    "cidr": (
        rule(TO_A + SSH + "cidr_ipv4 = aws_vpc.x.cidr_block"),
        "1 left out: peers in cidr_ipv4 that are not known",
    ),
    "function": (
        rule(TO_A + CLASSIC + "cidr_blocks = [for x in y : x]", "aws_security_group_rule"),
        "1 left out: peers in cidr_blocks that are not known",
    ),
    "group": (
        rule('security_group_id = one(x)\ncidr_ipv4 = "10.0.0.0/8"\n' + SSH),
        "1 left out: rules whose group or direction is not known",
    ),
    "direction": (
        rule(TO_A + 'type = var.x\nprotocol = "-1"\nself = true', "aws_security_group_rule"),
        "1 left out: rules whose group or direction is not known",
    ),
    "inline": (
        'resource "aws_security_group" "b" {\n ingress = var.rules\n}',
        "1 left out: inline rules that are not known",
    ),
    "self": (
        rule(TO_A + CLASSIC + "self = var.x", "aws_security_group_rule"),
        "1 left out: rules of which self is not known",
    ),
    "circle": (
        "locals {\n a = local.b\n b = local.a\n}\n" + rule(TO_A + SSH + "cidr_ipv4 = local.a"),
        "1 left out: peers in cidr_ipv4 that are not known",
    ),
    "module": (
        'module "x" {\n source = "./x"\n}',
        "1 left out: calls of modules (read them by themselves)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), UNKNOWN.values(), ids=UNKNOWN)
def test_what_is_not_known_is_left_out_and_counted(text, sentence):
    assert read(GROUP + text) == ([], [f"main.tf: {sentence}"])


def test_a_list_keeps_what_is_known_of_it():
    text = rule(TO_A + CLASSIC + 'cidr_blocks = ["10.0.0.0/8", var.x]', "aws_security_group_rule")
    assert read(GROUP + text) == (
        [f"{A} -> tcp:22:22 cidr_ipv4=10.0.0.0/8"],
        ["main.tf: 1 left out: peers in cidr_blocks that are not known"],
    )


def test_files_of_a_folder_are_one_module(tmp_path):
    (tmp_path / "groups.tf").write_text(GROUP + 'variable "net" {\n  default = "10.0.0.0/8"\n}\n')
    (tmp_path / "rules.tf").write_text(rule(TO_A + SSH + "cidr_ipv4 = var.net"))
    (tmp_path / "terraform.tfvars").write_text('net = "192.168.0.0/16"\n')
    (tmp_path / "more_override.tf").write_text("{")
    (tmp_path / "README.md").write_text("{")
    observation = read_module(tmp_path)
    assert [short(r) for r in observation.rules] == [f"{A} <- tcp:22:22 cidr_ipv4=192.168.0.0/16"]
    assert observation.rules[0].place[:2] == (str(tmp_path / "rules.tf"), 1)
    assert observation.left_out == (f"{tmp_path}: 1 left out: override files",)


def test_our_own_module_has_groups_with_outputs_and_its_rules_are_counted(tmp_path):
    deployment = variant()
    for name, text in rendered(deployment).items():
        (tmp_path / name).write_text(text)
    observation = read_module(tmp_path)
    assert observation.rules == ()
    groups = resolved(deployment).groups
    assert [g.output for g in observation.groups] == [group.output for group in groups]
    assert [g.name for g in observation.groups] == [f"advanced-{group.role}" for group in groups]
    assert observation.left_out == (
        f"{tmp_path}: {2 * len(groups)} left out: resources with count or for_each {PLAN}",
    )


X = "x " * 10
SUM = "+".join("1" * 10_000)
LIST = ",".join("1" * 100_000)
LONG = ("long-list", "long-sum")
INVALID = {
    "block-that-is-not-closed": ("locals {\n a = 1\n", 1, "the file ends within a block"),
    "list-that-is-not-closed": ("locals {\n a = [1,\n}\n", 3, "']' is missing|unexpected '}'"),
    "string-that-is-not-closed": ('locals {\n a = "b\n}\n', 2, "a string is not closed"),
    "heredoc-that-is-not-closed": ("locals {\n a = <<EOT\n}\n", 2, "'EOT' is not closed"),
    "brace-too-many": ("locals {\n}\n}\n", 3, "unexpected '}'"),
    "words": (f'resource "aws_security_group" "a" {X}\n', 1, "expected a block or an attribute"),
    "no-value": ("locals {\n a =\n}\n", 2, "a value is missing"),
    "two-strings": (
        GROUP + rule(TO_A + CLASSIC + 'cidr_blocks = ["a" "b"]', "aws_security_group_rule"),
        9,
        "an expression cannot be read",
    ),
    "deep-blocks": ("a {\n" * 100_000, 40, "more than 40 nested"),
    "deep-lists": ("a = " + "[" * 100_000, 1, "more than 40 nested"),
    "deep-strings": ("a = " + '"${' * 100_000, 1, "more than 40 nested"),
    "long-sum": (
        GROUP + rule(TO_A + CLASSIC + f"cidr_blocks = [{SUM}]", "aws_security_group_rule"),
        9,
        "nested too deeply|cannot be read",
    ),
    "long-list": (
        GROUP + rule(TO_A + CLASSIC + f"cidr_blocks = [{LIST}]", "aws_security_group_rule"),
        9,
        "an expression has more than 100,000 characters",
    ),
    "huge": ("# x\n" * 300_000, 0, "more than 500,000 characters"),
    "binary": ("\0\1\2", 1, "unexpected"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.slow] if name in LONG else [])
        for name, case in INVALID.items()
    ],
)
def test_invalid_source_is_an_error_with_a_line(text, line, message):
    start = time.monotonic()
    with pytest.raises(InputError, match=message) as caught:
        read_text(text, "main.tf")
    assert [(m.file, m.line) for m in caught.value.mistakes] == [("main.tf", line)]
    assert time.monotonic() - start < 20


INVALID_JSON = {
    "text": ("{", "invalid JSON"),
    "list": ("[]", "use one JSON object"),
    "two": ("{} {}", "use one JSON object"),
    "deep": ('{"locals": ' + "[" * 100_000, "nested too deeply|invalid JSON"),
    "number": ('{"a": ' + "9" * 100_000 + "}", "a number is too long"),
}


@pytest.mark.parametrize(("text", "message"), INVALID_JSON.values(), ids=INVALID_JSON)
def test_invalid_json_is_an_error(text, message):
    with pytest.raises(InputError, match=message):
        read_text(text, "main.tf.json")


ODD = {
    "types": {"resource": {"aws_security_group": 1, "aws_security_group_rule": {"a": [1, {}]}}},
    "lists": {"resource": [[], {"aws_security_group": [{"a": [{"ingress": {"a": []}}]}]}]},
    "values": {"locals": [1], "variable": {"a": None}, "output": {"b": {"value": {"a": "${"}}}},
    "peers": {"resource": {"aws_security_group": {"a": {"ingress": [
        {"protocol": {}, "from_port": []},
        {"protocol": "tcp", "from_port": 1e400, "cidr_blocks": 7, "self": "${x"},
        {"protocol": "tcp", "from_port": 10**30, "cidr_blocks": [[["a"]], {"a": 1}, True]},
    ]}}}},
    "nested": {"resource": {"aws_security_group": {"a": {"tags": [[{"a": [["${local.x}"]]}]]}}}},
}  # fmt: skip


@pytest.mark.parametrize("document", ODD.values(), ids=ODD)
def test_values_of_other_types_are_left_out(document):
    observation = read_text(json.dumps(document), "main.tf.json")
    assert [r for r in observation.rules if not isinstance(r.peer, str)] == []


def test_strings_that_multiply_stay_short():
    doubled = "".join(f'  a{i} = "${{local.a{i + 1}}}${{local.a{i + 1}}}"\n' for i in range(28))
    text = f'locals {{\n{doubled}  a28 = "x"\n}}\n' + rule(TO_A + SSH + "cidr_ipv4 = local.a0")
    start = time.monotonic()
    assert read(GROUP + text)[1] == ["main.tf: 1 left out: peers in cidr_ipv4 that are not known"]
    assert time.monotonic() - start < 5


def test_a_folder_without_terraform_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no Terraform files"):
        read_module(tmp_path)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_module(tmp_path / "absent")


@pytest.mark.parametrize(
    ("data", "message"), [(b"\xff\xfe\xff", "not in UTF-8"), (None, "not a regular file")]
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path, data, message):
    path = tmp_path / "main.tf"
    path.write_bytes(data) if data else path.mkdir()
    with pytest.raises(InputError, match=message):
        read_module(tmp_path)
