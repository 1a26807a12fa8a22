"""Rules about what is open to the internet."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache

from cfnlint.rules import RuleMatch
from cfnlint.template import Template

from generator.check.cfn_rules._cases import cases, together_by_default
from generator.check.cfn_rules._rule import RULE_PAGE, _Rule
from generator.check.group_rules import Exposure, administrative, exposures
from generator.observe import cloudformation


@lru_cache(maxsize=1)
def _open(cfn: Template) -> tuple[Exposure, ...]:
    """What is open to the internet while every parameter has its default, each rule once."""
    return tuple(map(_with_origin, exposures(cases(cfn), together_by_default(cfn))))


def _with_origin(exposure: Exposure) -> Exposure:
    written = exposure.case.source.written_peer
    if written == exposure.case.rule.peer:
        return exposure
    return exposure._replace(origin=cloudformation.canonical(written))


class OpenAdministration(_Rule):
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
        self.config_definition = {"ports": {"default": None, "type": "list", "itemtype": "integer"}}
        self.configure()

    @property
    def ports(self) -> Collection[int]:
        """The ports that are configured, or else those of the rule data."""
        ports: list[int] | None = self.config["ports"]
        return administrative() if ports is None else ports

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Inbound rules from everywhere that include one of the ports."""
        for each in _open(cfn):
            if message := each.administration(self.ports):
                yield RuleMatch(list(each.case.source.path), message)


class OpenToTheInternet(_Rule):
    """W9307.

    Reported: tcp 2049 from 0.0.0.0/0. Accepted: tcp 2049 from 10.0.0.0/8.
    """

    id = "W9307"
    shortdesc = "Inbound rules list the networks that need them"
    description = "Everybody on the internet can connect: list the networks that need to"
    source_url = RULE_PAGE

    def __init__(self) -> None:
        """As cfn-lint makes it: without arguments."""
        super().__init__()
        self.child_rules = {OpenAdministration.id: None}  # which cfn-lint puts here

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """Inbound rules from everywhere, but for those of W9306."""
        other = self.child_rules[OpenAdministration.id]
        reported = other.ports if other else administrative()
        for each in _open(cfn):
            if message := each.internet(reported):
                yield RuleMatch(list(each.case.source.path), message)
