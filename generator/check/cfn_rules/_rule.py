"""What the rules of the pack have in common."""

from __future__ import annotations

from collections.abc import Iterator

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

REFERENCE = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
GROUP_PAGE = REFERENCE + "aws-resource-ec2-securitygroup.html"
RULE_PAGE = REFERENCE + "aws-properties-ec2-securitygroup-ingress.html"
QUOTA_PAGE = "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"


class _Rule(CloudFormationLintRule):
    """What the rules of the pack have in common: a title, a description and their findings."""

    tags = ["resources", "securitygroup"]  # noqa: RUF012  # as cfn-lint declares it

    def match(self, cfn: Template) -> list[RuleMatch]:
        """The findings in a template."""
        return list(self.findings(cfn))

    def findings(self, cfn: Template) -> Iterator[RuleMatch]:
        """The findings in a template, one by one."""
        raise NotImplementedError
