"""Files on their way to the disk: staged in a hidden folder, then moved into place.

A run stages what it will change while it goes from deployment to deployment, in the output folder
itself, because a file is replaced in one step only within a file system. Nothing moves before
everything is staged, is on the disk, and can be moved. So a run keeps no contents in memory, and
one that fails changes nothing. One that is killed leaves a folder that the next one removes.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice, takewhile
from pathlib import Path

from generator.errors import WriteError
from generator.light import NamedTuple
from generator.write.places import SUFFIX, is_regular

NOT_REGULAR = "is not a regular file"
MOVE_IT = "move it, or choose another place"
_NAME = re.compile(rf"\.staged\.[0-9a-f]{{8}}{re.escape(SUFFIX)}")
_NEW, _GONE = "new", "gone"
_NOTE, _SAYS = (
    "README",
    "Files of a run of cvo-sg that was interrupted. The next one removes them.\n",
)
_THREADS = 4  # a disk that syncs several files at once writes its journal once for them
_FEW = 8  # to import threads takes as long as to sync so many
_AT_ONCE = 256


class Staging(NamedTuple):
    """The output folders of a run, and the name of the folder in each that holds staged files.

    In it, `new` has the files to put, and `gone` empty ones for those to remove, by their places.
    """

    outs: tuple[Path, ...]
    name: str


@contextmanager
def staging(outs: Iterable[Path]) -> Iterator[Staging]:
    """Places for staged files, made as they are needed; what is left there goes in the end."""
    innermost_first = sorted(set(outs), key=lambda out: len(out.parts), reverse=True)
    staged = Staging(tuple(innermost_first), f".staged.{os.urandom(4).hex()}{SUFFIX}")
    try:
        yield staged
    finally:
        for out in staged.outs:
            _discard(out / staged.name)


def stage(staged: Staging, path: Path, content: bytes | None) -> None:
    """Set a file's new content aside, or, where it is None, that the file is to be removed.

    Raises WriteError where it could not be put into place later.
    """
    out = next(out for out in staged.outs if path.is_relative_to(out))
    folder = out / staged.name
    place = folder / (_GONE if content is None else _NEW) / path.relative_to(out)
    try:
        _refuse_unwritable(path)
        if not place.parent.is_dir():
            _make(out, folder)
            place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(content or b"")
        if content is not None:
            with suppress(FileNotFoundError):
                shutil.copymode(path, place)
    except OSError as error:
        if str(error.filename).startswith(str(folder)):
            error.filename = str(path)
        raise unwritable(error) from None


def put(staged: Staging) -> None:
    """Put every staged file into place, and remove those that are to go.

    Raises WriteError. Nothing has changed then, unless the disk failed on the way.
    """
    try:
        _sync(place for _, place, _ in _files(staged, _NEW))
        # A folder that becomes a link from here on does not hold what is staged, so nothing moves.
        for kind in (_NEW, _GONE):
            before = None
            for out, _, path in _files(staged, kind):
                if path.parent != before:
                    refuse_links(out, [path])
                    before = path.parent
                _refuse_special(path)
        for out in staged.outs:
            _put_folders(out / staged.name / _NEW, out)
        for out, place, path in _files(staged, _NEW):
            _put_file(place, path, out)
        for out, _, path in _files(staged, _GONE):
            _refuse_special(path)
            path.unlink(missing_ok=True)
            _remove_empty(path.parents, {Path(), *staged.outs, out})
    except OSError as error:
        raise unwritable(error) from None


def remains(out: Path) -> list[Path]:
    """The folders in an output folder in which a run that was killed has staged its files."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(
            Path(e.path) for e in os.scandir(out) if _NAME.fullmatch(e.name) and _is_ours(e)
        )
    return []


