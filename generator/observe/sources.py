"""What a source is, by its content; and reading it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.errors import InputError, Mistake
from generator.model import Observation, Observed, ObservedGroup
from generator.observe.cloudformation import read_template
from generator.observe.ec2 import is_ec2, read_ec2
from generator.observe.recognize import is_cloudformation
from generator.observe.terraform_json import is_raw_state, is_terraform, read_terraform
from generator.observe.terraform_source import is_terraform_source, read_files

READ = (
    "the JSON of `aws ec2 describe-security-groups` or `describe-security-group-rules`, of "
    "`terraform show -json`, a folder or file of Terraform, or a CloudFormation template"
)

_ZIP = "PK\x03\x04"  # a saved plan is an archive
_STORED = "a plan or state as Terraform stores it: use the output of `terraform show -json`"


def read_text(text: str, file: str, parameters: Mapping[str, str] = {}) -> Observation:
    """The security groups in the text of a file.

    `parameters` are values of the parameters of a CloudFormation template. Raises InputError for a
    text that is none of what is read.
    """
    pages = [*_pages(text)]
    if pages and all(map(is_ec2, pages)):
        return _among_themselves(read_ec2(pages, file))
    if pages and all(map(is_terraform, pages)):
        return join(read_terraform(page, file) for page in pages)
    if text.startswith(_ZIP) or any(map(is_raw_state, pages)):
        raise InputError([Mistake(file, 0, 0, _STORED)])
    if is_terraform_source(text, file):
        return _among_themselves(read_files({file: text}, file))
    if is_cloudformation(text):
        return read_template(text, file, parameters)
    raise InputError([Mistake(file, 0, 0, f"not recognised: use {READ}")])


def join(observations: Iterable[Observation]) -> Observation:
    """Several sources that belong together, such as the pages of one description.

    A group that two of them describe is one, and a rule of one for a group of another is a rule
    between groups.
    """
    found = Observation()
    for each in observations:
        found = found + each
    found = _one_key_each(found)
    groups: dict[str, ObservedGroup] = {}
    for group in reversed(found.groups):
        if group.name is not None or group.key not in groups:
            groups[group.key] = group  # a list of rules has no names of groups
    ordered = tuple(dict.fromkeys(group.key for group in found.groups))
    return _among_themselves(found._replace(groups=tuple(groups[key] for key in ordered)))


def _one_key_each(found: Observation) -> Observation:
    """With the first key of each group, if sources have other keys for the id that it has."""
    first: dict[str, str] = {}
    keys = {group.key: first.setdefault(group.id, group.key) for group in found.groups if group.id}

    def renamed(rule: Observed) -> Observed:
        peer = keys.get(rule.peer, rule.peer) if rule.peer_kind == "group" else rule.peer
        return rule._replace(group=keys.get(rule.group, rule.group), peer=peer)

    groups = tuple(group._replace(key=keys.get(group.key, group.key)) for group in found.groups)
    return found._replace(groups=groups, rules=tuple(map(renamed, found.rules)))


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
