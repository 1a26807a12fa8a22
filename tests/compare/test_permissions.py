"""Sets of permissions compared by what EC2 compares."""

from __future__ import annotations

import pytest
from strategies import DATA

from generator.compare import changes, compare, of_deployment
from generator.compare.writers import as_record, markdown_lines, text_lines
from generator.model import Peer, Permission, Traffic

SSH = Permission(
    "web", "inbound", Traffic("tcp", 22, 22), Peer.parse("10.0.0.0/8", "office"), "Logins", "admins"
)
HTTPS = SSH._replace(traffic=Traffic("tcp", 443, 443), description="Browsers", endpoint="clients")
ELSEWHERE = Peer.parse("10.2.0.0/16")
INTO_THE_FILE = (
    "In two steps, between which these rules permit nobody: give each of these parameters a "
    "network of its own that nobody has, such as 192.0.2.1/32, and deploy; then deploy the new "
    "template"
)
INTO_A_PARAMETER = (
    "In two steps, between which these rules permit nobody: deploy the new template while each of "
    "these parameters has a network of its own that nobody has, such as 192.0.2.1/32; then fill "
    "them in"
)
TWICE = "the same rule under a new id: CloudFormation would create it twice"


def at(permission, *values, **changes):
    return [permission._replace(peer=Peer.parse(value), **changes) for value in values]


def moved(permission, parameter):
    return permission._replace(parameter=parameter)


def test_the_same_permissions_in_another_order_do_not_differ():
    found = compare([SSH, HTTPS], [HTTPS, SSH])
    assert not any(found)
    assert [*text_lines(found), *markdown_lines(found)] == []


def test_another_peer_is_one_permission_less_and_one_more():
    other = SSH.to(ELSEWHERE)
    found = compare([SSH, HTTPS], [other, HTTPS])
    assert found.change_what_is_permitted
    assert (found.removed, found.added) == ((SSH,), (other,))
    assert [*text_lines(found)] == [
        "- web inbound TCP 22 from 10.0.0.0/8 (office), admins: Logins",
        "+ web inbound TCP 22 from 10.2.0.0/16, admins: Logins",
    ]


@pytest.mark.parametrize(
    ("new", "line"),
    [
        pytest.param(
            SSH._replace(peer=Peer.parse("10.0.0.0/8", "campus")),
            "= web inbound TCP 22 from 10.0.0.0/8 (campus): peer office is now campus",
            id="peer",
        ),
        pytest.param(
            SSH._replace(endpoint="operators"),
            "= web inbound TCP 22 from 10.0.0.0/8 (office): endpoint admins is now operators",
            id="endpoint",
        ),
        pytest.param(
            SSH._replace(peer=Peer.parse("10.0.0.0/8"), endpoint="operators"),
            "= web inbound TCP 22 from 10.0.0.0/8: endpoint admins is now operators, "
            "peer office is now 10.0.0.0/8",
            id="both",
        ),
    ],
)
def test_another_name_is_neither_added_nor_removed(new, line):
    found = compare([SSH, HTTPS], [new, HTTPS])
    assert found == ((), (), (), ((SSH, new),), (), (), (), ())
    assert not found.change_what_is_permitted
    assert [*text_lines(found)] == [line]


def test_other_descriptions_are_counted_and_not_listed():
    new = [p._replace(description="Other") for p in (SSH, HTTPS)]
    found = compare([SSH, HTTPS], new)
    assert not found.change_what_is_permitted
    assert [*text_lines(found)] == ["2 descriptions changed"]
    assert [*markdown_lines(compare([SSH], new[:1]))] == ["- 1 description changed"]


# Open to the internet.


@pytest.mark.parametrize(
    ("old", "new", "opened"),
    [
        pytest.param([], ["0.0.0.0/0"], ["0.0.0.0/0"], id="at-once"),
        pytest.param(
            [], ["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/1", "128.0.0.0/1"], id="in-two-halves"
        ),
        pytest.param(
            ["0.0.0.0/1"],
            ["0.0.0.0/1", "128.0.0.0/1"],
            ["0.0.0.0/1", "128.0.0.0/1"],
            id="by-the-other-half",
        ),
        pytest.param([], ["::/1", "8000::/1"], ["::/1", "8000::/1"], id="ipv6"),
        pytest.param([], ["0.0.0.0/1", "8000::/1"], [], id="a-half-of-each-family"),
        pytest.param([], ["0.0.0.0/1", "128.0.0.0/2"], [], id="three-quarters"),
        pytest.param(["0.0.0.0/0"], ["0.0.0.0/0", "10.0.0.0/8"], [], id="was-open"),
        pytest.param(["0.0.0.0/0"], [], [], id="closed"),
        pytest.param(["0.0.0.0/1", "128.0.0.0/1"], ["0.0.0.0/0"], [], id="was-open-in-two-halves"),
        pytest.param(["0.0.0.0/0"], ["::/0"], ["::/0"], id="the-other-family"),
    ],
)
def test_what_opens_to_the_internet_is_said(old, new, opened):
    found = compare(at(SSH, *old), at(SSH, *new))
    assert [p.peer.value for p in found.opened] == opened
    shouted = [line for line in text_lines(found) if line.startswith("OPEN TO THE INTERNET")]
    assert len(shouted) == len(opened)
    assert len([1 for line in markdown_lines(found) if "Open to the internet" in line]) == len(
        opened
    )


def test_a_way_out_to_everywhere_opens_nothing_to_the_internet():
    assert compare([], at(SSH, "0.0.0.0/0", direction="outbound")).opened == ()


