"""What deployments have left behind in the output folders: those that are gone or renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from generator.cli.jobs import Job, Work
from generator.cli.prepared import Prepared
from generator.cli.steps import prepare_leftover, with_its_new_name
from generator.cli.target import Target

if TYPE_CHECKING:
    from generator.cli.batch import Batch


def prepare_leftovers(
    work: Work, target: Target, batch: Batch, places: list[tuple[Job, Path]], apart: set[str]
) -> None:
    """Have the files removed that no deployment has now, and tell of those that are renamed."""
    from generator.write import commands_in

    everything = work.deployments
    origins = {(j.out, o.command): i for i, (j, _, o) in enumerate(everything) if o.unique}
    for job, place in places:
        batch.left.add(place)
        left = prepare_leftover(work, target, place, apart)
        found_in = ((job.out, command) for command in commands_in(place))
        now = [origins[command] for command in found_in if command in origins]
        if len(now) == 1:
            left = with_its_new_name(work, target, place, left, everything[now[0]])
        elif not now:
            left = _perhaps_renamed(left, _new_beside(work, batch, places, place))
        batch.add(work, target, job.out, left)


def _new_beside(work: Work, batch: Batch, places: list[tuple[Job, Path]], place: Path) -> list[str]:
    """The deployments without files in an output folder that only one deployment has left."""
    out = place.parent
    if [each for _, each in places if each.parent == out] != [place]:
        return []
    names = zip(work.deployments, batch.names, strict=False)
    return [name for (job, _, _), name in names if job.out == out and not (out / name).exists()]


def _perhaps_renamed(left: Prepared, new: list[str]) -> Prepared:
    """What was left, with how to rename a file and its deployment, if that is what happened."""
    if len(new) != 1:
        return left
    hint = (
        f". If {new[0]} is the same deployment: rename its file first, with the old name: in it, "
        "and run `cvo-sg generate`; then change name: and run it again, which says how to keep "
        "the groups"
    )
    told = (each._replace(message=each.message + hint) for each in left.replaced)
    return left._replace(replaced=tuple(told))


def leftovers(work: Work, batch: Batch) -> Iterator[tuple[Job, Path]]:
    """What is in the output folders, but for the folders of today's deployments.

    Of an output folder that belongs to the deployments, that is everything; of another, what they
    have left behind under other names.
    """
    from generator.write import renamed

    start = 0
    for job in work.jobs:
        names = set(batch.names[start : start + len(job.deployments)])
        start += len(job.deployments)
        proven: list[Path] = []
        if not job.formats:
            commands = [origin.command for _, origin in job.deployments if origin.unique]
            proven, doubtful = renamed(job.out, names, commands)
            batch.copies.update(doubtful)
        if job.owned and job.out.is_dir() and not job.out.is_symlink():
            with os.scandir(job.out) as entries:
                proven = [
                    job.out / entry.name
                    for entry in entries
                    if entry.name not in names
                    and not (entry.name.startswith(".") and entry.is_dir())
                ]
        for place in sorted({*proven} - {*work.apart}):
            yield job, place
