"""Identities that must be proved, near misses that must be refuted, and random expressions of both kinds."""

import random
import time
from fractions import Fraction

import pytest

import symopt.notation as notation
from symopt.domains import NonNegative, OpenUnit, Positive, PositiveInt, Real, Unit
from symopt.expr import BOOLEAN, ONE, ZERO, Call, Num, Reduction, Seq, Sym, substitute, text, transform, walk
from symopt.prove.algebra import Proved, Refuted, Undecided, decide
from symopt.prove.facts import Facts
from symopt.prove.sample import difference, gap
from symopt.terms import Term, as_term

SEQUENCES = dict.fromkeys("g m theta z y b".split(), Real) | dict.fromkeys("v vmax u step".split(), NonNegative)
HYPERS = dict.fromkeys("lr eps c p q final gamma".split(), Positive) | dict.fromkeys("beta1 beta2 mu".split(), Unit)
HYPERS |= {"beta": OpenUnit, "wd": NonNegative, "n": NonNegative, "k": PositiveInt, "x": Real, "w": Real}
FACTS = Facts(HYPERS | SEQUENCES)


def call(op):
    return lambda *args: Term(Call(op, tuple(as_term(arg).node for arg in args)))


NAMES = {name: getattr(notation, name) for name in notation.__all__}
NAMES |= {op: call(op) for op in ("expm1", "log1p", "below", "psi")}
NAMES |= {name: Term(Sym(name)) for name in HYPERS} | {name: Term(Seq(name, 0)) for name in SEQUENCES}
NAMES |= {f"{name}_": Term(Seq(name, -1)) for name in SEQUENCES}  # m_ is m[t-1]


def parse(source):
    return as_term(eval(source, {"__builtins__": {}}, NAMES)).node


M = "(beta1*m_ + (1 - beta1)*g)"
V = "(beta2*v_ + (1 - beta2)*g**2)"
ADAM = f"theta_ - lr*({M}/(1 - beta1**t))/(sqrt({V}/(1 - beta2**t)) + eps)"
SAFE1 = "where(beta1 > 0, -expm1(t*log(where(beta1 > 0, beta1, 1))), 1)"
SAFE2 = "where(beta2 > 0, -expm1(t*log(where(beta2 > 0, beta2, 1))), 1)"
H = "(g*Min(1, c/(norm(g, over=ALL) + eps)))"
LO, HI = "(final*(1 - 1/(gamma*t + 1)))", "(final*(1 + 1/(gamma*t)))"
BOUND = "clip(lr*sqrt(1 - beta2**t)/(1 - beta1**t)/(sqrt(v) + eps), {lo}, {hi})"
RHO = "(2/(1 - beta2) - 1)"