PORTS = [SSH._replace(traffic=Traffic("tcp", a, b)) for a, b in ((1, 2), (3, 3), (1, 3), (3, 4))]


@pytest.mark.parametrize(
    ("old", "new", "opened"),
    [
        pytest.param(PORTS[:2], PORTS[2:3], 0, id="joined-ports"),
        pytest.param(PORTS[1::-1], PORTS[2:3], 0, id="joined-in-another-order"),
        pytest.param(PORTS[2:3], PORTS[:2], 0, id="split-ports"),
        pytest.param(PORTS[2:3], PORTS[3:], 1, id="one-port-more"),
        pytest.param([SSH._replace(traffic=Traffic("-1"))], PORTS[:1], 0, id="of-all-traffic"),
        pytest.param([PORTS[0]._replace(group="db")], PORTS[:1], 1, id="of-another-group"),
    ],
)
def test_ports_that_were_open_do_not_open(old, new, opened):
    old, new = ([p.to(Peer.parse("0.0.0.0/0")) for p in side] for side in (old, new))
    assert len(compare(old, new).opened) == opened


def test_a_parameter_that_gives_way_to_the_internet_may_have_been_narrowed():
    """Nobody here knows what the stack has given its parameters."""
    [literal] = at(SSH, "0.0.0.0/0")
    parameter = moved(literal, "admins")
    assert compare([parameter], [literal]).opened == (literal,)
    for old, new in ((literal, parameter), (parameter, moved(literal, "others"))):
        assert compare([old], [new]).opened == ()


def test_halves_of_different_ports_are_not_the_internet():
    halves = at(SSH, "0.0.0.0/1") + at(HTTPS, "128.0.0.0/1")
    assert compare([], halves).opened == ()


# The same rule under a new id, which CloudFormation would create twice.


def test_a_rule_that_moves_into_the_file_has_a_way_out_in_two_steps():
    old = [moved(SSH, "admins"), moved(HTTPS, "clients"), moved(SSH, "admins")._replace(group="db")]
    new = [moved(p, "") for p in old]
    found = compare(old, new)
    assert found.moved == tuple(zip(old, new, strict=True))
    assert not found.change_what_is_permitted
    assert (found.gone, found.come) == (("admins", "clients"), ())
    told = (
        "networks in the file take the place of parameters (admins, clients). A network that one "
        f"of them has in the stack, or falls back to, is {TWICE}. {INTO_THE_FILE}"
    )
    assert [*text_lines(found)] == [told]
    assert [*markdown_lines(found)] == [f"- {told}"]
    assert as_record(found)["moved"][0]["old"]["parameter"] == "admins"


def test_a_rule_that_moves_out_of_the_file_has_the_other_way_out():
    found = compare([SSH], [moved(SSH, "admins")])
    assert (found.gone, found.come) == ((), ("admins",))
    [told] = text_lines(found)
    assert told == (
        "parameters take the place of networks in the file (admins). One of those as what a "
        f"parameter has, or falls back to, is {TWICE}. {INTO_A_PARAMETER}"
    )


OPEN = moved(SSH.to(Peer("input", "admins", "admins")), "admins")


def test_a_network_that_may_be_in_the_stack_as_a_parameter_is_warned_of():
    """Nobody here knows what the stack has given its parameters."""
    found = compare([OPEN], [SSH])
    assert (found.gone, found.come) == (("admins",), ())
    *_, told = text_lines(found)
    assert told.startswith("networks in the file take the place of parameters (admins). A ")
    assert told.endswith(INTO_THE_FILE)


def test_a_network_that_may_become_a_parameter_is_warned_of():
    found = compare([SSH], [OPEN])
    assert (found.gone, found.come) == ((), ("admins",))
    *_, told = text_lines(found)
    assert told.startswith("parameters take the place of networks in the file (admins). One of ")
    assert told.endswith(INTO_A_PARAMETER)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param([OPEN], [], id="nothing-in-its-place"),
        pytest.param([OPEN], [HTTPS], id="another-port"),
        pytest.param([OPEN], at(SSH, "sg-01234567"), id="no-network"),
        pytest.param([OPEN], [OPEN, SSH], id="beside-it"),
        pytest.param([OPEN, SSH], [SSH], id="there-before"),
        pytest.param([], [OPEN, SSH], id="a-new-group"),
    ],
)
def test_a_parameter_that_goes_otherwise_needs_no_warning(old, new):
    for found in (compare(old, new), compare(new, old)):
        assert (found.gone, found.come) == ((), ())


# Of deployments.


def state(text):
    text = f'name: site\nrelease: "3.7"\n{text}'
    deployment = DATA.parse_deployment(text.encode(), "site.yaml")
    return of_deployment("site", deployment, DATA.release("3.7"), DATA.catalogue)


def test_a_deployment_that_binds_what_a_parameter_defaults_to_moves_its_rules():
    found = changes(state(""), state("endpoints: {inbound-clients: [0.0.0.0/0]}")).permissions
    assert not found.change_what_is_permitted
    assert {p.direction for p, _ in found.moved} == {"inbound"}
    assert all(old.parameter and not new.parameter for old, new in found.moved)
    assert len(found.moved) == len([p for p in state("").permissions if p.direction == "inbound"])


def test_an_endpoint_bound_to_what_it_falls_back_to_changes_no_rule():
    bound = "endpoints: {inbound-clients: [10.0.0.0/8]%s}"
    found = changes(state(bound % ""), state(bound % ", administrators: {all: 10.0.0.0/8}"))
    assert {new.peer.name for _, new in found.permissions.renamed} == {"all"}
    assert not any(found.permissions._replace(renamed=()))
