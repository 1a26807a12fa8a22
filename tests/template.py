"""A CloudFormation template evaluated without a library: what a stack of it has."""

from __future__ import annotations

import yaml


class Reader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads `!If [a, b]` as `{"If": ["a", "b"]}`, and refuses a key that stands there twice."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(set(keys)) == len(keys), f"twice: {sorted(k for k in keys if keys.count(k) > 1)}"
        return super().construct_mapping(node, deep)

    def intrinsic(self, name, node):
        if isinstance(node, yaml.SequenceNode):
            return {name: self.construct_sequence(node, deep=True)}
        return {name: self.construct_scalar(node)}


Reader.add_multi_constructor("!", Reader.intrinsic)


def read(text):
    return yaml.load(text, Reader)


def value(template, given, node):
    """The value of a part of a template: the little of CloudFormation that ours use."""

    def of(part):
        return value(template, given, part)

    match node:
        case {"Ref": name}:
            return given.get(name, template["Parameters"][name].get("Default", "vpc-1"))
        case {"GetAtt": name}:
            return name.removesuffix("SecurityGroup.GroupId")
        case {"Condition": name}:
            return of(template["Conditions"][name])
        case {"If": [name, yes, no]}:
            return of(yes) if of({"Condition": name}) else of(no)
        case {"Equals": [left, right]}:
            return of(left) == of(right)
        case {"Not": [condition]}:
            return not of(condition)
        case {"And": conditions}:
            return all(map(of, conditions))
        case {"Or": conditions}:
            return any(map(of, conditions))
        case {"Join": [separator, parts]}:
            return separator.join(map(of, parts))
    return node


def stack(template, **given):
    """The rules of a stack: group, direction, protocol, ports and peer."""
    assert given.keys() <= template["Parameters"].keys()
    found = []
    for resource in template["Resources"].values():
        direction = DIRECTIONS.get(resource["Type"])
        condition = {key: resource[key] for key in ("Condition",) if key in resource}
        if direction and (not condition or value(template, given, condition)):
            rule = {k: value(template, given, v) for k, v in resource["Properties"].items()}
            [peer] = rule.keys() - {"GroupId", "IpProtocol", "FromPort", "ToPort", "Description"}
            ports = rule.get("FromPort"), rule.get("ToPort")
            found.append((rule["GroupId"], direction, rule["IpProtocol"], *ports, rule[peer]))
    assert len(set(found)) == len(found), "EC2 takes each protocol, port range and peer once"
    return set(found)


def refusals(template, given):
    """What the template's own rules say about the parameters."""
    assertions = [a for rule in template.get("Rules", {}).values() for a in rule["Assertions"]]
    return [a["AssertDescription"] for a in assertions if not value(template, given, a["Assert"])]


DIRECTIONS = {
    "AWS::EC2::SecurityGroupIngress": "inbound",
    "AWS::EC2::SecurityGroupEgress": "outbound",
}
