"""The meaning of an optimizer: its equations read step by step, exactly, in 50 digits, in float64 or on symbols."""

from symopt.interpret.numbers import EXACT, FLOAT, REAL, Beyond, Numbers, reals
from symopt.interpret.reading import Reader
from symopt.interpret.run import Snapshot, interpret
from symopt.interpret.symbols import SYMBOLS

__all__ = ["EXACT", "FLOAT", "REAL", "SYMBOLS", "Beyond", "Numbers", "Reader", "Snapshot", "interpret", "reals"]
