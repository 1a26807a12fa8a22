"""Archives of generated files: the same bytes for the same files, which proves whose they are."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from generator.render import VOUCHER, is_edited, is_vouched

MAX_BYTES = 1 << 28  # an archive that this tool makes comes nowhere near it
_BEGINS = b"PK"


def zipped(files: Mapping[Path, bytes]) -> bytes:
    """An archive of the files, sorted and without times, so that it is the same everywhere.

    The files are stored as they are: what compression makes of them depends on the machine.
    """
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path.as_posix(), date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[path])
    return buffer.getvalue()


def is_our_archive(content: bytes) -> bool:
    """Whether `zipped` made these bytes of generated files that nobody edited, and nothing else.

    The proof is to make the archive again: no entry, comment or stray byte of others survives it.
    """
    if not content.startswith(_BEGINS):
        return False
    import zipfile
    import zlib

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                return False
            files = {Path(entry.filename): archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, EOFError):
        return False
    except RuntimeError:  # encrypted
        return False
    edited = (
        is_edited(text) and not is_vouched(path.name, text, files.get(path.with_name(VOUCHER), b""))
        for path, text in files.items()
    )
    return not any(edited) and zipped(files) == content
