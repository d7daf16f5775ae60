"""The catalogue as a package: `from symopt.specs.adam import adam` works wherever symopt is installed."""

from symopt.paths import specs_dir

__path__ = [str(specs_dir())]
