"""What must hold for emitted CUDA files, in the simulator and on a GPU alike.

`world` is where they run, of the class `World` below. Files are those that symopt emits, with smaller blocks and chunks
so that small arrays have many of both; their names are those of the oracle's tests.
"""

from __future__ import annotations

import inspect
import re
import sys
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from symopt.artifacts import artifact, build
from symopt.catalogue import load_file
from symopt.errors import SymoptError
from symopt.ir import Reduce, Update
from symopt.runtime import bind

BACKENDS = Path(__file__).parent.parent / "backends"
STEPS = 7  # RAdam has its usual step from the sixth on, and the sixth is every sixth
THREADS, CHUNK = 4, 24  # a thread takes four elements at a time; a block adds its sums up in two rounds
TINY = (3, 2), (), (2, 1), (5,)


def imported(name, path):
    """A Python file as a module; Numba's cache wants it in sys.modules."""
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class World:
    """Where emitted files run.

    read: makes a module of the name and the text of a file
    libraries: name -> what puts an array of the host on the device, as an array of that library, so many elements
        behind an aligned address
    half: the same for half precision; bfloat16 comes and goes as its bits
    """

    def __init__(self, read, libraries, half):
        self.read, self.libraries, self.half, self.made = read, libraries, half, {}
        self.put = libraries["numba"]

    def emitted(self, optimizer, **size):
        """An emitted file with small blocks and chunks."""
        return self.small(optimizer.name, artifact(optimizer, "cuda").text, **size)

    def small(self, name, text, threads=THREADS, chunk=CHUNK):
        """The same from a text: with blocks of so many threads, which take such chunks; a file is read once."""
        key = f"{name}_{threads}_{chunk}"
        for word, value in {"THREADS": threads, "CHUNK": chunk}.items():
            text, count = re.subn(rf"^{word} = \d+", f"{word} = {value}", text, flags=re.M)
            assert count == 1
        if key not in self.made:
            self.made[key] = self.read(key, text)
        return self.made[key]

    def hosted(self, optimizer, **size):
        return Hosted(self.emitted(optimizer, **size), self.put)


class Hosted:
    """An emitted CUDA file that is called like the CPU's, on arrays of the host: their tests are its tests.

    put, put_grads: what puts params and all others on the device
    """

    def __init__(self, module, put, put_grads=None):
        self.module, self.put, self.put_grads = module, put, put_grads or put
        self.GROUP, self.TENSOR = module.GROUP, getattr(module, "TENSOR", ())
        self.init = self.like(module.init, self.start)
        for name in ("deployed", "deploy_in_place", "train_in_place"):
            if hasattr(module, name):
                setattr(self, name, self.like(getattr(module, name), getattr(self, f"put_{name}")))

    def like(self, theirs, function):
        """A function with the parameters and the docstring of another."""

        def call(*args, **kwargs):
            return function(*args, **kwargs)

        call.__signature__, call.__doc__ = inspect.signature(theirs), theirs.__doc__
        return call

    def start(self, params, groups=None, **hyper):
        state = SimpleNamespace(arrays=[self.put(array) for array in params])
        state.inner = self.module.init(state.arrays, groups, **hyper)
        return self.read(params, state)

    def step(self, params, grads, state, **rest):
        """A step with gradients and inputs from the host."""
        given = {name: self.sent(value) for name, value in rest.items()}
        self.module.step(state.arrays, self.sent(grads), state.inner, **given)
        self.read(params, state)

    def sent(self, value):
        """Arrays on the device; numbers as they are."""
        arrays = isinstance(value, list | tuple) and any(isinstance(x, np.ndarray) for x in value)
        return [self.put_grads(array) for array in value] if arrays else value

    def read(self, params, state):
        """Bring everything to the host."""
        for array, found in zip(params, state.arrays, strict=True):
            array[...] = fetched(found)
        for name, value in vars(state.inner).items():
            if name in self.module.BUFFERS:
                setattr(state, name, on_host(value))
            elif name in ("numbers", "tensor_numbers"):
                setattr(state, name, value.copy_to_host())
        return state

    def put_deployed(self, params, state):
        return on_host(self.module.deployed(state.arrays, state.inner))

    def put_deploy_in_place(self, params, state):
        self.module.deploy_in_place(state.arrays, state.inner)
        self.read(params, state)

    def put_train_in_place(self, params, state):
        self.module.train_in_place(state.arrays, state.inner)
        self.read(params, state)


