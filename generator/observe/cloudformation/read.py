"""A template as what its stack would have, while the parameters have certain values.

What is not known before there is a stack is left out, and a sentence says so; a group or prefix
list that is not known stays the reference to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

from generator.errors import InputError, Mistake, choices, shown
from generator.model import Observation, Observed, ObservedGroup, Place
from generator.observe.cloudformation.decode import decode
from generator.observe.cloudformation.functions import section
from generator.observe.cloudformation.references import reference
from generator.observe.cloudformation.rules import (
    BY_NAME,
    GROUP,
    INLINE,
    WITH_PORTS,
    TemplateRule,
    inline,
    line,
    resources,
    rules,
    under,
)
from generator.observe.cloudformation.transforms import expand
from generator.observe.cloudformation.values import (
    PSEUDO,
    Conditions,
    Values,
    if_parts,
)

PORTS = ("FromPort", "ToPort")
EVERYWHERE = "0.0.0.0/0"


def read_template(text: str, file: str, parameters: Mapping[str, str]) -> Observation:
    """The groups and rules of a template. Parameters without a value have their default.

    Raises InputError for a text that is no template, and for a value that its parameter refuses.
    """
    template = decode(text, file)
    try:
        template, left_out = expand(template, Values(template, parameters), file)
        left_out += [*_unknown_parameters(template, file, parameters)]
        known = Values(template, parameters)
        groups = [*_groups(template, known, file, left_out)]
        forms = [*rules(template, known, file)]
        _left_out_inline(template, known, file, left_out)
        found = [*_rules(forms, known, left_out)]
        found += _default_egress(template, known, groups, forms, left_out)
    except InputError:
        raise
    except RecursionError:
        message = "conditions or values of this template refer to each other too deeply"
        raise InputError([Mistake(file, 0, 0, message)]) from None
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
        message = f"this template cannot be read: {reason}"
        raise InputError([Mistake(file, 0, 0, message)]) from None
    keys = {group.key for group in groups}
    for rule in found:
        if rule.group not in keys:
            keys.add(rule.group)
            exists = rule.group if rule.group.startswith("sg-") else None
            groups.append(ObservedGroup(rule.group, rule.place, id=exists))
    return Observation(tuple(groups), tuple(found), tuple(left_out))


def _unknown_parameters(
    template: Mapping[str, Any], file: str, given: Mapping[str, str]
) -> Iterator[str]:
    """A sentence for each parameter that the template does not have.

    It is no mistake, as other templates that are read at the same time may have it.
    """
    parameters = section(template, "Parameters")
    for name, value in given.items():
        parameter = parameters.get(name)
        if parameter is None and name not in PSEUDO:
            yield f"{file}: this template has no parameter {shown(name)}"
        allowed = parameter.get("AllowedValues") if isinstance(parameter, dict) else None
        if isinstance(allowed, list) and value not in map(str, allowed):
            message = f"invalid value {shown(value)} for parameter {name}: use "
            at = line(parameter)
            raise InputError([Mistake(file, at, 0, message + choices(map(str, allowed[:12])))])


def _groups(
    template: Mapping[str, Any], known: Values, file: str, left_out: list[str]
) -> Iterator[ObservedGroup]:
    outputs: dict[str | None, str] = {}
    for name, output in section(template, "Outputs").items():
        if isinstance(output, dict) and _present(known, under(output)) is not False:
            [(value, _)] = known.alternatives(output.get("Value"))
            outputs.setdefault(reference(value), str(name))
    for name, resource in resources(template, GROUP):
        place = Place(file, line(name), str(name))
        if _there(known, under(resource), place, left_out):
            yield ObservedGroup(
                key=str(name),
                place=place,
                name=_text(known, resource, "GroupName"),
                description=_text(known, resource, "GroupDescription"),
                vpc=_text(known, resource, "VpcId"),
                tags=_tags(known, resource["Properties"].get("Tags")),
                output=outputs.get(name),
            )


def _text(known: Values, resource: Mapping[str, Any], key: str) -> str | None:
    [(value, _)] = known.alternatives(resource["Properties"].get(key))
    value = known.known(value)
    return value if isinstance(value, str) else None


def _tags(known: Values, tags: Any) -> dict[str, str]:
    """The tags that are known."""
    found = {}
    [(items, _)] = known.alternatives(tags)
    for item in items if isinstance(items, list) else ():
        [(tag, _)] = known.alternatives(item)
        if isinstance(tag, dict):
            key, value = known.known(tag.get("Key")), known.known(tag.get("Value"))
            if isinstance(key, str) and isinstance(value, (str, int)):
                found[key] = str(value)
    return found


def _left_out_inline(
    template: Mapping[str, Any], known: Values, file: str, left_out: list[str]
) -> None:
    """Find the rules within groups that may be there, or are not written out."""
    for name, resource in resources(template, GROUP):
        place = Place(file, line(name), str(name))
        for key in INLINE:
            [(items, _)] = known.alternatives(resource["Properties"].get(key))
            if items is not None and not isinstance(items, list):
                left_out.append(f"{place}: {key} is not known")
        for item in inline(known, str(name), resource):
            if item.item is not None and (not isinstance(item.item, dict) or if_parts(item.item)):
                where = place._replace(line=line(item.item) or place.line)
                left_out.append(f"{where}: a rule in {item.path[3]} is not known")


def _rules(forms: list[TemplateRule], known: Values, left_out: list[str]) -> Iterator[Observed]:
    for rule in forms:
        place = rule.observed.place
        if if_parts(rule.properties) or not _there(known, rule.presence, place, left_out):
            continue
        if reason := _not_known(rule):
            left_out.append(f"{place}: {reason}")
        else:
            yield rule.observed


def _not_known(rule: TemplateRule) -> str | None:
    """Why a rule cannot be said to permit something, if so."""
    observed, key = rule.observed, rule.peer_property
    if observed.ip_protocol is None:
        return "its protocol is not known"
    if observed.ip_protocol in WITH_PORTS:
        for port, value in zip(PORTS, (observed.from_port, observed.to_port), strict=True):
            if value is None and port in rule.properties:
                return f"{port} is not known"
    if key is None:
        return "it has no peer"
    value = rule.properties[key]
    if key == BY_NAME:
        return f"{key} is a name, and which group has it is not known"
    if value == "":
        return f"{key} is empty"
    if observed.peer_kind in ("cidr_ipv4", "cidr_ipv6"):
        if not isinstance(value, str):
            return f"{key} is not known: {observed.peer[:100]}"
        try:
            ip_network(value, strict=False)
        except ValueError:
            return f"{key} is not a network: {shown(value)}"
    return None


def _default_egress(
    template: Mapping[str, Any],
    known: Values,
    groups: list[ObservedGroup],
    forms: list[TemplateRule],
    left_out: list[str],
) -> Iterator[Observed]:
    """The rule that CloudFormation gives a group without an egress rule of its own.

    It allows all IPv4 traffic to everywhere: AWS::EC2::SecurityGroup in its reference. Whether a
    group whose egress rules are resources of their own keeps it is said in two ways.
    """
    there = {group.key: group for group in groups}
    standalone = {
        form.observed.group
        for form in forms
        if form.observed.direction == "outbound"
        and form.observed.place.what != form.observed.group
        and _present(known, form.presence) is not False
    }
    for name, resource in resources(template, GROUP):
        [(items, _)] = known.alternatives(resource["Properties"].get("SecurityGroupEgress"))
        if name not in there or (items is not None and not isinstance(items, list)):
            continue
        if any(known.alternatives(item)[0][0] is not None for item in items or ()):
            continue
        place = there[name].place
        if name in standalone:
            left_out.append(f"{place}: whether the default egress rule stays is not known")
        else:
            yield Observed(str(name), "outbound", "-1", None, None, "cidr_ipv4", EVERYWHERE, place)


def _present(known: Values, conditions: Conditions) -> bool | None:
    """Whether conditions hold; None if that is not known."""
    held = {known.holds(name) if holds else not known.holds(name) for name, holds in conditions}
    return False if False in held else None if None in held else True


def _there(known: Values, conditions: Conditions, place: Place, left_out: list[str]) -> bool:
    """Whether something is there. If that is not known, it is left out."""
    present = _present(known, conditions)
    if present is None:
        names = choices(sorted(name for name, _ in conditions)).replace(" or ", " and ")
        left_out.append(f"{place}: whether condition {names} holds is not known")
    return bool(present)
