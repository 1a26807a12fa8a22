"""`python -m generator` is `cvo-sg`."""

from __future__ import annotations

import gc
import os


def main() -> None:
    """The console script. Importing takes time in which Ctrl-C is to end it quietly, too."""
    gc.disable()  # a run ends before a collection pays off; linting switches it on again
    try:
        from generator.cli import main as run

        run()
    except KeyboardInterrupt:
        os._exit(130)  # as shells have it
    finally:
        gc.freeze()  # or Python looks for garbage once more before it ends


if __name__ == "__main__":
    main()
