"""What an emitted file refuses: each check broken once, the message read, and nothing changed afterwards."""

import copy
import pickle
import re
import threading

import numpy as np
import pytest

SHAPES = ((4, 3), (5,), (), (0, 2))


@pytest.fixture(scope="module")
def module(emitted, unusual):
    """A file with element states, a start value and a training point of its own."""
    return emitted(unusual["moved"])


class Run:
    """Parameters, gradients and a state, and everything that a step may change."""

    def __init__(self, module, arrays, dtype=np.float32):
        rng = np.random.default_rng(0)
        self.module = module
        self.params, self.grads = arrays(rng, SHAPES, dtype), arrays(rng, SHAPES, dtype)
        self.state = module.init(self.params, (0, 1, 0, 1))

    def step(self, **hyper):
        self.module.step(self.params, self.grads, self.state, **hyper)

    def bits(self):
        arrays = [*self.params, *self.grads, *self.state.v]
        return [np.asarray(array).tobytes() for array in arrays], self.state.numbers.tolist()


@pytest.fixture
def run(module, arrays):
    return Run(module, arrays)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def misaligned(array):
    room = np.zeros(array.nbytes + 1, np.uint8)[1:]
    return room.view(array.dtype).reshape(array.shape)


def grad(k, change):
    """Replace gradient k by what `change` makes of it."""
    return lambda run: run.grads.__setitem__(k, change(run.grads[k]))


def param(k, change):
    """Replace parameter k by what `change` makes of it."""
    return lambda run: run.params.__setitem__(k, change(run.params[k]))


