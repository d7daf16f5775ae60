"""What the text of an emitted CUDA file promises; what its kernels compute is for the simulator, the proof and PTX."""

import ast
import math
from functools import cache
from importlib import import_module

import numpy as np
import pytest

from symopt.artifacts import artifact, build
from symopt.backends import cuda
from symopt.backends.launches import launches
from symopt.backends.layout import columns
from symopt.catalogue import load_all
from symopt.ir import Reduce, Update

CATALOGUE = dict(sorted(load_all().items()))
ALLOWED = {"ctypes", "warnings", "dataclasses", "math", "types", "functools", "operator", "numpy", "llvmlite", "numba"}


@cache
def built(name):
    """(training form, program, syntax tree of the text, text) of an optimizer."""
    parts = build(CATALOGUE[name])
    text = artifact(CATALOGUE[name], "cuda", built=parts).text
    return *parts, ast.parse(text), text


@pytest.fixture(params=CATALOGUE)
def training(request):
    return built(request.param)[0]


@pytest.fixture
def program(training):
    return built(training.source.name)[1]


@pytest.fixture
def tree(training):
    return built(training.source.name)[2]


@pytest.fixture
def text(training):
    return built(training.source.name)[3]


def test_a_file_needs_only_numpy_and_numba(tree):
    """And whatever it names is built in, imported or defined in it: nothing is found missing at the first step."""
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    homes = {(n.module if isinstance(n, ast.ImportFrom) else n.names[0].name).split(".")[0] for n in imported}
    assert homes <= ALLOWED
    known = {alias.asname or alias.name.split(".")[0] for node in imported for alias in node.names} | {
        *dir(__builtins__)
    }
    known |= set(__builtins__) if isinstance(__builtins__, dict) else set()
    named = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    stored = {node.id for node in named if not isinstance(node.ctx, ast.Load)}
    defined = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    defined |= {n.name for n in ast.walk(tree) if isinstance(n, ast.ExceptHandler)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    assert {node.id for node in named} <= known | stored | defined | arguments


def test_one_launch_per_pass_over_memory(program):
    """A pass that reduces is followed by what adds up its parts; numbers take one block; nothing else is launched."""
    made = [launch.kind for launch in launches(program, columns(program)).launches]
    passes = [stage for stage in program.stages if isinstance(stage, Reduce | Update)]
    assert made.count("reduce") + made.count("update") == len(passes)
    assert made[-1] == "update"
    assert made[0] == "numbers"
    assert made.count("fold") <= made.count("reduce")
    assert len(made) <= 2 + 5 * made.count("reduce")


def test_kernels_write_what_the_program_writes(program, tree):
    """Each buffer is loaded and stored as often in the loop over several elements as in the one over single ones."""
    update = next(n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "update")
    names = [n.func.id for n in ast.walk(update) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
    writes = sum(len(loop.writes) for loop in program.update.loops)
    params = sum(name == program.buffers[0].name for loop in program.update.loops for name, _ in loop.writes)
    assert names.count("store_wide") == names.count("store") == writes + params  # params may have copies
    assert names.count("load_wide") == names.count("load") == sum(len(loop.reads) for loop in program.update.loops)


def test_no_line_is_longer_than_a_screen(text):
    assert max(map(len, text.splitlines())) <= 120


def test_literals_of_the_element_loop_have_the_type_of_the_arrays(tree):
    """A bare 2 or 0.5 would turn float32 work into float64 work."""
    functions = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith(("body", "terms_"))]
    bodies = [n for n in functions if not n.name.endswith("_wide")]  # those compute nothing themselves
    assert bodies
    for body in bodies:
        wrapped = {id(a) for n in ast.walk(body) if isinstance(n, ast.Call) and _is_f(n) for a in ast.walk(n)}
        places = {id(n.slice) for n in ast.walk(body) if isinstance(n, ast.Subscript)}
        for node in ast.walk(body):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                assert id(node) in wrapped | places, ast.unparse(body)


def _is_f(call):
    return isinstance(call.func, ast.Name) and call.func.id == "f"


def test_text_is_the_same_every_time(training, program):
    assert cuda.emit(program, training, "For a test.") == cuda.emit(program, training, "For a test.")


@pytest.mark.parametrize("total", [0.0, 1e-44, 2.0**-101, 2.0**-100, 1.0, 3e38, math.inf, math.nan])
def test_scales_of_sums_are_those_of_the_cpu(total, peer):
    """The two targets scale the same sums of squares by the same power of two."""
    peer("numba_cuda")
    device = import_module("symopt.backends.device_primitives")
    host = import_module("symopt.backends.primitives")
    with np.errstate(over="ignore"):
        scale = device.in_range.py_func(np.float32, np.float32(total))
        assert isinstance(scale, np.float32)
        assert scale == host.in_range(np.float32, float(np.float32(total)))
    assert device.in_range.py_func(np.float64, total) == 1
    assert device.unscaled.py_func(np.float32(3), np.float32(2.0**98)) == 3 * 2.0**-196
