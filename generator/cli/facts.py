"""What a person wants to know of a deployment: in a paragraph, or as one among thousands."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.model import Resolved

WARNINGS = {
    "group-replaced": "would have a security group replaced or deleted",
    "outbound-incomplete": "lack outbound rules that the product needs",
    "one-way": "have a rule at one end of a connection only",
    "quota-nearly-used": "use more than 90% of a quota of rules",
    "quota-unknown": "refer to prefix lists of unknown size",
    "quota-per-interface": "have a quota over 200",
    "without-effect": "have settings without effect",
}
"""What the warnings of each kind say of many deployments."""


def described(resolved: Resolved, is_example: bool) -> str:
    """A paragraph; of a preset that is only an example, what is behind its name in a line."""
    from generator.resolve import summary

    if is_example:
        return f"{resolved.product}, {resolved.topology}, {resolved.outbound} outbound"
    return summary(resolved)


def facts(resolved: Resolved) -> tuple[str, ...]:
    """What a paragraph would say, in words that go together with the names of deployments."""
    from generator.resolve import granted, open_to_everybody, usage

    used = list(usage(resolved))
    inbound = (rule for rule in granted(resolved) if rule.direction == "inbound")
    found = {
        f"{resolved.product}": True,
        "open to the internet": next(iter(open_to_everybody(inbound)), None),
        "endpoints left open, so nothing is permitted": resolved.left_open,
        "without rules that the deployment file leaves out": resolved.dropped,
        "prefix lists not counted (write max_entries)": any(each.unknown for each in used),
        "over the quota with every CloudFormation parameter filled in": any(
            each.filled_in > resolved.quota >= each.in_format("cloudformation") for each in used
        ),
    }
    return tuple(name for name, holds in found.items() if holds)
