"""Rules about what is open to the internet."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._rule import RULE_PAGE, _Rule
from generator.check.cfn_rules._template import Rule, canonical, holds_by_default, rules
from generator.load import RuleData, shipped
from generator.model import ALL_TRAFFIC

REMOTE_LOGIN = (22, 3389)  # SSH and RDP
EVERYBODY = {"0.0.0.0/0", "::/0"}


class _Open(_Rule):
    """Finds inbound rules for everybody, as they are or by the default of a parameter."""

    def open(self, cfn: Template) -> Iterator[Rule]:
        """Inbound rules from everywhere, each once."""
        seen = set()
        for rule in rules(cfn):
            if rule.direction == "inbound" and rule.peer and (*rule.path,) not in seen:
                everybody = canonical(rule.peer[1]) in EVERYBODY
                if everybody and holds_by_default(cfn, rule.conditions):
                    seen.add((*rule.path,))
                    yield rule


class OpenAdministration(_Open):
    """W9306.

    Reported: tcp 22 from 0.0.0.0/0. Accepted: tcp 22 from 10.1.2.0/28.
    """

    id = "W9306"
    shortdesc = "Administrative ports are not open to the internet"
    description = (
        "SSH, RDP and the management ports of the documented rules are for administrators; "
        "`configure_rules: {W9306: {ports: [22, 3389]}}` chooses others"
    )
    source_url = RULE_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.config_definition = {
            "ports": {"default": administrative(), "type": "list", "itemtype": "integer"}
        }
        self.configure()

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Inbound rules from everywhere that include one of the ports."""
        for rule in self.open(cfn):
            ports = ", ".join(str(p) for p in self.config["ports"] if _includes(rule, p))
            if ports:
                yield RuleMatch(
                    rule.path,
                    f"{_told(rule)}, with administrative port {ports}: name the networks of "
                    "the administrators",
                )


class OpenToTheInternet(_Open):
    """W9307.

    Reported: tcp 2049 from 0.0.0.0/0. Accepted: tcp 2049 from 10.0.0.0/8.
    """

    id = "W9307"
    shortdesc = "Inbound rules name the networks that need them"
    description = "The whole internet may connect: name the networks that need to"
    source_url = RULE_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.child_rules = {OpenAdministration.id: None}  # which cfn-lint puts here

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Inbound rules from everywhere, but for those of W9306."""
        other = self.child_rules[OpenAdministration.id]
        reported = other.config["ports"] if other else administrative()
        for rule in self.open(cfn):
            if not any(_includes(rule, port) for port in reported):
                yield RuleMatch(
                    rule.path,
                    f"{_told(rule)}: name the networks that need it",
                )


@cache
def administrative() -> list[int]:
    """SSH, RDP, and the ports of documented inbound rules for endpoints that administer."""
    data = RuleData(shipped("rule_data"))
    ports = set(REMOTE_LOGIN)
    for release in map(data.release, data.releases()):
        for group in release.rules.values():
            for row in group.inbound:
                if any(data.catalogue.endpoints[e].administers for e in row.endpoints):
                    for each in row.traffic:
                        if each.from_port is not None and each.to_port is not None:
                            ports.update(range(each.from_port, each.to_port + 1))
    return sorted(ports)


def _includes(rule: Rule, port: int) -> bool:
    first, last = rule.ports
    if rule.protocol == ALL_TRAFFIC:
        return True
    if rule.protocol not in ("tcp", "udp") or first is None or last is None:
        return False
    return first <= port <= last


def _told(rule: Rule) -> str:
    """The group, the rule with its purpose, and its peer, and how that came there."""
    _, peer = rule.peer or ("", "")
    purpose = rule.properties.get("Description")
    what = f"{rule.traffic} ({purpose})" if isinstance(purpose, str) else rule.traffic
    where = "" if rule.written_peer == peer else f", the default of {canonical(rule.written_peer)}"
    return f"{rule.group}: {what} is open to {peer}{where}"
