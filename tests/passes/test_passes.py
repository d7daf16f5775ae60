"""Each pass on programs that were written out by hand, by structure."""

import pytest

from symopt.expr import ZERO, Reduction
from symopt.ir import Assign, Loop, Partial, Reduce, Scalars, Update, fold, truth
from symopt.passes.hoist import hoist
from symopt.passes.loops import split_loops
from symopt.passes.phases import split_phases
from symopt.passes.share import share
from symopt.passes.stabilise import stabilise
from symopt.verify import Grammar, verify


def loop_of(program):
    return program.update.loops[0]


# ---- phases ----


def test_a_reduction_becomes_a_pass_of_its_own(b):
    norm = b("sqrt", Reduction("total", (b("**", "g", 2),), "all"))
    start = b.program(
        b.update(s=norm, v_new=b("*", "s", "g"), theta_new=b("-", "theta", "v_new")), levels={"s": "global"}
    )
    found = split_phases(start)
    verify(found, Grammar.PHASED)
    name = "sum_g_squared_all"
    assert found.stages[1] == Reduce((), (Partial(name, "sum", "all", b("**", "g", 2)),), ("g",))
    assert found.stages[2] == Scalars("global", b.assigns(s=b("sqrt", name)), 1)
    assert loop_of(found).assigns == b.assigns(v_new=b("*", "s", "g"), theta_new=b("-", "theta", "v_new"))


def test_dependent_reductions_take_one_pass_each_and_equal_ones_share(b):
    size = Reduction("total", (b("abs", "g"),), "tensor")
    centered = Reduction("total", (b("abs", b("-", "g", "a")),), "tensor")
    levels = {"a": "tensor", "c": "tensor", "d": "tensor"}
    start = b.program(
        b.update(a=size, c=centered, d=size, v_new=b("*", b("+", "c", "d"), "g"), theta_new="v_new"), levels=levels
    )
    found = split_phases(start)
    verify(found, Grammar.PHASED)
    passes = [stage for stage in found.stages if isinstance(stage, Reduce)]
    assert [len(stage.partials) for stage in passes] == [1, 1]
    first, second = (stage.partials[0] for stage in passes)
    assert second.value == b("abs", b("-", "g", "a"))
    assert [s.after for s in found.stages if isinstance(s, Scalars) and s.assigns] == [1, 2]
    assert Assign("d", b.expr(first.name)) in found.stages[2].assigns


def test_maxabs_is_a_largest_value(b):
    start = b.program(
        b.update(s=Reduction("maxabs", (b.expr("g"),), "tensor"), v_new="s", theta_new="theta"), levels={"s": "tensor"}
    )
    (stage,) = [s for s in split_phases(start).stages if isinstance(s, Reduce)]
    assert [(p.kind, p.value) for p in stage.partials] == [("max", b("abs", "g"))]


def test_an_element_state_that_becomes_a_number_stays_in_the_loop_and_in_its_place(b):
    start = b.program(b.update(v_new="lr", theta_new=b("-", "theta", "v_new")))
    found = split_phases(start)
    verify(found, Grammar.PHASED)
    assert loop_of(found).assigns == b.assigns(v_new="lr", theta_new=b("-", "theta", "v_new"))


def test_a_tensor_state_that_becomes_a_step_number_is_computed_per_tensor(b):
    start = b.program(
        b.update(n_new="lr", v_new=b("*", "n_new", "g"), theta_new="theta"),
        states=("v", "n"),
        levels={"n": "tensor", "n_new": "tensor"},
    )
    found = split_phases(start)
    assert [(s.level, s.assigns) for s in found.stages if isinstance(s, Scalars) and s.assigns] == [
        ("tensor", b.assigns(n_new="lr"))
    ]


# ---- stabilise ----


def two_words(b, c, old, rest, sign="+"):
    low = b("*", b("-", c, b("below", c)), old)
    return b("+", b("*", b("below", c), old), b(sign, low, rest))


def test_the_coefficient_of_an_old_value_comes_in_two_words(b):
    start = b.program(b.update(v_new=b("+", b("*", "mu", "v"), "g"), theta_new=b("-", "theta", "v_new")))
    found = loop_of(stabilise(start))
    assert found.assigns[0].value == two_words(b, b.expr("mu"), "v", b.expr("g"))
    assert found.assigns[1].value == b("-", "theta", "v_new")  # a coefficient of exactly 1