BROKEN = {
    "dtype": (grad(0, lambda x: x.astype("f8")), TypeError, r"grads[0] must be float32, not float64"),
    "byte order": (grad(0, lambda x: x.astype(">f4")), TypeError, r"grads[0] must be float32, not >f4"),
    "shape": (grad(0, lambda x: x.reshape(3, 4)), ValueError, "grads[0] must have shape (4, 3), not (3, 4)"),
    "dimensions": (grad(1, lambda x: x.reshape(5, 1)), ValueError, "grads[1] must have shape (5,), not (5, 1)"),
    "order": (grad(0, np.asfortranarray), ValueError, "grads[0] must be C-contiguous and aligned"),
    "strides": (param(1, lambda x: np.repeat(x, 2)[::2]), ValueError, "params[1] must be C-contiguous and aligned"),
    "alignment": (grad(1, misaligned), ValueError, "grads[1] must be C-contiguous and aligned"),
    "read-only": (param(1, read_only), ValueError, "params[1] must be writable"),
    "count": (lambda run: run.grads.pop(), ValueError, "grads has 3 arrays for 4 tensors"),
    "kind": (grad(1, list), TypeError, "grads[1] must be a NumPy array, not list"),
    "same array twice": (
        lambda run: grad(1, lambda _: run.params[1])(run),
        ValueError,
        "params[1] and grads[1] share memory",
    ),
    "overlap": (lambda run: grad(1, lambda _: run.state.v[0].reshape(-1)[2:7])(run), ValueError, "share memory"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_wrong_array_is_refused_and_nothing_changes(run, fault):
    run.step()
    break_it, error, message = BROKEN[fault]
    good = [list(run.params), list(run.grads)]
    break_it(run)
    before = run.bits()
    for _ in range(2):  # also when the same arrays come again
        with pytest.raises(error, match=re.escape(message)):
            run.step()
        assert run.bits() == before
    run.params, run.grads = good
    run.step()
    assert list(run.state.numbers[:, 0]) == [2, 2]


def test_one_array_is_not_taken_for_a_list_of_its_rows(run):
    with pytest.raises(TypeError, match="params must be a list of arrays, not one array; put it into a list"):
        run.module.init(run.params[0])


def test_overlap_is_looked_for_again_after_another_fault(run):
    """An array that was refused for its flags may also overlap; curing the one must not hide the other."""
    run.step()
    run.params[1] = run.grads[0].reshape(-1)[:5]
    run.params[1].flags.writeable = False
    with pytest.raises(ValueError, match="must be writable"):
        run.step()
    run.params[1].flags.writeable = True
    with pytest.raises(ValueError, match="share memory"):
        run.step()


NUMBERS = {
    "below": ({"lr": 0.0}, ValueError, "lr must be positive, not 0.0"),
    "above": ({"mu": 1.0}, ValueError, r"mu must be in \(0, 1\), not 1.0"),
    "NaN": ({"lr": float("nan")}, ValueError, "lr must be positive, not nan"),
    "infinite": ({"lr": float("inf")}, ValueError, "lr must be positive, not inf"),
    "huge": ({"lr": 10**400}, ValueError, "lr must be positive, not 1000"),
    "bool": ({"lr": True}, TypeError, "lr must be a number, not True"),
    "text": ({"lr": "0.1"}, TypeError, "lr must be a number, not '0.1'"),
    "array": ({"lr": np.array(0.1)}, TypeError, "lr must be a number, not array"),
    "none": ({"lr": None}, TypeError, "lr must be a number, not None"),
    "groups": ({"lr": [0.1, 0.1, 0.1]}, ValueError, "lr has 3 values for 2 groups"),
    "of a group": ({"lr": [0.1, -0.1]}, ValueError, "lr must be positive, not -0.1"),
}


@pytest.mark.parametrize("fault", NUMBERS)
def test_a_wrong_number_is_refused_and_nothing_changes(run, fault):
    hyper, error, message = NUMBERS[fault]
    run.step()
    before = run.bits()
    with pytest.raises(error, match=message):
        run.step(**hyper)
    assert run.bits() == before
    run.step()


def test_a_list_that_changes_in_place_is_read_again(run):
    rates = [0.1, 0.1]
    run.step(lr=rates)
    rates[1] = -1.0
    with pytest.raises(ValueError, match=r"not -1\.0"):
        run.step(lr=rates)


def test_a_table_of_another_shape_is_refused(run):
    run.state.numbers = run.state.numbers[:, :-1].copy()
    before = run.bits()
    with pytest.raises(ValueError, match=r"state.numbers has another shape"):
        run.step()
    assert run.bits() == before


def test_init_refuses_what_it_cannot_update(module):
    one = np.ones(3, np.float32)
    frozen = read_only(one)
    for params, error, message in [
        ([one, one], ValueError, r"params\[0\] and params\[1\] share memory"),
        ([one, one[1:]], ValueError, "share memory"),
        ([np.ones(3, int)], TypeError, "must be float32 or float64, not int64"),
        ([one, np.ones(3)], TypeError, r"params\[1\] must be float32, not float64"),
        ([frozen], ValueError, r"params\[0\] must be writable"),
        ([[1.0]], TypeError, r"params\[0\] must be a NumPy array, not list"),
    ]:
        with pytest.raises(error, match=message):
            module.init(params)
    for groups in ([0, 1], [-1]):
        with pytest.raises(ValueError, match="groups must give one number"):
            module.init([one], groups)
    with pytest.raises(ValueError, match="first must be positive"):
        module.init([one], first=-1.0)
    assert (one == 1).all()


def test_what_is_allowed(module, run):
    """Read-only gradients, tuples, NumPy numbers, no arrays at all."""
    run.grads[0] = read_only(run.grads[0])
    run.params, run.grads = tuple(run.params), tuple(run.grads)
    run.step(lr=np.float32(0.5), mu=(0.5, np.float64(0.25)))
    empty = module.init([])
    module.step([], [], empty)
    assert empty.numbers[0, 0] == 1


def test_an_interrupt_before_the_kernel_leaves_everything(module, run, monkeypatch):
    """The count of steps is advanced inside the kernel, which no signal stops: t and the update go together."""

    def interrupted(*_):
        raise KeyboardInterrupt

    run.step()
    before = run.bits()
    with monkeypatch.context() as patch:
        patch.setattr(module, "kernel", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.step(lr=0.5)
    assert run.bits() == before
    run.step()


def test_copies_continue_alike(module, run):
    run.step()
    copies = [copy.deepcopy((run.params, run.state)), pickle.loads(pickle.dumps((run.params, run.state)))]
    run.step(lr=0.5)
    for params, state in copies:
        module.step(params, run.grads, state, lr=0.5)
        assert [a.tobytes() for a in params] == [a.tobytes() for a in run.params]
        assert [a.tobytes() for a in state.v] == [a.tobytes() for a in run.state.v]
        assert (state.numbers == run.state.numbers).all()


def test_threads_wait_for_each_other(module, arrays):
    runs = [Run(module, arrays) for _ in range(4)]
    workers = [threading.Thread(target=lambda run=run: [run.step() for _ in range(50)]) for run in runs]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(run.bits() == runs[0].bits() for run in runs)
    assert runs[0].state.numbers[0, 0] == 50