PROVED = {
    "sqrt squared": ("sqrt(x)**2", "x"),
    "sqrt of a square": ("sqrt(x**2)", "Abs(-x)"),
    "sqrt of a perfect square": ("sqrt(x**2 - 2*x*w + w**2)", "Abs(w - x)"),
    "sqrt splits": ("sqrt(n*p*x**2)", "sqrt(p)*Abs(x)*sqrt(n)"),
    "sqrt of constants": ("sqrt(8*p)", "2*sqrt(2)*sqrt(p)"),
    "denominators": ("1/(sqrt(p) + 1) + 1/(sqrt(p) - 1)", "2*sqrt(p)/(p - 1)"),
    "power of e": ("exp(w*log(p))", "p**w"),
    "exponent": ("beta**(t + 1)", "beta*beta**t"),
    "power of what may be 0": ("t*beta1**(t - 1)/(1 - beta1**t)", f"t*beta1**(t - 1)/{SAFE1}"),
    "exponent of a product": ("(p*q)**w", "p**w*q**w"),
    "power of a power": ("(p**w)**x", "p**(x*w)"),
    "log of a product": ("log(p**2*q/3)", "2*log(p) + log(q) - log(3)"),
    "expm1 and log1p": ("log1p(expm1(x))", "x"),
    "tanh": ("tanh(x)", "(exp(x) - exp(-x))/(exp(x) + exp(-x))"),
    "sine and cosine": ("sin(-x)**2 + cos(w - w - x)**2", "1"),
    "floor": ("floor(x + t + 2)", "t + 2 + floor(x)"),
    "ceiling": ("ceiling(x)", "-floor(-x)"),
    "stable correction": (SAFE1, "1 - beta1**t"),
    "Max": ("Max(x, Max(w, g))", "Max(g, x, w, x)"),
    "Max and Min": ("Max(-x, -w)", "-Min(w, x)"),
    "Max with a factor": ("Max(p*x, p*w)", "p*Max(w, x)"),
    "Max of what is ordered": ("Max(0, 1 - beta**t)", "1 - beta**t"),
    "Max as a choice": ("Max(x, w)", "where(x < w, w, x)"),
    "Max and sum": ("Max(x + g, w + g)", "g + Max(x, w)"),
    "Max of three as choices": ("Max(x, w, g)", "where(x < Max(w, g), Max(w, g), x)"),
    "absolute value": ("Abs(x)", "Max(x, -x)"),
    "absolute value and sign": ("Abs(x*p)", "p*x*sign(x)"),
    "clip": ("clip(x, w, g)", "Min(g, Max(w, x))"),
    "comparison turned": ("where(x < w, 1, 2)", "where(w - x > 0, 1, 2)"),
    "comparison negated": ("where(~(p*x <= p*w), 1, 2)", "where(w < x, 1, 2)"),
    "comparison of integers": ("where(t > 1, x, w)", "where(eq(t, 1), w, x)"),
    "equality": ("where(eq(x, w), x, w)", "w"),
    "conditions joined": ("where((x > 0) & (w > 0), x, w)", "where(w > 0, where(0 < x, x, w), w)"),
    "choice nested": ("where(every(k), where(every(k), x, w), g)", "where(every(k), x, g)"),
    "choice of a finite": ("where(isfinite(g), m, m_)*2", "where(isfinite(g), 2*m, m_ + m_)"),
    "choice under a root": ("sqrt(where(x > 0, p, q))", "where(x > 0, sqrt(p), sqrt(q))"),
    "norm": ("norm(lr*g)", "lr*sqrt(total(g**2))"),
    "dot": ("dot(g, m + g)", "total(m*g) + total(g*g)"),
    "mean": ("mean(3 - g)", "3 - mean(g)"),
    "mean of a level": ("mean(lr + norm(g, over=ALL))", "lr + norm(g, over=ALL)"),
    "maxabs": ("maxabs(-lr*g)", "lr*maxabs(g)"),
    "mean of rows": ("mean(lr*norm(g) - g, over=ROW)", "lr*norm(g) - mean(g, over=ROW)"),
    "sum of a row's number": ("total(g*mean(m, over=ROW), over=ROW)", "mean(m, over=ROW)*total(g, over=ROW)"),
    "axes": ("where(axes(g) > 1, x, w)", "where(axes(m) >= 2, x, w)"),
    "total of a choice": ("total(where(g > 0, g, m))", "total(where(g > 0, g - m, 0)) + total(m)"),
    "trust ratio": ("norm(theta_)/norm(lr*m)", "sqrt(dot(theta_, theta_)/dot(m, m))/lr"),
    "Adam, stable": (
        ADAM,
        f"theta_ - (lr/{SAFE1})*(m_ + (1 - beta1)*(g - m_))/(sqrt(v_ + (1 - beta2)*(g*g - v_))/sqrt({SAFE2}) + eps)",
    ),
    "Adam, hat": (ADAM, f"theta_ - lr*sqrt(1 - beta2**t)/(1 - beta1**t)*{M}/(sqrt({V}) + eps*sqrt(1 - beta2**t))"),
    "AdamW, torch and sum": (
        "theta_*(1 - lr*wd) - lr*m/(sqrt(v) + eps)", "theta_ - lr*(m/(sqrt(v) + eps) + wd*theta_)"
    ),
    "clipped": (
        f"beta2*v_ + (1 - beta2)*{H}**2",
        "v_ + (1 - beta2)*(g*g*Min(1, c/(sqrt(total(g*g, over=ALL)) + eps))**2 - v_)",
    ),
    "NAdam": (
        "beta1*m/(1 - beta1**(t + 1)) + (1 - beta1)*g/(1 - beta1**t)",
        "g*(1 - beta1)/(1 - beta1**t) - beta1*m/(beta1*beta1**t - 1)",
    ),
    "AdaDelta": ("sqrt(u_ + eps)/sqrt(v + eps)*g", "g*sqrt((u_ + eps)/(eps + v))"),
    "Schedule-Free": (
        "(1 - beta)*(z_ - lr*g) + beta*((1 - 1/t)*((y_ - (1 - beta)*z_)/beta) + (z_ - lr*g)/t)",
        "y_ + (z_ - y_)/t + lr*(beta*(1 - 1/t) - 1)*g",
    ),
    "Nesterov, transformed": ("theta_ + mu*(mu*v_ - lr*g) - lr*g", "theta_ - mu*v_ + (1 + mu)*(mu*v_ - lr*g)"),
    "AdaBound": (
        f"theta_ - {BOUND.format(lo=LO, hi=HI)}*m",
        f"theta_ - m*Min(Max({LO}, lr*sqrt(1 - beta2**t)/((1 - beta1**t)*(sqrt(v) + eps))), final + final/gamma/t)",
    ),
    "AMSGrad": ("m/(sqrt(Max(vmax_, v)) + eps)", "m/(eps + sqrt(where(v > vmax_, v, vmax_)))"),
    "Rprop": (
        "step_*where(g*b_ > 0, 1.2, where(g*b_ < 0, 0.5, 1))",
        "where(b_*g < 0, 0.5*step_, where(0 < b_*g, step_ + 0.2*step_, step_))",
    ),
    "RAdam": (
        f"sqrt((x - 4)*(x - 2)*{RHO}/(({RHO} - 4)*({RHO} - 2)*x))",
        f"sqrt((x**2 - 6*x + 8)*(1 + beta2)/(x*({RHO}**2 - 6*{RHO} + 8)*(1 - beta2)))",
    ),
    "two words": ("below(beta)*x + ((beta - below(beta))*x + (1 - beta)*g)", "beta*x + g - g*beta"),
    "opaque functions": ("psi(x**2 - w**2)", "psi((x - w)*(w + x))"),
}  # fmt: skip

