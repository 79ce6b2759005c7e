"""The entry point of ``python -I -X utf8 -m wedgate`` and of the console script."""

from wedgate.cli.main import main

if __name__ == "__main__":
    main()
