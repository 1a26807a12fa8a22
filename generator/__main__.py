"""`python -m generator` is `cvo-sg`."""

from __future__ import annotations

import os


def main() -> None:
    """The console script. Importing takes time in which Ctrl-C is to end it quietly, too."""
    try:
        from generator.cli import main as run

        run()
    except KeyboardInterrupt:
        os._exit(130)  # as shells have it


if __name__ == "__main__":
    main()