REFUTED = {
    "sign": (ADAM, ADAM.replace("theta_ - lr", "theta_ + lr")),
    "root gone": (ADAM, ADAM.replace("sqrt(", "(")),
    "index": (ADAM, ADAM.replace("m_", "m")),
    "other beta": (ADAM, ADAM.replace("1 - beta2**t", "1 - beta1**t")),
    "exponent off by one": (ADAM, ADAM.replace("beta1**t", "beta1**(t - 1)")),
    "eps inside": (ADAM, ADAM.replace("(1 - beta2**t)) + eps", "(1 - beta2**t) + eps)")),
    "eps dropped": (ADAM, ADAM.replace("+ eps", "")),
    "not squared": (ADAM, ADAM.replace("g**2", "g")),
    "cubed": (ADAM, ADAM.replace("g**2", "g**3")),
    "constant": ("step_*where(g*b_ > 0, 1.2, 1)", "step_*where(g*b_ > 0, 1.201, 1)"),
    "comparison turned": ("where(x < w, x, g)", "where(x > w, x, g)"),
    "comparison closed": ("where(x < 2, 1, 2)", "where(x <= 2, 1, 2)"),
    "branches swapped": ("where(x < w, 1, 2)", "where(x < w, 2, 1)"),
    "Max for Min": ("Min(1, c/p)", "Max(1, c/p)"),
    "bounds swapped": (BOUND.format(lo=LO, hi=HI), BOUND.format(lo=HI, hi=LO)),
    "absolute value gone": ("sqrt(x**2)", "x"),
    "root split wrongly": ("sqrt(x*w)*p", "sqrt(x)*sqrt(w)*q"),
    "wrong guard": (SAFE1, SAFE1.replace("), 1)", "), 2)")),
    "correction inverted": (SAFE1, "beta1**t - 1"),
    "norm of a product": ("norm(g*m)", "norm(g)*norm(m)"),
    "norm and sum": ("norm(g)", "total(Abs(g))"),
    "scope": ("norm(g)", "norm(g, over=ALL)"),
    "rows": ("norm(g)", "norm(g, over=ROW)"),
    "row's number pulled out": ("total(g*mean(m, over=ROW))", "mean(m, over=ROW)*total(g)"),
    "axes": ("where(axes(g) > 1, mean(g, over=ROW), 0)", "where(axes(g) > 0, mean(g, over=ROW), 0)"),
    "element pulled out": ("total(g*m)", "g*total(m)"),
    "mean and total": ("mean(g)", "total(g)"),
    "maxabs": ("maxabs(g)", "norm(g)"),
    "floor": ("floor(x + w)", "floor(x) + floor(w)"),
    "every": ("where(every(k), x, w)", "where(every(k + 1), x, w)"),
    "finite": ("where(isfinite(g), g, 0)", "where(isfinite(m), g, 0)"),
    "decay twice": ("theta_*(1 - lr*wd) - lr*m", "theta_ - lr*(m + wd*(theta_ - lr*m))"),
    "decay not scaled": ("theta_*(1 - lr*wd) - lr*m", "theta_*(1 - wd) - lr*m"),
    "Nesterov": ("theta_ + mu*(mu*v_ - lr*g) - lr*g", "theta_ - mu*v_ + mu*(mu*v_ - lr*g)"),
    "opaque functions": ("psi(x)", "psi(-x)"),
    "two words": ("below(beta)*x + ((beta - below(beta))*x + g)", "below(beta)*x + (beta*x + g)"),
    "tiny": ("x + w/1000000000000", "x"),
}  # fmt: skip

