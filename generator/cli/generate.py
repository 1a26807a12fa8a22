"""`cvo-sg generate`: deployments and presets become files."""

from __future__ import annotations

from pathlib import Path

import click

from generator.cli import options, steps
from generator.cli.jobs import Job, Request, jobs, place, shown
from generator.cli.selection import Changes, changes_options
from generator.cli.target import Target, put, report
from generator.errors import UsageError


@click.command()
@click.argument("files", nargs=-1, metavar="[DEPLOYMENT]...")
@click.option(
    "--preset",
    "-p",
    "presets",
    multiple=True,
    metavar="NAME",
    shell_complete=options.presets,
    help="Render this preset; may be repeated.",
)
@changes_options
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    metavar="F",
    help="Render this format only; may be repeated.",
)
@click.option(
    "--out",
    "-o",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the files go (out, if nothing else says so).",
)
@click.option(
    "--stdout",
    "to_stdout",
    is_flag=True,
    help="Print the one deployment in the one format that is asked for.",
)
@click.option(
    "--zip",
    "archive",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Put the files into an archive instead, the same bytes for the same files.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit with 1 if a file is not as it would be."
)
@click.option(
    "--diff", is_flag=True, help="Write nothing; print what would change, and exit as --check does."
)
@click.option(
    "--output",
    "form",
    default="text",
    show_default=True,
    type=click.Choice(["text", "json", "markdown", "github"]),
    help="How to print what --check and --diff find.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Overwrite files that this tool did not generate, or that were edited by hand.",
)
@click.option(
    "--lint/--no-lint",
    default=True,
    show_default=True,
    help="Check the CloudFormation templates with cfn-lint first.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Write nothing and exit with 1 if there is anything to warn of: inbound open to the "
    "internet, a quota nearly used, outbound rules that break the product, a group replaced.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print no summary and no progress.")
@click.option(
    "--verbose", "-v", is_flag=True, help="Say also what is read and what stays as it is."
)
@options.rule_data
@click.option(
    "--templates",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Read templates from here first: to add a format, or to change one.",
)
@click.pass_context
def generate(
    ctx: click.Context,
    /,
    files: tuple[str, ...],
    presets: tuple[str, ...],
    formats: tuple[str, ...],
    out: Path | None,
    to_stdout: bool,
    archive: Path | None,
    check: bool,
    diff: bool,
    form: str,
    force: bool,
    lint: bool,
    strict: bool,
    quiet: bool,
    verbose: bool,
    rule_data: Path | None,
    templates: Path | None,
    **changes: object,
) -> None:
    """Render deployments, or the presets, to OUT/<deployment>/<format>/.

    A deployment is a file, `-` for standard input, or made of --name and --release alone. Without
    any, what cvo-sg.yaml lists is rendered, or every preset where there is no such file. Files
    that are up to date are not touched; files that are generated no longer are removed.

    \b
    Examples:
      cvo-sg generate
      cvo-sg generate customer.yaml --out customers
      cvo-sg generate --preset predefined --format cloudformation --stdout
      cvo-sg generate --name demo --release 3.7 --endpoint dns=10.0.0.2/32 --zip demo.zip
      cvo-sg generate --check --diff
    """
    from generator.load import RuleData, shipped

    request = Request(
        tuple(dict.fromkeys(files)),
        tuple(dict.fromkeys(presets)),
        Changes(**changes),  # type: ignore[arg-type]
        formats,
        None if archive or to_stdout else out,
        rule_data,
        templates,
    )
    where = place()
    if where.file and not quiet:
        click.echo(f"settings: {shown(where.file)}", err=True)
    settings = where.project
    data_folder = where.folder(rule_data, settings.rule_data if settings else None)
    data = RuleData(data_folder or shipped("rule_data"))
    own = where.folder(templates, settings.templates if settings else None)
    todo = jobs(request, data, where)
    resolved = steps.resolve_all(data, [d for job in todo for d, _ in job.deployments])
    sources = [*([own] if own else []), shipped("templates")]
    rendered = steps.render_all(todo, resolved, sources)
    flat = bool(archive or to_stdout)
    texts = {
        (Path() if flat else out_) / name / format_ / file: text
        for (out_, name, format_), contents in rendered.items()
        for file, text in contents.items()
    }
    if to_stdout:
        texts = steps.the_one(rendered)
    if lint and steps.lint_all(texts, quiet):
        click.echo("nothing was written: cfn-lint refuses the templates above", err=True)
        ctx.exit(1)
    target = _target(todo, rendered, texts, archive, force, sources)
    advice = steps.advice_on(data, resolved) if strict or not (check or diff or quiet) else []
    if not to_stdout:
        advice += steps.replaced_by(target)
    for each in advice:
        if strict or each.kind != "open-to-the-internet":  # which the summary sums up
            click.echo(each.message if strict else f"warning: {each.message}", err=not strict)
    if strict and advice:
        number = "is a warning" if len(advice) == 1 else f"are {len(advice)} warnings"
        click.echo(f"nothing was written: there {number}, and --strict is given", err=True)
        ctx.exit(1)
    if to_stdout:
        click.echo("\n".join(texts.values()), nl=False)
    elif check or diff:
        report(ctx, target, diff, form, quiet)
    else:
        put(target, quiet, verbose)
    if not (check or diff or quiet):
        steps.summarize(resolved)


def _target(
    todo: list[Job],
    rendered: steps.Rendered,
    texts: dict[Path, str],
    archive: Path | None,
    force: bool,
    templates: list[Path],
) -> Target:
    """Where the files go, and the folders that hold nothing else of ours afterwards."""
    contents = {path: text.encode() for path, text in texts.items()}
    if archive:
        from generator.write import zipped

        if len(texts) < sum(map(len, rendered.values())):
            raise UsageError("two deployments have one name: an archive cannot hold both")

        return Target((archive.parent,), {archive: zipped(contents)}, (), force)
    owned = {job.out for job in todo if job.owned}
    folders = {
        out if out in owned else out / name / format_ if job.formats else out / name
        for job in todo
        for out, name, format_ in rendered
        if out == job.out
    }
    from generator.render import formats

    found = [_renamed(job) for job in todo if not job.formats]
    folders.update(folder for proven, _ in found for folder in proven)
    return Target(
        tuple(job.out for job in todo),
        contents,
        tuple(sorted(folders)),
        force,
        tuple(formats(templates)),
        tuple(folder for _, doubtful in found for folder in doubtful),
    )


def _renamed(job: Job) -> tuple[list[Path], list[Path]]:
    """Where the job's deployment files were generated when they had other names; or perhaps."""
    from generator.write import renamed

    names = [deployment.name for deployment, _ in job.deployments]
    commands = [origin.command for _, origin in job.deployments if origin.unique]
    return renamed(job.out, names, commands)
