"""What the product needs: warned of until permitted, and cured by what the warning advises."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import yaml
from module import rules_by_key
from samples import rendered
from stack import Stack, template_of
from strategies import DATA, peers, resolved

from generator.model import Deployment
from generator.resolve import advise

NEEDS = [
    pytest.param(release, role, need, id=f"{release}-{role}-{need.group or need.endpoints[0]}")
    for release in DATA.releases()
    for role, group in DATA.release(release).rules.items()
    for need in group.needs
]
SNIPPET = re.compile(
    r"\b(supplements|endpoints|outbound|features|connect_groups): (\[[^]]*\]|\{[^}]*\}|\w+)"
)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def unmet(deployment):
    """The warnings about what a deployment does not permit."""
    release = DATA.release(deployment.release)
    found = advise(resolved(deployment), release)
    return [each.message for each in found if each.kind == "outbound-incomplete"]


def about(need, deployment):
    return [message for message in unmet(deployment) if need.reason in message]


def without(release, need):
    """An advanced deployment that does not permit what is needed."""
    plain = Deployment("a", release, outbound="advanced")
    if about(need, plain):
        return plain
    return replace(plain, endpoints={need.endpoints[0]: ()})


def remedies(sentence):
    """The changes that a warning advises, each as a mapping of keys of a deployment file."""
    found = [dict(SNIPPET.findall(part)) for part in sentence.split("; or")]
    return [{key: yaml.safe_load(text) for key, text in change.items()} for change in found]


def followed(deployment, *changes):
    """The deployment with the changes, read like a file."""
    fields = {"name": deployment.name, "release": deployment.release, "outbound": "advanced"}
    fields |= {"endpoints": {name: [] for name in deployment.endpoints or {}}}
    for change in changes:
        for key, value in change.items():
            if key == "supplements":
                fields[key] = list(dict.fromkeys([*fields.get(key, []), *value]))
            else:
                fields[key] = fields.get(key, {}) | value if isinstance(value, dict) else value
    return DATA.parse_deployment(yaml.safe_dump(fields).encode(), "a.yaml")


def permits(rules, role, traffic, other=None):
    """Whether rules of a group let the traffic out to everywhere, or at least to another group."""
    return any(
        (rule.role, rule.direction) == (role, "outbound")
        and rule.peer in {"0.0.0.0/0", other}
        and rule.protocol == traffic.ip_protocol
        and rule.first <= traffic.from_port
        and traffic.to_port <= rule.last
        for rule in rules
    )


def outputs(deployment):
    """The rules in both formats while nobody fills in anything, which nothing refuses."""
    stack = Stack(template_of(deployment))
    assert stack.refusals == []
    module = rules_by_key(rendered(deployment))
    identities = [rule.identity for rule in module.values()]
    assert len(set(identities)) == len(identities), "one key, one permission"
    return stack.rules(), [*module.values()]


@pytest.mark.slow
@pytest.mark.parametrize(("release", "role", "need"), NEEDS)
def test_each_remedy_followed_to_the_letter_ends_its_warning_in_both_formats(release, role, need):
    before = without(release, need)
    [message] = about(need, before)
    changes = remedies(need.remedy)
    assert changes
    assert all(changes), f"a remedy without a key to write: {need.remedy}"
    assert message.endswith(need.remedy)
    for change in changes:
        after = followed(before, change)
        assert about(need, after) == []
        if "features" not in change:
            for rules in outputs(after):
                assert all(permits(rules, role, each, need.group) for each in need.permissions)


@pytest.mark.parametrize("release", DATA.releases())
def test_all_remedies_together_end_all_warnings_in_both_formats(release):
    before = Deployment("a", release, outbound="advanced")
    needs = [(role, n) for role, group in DATA.release(release).rules.items() for n in group.needs]
    after = followed(before, *(remedies(need.remedy)[0] for _, need in needs))
    assert unmet(after) == []
    for rules in outputs(after):
        for role, need in needs:
            assert all(permits(rules, role, each, need.group) for each in need.permissions)


def test_a_supplement_that_permits_nothing_ends_no_warning():
    named = Deployment("a", "3.7", connect_groups=True, supplements=("autosupport", "s3-tiering"))
    assert len(unmet(named)) == len(unmet(replace(named, supplements=()))) == 2
    assert len(unmet(replace(named, endpoints={"s3": ()}))) == 2
    bound = replace(named, endpoints={"s3": peers("pl-01234567")})
    assert [message for message in unmet(bound) if "tiering" in message] == []
    assert len(unmet(bound)) == 1


@pytest.mark.parametrize("release", ["bluexp", "console"])
def test_a_proxy_for_one_service_leaves_the_others_warned_of(release):
    proxy = {"autosupport": peers("10.0.0.80/32")}
    missing = unmet(Deployment("a", release, endpoints=proxy))
    named = {re.search(r"for TCP 443 to (\S+):", message)[1] for message in missing}
    assert named == {
        *("s3", "aws-cloudformation", "aws-ec2", "aws-iam", "aws-kms", "aws-sts"),
        "console-services",
    }
    services = ("aws-services", "console-services", "s3-tiering")
    everything = dict.fromkeys([*named, "autosupport"], peers("10.0.0.80/32"))
    all_of_them = Deployment("a", release, supplements=services, endpoints=everything)
    assert unmet(all_of_them) == []
    for rules in outputs(all_of_them):
        https = [r for r in rules if r.peer == "10.0.0.80/32" and r.first == 443]
        assert len(https) == 1, "one proxy for all of them is one rule"


def test_everywhere_needs_to_be_given_once_as_the_help_of_the_parameters_says():
    template = template_of(Deployment("a", "3.7", supplements=("autosupport", "s3-tiering")))
    for name in ("Autosupport", "S3"):
        assert "needs to be given only once" in template["Parameters"][name]["Description"]
        stack = Stack(template, **{name: "0.0.0.0/0"})
        assert stack.refusals == []
        [traffic] = DATA.release("3.7").rules["cloud-volumes-ontap"].needs[0].permissions
        assert permits(stack.rules(), "cloud-volumes-ontap", traffic)
    [refusal] = Stack(template, Autosupport="0.0.0.0/0", S3="0.0.0.0/0").refusals
    assert "leave one of the two empty" in refusal
