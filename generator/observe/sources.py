"""What a source is, by its content; and reading it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.errors import InputError, Mistake
from generator.model import Observation, Observed, ObservedGroup
from generator.observe.ec2 import is_ec2, read_ec2

READ = (
    "the JSON of `aws ec2 describe-security-groups` or `describe-security-group-rules`, of "
    "`terraform show -json`, a folder or file of Terraform, or a CloudFormation template"
)


def read_text(text: str, file: str, parameters: Mapping[str, str] = {}) -> Observation:
    """The security groups in the text of a file.

    `parameters` are values of the parameters of a CloudFormation template. Raises InputError for a
    text that is none of what is read.
    """
    pages = [*_pages(text)]
    if pages and all(map(is_ec2, pages)):
        return _among_themselves(read_ec2(pages, file))
    raise InputError([Mistake(file, 0, 0, f"not recognised: use {READ}")])


def join(observations: Iterable[Observation]) -> Observation:
    """Several sources that belong together, such as the pages of one description.

    A group that two of them describe is one, and a rule of one for a group of another is a rule
    between groups.
    """
    found = Observation()
    for each in observations:
        found = found + each
    groups: dict[str, ObservedGroup] = {}
    for group in reversed(found.groups):
        if group.name is not None or group.key not in groups:
            groups[group.key] = group  # a list of rules has no names of groups
    ordered = tuple(dict.fromkeys(group.key for group in found.groups))
    return _among_themselves(found._replace(groups=tuple(groups[key] for key in ordered)))


def _among_themselves(found: Observation) -> Observation:
    """Rules for a group by its id become rules for that group, if it was read as well."""
    keys = {group.id: group.key for group in found.groups if group.id}

    def between(rule: Observed) -> Observed:
        if rule.peer_kind == "security_group" and rule.peer in keys:
            return rule._replace(peer_kind="group", peer=keys[rule.peer], owner=None)
        return rule

    return found._replace(rules=tuple(map(between, found.rules)))


def _pages(text: str) -> Iterator[Any]:
    """The JSON documents in a text: one, a list of them, or several one after the other."""
    decoder = json.JSONDecoder()
    start = 0
    while start < len(text):
        if text[start].isspace() or text[start] == "\ufeff":
            start += 1
            continue
        try:
            document, start = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            yield None
            return
        yield from document if isinstance(document, list) else [document]
