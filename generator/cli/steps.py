"""The steps of `generate` for one deployment, between its file and what is staged of it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.conflicts import by_git, judge
from generator.cli.format_names import formats_of
from generator.cli.jobs import Job, Work
from generator.cli.prepared import Compared, Prepared
from generator.cli.replacements import renamed_folders, replacements, texts
from generator.cli.roots import Root
from generator.cli.selection import Listed, read_listed
from generator.cli.target import Target, refuse_binary, refuse_several, texts_in
from generator.errors import GeneratorError, InputError, Mistake, ResolveError

if TYPE_CHECKING:
    from generator.model import Deployment, Resolved
    from generator.render import Origin
    from generator.write import Change

INLINE = 51_200  # bytes of a template passed inline ("AWS CloudFormation quotas", TemplateBody)


def prepare(work: Work, target: Target, job: Job, source: Listed, origin: Origin) -> Prepared:
    """Read, resolve, render, check, compare and stage one deployment.

    What is wrong with it is part of the result, so that the others have their turn, too.
    """
    from generator.render import encoded

    name = ""
    try:
        deployment = read_listed(job.root.data, source, work.request.changes)
        name = deployment.name
        resolved = _resolve(job.root, deployment)
        over = _over_quota(job, resolved)
        rendered = _render(job, resolved, origin, over)
        if work.request.to_stdout:
            refuse_several(work, [name], list(rendered))
            refuse_binary(rendered)
        checked = _check(work, target, job, resolved, origin, rendered)._replace(
            left_out=tuple(f"{f} is not generated: {s}" for f, some in over.items() for s in some)
        )
        contents = {
            target.place(job, name) / format_ / file: encoded(content)
            for format_, files in rendered.items()
            for file, content in files.items()
        }
        if target.archive or work.request.to_stdout:
            return checked._replace(files=len(contents), contents=contents)
        place = target.place(job, name)
        some = job.formats and not job.owned
        folders = [place / format_ for format_ in job.formats] if some else [place]
        # What was generated on request stays, unless the folder is for what the settings list.
        is_free = not (job.formats or job.owned)
        unasked = {*target.formats} - {*formats_of(job)} if is_free else set()
        kept = [place / format_ for format_ in sorted({*over, *unasked})]
        return _compare(work, target, contents, folders, kept, checked)
    except GeneratorError as error:
        return Prepared(name, failure=error)
    except OSError as error:
        if error.filename is None:
            raise
        mistake = Mistake(str(error.filename), 0, 0, error.strerror or str(error))
        return Prepared(name, failure=InputError([mistake]))


def prepare_leftover(work: Work, target: Target, place: Path, apart: set[str]) -> Prepared:
    """Compare and stage a folder in which nothing should be generated any more."""
    return _compare(work, target, {}, [place], [], Prepared(), apart)


def note_remains(target: Target) -> None:
    """Have --check list what a run that was killed has left; another run just removes it."""
    from generator.write import Change, remains

    if target.compared is not None:
        found = [folder for out in target.outs for folder in remains(out)]
        if found:
            changes = (Change(folder, "orphaned", b"", None) for folder in found)
            target.compared.append(Compared(tuple(changes)))


def with_its_new_name(
    work: Work, target: Target, place: Path, found: Prepared, now: tuple[Job, Listed, Origin]
) -> Prepared:
    """What a deployment left behind, with what is to be said of it beside its new files."""
    from generator.cli.verdict import outcome_of_rename
    from generator.compare import summaries

    job, source, origin = now
    deployment = read_listed(job.root.data, source, work.request.changes)
    resolved = _resolve(job.root, deployment)
    over = _over_quota(job, resolved)
    files = [(p, p.read_text("utf-8", "replace"), "") for p in sorted(place.glob("*/*"))]
    for format_, contents in _render(job, resolved, origin, over).items():
        folder = target.place(job, resolved.name) / format_
        for name, text in texts_in(contents):
            path = folder / name
            files.append((path, path.read_text("utf-8", "replace") if path.exists() else "", text))
    renamed = renamed_folders(files)
    if not renamed:
        return found
    compared = found.compared
    if compared:
        told = summaries(files, (), renamed)
        compared = compared._replace(outcomes=outcome_of_rename(compared.outcomes, told))
        if work.request.diff and not (work.request.against or work.request.against_base):
            compared = compared._replace(summaries=tuple(told))
    return found._replace(
        replaced=tuple(replacements(files)), compared=compared, renamed=(*renamed.values(),)
    )


def _resolve(root: Root, deployment: Deployment) -> Resolved:
    from generator.resolve import resolve

    try:
        release = root.data.release(deployment.release)
        return resolve(deployment, release, root.data.catalogue)
    except ResolveError as error:
        lines = (f"{deployment.name}: {line}" for line in str(error).splitlines())
        raise ResolveError("\n".join(lines)) from None


def _over_quota(job: Job, resolved: Resolved) -> dict[str, list[str]]:
    """The formats that would exceed the quota of rules, with a sentence for each group.

    Raises ResolveError for a deployment that fits in none of its formats.
    """
    from generator.resolve import over_quota

    over = {name: over_quota(resolved, name) for name in formats_of(job)}
    if all(over.values()):
        raise ResolveError("\n".join(over_quota(resolved, "") or next(iter(over.values()))))
    return {name: sentences for name, sentences in over.items() if sentences}


def _render(
    job: Job, resolved: Resolved, origin: Origin, over: Iterable[str]
) -> dict[str, dict[str, str | bytes]]:
    """What each format that there is room for holds, by the names of its files."""
    from generator.render import render

    return {
        format_: render(resolved, job.root.templates, format_, origin)
        for format_ in formats_of(job)
        if format_ not in over
    }


def _check(
    work: Work,
    target: Target,
    job: Job,
    resolved: Resolved,
    origin: Origin,
    rendered: dict[str, dict[str, str | bytes]],
) -> Prepared:
    """Lint the templates of a deployment, and see what there is to say about it."""
    from generator.cli.facts import described, facts
    from generator.resolve import advise

    request = work.request
    place = target.place(job, resolved.name)
    every = {
        place / format_ / file: text
        for format_, files in rendered.items()
        for file, text in texts_in(files)
    }
    found, too_large = _about_templates(job, every, request.lint)
    # Presets that nobody chose by name are examples: what is wrong with them concerns --strict.
    unasked = request.compares or request.quiet or job.is_example(origin)
    advice = advise(resolved, job.root.data.release(resolved.release), together=True)
    silent = request.compares or request.quiet
    return Prepared(
        resolved.name,
        findings=found,
        advice=() if unasked and not request.strict else tuple(advice),
        described="" if silent or work.is_large else described(resolved, job.is_example(origin)),
        facts=() if silent or not work.is_large else facts(resolved),
        too_large=too_large,
    )


def _about_templates(
    job: Job, texts: dict[Path, str], linted: bool
) -> tuple[tuple[str, ...], tuple[tuple[Path, int], ...]]:
    """What cfn-lint finds in the templates among files, and which of them are large."""
    is_built_in = len(job.root.templates) == 1
    sizes = {path: len(text.encode()) for path, text in texts.items()}
    looked_at = [path for path, size in sizes.items() if linted or size > INLINE]
    if not looked_at:  # what can tell a template imports much
        return (), ()
    from generator.cache import user_cache
    from generator.check import Linter, is_cloudformation

    linter = Linter(user_cache())
    templates = [path for path in looked_at if is_cloudformation(texts[path])]
    found = (
        finding
        for path in templates
        if linted
        for finding in linter.lint(texts[path], str(path), advice=False, rendered=is_built_in)
    )
    return (
        tuple(map(str, found)),
        tuple((path, sizes[path]) for path in templates if sizes[path] > INLINE),
    )


def _compare(
    work: Work,
    target: Target,
    contents: dict[Path, bytes],
    folders: list[Path],
    kept: list[Path],
    checked: Prepared,
    apart: frozenset[str] | set[str] = frozenset(),
) -> Prepared:
    """Compare the files of a deployment with the disk, and stage what changes."""
    from generator.write import differing, orphaned, refused, stage, surveyed

    request = work.request
    survey = surveyed(target.outs, folders, target.formats, contents, apart)
    orphans = [p for p in survey.orphans if not any(map(p.is_relative_to, kept))]
    changes = (*map(judge, differing(target.outs, contents)), *map(judge, orphaned(orphans)))
    sentences = () if request.compares else tuple(refused(changes, request.force))
    if target.staged and not sentences:
        for change in changes:
            stage(target.staged, change.path, change.new)
    removed = sum(change.new is None for change in changes)
    verbs = {c.path: "removed" if c.new is None else "wrote" for c in changes}
    listed = {**dict.fromkeys(contents, "unchanged"), **verbs} if request.verbose else {}
    return checked._replace(
        replaced=tuple(replacements(texts(changes))),
        refused=sentences,
        files=len(contents),
        written=len(changes) - removed,
        removed=removed,
        verbs=tuple(listed.items()),
        contents=contents if request.against or request.against_base or request.staged else {},
        compared=_compared(work, contents, changes) if request.compares else None,
        merged=tuple(by_git(changes)),
        kept=tuple(kept),
        copies=survey.copies,
    )


def _compared(work: Work, contents: dict[Path, bytes], changes: tuple[Change, ...]) -> Compared:
    from generator.write import unified_diff

    request = work.request
    if not changes:
        return Compared(())
    from generator.cli.verdict import outcome
    from generator.compare import summaries

    found = summaries(texts(changes), unchanged=contents.keys() - {c.path for c in changes})
    outcomes = outcome(contents, changes, found)
    if not request.diff or request.against or request.against_base:
        found = []
    diff = "".join(map(unified_diff, changes)) if request.diff and request.form == "text" else ""
    return Compared(tuple(map(without_contents, changes)), diff, tuple(found), outcomes)


def without_contents(change: Change) -> Change:
    """The change as --check tells of it."""
    return change._replace(
        old=None if change.old is None else b"", new=None if change.new is None else b""
    )