spent = {}


@pytest.fixture(scope="module", autouse=True)
def timings():
    yield
    slowest = sorted(spent.items(), key=lambda item: -item[1])[:5]
    print("\nslowest decisions:", ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in slowest))


def verdict(name, sources):
    a, b = map(parse, sources)
    start = time.perf_counter()
    found = decide(a, b, FACTS)
    spent[name] = time.perf_counter() - start
    return found


@pytest.mark.parametrize("name", PROVED)
def test_identity_is_proved(name):
    assert isinstance(verdict(name, PROVED[name]), Proved)
    assert isinstance(verdict(f"{name}, turned", PROVED[name][::-1]), Proved)


@pytest.mark.parametrize("name", REFUTED)
def test_near_miss_is_refuted_with_a_true_counterexample(name):
    found = verdict(f"not: {name}", REFUTED[name])
    assert isinstance(found, Refuted)
    assert found.values[0] != found.values[1]
    for shown, value in found.point.items():
        domain = FACTS.domain(shown.partition("[")[0])
        values = (
            [x for row in value for x in (row if isinstance(row, list) else [row])]
            if isinstance(value, list)
            else [value]
        )
        assert all(x in domain for x in values)


def test_what_has_no_rule_is_undecided():
    a, b = parse("sqrt(3 + 2*sqrt(2))"), parse("1 + sqrt(2)")
    found = decide(a, b, FACTS)
    assert isinstance(found, Undecided)
    assert found.points == 64


