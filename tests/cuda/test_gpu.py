"""Emitted CUDA files on a GPU: what `checks.py` says of them, and what only a GPU has: streams, graphs, much memory."""

import numpy as np
import pytest

import symopt

pytestmark = pytest.mark.gpu


@pytest.fixture(scope="session", autouse=True)
def device(peer):
    """Numba's CUDA target, where there is a GPU that it can use."""
    peer("numba_cuda")
    cuda = peer("numba.cuda")
    if not cuda.is_available():
        pytest.skip("there is no CUDA device")
    return cuda


@pytest.fixture(scope="session")
def torch(peer, device):
    return peer("torch")


class Exported:
    """What has DLPack alone, as JAX's arrays."""

    def __init__(self, tensor):
        self.tensor, self.shape, self.ndim = tensor, tensor.shape, tensor.ndim

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()

    def __dlpack__(self):
        return self.tensor.__dlpack__()

    def copy_to_host(self):
        return self.tensor.cpu().numpy()


@pytest.fixture(scope="session")
def world(checks, device, torch, tmp_path_factory):
    """This GPU."""
    folder = tmp_path_factory.mktemp("emitted")

    def read(name, text):
        path = folder / f"{name}.py"
        path.write_text(text)
        return checks.imported(f"on_device_{name}", path)

    def numba(array, by=0):
        room = device.to_device(np.zeros(array.size + by + 1, array.dtype))  # Numba slices no empty array
        found = room[by : by + array.size].reshape(array.shape)
        found.copy_to_device(np.ascontiguousarray(array))
        return found

    def tensor(array, by=0):
        room = torch.zeros(array.size + by, dtype=getattr(torch, array.dtype.name), device="cuda")
        return room[by:].reshape(array.shape).copy_(torch.from_numpy(np.array(array)))

    def half(array):
        bits = torch.from_numpy(np.array(array).view(np.int16)).cuda()
        return bits.view(torch.float16 if array.dtype == np.float16 else torch.bfloat16)

    libraries = {"numba": numba, "torch": tensor, "dlpack": lambda array: Exported(tensor(array))}
    try:
        import cupy
    except ImportError:
        return checks.World(read, libraries, half)
    return checks.World(read, libraries | {"cupy": lambda array: cupy.asarray(array)}, half)


# ---- what also holds in the simulator ----


FEW = (
    "starts", "row_reduced", "adam_accumulated", "adamw_clipped_averaged", "from_outside", "norms", "centralized",
    "moved", "adamw", "tensor_sums", "row_sums",
)  # fmt: skip
"""What together has everything that kernels are made of."""


def test_few_are_enough(checks):
    chosen = set().union(*(checks.features(checks.optimizer(name)) for name in FEW))
    assert chosen == set().union(*map(checks.features, checks.optimizers().values()))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FEW)
def test_every_stored_value_is_within_its_bound(name, dtype, checks, world):
    checks.within_bounds(world, name, dtype)


def test_functions_are_within_their_bounds(checks, world):
    """CUDA's functions of float32 are off by 4 units in the last place at most, powf (CUDA programming guide)."""
    checks.within_bounds(world, "transcendental", slack=8)


@pytest.mark.parametrize("name", [name for name in FEW if name != "row_sums"])  # whose bounds are wide at these sizes
def test_any_size_at_any_address(name, checks, world):
    checks.any_size_at_any_address(world, name)


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
@pytest.mark.parametrize("name", ["adamw", "moved", "kept", "from_outside", "row_reduced"])
def test_half_precision(name, kind, checks, world):
    checks.half_precision(world, name, kind)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["kept", "two_states", "moved", "averaged"])
def test_theta_and_back(name, dtype, checks, world):
    checks.deploying(world, name, dtype)


@pytest.mark.parametrize("name", ["kept", "moved"])
def test_theta_and_the_training_point_change_places(name, checks, world):
    checks.exchanging(world, name)


def test_rows(checks, world):
    checks.any_rows(world, "row_kept")


@pytest.mark.parametrize("name", ["adamw", "row_reduced", "starts"])
def test_arrays_of_every_library(name, checks, world):
    checks.libraries(world, name)


@pytest.mark.parametrize("name", ["adamw", "row_kept"])
def test_refusals(name, checks, world):
    checks.refusals(world, name)


@pytest.mark.parametrize("library", ["numba", "torch", "cupy"])
@pytest.mark.parametrize("name", ["momentum", "moved"])
def test_bound(name, library, checks, world):
    if library not in world.libraries:
        pytest.skip("the package cupy is missing")
    checks.bound(world, library, name)


def test_bound_masters(checks, world):
    checks.bound_masters(world, "moved")


# ---- files as they are emitted ----

SHAPES = (3, 5), (7,), (1,), (0,), (100, 33), (20_000,), (3, 9000), ()


def tensors(torch, seed, shapes=SHAPES, dtype=None):
    make = torch.Generator("cuda").manual_seed(seed)
    return [torch.randn(shape, device="cuda", generator=make, dtype=dtype) for shape in shapes]


