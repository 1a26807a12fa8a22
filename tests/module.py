"""A Terraform module read without Terraform: the key of every rule, from the texts of its files.

Nothing here is the module's own formula: `for_each` keys are put together from the rows of rules.tf
and the values of variables.tf. That Terraform plans the same keys is shown in tests/proof.
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import ip_network

import hcl2
from expectation import Rule

DIRECTIONS = {"ingress": "inbound", "egress": "outbound"}


@cache
def parsed(text):
    """What a piece of HCL says; python-hcl2 8 keeps the quotes of strings, 7 does not."""
    return _plain(hcl2.loads(text))


def _plain(value):
    if isinstance(value, dict):
        return {_plain(k): _plain(v) for k, v in value.items() if not k.startswith("__")}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return re.sub(r'\A"(.*)"\Z', r"\1", value) if isinstance(value, str) else value


def rules_by_key(files):
    """Every rule of a module at the default values of its variables, by its key."""
    values = _values(files)
    found = {}
    for role, direction, row in _rows(files["rules.tf"]):
        for kind, peer, key in _peers(row["peers"], values):
            protocol = row["ip_protocol"]
            if (protocol, kind) == ("icmp", "cidr_ipv6"):
                protocol = "icmpv6"
            ports = [None if row[end] == "null" else row[end] for end in ("from_port", "to_port")]
            traffic = "-".join(dict.fromkeys(str(p) for p in (protocol, *ports) if p is not None))
            rule = Rule(role, direction, protocol, *ports, kind, peer, row["description"])
            found.setdefault((role, direction, f"{traffic}/{key}"), rule)
    return found


def _rows(text):
    role = direction = None
    for line in text.splitlines():
        if match := re.fullmatch(r'    "(.+)" = \{', line):
            role = match[1]
        elif match := re.fullmatch(r"      (ingress|egress) = \[", line):
            direction = DIRECTIONS[match[1]]
        elif line.startswith("        {"):
            yield role, direction, parsed(f"row = {line.strip().rstrip(',')}\n")["row"]


def _values(files):
    """The value of each variable, and of those that fall back to another one."""
    blocks = re.findall(r'^variable ".*?^}$', files["variables.tf"], re.DOTALL | re.MULTILINE)
    values = {}
    for block in blocks:
        if "= object({" not in block:
            continue
        [(name, body)] = parsed(f"{block}\n")["variable"][0].items()
        values[name] = body.get("default")
    chains = re.findall(r"^    (\w+) += coalesce\((.+)\)$", files["main.tf"], re.MULTILINE)
    for name, arguments in chains:
        given = (values[each.removeprefix("var.")] for each in arguments.split(", "))
        values[name] = next(v for v in given if v not in (None, "null"))
    return values


def _peers(name, values):
    """The kind, value and key of each peer."""
    if name.startswith("group/"):
        yield "group", name.removeprefix("group/"), name
        return
    for kind, given in values[name].items():
        for each in given:
            if kind.startswith("cidr"):
                cidr = str(ip_network(each, strict=False))
                yield kind, cidr, cidr
            elif kind == "groups":
                yield "group", each, f"group/{each}"
            else:
                word = {"prefix_lists": "prefix_list"}.get(kind, "security_group")
                peer = given[each].rpartition("/")[2]
                yield word, peer, f"{word.replace('_', '-')}/{each}"
