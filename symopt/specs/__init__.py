"""The catalogue as a package: `from symopt.specs.adam import adam` reads `specs/adam.py` wherever symopt is installed."""

from symopt.paths import specs_dir

__path__ = [str(specs_dir())]