def test_the_budget_ends_a_proof():
    a, b = parse("(x + w + g + m + p + q)**12"), parse("(q + p + w + g + m + x)**12")
    found = decide(a, b, FACTS, budget=2000)
    assert isinstance(found, Undecided)
    assert "budget" in found.why


def test_a_condition_that_no_assumption_settles_ends_the_search():
    a, b = parse("where(ne(sqrt(n), n), x, w)/(1 + x)"), parse("where(ne(sqrt(n), n), x + 1, w)/(1 + x)")
    assert isinstance(decide(a, b, FACTS, points=0), Undecided)


def test_domains_matter():
    a, b = parse("sqrt(x**2)"), parse("x")
    assert isinstance(decide(a, b, Facts({"x": NonNegative})), Proved)
    assert isinstance(decide(a, b, Facts()), Refuted)


def test_levels_matter():
    a, b = parse("total(m_*g)"), parse("m_*total(g)")
    assert isinstance(decide(a, b, Facts(levels={"m": "tensor"})), Proved)
    assert isinstance(decide(a, b, Facts(levels={"m": "element"})), Refuted)


def test_an_assumption_about_one_element_says_nothing_about_the_others():
    a, b = parse("where(g > 0, total(Abs(g)), 1)"), parse("where(g > 0, total(g), 1)")
    assert isinstance(decide(a, b, FACTS), Refuted)


@pytest.mark.parametrize(
    ("computed", "declared", "where"),
    [
        ("-expm1(t*log(beta1))", "1 - beta1**t", {"beta1[t]": 0}),
        (SAFE1, "1 - beta1**t", None),
        ("x*(v_/v_)", "x", {"v[t-1]": 0}),
        ("x/v_", "x/v_", None),
        ("where(v_ > 0, x/v_, 0)", "where(v_ > 0, x/where(v_ > 0, v_, 1), 0)", None),
        ("sqrt(x)**2", "x", {}),
        ("w + sqrt(x/3 + x/7 - 10*x/21)", "w", None),  # rounding makes the root's argument negative, not the formula
    ],
)
def test_where_only_one_side_has_a_value(computed, declared, where):
    """The two are equal wherever both have a value; `gap` finds where the first has none."""
    a, b = parse(computed), parse(declared)
    assert isinstance(decide(a, b, FACTS), Proved)
    found = gap(a, b, FACTS, range(12))
    if where is None:
        assert found is None
    else:
        assert found is not None
        point, (nothing, something) = found
        assert nothing != nothing
        assert something == something
        assert all(point[name.removesuffix("[t]")] == value for name, value in where.items())


def test_sums_of_many_terms():
    """Adam's step squared and summed over the elements of a tensor, as a kernel with step scalars computes it."""
    steps = [f"(x*((g + {i})/(sqrt({V} + {i}) + eps)) + wd*theta_)**2" for i in range(8)]
    other = [f"(wd*theta_ + x/(eps + sqrt(v_ + (1 - beta2)*(g*g - v_) + {i}))*({i} + g))" for i in range(8)]
    scaled = [f"{term}*{term}*{SAFE1}/{SAFE2}" for term in reversed(other)]
    a, b = f"(({' + '.join(steps)})*(1 - beta1**t))/(1 - beta2**t)", " + ".join(scaled)
    assert isinstance(verdict("sums of many terms", (a, b)), Proved)


# ---- random expressions ----

LEAVES = [NAMES[name].node for name in "p beta1 beta n k x w t v_ g m_".split()]
SMALL = [Num(Fraction(n, d)) for n in range(-3, 4) for d in (1, 2, 5)]
UNARY = "sqrt abs neg sign exp log floor ceil expm1 log1p tanh sin cos psi".split()


