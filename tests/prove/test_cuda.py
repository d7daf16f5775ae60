"""The proof of emitted CUDA files: the whole catalogue is proved, and a file with a single wrong place is not."""

import re
from functools import cache

import pytest

from symopt import ALL, ROW, Input, Positive, Unit, catalogue, grad, maxabs, mean, norm, optimizer, t, where
from symopt.artifacts import artifact, build
from symopt.backends import BACKENDS
from symopt.checks.proofs import PROVERS, proof
from symopt.errors import SymoptError
from symopt.prove.grid import Grid
from symopt.prove.kernel import prove_kernel
from symopt.prove.operations import operations, rounding_faults
from symopt.prove.targets import DEVICE


@optimizer()
def every_level(theta, g, r, s, w, seen: Input(level="element"), *, lr: Positive = 0.1, decay: Unit = 0.9):
    """Numbers per row, per tensor and of all tensors, sums and maxima, one after another, and an input."""
    r[t] = decay * r[t - 1] + (1 - decay) * norm(g[t] - mean(g[t]))
    s[t] = decay * s[t - 1] + maxabs(g[t] * seen[t], over=ALL)
    w[t] = decay * w[t - 1] + g[t] - mean(g[t], over=ROW)
    theta[t] = theta[t - 1] - lr * w[t] / (r[t] + s[t] ** 2 + maxabs(w[t], over=ROW) + 1)


@optimizer()
def averaged_point(theta, g, z, r, *, lr: Positive = 1.0, beta: Positive = 0.5):
    """The gradient elsewhere, with a weight that each tensor has."""
    z[0] = theta[0]
    g[t] = grad(theta[t - 1] + beta * (z[t - 1] - theta[t - 1]) * r[t - 1])
    r[t] = where(norm(g[t]) > 0, 1 / (1 + norm(g[t])), 0)
    z[t] = z[t - 1] - lr * g[t]
    theta[t] = (theta[t - 1] + z[t]) / 2


UNLIKE = {"every_level": every_level, "averaged_point": averaged_point}


@cache
def emitted(name):
    declared = UNLIKE.get(name) or catalogue.load(name)
    built = build(declared)
    return built[0], artifact(declared, "cuda", built=built).text


def holds(training, text):
    """Whether a file is proved; what cannot even be read is not."""
    try:
        return prove_kernel(training, text, DEVICE, stop=True).holds
    except (SymoptError, ArithmeticError, AttributeError, LookupError, NameError, TypeError, ValueError):
        return False


def test_there_is_a_proof_for_every_target():
    assert PROVERS.keys() == BACKENDS.keys()


@pytest.mark.parametrize("name", [*catalogue.names(), *UNLIKE])
def test_every_file_is_proved(name):
    found = prove_kernel(*emitted(name), DEVICE)
    assert found.holds, found.failures[:3]


@pytest.mark.parametrize("name", ["adam", "lookahead_adam", "nesterov", *UNLIKE])
def test_every_number_reaches_the_elements_rounded(name):
    training, text = emitted(name)
    assert not list(rounding_faults(training, operations(training, text, DEVICE)))
    wide = text.replace(
        "rows[group, column] = f(numbers[group, column])", "rows[group, column] = numbers[group, column]"
    )
    assert wide != text
    assert next(rounding_faults(training, operations(training, wide, DEVICE))).endswith("in float64")


