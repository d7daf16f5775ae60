"""`python -m symopt` is the same as `symopt`."""

from symopt.cli import main

if __name__ == "__main__":
    main()
