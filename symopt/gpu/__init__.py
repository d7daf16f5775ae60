"""What a compiler makes of an emitted CUDA file, and how fast that can run: all of it found without a GPU.

`reports` compiles, assembles and examines every kernel of an optimizer; `times` bounds its steps from below.
"""

from symopt.gpu.report import Report, reports, require_tools
from symopt.gpu.roofline import times

__all__ = ["Report", "reports", "require_tools", "times"]
