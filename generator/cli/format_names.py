"""The formats of a job: those that it names, `all`, or those rendered where none is named."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.cli.jobs import Job

ALL = "all"


def with_every_format(jobs: list[Job], templates: list[Path]) -> list[Job]:
    """The jobs with `all` replaced by the names of the formats."""
    from generator.render import formats

    if not any(ALL in job.formats for job in jobs) or ALL in (every := formats(templates)):
        return jobs
    return [job._replace(formats=tuple(every)) if ALL in job.formats else job for job in jobs]


def formats_of(job: Job, templates: list[Path]) -> tuple[str, ...]:
    """The formats to render."""
    from generator.render import default_formats

    return job.formats or tuple(default_formats(templates))
