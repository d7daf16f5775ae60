"""`python -m symopt.errata` prints the page of disagreements; with names behind it, the entries of these."""

import argparse
import sys
from collections.abc import Sequence

from symopt.errata.claims import disagreements
from symopt.errata.page import entry, page
from symopt.errors import suggest


def main(arguments: Sequence[str]) -> None:
    """Print what was asked for; a name that is none ends with a sentence and the exit code 2."""
    known = {each.id: each for each in disagreements()}
    width = max(map(len, known)) + 2
    parser = argparse.ArgumentParser(
        "python -m symopt.errata",
        description="Print the page of disagreements, or the entries that are named.",
        epilog="\n".join(["names:", *(f"  {each.id:{width}}{each.title}" for each in known.values())]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a disagreement")
    names: list[str] = parser.parse_args(arguments).names
    for name in names:
        if name not in known:
            remedy = suggest(name, known) or "; python -m symopt.errata --help lists them all"
            parser.exit(2, f"symopt.errata: there is no disagreement {name}{remedy}\n")
    sys.stdout.write("\n".join(entry(known[name]) for name in dict.fromkeys(names)) if names else page())


if __name__ == "__main__":
    main(sys.argv[1:])