def clear(out: Path) -> None:
    """Remove what runs that were killed have left; to be called while no other run writes.

    That is what they have staged, and empty folders in which they had a file to remove.
    """
    for folder in remains(out):
        for _, _, path in _files(Staging((out,), folder.name), _GONE):
            with suppress(WriteError):  # a link, behind which it is not ours
                refuse_links(out, [path])
                _remove_empty(path.parents, {Path(), out})
        _discard(folder)


def refuse_links(out: Path, files: Iterable[Path]) -> None:
    """Raise WriteError where a symbolic link below `out` moves a file elsewhere."""
    for folder in sorted({parent for path in files for parent in path.parents}):
        if folder != out and folder.is_relative_to(out) and folder.is_symlink():
            raise WriteError(f"{folder} is a symbolic link: remove it, or choose another folder")


def unwritable(error: OSError) -> WriteError:
    """The sentence for a place that cannot be read or written."""
    reason = error.strerror or str(error)
    return WriteError(f"{error.filename or 'the output folder'}: {reason}")


def _discard(folder: Path) -> None:
    """Remove a folder of staged files; the note goes last, so that it can be told until then."""
    for place in (folder / _NEW, folder / _GONE, folder):
        shutil.rmtree(place, ignore_errors=True)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Whether a folder is empty, or has the note that is put there first."""
    if not entry.is_dir(follow_symlinks=False):
        return False
    names = {path.name for path in Path(entry.path).iterdir()}
    return not names or _NOTE in names


def _make(out: Path, folder: Path) -> None:
    """Make the folder for staged files, with a note for whoever finds it."""
    out.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process of this run was first
        folder.mkdir()
    (folder / _NOTE).write_text(_SAYS)


def _files(staged: Staging, kind: str) -> Iterator[tuple[Path, Path, Path]]:
    """Every staged file: its output folder, where it is, and where it belongs. Sorted."""
    for out in staged.outs:
        top = out / staged.name / kind
        for folder, folders, names in os.walk(top) if not top.is_symlink() else ():
            folders.sort()
            target = out / Path(folder).relative_to(top)
            for name in sorted(names):
                yield out, Path(folder, name), target / name


def _sync(files: Iterator[Path]) -> None:
    """Wait until the files are on the disk, so that no name leads to a file without its content."""
    for place in islice(files, _FEW):
        _sync_file(place)
    if some := list(islice(files, _AT_ONCE)):
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_THREADS) as threads:
            while some:
                list(threads.map(_sync_file, some))
                some = list(islice(files, _AT_ONCE))


def _sync_file(place: Path) -> None:
    with place.open("r+b") as file:
        os.fsync(file.fileno())


def _put_folders(top: Path, out: Path) -> None:
    """Put folders that are not there yet as a whole."""
    with suppress(FileNotFoundError):
        for name in os.listdir(top):  # noqa: PTH208 - names alone take little memory
            if (top / name).is_dir() and not os.path.lexists(out / name):
                (top / name).rename(out / name)


def _put_file(place: Path, path: Path, out: Path) -> None:
    """Move a staged file into place; a folder that is made in vain goes again."""
    _refuse_special(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        place.replace(path)
    except BaseException:
        _remove_empty(path.parents, {Path(), out})
        raise


def _remove_empty(folders: Iterable[Path], kept: set[Path]) -> None:
    """Remove folders, innermost first, as long as nobody uses them."""
    with suppress(OSError):
        for folder in takewhile(lambda f: f not in kept, folders):
            with suppress(FileNotFoundError):
                folder.rmdir()


def _refuse_special(path: Path) -> None:
    """Raise WriteError for what has become something else than a file since the comparison."""
    with suppress(FileNotFoundError):
        if not is_regular(path):
            raise WriteError(f"{path} {NOT_REGULAR}: {MOVE_IT}")


def _refuse_unwritable(path: Path) -> None:
    """Raise PermissionError where the folder of a file, or the next one above, takes no files."""
    folder = next((f for f in path.parents if os.path.lexists(f)), Path())
    effective = os.access in os.supports_effective_ids
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=effective):
        import errno

        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