WRONG = {
    "adam": [
        ("beta1_hi * m + (", "beta1_hi * m - ("),
        ("m_new = beta1_hi * m", "m_new = beta1_hi * v"),
        ("m_at = table[tensor, 2]", "m_at = table[tensor, 3]"),  # another buffer
        ("eps = rows[group, 4]", "eps = rows[group, 3]"),
        ("numbers[group, 0] += 1", "numbers[group, 0] += 2"),
        ("numbers[group, 1 + column] = given[group, column]", "numbers[group, 1 + column] = given[0, column]"),
        ("            group += THREADS", "            group += 2 * THREADS"),  # groups that no thread takes
        ("load(g_at, i, passed)", "load(g_at, i, stored)"),
        ("offset = np.int32(min(skipped(theta_at, start, stored), n))", "offset = 0"),
        ("offset = np.int32(min(skipped(theta_at, start, stored), n))", "offset = skipped(theta_at, start, stored)"),
        ("whole = np.int32((n - offset) // 4)", "whole = n // 4"),
        ("i = start + offset + 4 * lane", "i = start + 4 * lane"),
        ("i = start + offset + 4 * lane", "i = start + offset + 3 * lane"),
        ("while lane < whole:", "while lane < whole - 1:"),
        ("while lane < np.int32(n - np.int32(4 * whole)):", "while lane < n - 4 * whole - 1:"),
        ("if lane >= offset:", "if lane > offset:"),
        ("> 0:\n                whole = np.int32(0)", "> 9:\n                whole = np.int32(0)"),
        ("lane = np.int32(lane + THREADS)", "lane += 1"),  # two threads take the same elements
        ("lane = np.int32(lane + THREADS)", "lane += 2 * THREADS"),
        ("chunk = np.int32(chunk + cuda.gridDim.x)", "chunk += 1"),
        ("chunk = np.int32(chunk + cuda.gridDim.x)", "chunk += 0"),  # without an end
        ("(a_[0], b_[0], c_[0], d_[0])", "(a_[0], b_[0], d_[0], c_[0])"),
        ("return ((a_[0], b_[0])", "return ((b_[0], a_[0])"),
        ("wide = 2 if f is np.float64 else 4", "wide = 4"),
        ("wide = 2 if f is np.float64 else 4", "wide = 2"),
        ("range(0, 4, wide)", "range(0, wide, wide)"),
        ("range(0, 4, wide)", "range(0, 4, 4)"),
        ("load_wide(v_at, part, f)", "load_wide(v_at, 0, f)"),
        ("store_wide(copy_at, part, copied, theta_wide)", "pass"),
        ("store(copy_at, i, copied, theta_new_)", "pass"),
        ("theta_new_)\n                store(copy_at", "m_new_)\n                store(copy_at"),
        ("store_wide(v_at, part, f, v_wide)", "store_wide(v_at, part, f, m_wide)"),
        ("m_at = place(m_at, i, f)", "m_at = place(m_at, i, stored)"),
        ("m_at = place(m_at, 4 * THREADS, f)", "pass"),
        ("m_at = place(m_at, 4 * THREADS, f)", "m_at = place(m_at, 8 * THREADS, f)"),
        ("m_at = table[tensor, 2]\n            v_at", "v_at"),
        ("plan.bind(state.masters or params,", "plan.bind(params,"),
        ("*([params] if state.masters else [])", "*([])"),
        ("counts = -(-self.sizes // CHUNK)", "counts = self.sizes // CHUNK"),
        ("self.table.copy_to_device(self.addresses, stream=stream)", "pass"),
    ],
    "adamw_clipped": [
        ("lanes[cuda.threadIdx.x] = value\n    cuda.syncthreads()", "lanes[cuda.threadIdx.x] = value"),
        ("        cuda.syncthreads()\n        width //= 2", "        width //= 2"),
        ("result = lanes[0]\n    cuda.syncthreads()", "result = lanes[0]"),
        ("        cuda.syncthreads()\n        width //= 2", "            cuda.syncthreads()\n        width //= 2"),
        ("width = THREADS // 2", "width = THREADS // 4"),
        ("+= lanes[cuda.threadIdx.x + width]", "+= lanes[cuda.threadIdx.x]"),
        ("lane = np.int32(4 * cuda.threadIdx.x)", "lane = np.int32(2 * cuda.threadIdx.x)"),
        ("lane = np.int32(lane + 4 * THREADS)", "lane += 8 * THREADS"),
        ("while whole and lane + 4 <= n:", "while lane + 4 <= n:"),
        ("while whole and lane + 4 <= n:", "while whole and lane + 4 <= n + 1:"),
        ("while whole and wide == 4 and lane + 4 * THREADS + 4 <= n:", "while whole and wide == 4 and lane + 4 <= n:"),
        ("i < start + lane + 4:", "i < start + lane + 3:"),
        ("terms_1(f, scale_, g_wide[at])", "terms_1(f, scale_, g_wide[0])"),
        ("terms_1(f, scale_, g_ahead[at])", "terms_1(f, scale_, g_wide[at])"),
        ("g_at, i + 4 * THREADS, passed", "g_at, i + 4, passed"),
        ("i = start + lane + part", "i = start + lane"),  # in float64
        ("= sum_g_squared_all, scale_", "= sum_g_squared_all, f(1)"),
        (" * scale * scale)", " * scale)"),
        ("chunk = until[tensor] + cuda.threadIdx.x", "chunk = until[tensor]"),
        ("while chunk < until[tensor + 1]:", "while chunk < until[tensor + 1] - 1:"),
        ("chunk += THREADS", "chunk += 2 * THREADS"),
        ("launch(kernel.fold_1, len(plan.sizes),", "launch(kernel.fold_1, 1,"),
        ("while tensor < len(groups):\n            sum", "while tensor < len(groups) - 1:\n            sum"),
        ("if cuda.threadIdx.x == 0:\n            tensor_numbers", "if True:\n            tensor_numbers"),
    ],
    "adam_centralized": [
        ("row_rows[row + piece, 1]", "row_rows[row, 1]"),
        ("start = work[chunk, 1] + piece * n", "start = work[chunk, 1]"),
        ("range(row_until[row], row_until[row + 1])", "range(row_until[row], row_until[row + 1] - 1)"),
        ("part[at + piece, 0], part[at + piece, 1]", "part[at, 0], part[at, 1]"),
        ("row += cuda.gridsize(1)", "row += 1"),
        ("row_blocks = -(-int(counts.sum()) // THREADS)", "row_blocks = 0"),
        ("tensor = row_tensors[row]", "tensor = 0"),
    ],
    "nesterov": [
        ("store(work[tensor, 1], i, second, one)", "store(work[tensor, 1], i, second, other)"),
        ("state.deployed[0] = 1 - state.deployed[0]", "state.deployed[0] = 1"),
        ("swap_all(state.masters or params,", "swap_all(params,"),
        ("        state.deployed[0] = 1 - state.deployed[0]\n        state.plan.round", "        state.plan.none"),
        ("            state.plan.round_masters(state.masters, params)", "            pass"),
        ("change(0, state.masters or params, state)", "change(1, state.masters or params, state)"),
        ("result = state.plan.copies(state.masters or params)", "result = state.masters or params"),
        ("store(work[tensor, 1], i, to, load(work[tensor, 0], i, of))", "store(work[tensor, 1], i, of, 0)"),
        ("masters = plan.widened(params) if kept", "masters = plan.zeros() if kept"),
    ],
    "schedule_free_sgd": [
        ("numbers[group, 6] = numbers[group, 10]", "pass"),  # a number that is carried to the next step
        ("z_weight_made = numbers[group, 9]", "z_weight_made = numbers[group, 8]"),
        ("point = theta_of(point, z,", "point = theta_of(z, point,"),
        ("state.z = plan.sent(state.z)", "state.z = plan.zeros()"),
    ],
}


