"""PTX, the assembly of CUDA: read strictly, and run on NumPy arrays to test what a compiler made of a kernel.

`parse` reads a text, `run` launches one of its kernels on a `Memory`, `counts` tells static facts, `contracted` fuses
what the assembler may fuse. Nothing is skipped: what is not known here is an error with its line.
"""

from symopt.ptx.contract import contracted
from symopt.ptx.counts import Counts, counts
from symopt.ptx.launch import Report, run
from symopt.ptx.memory import Memory
from symopt.ptx.model import Kernel, Module
from symopt.ptx.parser import parse

__all__ = ["Counts", "Kernel", "Memory", "Module", "Report", "contracted", "counts", "parse", "run"]
