"""Every emitted CUDA kernel as PTX, run by the interpreter and held against the equations; `machine.py` is the GPU.

Files are those that symopt emits, with smaller blocks and chunks so that small arrays have many of both, and a handful
as they are. What numba-cuda makes of them for compute capability 9.0 is what runs.

Compiling every kernel takes minutes: the usual run takes a third of the catalogue, `SYMOPT_EVERY_KERNEL=1` all of it.
"""

import os
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from symopt.artifacts import artifact, build
from symopt.backends.layout import terms
from symopt.catalogue import load_all, load_file
from symopt.errors import SymoptError
from symopt.expr import Call, walk
from symopt.ir import Reduce, Scalars

HERE = Path(__file__).parent
OPTIMIZERS = {**dict(sorted(load_all().items())), **load_file(HERE.parent / "backends" / "unusual.py")}
EVERY = 1 if os.environ.get("SYMOPT_EVERY_KERNEL") == "1" else 3
THREADS, CHUNK = 8, 32
STEPS = 3
SHAPES = (3, 2), (), (CHUNK + 1,), (0,), (2, 1), (4 * THREADS - 1,)
BEHIND = 0, 1, 0, 0, 3, 2
"""How many elements behind an aligned address each tensor begins: not one that is a multiple of 16 bytes after all."""
LARGE = (3,), (4 * 256 + 1,), (), (2048 + 1,)
FEW = {
    "sum over all": "adaptive_clip",
    "sum over row": "row_point",
    "sum over tensor": "tensor_norm",
    "branches": "momentum_torch",
    "element input": "from_outside",
    "swapped": "sgd_averaged",
    "theta": "nesterov",
    "element state": "adamw",
}
"""Features of kernels, and an optimizer with each."""
FUNCTIONS = frozenset({"exp", "expm1", "log", "log1p", "tanh", "sin", "cos", "**"})
"""What PTX has no instruction for that is right to the last bit but one; a library makes it of approximations."""


def imported(name, path):
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


checks = imported("checks_of_ptx", HERE.parent / "cuda" / "checks.py")
vars(checks).update(THREADS=THREADS, CHUNK=CHUNK)


class World(checks.World):
    """A made-up GPU. machine: what launches on it; damage: a part of every text that is read, and what it becomes"""

    def __init__(self, machine, read):
        self.machine, self.damage, device = machine, None, machine.device
        super().__init__(read, {"numba": device.put, "torch": device.put_tensor}, device.put_tensor)

    def small(self, name, text, threads=THREADS, chunk=CHUNK):
        if self.damage:
            old, new = self.damage
            assert old in text
            text = text.replace(old, new)
        return super().small(name, text, threads, chunk)


@pytest.fixture(scope="session")
def kernels():
    """Those compiled before."""
    return {}


@pytest.fixture
def world(peer, kernels, tmp_path):
    """A GPU with nothing on it, of which nobody may write where nothing is."""
    peer("numba_cuda")
    made = imported("machine", HERE / "machine.py")
    machine = made.Machine(made.Device(), kernels)

    def read(name, text):
        path = tmp_path / f"{name}.py"
        path.write_text(text)
        return machine.loaded(imported, name, path)

    yield World(machine, read)
    assert machine.device.untouched()


def spread(put):
    """What puts one array after the other, each as far behind an aligned address as BEHIND says."""
    found = [0]

    def place(array):
        by, found[0] = BEHIND[found[0] % len(SHAPES)], found[0] + 1
        return put(array, by)

    return place


def within_bounds(world, name, dtype=np.float32, shapes=SHAPES, steps=STEPS, slack=2, **size):
    """Every stored value against the equations, within the bound for that dtype.

    A thread adds up its share of a chunk, and a tree the sums of the threads: fewer additions in a row than one after
    the other, which is what the bound is for. A product that is fused with a sum is rounded less often.
    """

    def emitted(optimizer, threads):
        return checks.Hosted(world.emitted(optimizer, **size), spread(world.put))

    rounding = checks.cpu_tests("rounding", SLACK=slack)
    check = checks.oracle(shapes, steps).test_every_stored_value_is_within_its_bound
    check(name, dtype, emitted, rounding, checks.normal)


def calls(optimizer):
    """The functions of elements that its reducing passes call, and its update."""
    found = {"reduce": set(), "update": set()}
    for stage in build(optimizer)[1].stages:
        if isinstance(stage, Scalars):
            continue
        reduces = isinstance(stage, Reduce)
        done = terms(stage.assigns, stage.partials) if reduces else [a for loop in stage.loops for a in loop.assigns]
        used = {node.op for assign in done for node in walk(assign.value) if isinstance(node, Call)}
        found["reduce" if reduces else "update"] |= used & FUNCTIONS
    return found