@pytest.mark.parametrize(("name", "old", "new"), [(name, *change) for name, all_ in WRONG.items() for change in all_])
def test_a_wrong_place_is_noticed(name, old, new):
    training, text = emitted(name)
    assert old in text
    assert not holds(training, text.replace(old, new))


def test_any_number_of_blocks_does_the_same():
    """No grid is too small: a block takes one chunk after another."""
    training, text = emitted("adamw_clipped")
    assert text.count("plan.blocks, stream") == 2
    assert holds(training, text.replace("plan.blocks, stream", "3, stream"))


def test_a_step_that_reads_what_masters_were_rounded_to_is_noticed():
    """As real numbers both are the same."""
    training, text = emitted("adam")
    assert all(f"{load}, stored)" in text for load in ("load(theta_at, i", "load_wide(theta_at, part"))
    changed = re.sub(
        r"(load|load_wide)\(theta_at, (i|part), stored\)",
        r"(\1(theta_at, \2, stored) if copied is None else \1(copy_at, \2, copied))",
        text,
    )
    failures = prove_kernel(training, changed, DEVICE).failures
    assert failures
    assert all("masters kept" in what for what, _ in failures)


def test_a_wrong_file_is_told_with_its_target():
    training, text = emitted("adam")
    outcome, faults = proof(training, "cuda", text.replace("m_new = beta1_hi * m", "m_new = beta1_lo * m"))
    assert outcome.startswith("refuted: ")
    assert faults[0].startswith("the cuda kernel differs from the equations: ")
    outcome, faults = proof(training, "cuda", text.replace("lane = np.int32(lane + THREADS)", "lane += 1"))
    assert "two threads use the same memory at the same time" in faults[0]


