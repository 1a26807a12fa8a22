"""CloudFormation: a template and a list with which a change set imports groups and rules.

What an import takes: "Import AWS resources into a CloudFormation stack" in the User Guide. Each
resource needs a DeletionPolicy, nothing else may be created, and outputs may not be added ("you
cannot modify or add [Outputs]"). The types of resources are importable if their schema in the
CloudFormation registry has a read handler; those of AWS::EC2::SecurityGroup, SecurityGroupIngress
and SecurityGroupEgress do, and identify a resource by Id: that of the group, and that of the rule.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from generator.adopt.ids import require_rule_ids
from generator.adopt.pairs import Adoption
from generator.model import Peer, Permission, Resolved, pascal
from generator.render import is_edited, is_generated, logical_id

TEMPLATE, LIST = "import-template.yaml", "resources-to-import.json"
_TYPE = {"inbound": "AWS::EC2::SecurityGroupIngress", "outbound": "AWS::EC2::SecurityGroupEgress"}
_BLOCK = re.compile(r"^  (?:(\w+):$|#)", re.MULTILINE)


def cloudformation_files(adopted: Adoption, resolved: Resolved, template: str) -> dict[str, str]:
    """The two files, the template without its header; none if there is nothing to import.

    `template` is the one that is generated of the deployment: what is imported is a part of it.
    Raises UsageError if the id of a rule that is to be imported is not known.
    """
    require_rule_ids(adopted)
    resources = [*_resources(adopted, resolved)]
    if not resources:
        return {}
    found = {each["LogicalResourceId"] for each in resources}
    listed = json.dumps(resources, indent=2) + "\n"
    return {TEMPLATE: f"{_digest(listed.encode())}\n{_part(template, found)}", LIST: listed}


def is_our_list(path: Path) -> bool:
    """Whether a file is the list that belongs to the template beside it, and nobody edited it."""
    if path.name != LIST:
        return False
    try:
        listed, template = path.read_bytes(), path.with_name(TEMPLATE).read_bytes()
    except OSError:
        return False
    listed = listed.replace(b"\r\n", b"\n")  # which git may have changed, as in the template
    return (
        is_generated(template) and not is_edited(template) and _digest(listed).encode() in template
    )


def _digest(listed: bytes) -> str:
    return f"# For {LIST}, sha256 {hashlib.sha256(listed).hexdigest()}"


def _resources(adopted: Adoption, resolved: Resolved) -> Iterator[dict[str, object]]:
    for role, group in adopted.groups.items():
        if role not in resolved.existing:
            name = f"{pascal(role)}SecurityGroup"
            yield _resource("AWS::EC2::SecurityGroup", name, group.id)
    for permission, rule in adopted.kept:
        name = logical_id(_as_in_the_template(permission))
        yield _resource(_TYPE[permission.direction], name, rule.id)


def _resource(kind: str, name: str, id_: str | None) -> dict[str, object]:
    return {
        "ResourceType": kind,
        "LogicalResourceId": name,
        "ResourceIdentifier": {"Id": id_},
    }


def _as_in_the_template(permission: Permission) -> Permission:
    """A permission for the default value of a parameter is one for that parameter there."""
    if not permission.parameter:
        return permission
    return permission._replace(peer=Peer("input", permission.parameter, permission.parameter))


def _part(template: str, found: set[object]) -> str:
    """The template with those resources only, each retained, and without outputs."""
    text = template[template.index("---\n") :]
    before, _, rest = text.partition("\nResources:\n")
    resources = rest.partition("\n\nOutputs:\n")[0] + "\n"
    starts = [*(m.start() for m in _BLOCK.finditer(resources)), len(resources)]
    blocks = (resources[a:b] for a, b in pairwise(starts))
    kept = (b for b in blocks if (m := _BLOCK.match(b)) and m[1] in found)
    return f"{before}\nResources:\n{''.join(map(_retained, kept))}"


def _retained(block: str) -> str:
    if "\n    DeletionPolicy: Retain\n" in block:
        return block
    policies = "    DeletionPolicy: Retain\n    UpdateReplacePolicy: Retain\n"
    return re.sub(r"\n    Type: .*\n", rf"\g<0>{policies}", block, count=1)