@pytest.mark.parametrize("name", [*OPTIMIZERS][::EVERY])
def test_every_stored_value_is_within_its_bound(name, world):
    """Quotients and roots are rounded once, and nothing is approximated but what a library computes.

    Its functions of float32 are off by 4 units of the last place at most, which is what pow is (CUDA programming guide,
    mathematical functions), so by 8 roundings.
    """
    called = calls(OPTIMIZERS[name])
    within_bounds(world, name, slack=8 if called["update"] else 2)
    for kernel, opcodes in world.machine.approximate.items():
        allowed = kernel.startswith(("numbers", "rows")) or called.get(kernel.partition("_")[0])
        assert allowed or not opcodes, (kernel, opcodes)
    ran = world.machine.opcodes["update"]
    assert any(opcode.startswith("ld.global.v4") for opcode in ran), sorted(ran)
    assert {"ld.global.f32", "st.global.f32"} & ran, sorted(ran)


@pytest.mark.parametrize("name", ["tensor_sums", "row_sums"])
def test_elements_read_sums(name, world):
    """They cancel too much for long tensors: the bound would say little."""
    within_bounds(world, name, shapes=checks.TINY, steps=checks.STEPS)


# ---- a handful ----


def test_the_few_have_what_they_stand_for():
    """All have it in the same words, so that none can lose it unseen; `nesterov` and `sgd_averaged` differ in how."""
    for feature, name in FEW.items():
        assert feature in checks.features(OPTIMIZERS[name]), name
    assert "swapped" not in checks.features(OPTIMIZERS[FEW["theta"]])


@pytest.mark.parametrize("name", [*FEW.values(), "centralized"])
def test_fused(name, world):
    """The assembler may fuse what is left of products and sums: the other result that a device may give."""
    world.machine.fused = True
    within_bounds(world, name)


@pytest.mark.parametrize("name", [*FEW.values()][::2])
def test_float64(name, world):
    within_bounds(world, name, np.float64)


@pytest.mark.parametrize("name", ["sgd_averaged", "tensor_norm"])
def test_blocks_as_they_are(name, world):
    """256 threads and chunks of 2048: a tensor of a row and more of threads, and one of two chunks."""
    within_bounds(world, name, shapes=LARGE, steps=1, threads=256, chunk=2048)


@pytest.mark.parametrize("name", [FEW["branches"], FEW["sum over tensor"], FEW["sum over row"]])
def test_any_size_at_any_address(name, world):
    checks.any_size_at_any_address(world, name)


@pytest.mark.parametrize(("kind", "name"), [*zip(["float16", "bfloat16"] * 2, [*FEW.values()][1::2], strict=True)])
def test_half_precision(kind, name, world):
    checks.half_precision(world, name, kind)


@pytest.mark.parametrize("name", ["kept", "two_states"])
def test_theta_and_back(name, world):
    """Where theta is a state that changes places with the point, and where it is computed from states."""
    assert ("swapped" in checks.features(OPTIMIZERS[name])) == (name == "kept")
    checks.deploying(world, name)
    checks.deploying(world, name, "float64")
    checks.exchanging(world, name)


def test_rows_of_every_length(world):
    checks.any_rows(world, "row_kept")


def cpu(optimizer, folder):
    """The compiled file of the CPU, in which nothing is fused."""
    text = artifact(optimizer, "cpu").text
    for word, other in {"parallel=True, ": "", 'fastmath={"contract"}': "fastmath=False"}.items():
        assert word in text
        text = text.replace(word, other)
    path = folder / f"{optimizer.name}_cpu.py"
    path.write_text(text)
    return imported(path.stem, path)


@pytest.mark.parametrize("name", ["sgd", "sgd_decayed", "rprop"])
def test_bits_of_the_cpu(name, world, tmp_path):
    """Sums, products, quotients and roots have one result, so two compilers that fuse nothing give the same bits.

    Others differ: where NVVM fuses (fma.rn) it is free to choose which product of a sum it takes, as LLVM is on the
    CPU; sums over tensors are added in another order; and each library has its own last bits of exp, log and pow.
    """
    optimizer, found = OPTIMIZERS[name], []
    emitted = checks.Hosted(world.emitted(optimizer), spread(world.put))
    for module in (cpu(optimizer, tmp_path), emitted):
        case = checks.oracle(SHAPES, STEPS).Case(optimizer, np.float32, checks.cpu_file("rounding"), checks.normal)
        state = case.start(module)
        for step in range(1, STEPS + 1):
            case.step(module, state, step)
        states = [array for name in emitted.module.BUFFERS for array in getattr(state, name, ())]
        found.append(checks.bits([*case.params, *states]))
    assert not {opcode for opcode in world.machine.opcodes["update"] if opcode.startswith("fma")}
    assert found[0] == found[1]


FAULTS = [
    (
        "tensor_norm",
        "while lane < np.int32(n - np.int32(4 * whole)):",
        "while lane < n - 4 * whole - 1:",
        "after step 1",
    ),
    ("tensor_norm", "while lane < whole:", "while lane <= whole:", "PTX line .* 16 bytes at address"),
    ("tensor_norm", "    cuda.syncthreads()\n    width =", "    width =", "no barrier lies between"),
    ("momentum", "whole = np.int32(0)\n", "whole += 0\n", "are not aligned to 16"),
]
"""An optimizer, what its emitted file may have wrong, and what is said of it."""


@pytest.mark.parametrize(("name", "old", "new", "said"), FAULTS)
def test_faults_are_found(name, old, new, said, world):
    world.damage = old, new
    with pytest.raises((AssertionError, SymoptError), match=said):
        within_bounds(world, name, steps=1)
