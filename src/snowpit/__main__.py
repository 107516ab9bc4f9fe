"""Entry point of ``snowpit``, ``kubectl-snowpit`` and ``python -m snowpit``."""

import sys

from snowpit.cli import run


def main() -> int:
    """Run the program on its arguments and give the exit code."""
    return run(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