# ---- the CPU's tests ----


@cache
def cpu_file(name):
    return imported(f"cpu_{name}", BACKENDS / f"{name}.py")


def cpu_tests(name, **constants):
    """A file of the CPU's tests, with other constants."""
    module = cpu_file(name)
    vars(module).update(constants)
    return module


def oracle(shapes, steps):
    """The CPU's test against the equations, on two groups of tensors of these shapes."""
    groups = tuple(k % 2 for k in range(len(shapes)))
    return cpu_tests("test_oracle", OPTIMIZERS=optimizers(), SHAPES=shapes, GROUPS=groups, STEPS=steps)


@cache
def optimizers():
    """Name -> optimizer: the catalogue and what the tests declare."""
    return cpu_file("test_oracle").OPTIMIZERS | load_file(Path(__file__).with_name("sums.py"))


def optimizer(name):
    return optimizers()[name]


def normal(rng, shapes, dtype=np.float32):
    """An array of normal numbers for each shape."""
    return [np.asarray(rng.normal(size=shape)).astype(dtype).reshape(shape) for shape in shapes]


def within_bounds(world, name, dtype="float32", shapes=TINY, steps=STEPS, threads=2, chunk=4, slack=2):
    """Every stored value against the equations, within the bound for that dtype.

    A thread adds up its share of a chunk, and a tree the sums of the threads: fewer additions in a row than one after
    the other, which is what the bound is for. slack: roundings that are charged for each operation
    """

    def emitted(optimizer, **_):
        return world.hosted(optimizer, threads=threads, chunk=chunk)

    check = oracle(shapes, steps).test_every_stored_value_is_within_its_bound
    check(name, np.dtype(dtype).type, emitted, cpu_tests("rounding", SLACK=slack), normal)


# ---- sizes and addresses ----

LAYOUTS = (0, 0), (1, 1), (2, 1)  # how far behind an aligned address params and all others begin


def edges():
    """Tensors that are smaller, larger and just as large as what threads and blocks take."""
    sizes = {0, 1, 3, 4, 5, *(4 * THREADS + k for k in (-1, 0, 1)), CHUNK, CHUNK + 1, 2 * CHUNK + 5}
    return (*((size,) for size in sorted(sizes)), (), (2, CHUNK + 1), (5, 3), (2, 2, 4), (0, 4), (4, 0))


def trace(hosted, name, shapes, dtype=np.float32, steps=1):
    """The bits of all that is remembered after each of some steps."""
    case = oracle(shapes, steps).Case(optimizer(name), dtype, cpu_file("rounding"), normal)
    state, found = case.start(hosted), []
    for step in range(1, steps + 1):
        case.step(hosted, state, step)
        kept = [array for buffer in hosted.module.BUFFERS for array in getattr(state, buffer, [])]
        found.append((bits([*case.params, *kept]), state.numbers.tolist()))
    return found


def any_size_at_any_address(world, name):
    """Every edge is within its bound, and the bits do not depend on where arrays lie."""
    within_bounds(
        world, name, shapes=tuple(shape for shape in edges() if 0 not in shape), steps=2, threads=THREADS, chunk=CHUNK
    )
    module = world.emitted(optimizer(name))
    traces = []
    for by, grads_by in LAYOUTS:
        hosted = Hosted(module, lambda x, by=by: world.put(x, by), lambda x, by=grads_by: world.put(x, by))
        traces.append(trace(hosted, name, edges()))
    for layout, found in zip(LAYOUTS, traces, strict=True):
        assert found == traces[0], f"other bits with arrays at {layout}"


# ---- half precision ----


def rounded(arrays, kind):
    """Arrays in float32 as half precision; bfloat16 as its bits, rounded to the nearest, ties to even."""
    if kind == "float16":
        return [array.astype(np.float16) for array in arrays]
    bits = [array.view(np.uint32).astype(np.uint64) for array in arrays]
    return [((x + 0x7FFF + (x >> np.uint64(16) & np.uint64(1))) >> np.uint64(16)).astype(np.uint16) for x in bits]


def widened(arrays):
    """The same in float32."""
    if arrays[0].dtype == np.float16:
        return [array.astype(np.float32) for array in arrays]
    return [(array.astype(np.uint32) << 16).view(np.float32) for array in arrays]