class TestGrid:
    def launch(self, thread, blocks=1, threads=2):
        grid = Grid()
        grid.launch(lambda: thread(grid), blocks, threads, ())

    def test_what_only_one_thread_touches_is_no_race(self):
        self.launch(lambda grid: grid.touch(self, grid.thread, writes=True))

    @pytest.mark.parametrize(("first", "second"), [(True, True), (True, False), (False, True)])
    def test_a_number_that_one_of_two_threads_writes(self, first, second):
        with pytest.raises(SymoptError, match="two threads"):
            self.launch(lambda grid: grid.touch(self, 0, writes=(first, second)[grid.thread]))
        with pytest.raises(SymoptError, match="two threads"):
            self.launch(lambda grid: grid.touch(self, 0, writes=(first, second)[grid.block]), blocks=2, threads=1)

    def test_all_may_read(self):
        self.launch(lambda grid: grid.touch(self, 0, writes=False), blocks=2)

    def test_a_barrier_orders_the_threads_of_a_block(self):
        def thread(grid):
            if grid.thread == 0:
                grid.touch(self, 0, writes=True)
            yield
            grid.touch(self, 0, writes=False)
            yield
            if grid.thread == 1:
                grid.touch(self, 0, writes=True)

        self.launch(thread)
        with pytest.raises(SymoptError, match="two threads"):
            self.launch(thread, blocks=2)

    def test_a_read_of_several_threads_is_a_race_with_a_write_of_one_of_them(self):
        def thread(grid):
            grid.touch(self, 0, writes=False)
            if grid.thread == 1:
                grid.touch(self, 0, writes=True)

        with pytest.raises(SymoptError, match="two threads"):
            self.launch(thread)

    def test_threads_that_wait_at_different_barriers(self):
        def thread(grid):
            if grid.thread:
                yield
            else:
                yield

        with pytest.raises(SymoptError, match="do not meet"):
            self.launch(thread)

    def test_a_thread_that_ends_before_a_barrier(self):
        def thread(grid):
            if grid.thread:
                yield

        with pytest.raises(SymoptError, match="do not meet"):
            self.launch(thread)

    def test_a_loop_without_an_end(self):
        def thread(grid):
            while True:
                grid.touch(self, grid.thread, writes=False)

        with pytest.raises(SymoptError, match="without an end"):
            self.launch(thread)

    def test_a_kernel_needs_blocks(self):
        with pytest.raises(SymoptError, match="without blocks"):
            self.launch(lambda grid: None, blocks=0)
