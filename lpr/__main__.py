"""``python -m lpr``, for systems where ``lpr`` is the printing command."""

from lpr.cli import main

if __name__ == "__main__":
    main()