def test_two_words_reach_into_branches_and_through_copies(b):
    """x is carried over into theta in one branch, so its coefficient of theta is held in two words, too."""
    flag = truth("f")
    start = b.program(
        b.update(
            x=b("-", b("*", "mu", "theta"), "g"),
            theta_new=b("where", flag, "x", "theta"),
            v_new=b("where", flag, b("*", "mu", "v"), "v"),
        ),
        levels={"x": "element", "f": "step"},
    )
    x, theta, v = (assign.value for assign in loop_of(stabilise(start)).assigns)
    assert x == two_words(b, b.expr("mu"), "theta", b.expr("g"), "-")
    assert theta == b("where", flag, "x", "theta")
    assert v.args[1] == b("+", b("*", b("below", "mu"), "v"), b("*", b("-", "mu", b("below", "mu")), "v"))


def test_an_old_value_beside_a_share_of_itself_stays(b):
    """Weight decay of an infinite parameter is inf - inf, which a single coefficient 1 - mu would hide."""
    start = b.program(b.update(theta_new=b("-", b("-", "theta", "g"), b("*", "mu", "theta")), v_new="v"))
    value = loop_of(stabilise(start)).assigns[0].value
    assert value == b("+", "theta", b("-", b("*", b("neg", "mu"), "theta"), "g"))


@pytest.mark.parametrize("c", [0.5, 1, 2, -0.25])
def test_a_constant_that_every_type_holds_stays(b, c):
    value = b("+", b("*", c, "v"), "g")
    start = b.program(b.update(v_new=value, theta_new="theta"))
    assert fold(loop_of(stabilise(start)).assigns[0].value) == fold(value)


def test_what_only_enters_a_product_stays(b):
    """lr*theta inside a gradient is no copy of theta: nothing is carried from step to step."""
    start = b.program(
        b.update(h=b("+", "g", b("*", "mu", "theta")), v_new=b("*", "lr", "h"), theta_new=b("-", "theta", "v_new")),
        levels={"h": "element"},
    )
    assert loop_of(stabilise(start)).assigns[0].value == b("+", "g", b("*", "mu", "theta"))


def test_one_minus_a_power_goes_through_expm1(b):
    start = b.program(
        Scalars("step", b.assigns(c=b("-", 1, b("**", "mu", "t")))),
        b.update(v_new=b("/", "g", "c"), theta_new="theta"),
        levels={"c": "step"},
    )
    positive = b(">", "mu", 0)
    inside = b("*", "t", b("log", b("where", positive, "mu", 1)))
    assert stabilise(start).stages[0].assigns[0].value == b("where", positive, b("neg", b("expm1", inside)), 1)


# ---- hoist ----


def test_factors_that_no_element_enters_become_one_number(b):
    value = b("/", b("*", b("*", "lr", "g"), b("-", 1, "mu")), b("sqrt", "lr"))
    found = hoist(b.program(b.update(v_new=value, theta_new="theta")))
    verify(found, Grammar.HOISTED)
    (scalars,) = [stage for stage in found.stages if isinstance(stage, Scalars)]
    assert scalars.assigns == b.assigns(v_scale=b("/", b("*", "lr", b("-", 1, "mu")), b("sqrt", "lr")))
    assert loop_of(found).assigns[0].value == b("*", "v_scale", "g")


def test_conditions_become_flags(b):
    condition = b("every", "t", "k")
    found = hoist(b.program(b.update(v_new=b("where", condition, "g", "v"), theta_new="theta")))
    (scalars,) = [stage for stage in found.stages if isinstance(stage, Scalars)]
    assert scalars.assigns == b.assigns(every_k=b("where", condition, 1, 0))
    assert loop_of(found).assigns[0].value == b("where", truth("every_k"), "g", "v")


def test_a_number_that_nobody_reads_is_not_computed(b):
    found = hoist(
        b.program(
            Scalars("step", b.assigns(a="lr", c=b("*", "a", 2), d="mu")),
            b.update(v_new=b("*", "c", "g"), theta_new="theta"),
            levels=dict.fromkeys("acd", "step"),
        )
    )
    assert [a.name for s in found.stages if isinstance(s, Scalars) for a in s.assigns] == ["a", "c"]