def same_bits(torch, found, wanted):
    return all(torch.equal(a.detach(), b.detach()) for a, b in zip(found, wanted, strict=True))


def run(torch, name, steps=4, **options):
    """Params after some steps."""
    params = tensors(torch, 1)
    opt = symopt.load(name).bind(params, target="cuda", **options)
    for seed in range(steps):
        opt.step(tensors(torch, 10 + seed))
    return params, opt


def test_parameters_of_a_module_are_stepped(torch):
    """What requires a gradient, and gradients as autograd leaves them."""
    params = [torch.nn.Parameter(tensor) for tensor in tensors(torch, 1)]
    opt = symopt.load("adamw").bind(params, target="cuda")
    for seed in range(4):
        for param, gradient in zip(params, tensors(torch, 10 + seed), strict=True):
            param.grad = None
            (param * gradient).sum().backward()
        opt.step([param.grad for param in params])
    assert same_bits(torch, params, run(torch, "adamw")[0])


def test_a_step_runs_on_the_stream_of_torch(torch):
    """On a stream of its own, behind what runs there, and behind no other: the gradients are made on it."""
    wanted, stream = run(torch, "adamw_clipped")[0], torch.cuda.Stream()
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        params = tensors(torch, 1)
        opt = symopt.load("adamw_clipped").bind(params, target="cuda")
        for seed in range(4):
            torch.cuda._sleep(10_000_000)
            opt.step(tensors(torch, 10 + seed))
    stream.synchronize()
    assert same_bits(torch, params, wanted)


LONG = 2_000_000_000  # cycles: about a second


@pytest.mark.parametrize("own_stream", [False, True])
@pytest.mark.parametrize("change", ["nothing", "gradients", "numbers"])
def test_a_step_waits_for_nothing(change, own_stream, torch):
    """The work that was asked for before a step is not done when the step has returned."""
    stream = torch.cuda.Stream() if own_stream else torch.cuda.default_stream()
    with torch.cuda.stream(stream):
        params, opt = run(torch, "adamw_clipped")
        grads, others = tensors(torch, 2), tensors(torch, 3)
        opt.step(grads)
        torch.cuda.synchronize()
        done = torch.cuda.Event()
        torch.cuda._sleep(LONG)
        done.record()
        if change == "numbers":
            opt.hyper["lr"] = 0.5
        opt.step(others if change == "gradients" else grads)
        assert not done.query()
    torch.cuda.synchronize()
    assert opt.t == 6
    assert all(torch.isfinite(param).all() for param in params)


def test_a_graph_is_captured_and_replayed(torch):
    """Each replay is a step: the number of steps lies on the device."""
    wanted = tensors(torch, 1)
    plain = symopt.load("adamw_clipped").bind(wanted, target="cuda")
    params, grads = tensors(torch, 1), tensors(torch, 10)
    opt = symopt.load("adamw_clipped").bind(params, target="cuda")
    for each in (plain, opt):
        each.step(tensors(torch, 10))  # compiles
    opt.step(grads)
    plain.step(tensors(torch, 10))
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        opt.step(grads)
    for seed in range(11, 15):
        torch._foreach_copy_(grads, tensors(torch, seed))
        graph.replay()
        plain.step(tensors(torch, seed))
    torch.cuda.synchronize()
    assert same_bits(torch, params, wanted)
    assert opt.state_dict()["t"].tolist() == plain.state_dict()["t"].tolist() == [6]


def test_more_than_two_billion_elements(torch):
    """Indices beyond 2**31: the first and the last elements of a tensor are stepped, and those between."""
    count = 2**31 + 8
    free, _ = torch.cuda.mem_get_info()
    if free < 12 * 2**30:
        pytest.skip("less than 12 GiB of GPU memory are free")
    params, grads = (torch.full((count,), value, dtype=torch.float16, device="cuda") for value in (1.0, 0.5))
    opt = symopt.load("sgd").bind([params], target="cuda", lr=0.5)
    opt.step([grads])
    for at in (slice(0, 9), slice(2**30, 2**30 + 9), slice(2**31 - 9, None)):
        assert set(params[at].tolist()) == {0.75}
    assert torch.count_nonzero(params[: 2**31 - 1] != 0.75) == 0


def test_huge_gradients(torch):
    """The norm of a gradient whose squares overflow float32; a dozen roundings at most, each of a number up to 1."""
    params, grads = torch.ones(5, device="cuda"), torch.tensor([3e25, 0.0, 4e25, 0.0, 0.0], device="cuda")
    opt = symopt.load("momentum_clipped").bind(params, target="cuda", lr=1.0, mu=0.5, max_norm=1.0)
    opt.step(grads)
    assert params.tolist() == pytest.approx([1 - 0.6, 1, 1 - 0.8, 1, 1], rel=0, abs=12 * 2**-24)