HALVES = (2 * CHUNK + 5,), (3, 5), (), (0, 4)


def half_precision(world, name, kind):
    """Kept copies step as float32 does and are rounded into params; without them each step rounds once."""
    module, rng = world.emitted(optimizer(name)), np.random.default_rng(3)
    given = rounded(normal(rng, HALVES), kind)
    copies, single = [world.half(array) for array in given], [world.put(array) for array in widened(given)]
    states = module.init(copies, kept=True), module.init(single)
    start = on_host(single)  # `init` may have moved them to the first gradient point
    without = [world.half(array) for array in rounded(start, kind)]
    same(copies, rounded(start, kind))
    for step in range(3):
        grads = rounded(normal(rng, HALVES), kind)
        halves, wide = [world.half(array) for array in grads], [world.put(array) for array in widened(grads)]
        module.step(copies, halves, states[0], **inputs(world.half, name, kind))
        module.step(single, wide, states[1], **inputs(world.put, name, None))
        same(states[0].masters, on_host(single))
        same(copies, rounded(on_host(single), kind))
        if step == 0 and bits(start) == bits(widened(given)):
            module.step(without, halves, module.init(without), **inputs(world.half, name, kind))
            same(without, rounded(on_host(single), kind))
    if hasattr(module, "deployed"):
        half_precision_theta(module, copies, single, states, kind)


def half_precision_theta(module, copies, single, states, kind):
    """theta of kept copies is that of float32, and is rounded into params."""
    points = on_host(copies)
    same(module.deployed(copies, states[0]), on_host(module.deployed(single, states[1])))
    module.deploy_in_place(copies, states[0])
    module.deploy_in_place(single, states[1])
    same(states[0].masters, on_host(single))
    same(copies, rounded(on_host(single), kind))
    module.train_in_place(copies, states[0])
    if hasattr(states[0], "theta"):
        same(copies, points)


def inputs(put, name, kind):
    """What an optimizer takes besides gradients: ones and halves, which every dtype holds."""
    ones = np.ones(sum(int(np.prod(shape)) for shape in HALVES), np.float32)
    arrays = [ones[: int(np.prod(shape))].reshape(shape) for shape in HALVES]
    arrays = arrays if kind is None else rounded(arrays, kind)
    return {
        key: [put(array) for array in arrays] if level == "element" else 0.5 for key, level in optimizer(name).inputs
    }


def on_host(arrays):
    return [fetched(array) for array in arrays]


def fetched(array):
    """An array of any library in the memory of the host; bfloat16 as its bits."""
    if hasattr(array, "copy_to_host"):
        return array.copy_to_host()
    if hasattr(array, "get"):
        return array.get()  # CuPy
    torch = sys.modules["torch"]
    found = array.detach()
    return (
        found.view(torch.int16).cpu().numpy().view(np.uint16) if found.dtype == torch.bfloat16 else found.cpu().numpy()
    )


def bits(arrays):
    return [array.tobytes() for array in arrays]


def same(found, wanted):
    """Device arrays with the bits of arrays of the host."""
    assert bits(on_host(found)) == bits(wanted)


# ---- the way to theta and back ----

SMALL = (40,), (3, 2), (), (0,)


def deploying(world, name, dtype="float32"):
    """theta as the CPU's test has it: the same bits in place, and back within the bound that is stated."""
    deploy = cpu_tests("test_deploy", SHAPES=SMALL)
    check = deploy.test_in_place_is_what_comes_in_new_arrays_and_the_way_back_is_within_the_bound
    check(name, np.dtype(dtype).type, lambda found: world.hosted(found), {name: optimizer(name)}, normal)


def exchanging(world, name):
    """theta and the training point change places, as often as one likes."""
    module, rng = world.emitted(optimizer(name)), np.random.default_rng(5)
    params = [world.put(array) for array in normal(rng, SMALL)]
    state = module.init(params)
    for _ in range(3):
        module.step(params, [world.put(array) for array in normal(rng, SMALL)], state)
    points, theta = on_host(params), module.deployed(params, state)
    averaged = on_host(theta)
    for here, there, at in ((averaged, points, 1), (points, averaged, 0), (averaged, points, 1)):
        module.exchange(params, theta, state)
        same(params, here)
        same(theta, there)
        assert state.deployed[0] == at
        same(module.deployed(params, state), averaged)
    with pytest.raises(ValueError, match="params hold theta; put the training point back before the next step"):
        module.step(params, theta, state)


