"""`python -m heldout` is the command line."""

from heldout.agent.cli import main  # pyright: ignore[reportMissingImports]

main()