def test_a_constant_below_itself_is_named(b):
    c = b.expr(0.9)
    found = hoist(b.program(b.update(v_new=two_words(b, c, "v", b.expr("g")), theta_new="theta")))
    verify(found, Grammar.HOISTED)
    (scalars,) = [stage for stage in found.stages if isinstance(stage, Scalars)]
    assert scalars.assigns[0] == Assign("v_keep", c)


# ---- share ----


def test_what_stands_twice_is_computed_once(b):
    again = b("sqrt", b("+", "g", "v"))
    found = loop_of(share(b.program(b.update(v_new=b("+", again, 1), theta_new=b("-", "theta", again)))))
    name = found.assigns[0].name
    assert found.assigns == (Assign(name, again), *b.assigns(v_new=b("+", name, 1), theta_new=b("-", "theta", name)))


def test_one_cheap_operation_may_stand_twice(b):
    start = b.program(b.update(v_new=b("sqrt", b("+", "g", "v")), theta_new=b("exp", b("+", "g", "v"))))
    assert loop_of(share(start)) == loop_of(start)


# ---- loops ----


def test_a_condition_that_changes_the_buffers_gets_a_loop_per_outcome(b):
    start = b.program(
        b.update(v_new=b("where", truth("f"), b("+", "v", "g"), "v"), theta_new=b("-", "theta", "g")),
        levels={"f": "step"},
    )
    found = split_loops(start)
    verify(found.with_stages([Scalars("step", b.assigns(f="lr")), *found.stages]), Grammar.FINAL)
    yes, no = found.update.loops
    assert found.update.conditions == ("f",)
    assert yes == Loop(
        (True,),
        b.assigns(v_new=b("+", "v", "g"), theta_new=b("-", "theta", "g")),
        ("theta", "g", "v"),
        (("theta", "theta_new"), ("v", "v_new")),
    )
    assert no == Loop((False,), b.assigns(theta_new=b("-", "theta", "g")), ("theta", "g"), (("theta", "theta_new"),))


def test_a_condition_that_changes_no_buffer_stays_a_selection(b):
    start = b.program(
        b.update(v_new=b("where", truth("f"), b("+", "v", "g"), b("-", "v", "g")), theta_new=b("-", "theta", "g")),
        levels={"f": "step"},
    )
    assert len(split_loops(start).update.loops) == 1


def test_only_the_conditions_that_change_the_buffers_divide(b):
    v_new = b("where", truth("f"), b("+", "v", "g"), "v")
    theta_new = b("where", truth("e"), b("-", "theta", "g"), b("+", "theta", "g"))
    start = b.program(b.update(v_new=v_new, theta_new=theta_new), levels={"f": "step", "e": "step"})
    found = split_loops(start).update
    assert found.conditions == ("f",)
    assert all(Assign("theta_new", theta_new) in loop.assigns for loop in found.loops)


@pytest.mark.parametrize("chosen", ["lr", 0])
def test_what_is_chosen_for_every_element_alike_is_computed_once(b, chosen):
    other = ZERO if chosen == 0 else chosen
    v_new = b("+", "v", b("*", "lr", b("where", truth("f"), "g", other)))
    start = b.program(b.update(v_new=v_new, theta_new=b("-", "theta", "v_new")), levels={"f": "step"})
    found = split_loops(start)
    assert len(found.update.loops) == 2
    verify(found.with_stages([Scalars("step", b.assigns(f="lr")), *found.stages]), Grammar.FINAL)


def test_more_than_two_conditions_stay_selections(b):
    values = {f"x{i}_new": b("where", truth(f"f{i}"), "g", f"x{i}") for i in range(3)}
    writes = (("theta", "theta_new"), *((f"x{i}", f"x{i}_new") for i in range(3)))
    loop = b.loop(*b.assigns(**values, theta_new=b("-", "theta", "g")), writes=writes)
    start = b.program(Update((loop,)), states=("x0", "x1", "x2"), levels={f"f{i}": "step" for i in range(3)})
    assert len(split_loops(start).update.loops) == 1


def test_a_value_that_is_a_copy_is_followed(b):
    """In the outcome in which x is the old v, v keeps its value and is not written."""
    start = b.program(
        b.update(x=b("where", truth("f"), "g", "v"), v_new="x", theta_new=b("-", "theta", "x")),
        levels={"f": "step", "x": "element"},
    )
    no = split_loops(start).update.loops[1]
    assert no.writes == (("theta", "theta_new"),)
    assert no.assigns == b.assigns(theta_new=b("-", "theta", "v"))
