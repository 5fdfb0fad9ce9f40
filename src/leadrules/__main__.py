"""`python -m leadrules` is the command `leadrules`."""

import sys

from leadrules.cli import main

if __name__ == "__main__":
    sys.exit(main())
