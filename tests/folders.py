"""What a folder holds."""

from collections.abc import Collection
from pathlib import Path

from generator.render import default_formats

ROOT = Path(__file__).parents[1]


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def generated(formats: Collection[str] = ()) -> dict[str, bytes]:
    """What `out/` holds of formats, or else of those rendered where none is named.

    Without its README, which people write.
    """
    formats = formats or default_formats([ROOT / "templates"])
    found = files(ROOT / "out").items()
    return {
        name: content
        for name, content in found
        if Path(name).parts[1:2] and Path(name).parts[1] in formats
    }
