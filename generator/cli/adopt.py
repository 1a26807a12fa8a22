"""`cvo-sg adopt`: security groups that exist become those of a generated module or stack."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generator.cli import options, terminal
from generator.cli.observed import read_observed
from generator.cli.origins import default_out
from generator.cli.roots import Place, place, shown
from generator.cli.selection import Changes
from generator.cli.selection import deployments as select
from generator.errors import UsageError, choices

if TYPE_CHECKING:
    from generator.adopt import Matches
    from generator.load import RuleData
    from generator.model import Deployment, Resolved
    from generator.write import Change

FOLDER = "adopt"
FORMATS = ("terraform", "cloudformation")
NO_CHANGES = Changes(None, None, None, None, (), ())


@click.command()
@click.argument("deployment", metavar="DEPLOYMENT")
@click.argument("observed", nargs=-1, required=True, metavar="OBSERVED...")
@click.option(
    "--group",
    "-g",
    "groups",
    multiple=True,
    metavar="ROLE=ID",
    help="The group with this id has this role, as in manager=sg-0123456789abcdef0. Repeatable.",
)
@click.option(
    "--endpoint",
    "-e",
    "endpoints",
    multiple=True,
    metavar="E=PEER,...",
    help="Bind an endpoint to these peers, as whoever deploys the output does. Repeatable.",
)
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    type=click.Choice(FORMATS),
    help="Write the files for this format only. Repeatable.",
)
@click.option(
    "--module",
    metavar="ADDRESS",
    help="The address of the Terraform module; empty if it is the root module. [default: module."
    "<deployment>]",
)
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    type=options.PATH,
    help="The folder of the files. [default: adopt, beside the output of the deployment]",
)
@click.option("--force", is_flag=True, help="Overwrite files that are not generated, or edited.")
@options.rule_data
def adopt(**arguments: Any) -> None:
    """Take over security groups that exist, without replacing them.

    OBSERVED is the JSON of `aws ec2 describe-security-groups`, and of `aws ec2
    describe-security-group-rules`, which has the ids of the rules; `-` is standard input.

    A group has a role of the deployment by an output, by a name or Name tag that ends in the role,
    or by --group. The files import the groups and the rules that the deployment has, too. Rules
    that it does not have stay, and are listed with the commands that revoke them.

    \b
    Examples:
      cvo-sg adopt acme.yaml groups.json rules.json
      cvo-sg adopt acme.yaml groups.json rules.json --group manager=sg-0123456789abcdef0 --out live
    """
    from generator.adopt import (
        adoption,
        cloudformation_files,
        match_groups,
        report,
        terraform_files,
    )
    from generator.resolve import resolve

    data: RuleData = options.open_rule_data(
        arguments["rule_data"], arguments["config"], near=arguments["deployment"]
    )
    file = arguments["deployment"]
    changes = NO_CHANGES._replace(endpoints=arguments["endpoints"])
    (deployment,) = select(data, (file,), (), changes)
    resolved = resolve(deployment, data.release(deployment.release), data.catalogue)
    module = arguments["module"]
    module = f"module.{deployment.name.replace('-', '_')}" if module is None else module
    _check_module(module)
    found = read_observed(arguments["observed"], {})
    matches = match_groups(found, resolved, _given(arguments["groups"]))
    if not matches.by_role:
        raise UsageError(_no_match(matches))
    adopted = adoption(found, resolved, matches)
    where = place(arguments["config"], Path(file))
    out = arguments["out"] or _out(where, file, deployment)
    texts: dict[str, str] = {}
    formats = _formats(arguments["formats"], arguments["endpoints"])
    if "terraform" in formats:
        texts |= terraform_files(adopted, resolved, module)
    if "cloudformation" in formats:
        texts |= cloudformation_files(adopted, resolved, _template(resolved, where))
    command = shlex.join(["cvo-sg", "adopt", *_words(arguments, where)])
    changes_made = _put(texts, out, resolved, command, arguments["force"])
    terminal.echo("\n".join(report(adopted, matches, resolved, file, module)))
    written = len(changes_made)
    terminal.echo(f"{out}: {written} {'file' if written == 1 else 'files'} written", err=True)


def _formats(chosen: tuple[str, ...], endpoints: tuple[str, ...]) -> tuple[str, ...]:
    """The formats to write. What is bound is written out in a template, under other logical ids."""
    if not endpoints:
        return chosen or FORMATS
    if "cloudformation" in chosen:
        raise UsageError(
            "--endpoint is for Terraform: for CloudFormation, bind it in the deployment file, "
            "because the logical id of a rule has the network or the parameter"
        )
    return ("terraform",)


def _template(resolved: Resolved, where: Place) -> str:
    """The template that is generated of a deployment."""
    from generator.load import shipped
    from generator.render import render

    own = where.folder(None, where.project.templates if where.project else None)
    folders = [*([own] if own else []), shipped("templates")]
    return str(render(resolved, folders, "cloudformation")["template.yaml"])


def _check_module(address: str) -> None:
    from generator.adopt import MODULE

    if not MODULE.fullmatch(address):
        raise UsageError(
            f"--module {address}: use the address of a module, such as module.acme or "
            'module.site["a"].module.acme'
        )


def _given(words: tuple[str, ...]) -> dict[str, str]:
    """The group ids by role."""
    given: dict[str, str] = {}
    for word in words:
        role, equals, group_id = word.partition("=")
        if not (role and equals and group_id):
            raise UsageError(f"--group {word}: use <role>=<id>, as in manager=sg-0123456789abcdef0")
        if given.setdefault(role, group_id) != group_id:
            raise UsageError(f"--group {word}: {role} is {given[role]} already")
    return given


def _out(where: Place, file: str, deployment: Deployment) -> Path:
    """Beside what is generated of a deployment: where the settings of the repository say."""
    from generator.load import listed_deployments

    out = default_out(where)
    path = Path.cwd() / file
    for output in where.outputs if where.file else ():
        assert where.file
        if any(path.resolve() == each.resolve() for each in listed_deployments(where.file, output)):
            out = shown(where.root / output.out)
    return out / deployment.name / FOLDER


def _words(arguments: dict[str, Any], where: Place) -> list[str]:
    """The command line, with paths from the root of the repository."""
    files = [arguments["deployment"], *arguments["observed"]]
    words = [name if name == "-" else where.relative(Path(name)) for name in files]
    for option in ("group", "endpoint", "format"):
        words += [w for value in arguments[f"{option}s"] for w in (f"--{option}", value)]
    if arguments["module"] is not None:
        words += ["--module", arguments["module"]]
    for option in ("rule_data", "out"):
        if arguments[option]:
            words += [f"--{option.replace('_', '-')}", where.relative(arguments[option])]
    return words + where.config(Path(arguments["deployment"]))


def _put(
    texts: dict[str, str], out: Path, resolved: Resolved, command: str, force: bool
) -> tuple[Change, ...]:
    """Write the files, whole or not at all; JSON has no comments, and so no header of ours."""
    from generator.adopt import is_our_list
    from generator.render import Origin, header, sealed
    from generator.write import compare, locked, write

    head = "".join(f"# {line}\n" for line in header(resolved, Origin(command)))
    contents = {
        out / name: (text if name.endswith(".json") else sealed(f"{head}\n{text}")).encode()
        for name, text in texts.items()
    }
    with locked(out):
        changes = tuple(
            change._replace(kind="changed") if is_our_list(change.path) else change
            for change in compare((out,), contents, (), ())
        )
        write((out,), changes, force)
    return changes


def _no_match(matches: Matches) -> str:
    groups = choices(f"{g.id or g.key} ({g.name})" for g in matches.others)
    return (
        f"none of the groups that were read has a role of the deployment: they are {groups}. "
        f"Name them: --group {matches.absent[0]}=<id>"
    )
