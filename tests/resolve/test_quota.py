"""Rules counted as EC2 counts them, in the format that has them."""

from __future__ import annotations

import pytest
from strategies import DATA

from generator.errors import ResolveError
from generator.resolve import advise, over_quota, overfull, resolve, summary, usage

LIST = "pl-0123456789abcdef0"
OTHER = "pl-11111111"


def resolved(text):
    """A deployment of release 3.7, as YAML without name and release."""
    text = f'name: site\nrelease: "3.7"\n{text}'
    deployment = DATA.parse_deployment(text.encode(), "site.yaml")
    return resolve(deployment, DATA.release("3.7"), DATA.catalogue)


def used(deployment, group="manager", direction="inbound"):
    [found] = [u for u in usage(deployment) if (u.group, u.direction) == (group, direction)]
    return found


def manager(*endpoints, **keys):
    """The group of the manager, whose SSH has a rule for each administrator."""
    lines = ["groups: [manager]", *(f"{key}: {value}" for key, value in keys.items())]
    return resolved("\n".join([*lines, "endpoints:", "  mail-server: []", *endpoints]) + "\n")


def networks(number, of="administrators"):
    return f"  {of}: [{', '.join(f'10.{i}.0.0/16' for i in range(number))}]"


def test_more_peers_than_a_group_can_have_rules_are_refused_at_once():
    with pytest.raises(ResolveError, match=r"1,001 peers of one kind, but .* at most 1,000"):
        manager(networks_of(1001))
    assert used(manager(networks_of(1000))).rules == 1003


def networks_of(number):
    peers = ", ".join(f"10.{i // 256}.{i % 256}.0/24" for i in range(number))
    return f"  administrators: [{peers}]"


# Prefix lists.


def test_a_prefix_list_of_unknown_size_is_unknown_and_not_one():
    found = manager(f"  administrators: [{LIST}, 10.0.0.0/8]")
    assert used(found).unknown == (LIST,)
    assert used(found).rules == used(found).filled_in == 4, "without the prefix list"
    assert dict(used(found).by_endpoint)["administrators"] == 1
    told = summary(found)
    assert "  manager  at least 4 inbound,   1 outbound of 60 rules each\n" in told
    assert f"  not counted: {LIST}, which count by their maximum entries" in told
    [advice] = [a for a in advise(found, DATA.release("3.7")) if a.kind == "quota-unknown"]
    assert f"refers to {LIST} in inbound rules" in advice.message
    assert f"{{id: {LIST}, max_entries: N}}" in advice.message


def test_what_an_unknown_prefix_list_leaves_over_the_quota_is_over_it():
    found = manager(f"  administrators: [{LIST}]", networks(61, "manager-http-clients"))
    assert used(found).unknown == (LIST,)
    [told] = over_quota(found, "terraform")
    assert "group manager needs at least 63 inbound rules" in told


@pytest.mark.parametrize("first", [True, False], ids=["said-first", "said-last"])
def test_maximum_entries_that_a_file_gives_once_hold_everywhere(first):
    bindings = [
        f"  administrators: [{{id: {LIST}, max_entries: 7}}]",
        f"  manager-http-clients: [{LIST}]",
    ]
    found = manager(*(bindings if first else bindings[::-1]))
    assert used(found).unknown == ()
    assert dict(used(found).by_endpoint) == {
        "administrators": 7,
        "manager-http-clients": 7,
        "manager-https-clients": 1,
        "manager-proxy-clients": 1,
    }
    assert found.prefix_lists == {LIST: 7}
    assert "at least" not in summary(found)


def test_prefix_lists_of_which_one_is_known_stay_apart():
    found = manager(f"  administrators: [{{id: {LIST}, max_entries: 7}}, {OTHER}]")
    assert used(found).unknown == (OTHER,)
    assert dict(used(found).by_endpoint)["administrators"] == 7


def test_a_prefix_list_counts_in_both_families_and_a_network_in_its_own():
    found = manager(
        "  inbound-clients: []",
        f"  administrators: [{{id: {LIST}, max_entries: 7}}, 10.0.0.0/8, 10.0.0.0/9, '::/0']",
        "  manager-http-clients: ['2001:db8::/32', '2001:db9::/32']",
    )
    assert used(found).rules == 7 + 1 + 2


# The placeholder of CloudFormation.


@pytest.mark.parametrize(("quota", "over"), [(4, ["cloudformation"]), (5, []), (3, None)])
def test_the_placeholder_counts_in_cloudformation_only(quota, over):
    outbound = networks(3, "outbound-internet")
    found = manager(outbound, "  dns: [10.0.0.2/32]", "  inbound-clients: []", quota=quota)
    assert used(found, direction="outbound").rules == 4
    too_many = [name for name in ("cloudformation", "terraform", "csv") if over_quota(found, name)]
    assert too_many == (over if over is not None else ["cloudformation", "terraform", "csv"])
    for name in over or ():
        [told] = over_quota(found, name)
        assert "needs 5 outbound rules, the placeholder included, but the quota is 4" in told


def test_the_placeholder_is_no_inbound_rule():
    found = manager("  inbound-clients: [10.0.0.0/8]", quota=4)
    assert used(found).rules == used(found).in_format("cloudformation") == 4


# What parameters can add.


def test_rules_with_every_parameter_filled_in_are_counted_with_the_placeholder():
    found = manager("  inbound-clients: [10.0.0.0/8]")
    outbound = used(found, direction="outbound")
    open_rules = [p for g in found.groups for p in g.permissions if p.direction == "outbound"]
    assert {p.peer.kind for p in open_rules} == {"input"}
    assert outbound.rules == 1, "only the internet has a default"
    assert outbound.filled_in == len(open_rules) + 1
    assert used(found).filled_in == used(found).rules == 4


@pytest.mark.parametrize(("more", "told"), [(0, False), (-1, True)])
def test_the_summary_says_if_parameters_can_break_the_quota(more, told):
    filled_in = used(manager(), direction="outbound").filled_in
    found = manager("  inbound-clients: []", quota=filled_in + more)
    assert over_quota(found, "cloudformation") == []
    sentence = (
        "  with every CloudFormation parameter filled in, manager needs "
        f"{filled_in} outbound rules of {filled_in + more}"
    )
    assert (sentence in summary(found)) == told


@pytest.mark.parametrize("quota", range(14, 24))
def test_no_set_of_parameters_to_leave_empty_holds_another_one(quota):
    found = resolved(f"outbound: basic\ngroups: [cloud-volumes-ontap]\nquota: {quota}\n")
    [table] = overfull(found)
    sets = [set(names) for names in table.either_empty]
    assert [(a, b) for a in sets for b in sets if a < b] == []
