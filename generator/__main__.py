"""`python -m generator` is `cvo-sg`."""

from generator.cli import main

main()
