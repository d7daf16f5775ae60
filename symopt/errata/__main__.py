"""`python -m symopt.errata` prints the page of disagreements; with names behind it, the entries of these."""

import sys

from symopt.errata import disagreements, entry, page

named = [each for each in disagreements() if each.id in sys.argv[1:]]
unknown = set(sys.argv[1:]) - {each.id for each in named}
if unknown:
    sys.exit(f"there is no disagreement {', '.join(sorted(unknown))}; python -m symopt.errata prints them all")
sys.stdout.write("\n".join(map(entry, named)) if named else page())