def grow(dice, depth):
    """A random tree of every operation."""
    if depth <= 0 or dice.random() < 0.12:
        return dice.choice(LEAVES if dice.random() < 0.8 else SMALL)
    kind = dice.random()
    a, b = grow(dice, depth - 1), grow(dice, depth - 1)
    if kind < 0.5:
        return Call(dice.choice("+-**/"), (a, b))
    if kind < 0.65:
        return Call("**", (a, Num(Fraction(dice.choice([2, 3, -1, -2, Fraction(1, 2)])))))
    if kind < 0.75:
        return Call(dice.choice(UNARY), (a,))
    if kind < 0.85:
        return Call(dice.choice(["max", "min"]), (a, b))
    if kind < 0.95:
        return Call("where", (Call(dice.choice(["<", "<=", "eq"]), (a, grow(dice, 1))), b, grow(dice, depth - 1)))
    op = dice.choice(["total", "mean", "norm", "maxabs"])
    return Reduction(op, (grow(dice, min(depth - 1, 2)),), dice.choice(["tensor", "all"]))


def same(dice):
    """A rule that rewrites a node to something equal, now and then."""

    def rule(node):
        if dice.random() < 0.5:
            return node
        match node:
            case Call("+", (a, b)):
                return dice.choice([Call("+", (b, a)), Call("-", (a, Call("neg", (b,))))])
            case Call("*", (a, Call("+", (b, c)))):
                return Call("+", (Call("*", (b, a)), Call("*", (a, c))))
            case Call("*", (a, b)):
                return Call("*", (Call("neg", (b,)), Call("neg", (a,))))
            case Call("-", (a, b)):
                return Call("+", (Call("neg", (b,)), a))
            case Call("/", (a, b)):
                return dice.choice(
                    [Call("*", (a, Call("/", (ONE, b)))), Call("*", (Call("**", (b, Num(Fraction(-1)))), a))]
                )
            case Call("sqrt", (a,)):
                return Call("**", (a, Num(Fraction(1, 2))))
            case Call("max", (a, b)):
                return Call("neg", (Call("min", (Call("neg", (b,)), Call("neg", (a,)))),))
            case Call("where", (c, a, b)):
                return Call("where", (Call("not", (c,)), b, Call("where", (c, a, b))))
            case Call("<", (a, b)):
                return dice.choice([Call(">", (b, a)), Call("<", (Call("-", (a, b)), ZERO))])
            case Reduction("norm", (a,), over):
                return Call("sqrt", (Reduction("dot", (a, a), over),))
            case _:
                return node

    return rule


def changed(dice, expr):
    """The expression with one part replaced."""
    node = dice.choice(list(walk(expr)))
    if isinstance(node, Call) and node.op in BOOLEAN:
        return substitute(expr, {node: Call("not", (node,))})
    return substitute(expr, {node: dice.choice([Call("neg", (node,)), Call("+", (node, ONE)), dice.choice(LEAVES)])})


@pytest.mark.parametrize("first", range(0, 200, 25))
def test_random_identities(first):
    for seed in range(first, first + 25):
        dice = random.Random(seed)
        a = grow(dice, 3)
        b = transform(a, same(dice))
        found = decide(a, b, FACTS, points=12)
        assert not isinstance(found, Refuted), f"{seed}: {text(a)} and {text(b)}"
        if difference(a, Call("+", (b, ONE)), FACTS, range(12)):  # it has a value somewhere
            assert isinstance(found, Proved), f"{seed}: {text(a)} and {text(b)}"


@pytest.mark.parametrize("first", range(1000, 1200, 25))
def test_random_mistakes_are_never_proved(first):
    for seed in range(first, first + 25):
        dice = random.Random(seed)
        a = grow(dice, 3)
        b = changed(dice, transform(a, same(dice)))
        if isinstance(decide(a, b, FACTS, points=0), Proved):  # by the rules alone
            assert difference(a, b, FACTS, range(40)) is None, f"{seed}: {text(a)} and {text(b)}"
