"""What a folder holds."""

from pathlib import Path

ROOT = Path(__file__).parents[1]


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def generated() -> dict[str, bytes]:
    """What `out/` holds but for its README, which people write, and the picture in it."""
    others = ("README.md", "matrix.png")
    return {name: each for name, each in files(ROOT / "out").items() if name not in others}