# ---- rows ----

ROWS = (5, 3), (1, 7), (7,), (), (0, 4), (4, 0), (3, 2 * CHUNK + 3), (2, 3, 4), (12, CHUNK // 4), (3 * CHUNK,)


def any_rows(world, name, dtype="float32"):
    """Rows of every length, in one chunk or in many; a thread adds at most CHUNK squares of a piece."""
    rows = cpu_tests("test_rows", SHAPES=ROWS)
    rows.test_rows_of_every_length(
        np.dtype(dtype).type, lambda found: world.hosted(found), {"row_kept": optimizer(name)}, normal
    )


# ---- libraries ----


def libraries(world, name):
    """Arrays of every library are stepped alike."""
    module, found = world.emitted(optimizer(name)), {}
    for library, put in world.libraries.items():
        rng = np.random.default_rng(9)
        params = [put(array) for array in normal(rng, SMALL)]
        state = module.init(params, (0, 1, 0, 1))
        for _ in range(3):
            module.step(params, [put(array) for array in normal(rng, SMALL)], state)
        found[library] = bits(on_host(params))
    for library, its in found.items():
        assert its == found["numba"], library


# ---- what is refused ----


def refusals(world, name):
    """A wrong array or number is refused as often as it comes, nothing is changed, and the next step is as ever."""
    module, rng = world.emitted(optimizer(name)), np.random.default_rng(4)
    first, second = normal(rng, SMALL), normal(rng, SMALL)
    runs = []
    for faulty in (False, True):
        params, grads = [world.put(array) for array in first], [world.put(array) for array in second]
        state = module.init(params, (0, 1, 0, 1))
        module.step(params, grads, state)
        if faulty:
            refused(world, module, params, grads, state)
        module.step(params, grads, state)
        kept = [array for buffer in module.BUFFERS for array in getattr(state, buffer, ())]
        runs.append((bits(on_host([*params, *kept])), state.numbers.copy_to_host().tolist()))
    assert runs[0] == runs[1]


def refused(world, module, params, grads, state):
    """Each fault twice, and its message."""
    other = [world.put(array.astype(np.float64)) for array in on_host(grads)]
    wrong = [
        ({"grads": grads[:3]}, ValueError, "grads has 3 arrays for 4 tensors"),
        ({"grads": other}, TypeError, "grads[0] must be float32 or float16 or bfloat16, not float64"),
        ({"grads": [*grads[:3], other[3]]}, TypeError, "grads[3] must be float32 or float16 or bfloat16, not float64"),
        ({"grads": [grads[0].reshape(5, 8), *grads[1:]]}, ValueError, "grads[0] must have shape (40,), not (5, 8)"),
        ({"grads": [params[0], *grads[1:]]}, ValueError, "params[0] and grads[0] share memory"),
        ({"grads": [on_host(grads)[0], *grads[1:]]}, TypeError, "grads[0] lies in the memory of the host"),
        ({"params": [params[0], params[0][:6].reshape(3, 2), *params[2:]]}, ValueError, "share memory"),
        ({"lr": 0.0}, ValueError, "lr must be positive, not 0.0"),
        ({"lr": [0.1, -1.0]}, ValueError, "lr must be positive, not -1.0"),
        ({"lr": [0.1] * 3}, ValueError, "lr has 3 values for 2 groups"),
    ]
    with pytest.raises(TypeError, match="params must be a list of arrays, not one array"):
        module.init(params[0])
    for change, error, message in wrong * 2:
        given = {"params": params, "grads": grads, "state": state} | change
        with pytest.raises(error, match=re.escape(message)):
            module.step(**given)


# ---- the runtime ----


def bound(world, library, name):
    """What `bind` promises on a device: steps, theta and back, checkpoints that go to the CPU and come from it."""
    put, rng, found = world.libraries[library], np.random.default_rng(6), optimizer(name)
    given, grads = normal(rng, SMALL), [normal(rng, SMALL) for _ in range(6)]
    params = [put(array) for array in given]
    nested = [{"params": {"a": params[0], "b": params[1]}}, {"params": params[2:]}]
    opt, host = bind(found, nested, target="cuda"), [array.copy() for array in given]
    cpu = bind(found, [{"params": {"a": host[0], "b": host[1]}}, {"params": host[2:]}])

    def step(opt, arrays, put=put):
        arrays = [put(array) for array in arrays]
        opt.step([{"a": arrays[0], "b": arrays[1]}, arrays[2:]])

    for arrays in grads[:3]:
        step(opt, arrays)
        step(cpu, arrays, np.copy)
    assert opt.t == 3
    between = opt.state_dict()
    for arrays in grads[3:5]:
        step(opt, arrays)
    later = opt.state_dict()
    opt.load_state_dict(between)
    alike(opt.state_dict(), between)
    for arrays in grads[3:5]:
        step(opt, arrays)
    alike(opt.state_dict(), later)
    points = bits(on_host(params))
    for in_place in (False, True):
        opt.to_eval(in_place)
        with pytest.raises(SymoptError, match="is deployed; call to_train"):
            step(opt, grads[0])
        opt.to_train()
        assert in_place or bits(on_host(params)) == points
    cpu.load_state_dict(later)
    alike(cpu.state_dict(), later)
    step(cpu, grads[5], np.copy)
    opt.load_state_dict(cpu.state_dict())
    alike(opt.state_dict(), cpu.state_dict())
    assert (bits(on_host(params)), opt.t, opt.groups[1].t) == (bits(host), 6, 6)
    with pytest.raises(SymoptError, match=r"grads\[0\]\['a'\] is a NumPy array, in the memory of the host"):
        step(opt, grads[0], np.copy)
    with pytest.raises(SymoptError, match=r"grads\[0\]\['a'\] must have shape \(40,\), not \(3, 2\)"):
        step(opt, [grads[0][1], *grads[0][1:]])
    assert opt.t == 6


def alike(found, wanted):
    """Two checkpoints with the same bits."""
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert np.asarray(found[key]).tobytes() == np.asarray(value).tobytes(), key


def bound_masters(world, name):
    """Kept copies continue from a checkpoint bit for bit."""
    rng, found = np.random.default_rng(8), optimizer(name)
    params = [world.half(array) for array in rounded(normal(rng, SMALL), "bfloat16")]
    opt = bind(found, params, target="cuda", masters=True)
    grads = [[world.half(array) for array in rounded(normal(rng, SMALL), "bfloat16")] for _ in range(3)]
    for arrays in grads:
        opt.step(arrays)
    between = opt.state_dict()
    same(params, rounded([between[f"param.0.{k}"] for k in range(len(SMALL))], "bfloat16"))
    opt.step(grads[0])
    later, ends = opt.state_dict(), bits(on_host(params))
    opt.load_state_dict(between)
    opt.step(grads[0])
    alike(opt.state_dict(), later)
    assert bits(on_host(params)) == ends


CHECKS = (
    within_bounds, any_size_at_any_address, half_precision, deploying, exchanging, any_rows, libraries, refusals, bound,
    bound_masters,
)  # fmt: skip
"""What a process in the simulator can be asked for."""


# ---- which optimizers ----


def features(found):
    """What its kernels are made of."""
    program = build(found)[1]
    reductions = [stage for stage in program.stages if isinstance(stage, Reduce)]
    loops = [len(stage.loops) for stage in program.stages if isinstance(stage, Update)]
    buffers = {f"{b.level} {b.role}{' with a start' * bool(b.start)}" for b in program.buffers}
    stages = {f"{type(stage).__name__} {getattr(stage, 'level', '')}" for stage in program.stages}
    sums = {f"{p.kind} over {p.over}" for stage in reductions for p in stage.partials}
    rest = {"branches": max(loops) > 1, "passes": len(reductions) > 1, "theta": program.deploy is not None}
    rest["swapped"] = any(b.name == "theta" and b.role == "state" for b in program.buffers)
    return buffers | stages | sums | {word for word, holds in rest.items() if holds}


def cover(optimizers):
    """Names of few optimizers that together have every feature of all."""
    known = {name: features(found) for name, found in optimizers.items()}
    missing, chosen = set().union(*known.values()), []
    while missing:
        best = max(known, key=lambda name: len(known[name] & missing))
        chosen.append(best)
        missing -= known[best]
    return chosen
