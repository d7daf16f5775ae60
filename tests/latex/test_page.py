"""Pages: all that a spec says is on its page, and each printed equation is the declared one."""

import re
from fractions import Fraction

import pytest

from symopt.domains import Domain, NonNegative, NonNegativeInt, OpenUnit, Positive, PositiveInt, Real, Unit
from symopt.expr import START, Call, Seq, Sym, T, number
from symopt.latex.algorithm import algorithm
from symopt.latex.page import Cost, Entry, Statement, equations, page
from symopt.latex.parser import parse_equation
from symopt.latex.printer import latex, target
from symopt.latex.symbols import symbols_of
from symopt.latex.tables import domain_relation, domain_set
from symopt.naming import symbol
from symopt.prove.algebra import Proved, decide
from symopt.prove.facts import declared as facts_of
from symopt.recurrence import Equation, Finding, Follows, Hyperparameter, Optimizer

G, X, M = Seq("g", 0), Seq("theta", -1), Seq("m", 0)


def make(*equations_, **more):
    """An optimizer with the given equations and one that moves theta."""
    move = Equation("theta", Call("-", (X, Call("*", (Sym("lr"), G)))))
    hypers = (Hyperparameter("lr", Positive, Fraction(1, 10), "learning rate"),)
    named = {"name": "thing", "title": "A thing", "hyperparameters": hypers, **more}
    return Optimizer(
        equations=(*equations_, *(() if any(e.target == "theta" for e in equations_) else (move,))), **named
    )


def same(optimizer, read, declared):
    """Whether what was read is what was declared: as written, or by the normal form that decides everything."""
    return read == declared or isinstance(decide(read, declared, facts_of(optimizer)), Proved)


@pytest.mark.parametrize("inline", [False, True])
def test_each_equation_reads_back_as_it_was_declared(optimizers, inline):
    for label, optimizer in optimizers.items():
        symbols = symbols_of(optimizer)
        for equation in optimizer.equations:
            shown = f"{target(equation.target)} = {latex(equation.rhs, inline=inline)}"
            assert same(optimizer, parse_equation(shown, symbols).rhs, equation.rhs), (label, shown)


@pytest.mark.parametrize("room", [33.5, 18.0])
def test_the_numbered_equations_read_back(optimizers, room):
    for label, optimizer in optimizers.items():
        symbols = symbols_of(optimizer)
        declared = {e.target: e.rhs for e in optimizer.equations}
        for row in equations(optimizer, "x", room):
            shown = re.sub(r"\\label\{[^}]*\}", "", row)
            read = parse_equation(rf"\begin{{align}} {shown} \end{{align}}", symbols)
            if read.target == "g":
                assert isinstance(read.rhs, Call)
                assert read.rhs.op == "grad"
                assert same(optimizer, read.rhs.args[0], optimizer.gradient_point), (label, shown)
            else:
                assert same(optimizer, read.rhs, declared[read.target]), (label, shown)


def test_all_that_a_spec_says_is_on_its_page(optimizers):
    for label, optimizer in optimizers.items():
        text = page(Entry(optimizer, key=label))
        for hyper in optimizer.hyperparameters:
            assert f"${symbol(hyper.name)}$ & " in text
        for name in optimizer.states:
            assert f"${target(name)}$ & " in text
        assert text.count(r"\label{eq:") >= len(optimizer.equations)
        assert (r"\paragraph{Departures.}" in text) == bool(optimizer.departures)
        assert (r"\citep{" in text) == (optimizer.reference is not None)


def test_what_is_passed_in_is_shown():
    entry = Entry(
        make(),
        Cost("float32", 12, 4, 2),
        [
            Statement("limits", "100% sure."),
            Statement("limits", "On g and h.", "h[t] = lr * h[t-1]", ("h",)),
            Statement("long", "Long.", f"theta[t] = {'lr + ' * 40}g[t]"),
        ],
        "key",
    )
    text = page(entry, heading="subsection")
    assert r"\subsection{A thing}" in text
    assert r"\label{sec:key}" in text
    assert "moves 12 bytes and takes 2 floating-point operations" in text
    assert "4 bytes of state are kept per parameter" in text
    assert r"\item[Limits.] 100\% sure. On $g$ and $h$: $h_t = \eta h_{t-1}$." in text
    assert r"\item[Long.] Long:" in text
    assert r"\[ \begin{aligned} \theta_t &= \eta + \eta" in text
    assert r" \\ &\qquad + \eta" in text


def test_what_is_not_proved_is_marked():
    long = f"theta[t] = {'lr + ' * 40}g[t]"
    facts = [
        Statement("limits", "Proved."),
        Statement("limits", "Open.", mark="undecided"),
        Statement("limits", "It is not.", "h[t] = lr * h[t-1]", ("h",), "by a counterexample"),
        Statement("limits", "Long.", long, mark="undecided"),
    ]
    text = page(Entry(make(), facts=facts))
    assert r"\paragraph{Derived facts.} What is not marked is proved." in text
    shown = r"Proved. Open. [undecided] It is not: $h_t = \eta h_{t-1}$. [by a counterexample] Long [undecided]:"
    assert rf"\item[Limits.] {shown}" in text


def test_nothing_from_a_spec_is_taken_for_latex():
    nasty = r"50% of \input{x} & {a}_b #1 $ ~ ^"
    optimizer = make(title=nasty, summary=nasty, departures=nasty, findings=(Finding("dead store", nasty, nasty),))
    text = page(optimizer)
    assert text.count(r"50\% of \textbackslash{}input\{x\} \&") >= 6
    assert r"\input{x}" not in text


def test_departures_start_like_a_sentence():
    assert "None; but" in page(make(departures="none; but"))
    assert r"$\eta$ is" in page(make(departures="lr is"))


def test_a_schedule_is_told_of():
    follows = Follows("lr", "A & B", "someone2020x", "Down at k = 0.\n\nAnd up.", "none at t/2.")
    text = page(make(schedules=(follows, Follows("lr", "C"))))
    shown = text[text.index(r"\paragraph{Schedules.}") :]
    assert shown.splitlines()[1:8] == [
        r"$\eta$ follows the schedule \emph{A \& B}~\citep{someone2020x}. Down at $k = 0$.", "",
        "And up.", "",
        r"Departures: none at $t / 2$.", "",
        r"$\eta$ follows the schedule \emph{C}.",
    ]  # fmt: skip
    assert "Schedules" not in page(make())


def test_the_gradient_stands_where_its_point_is_known():
    now = Equation("mu_now", Call("/", (number(1), T)))
    point = Call("+", (X, Call("*", (Seq("mu_now", 0), X))))
    rows = equations(make(now, gradient_point=point), "x", 33.0)
    assert [row.split(" ")[0] for row in rows] == [r"\mu_t", "g_t", r"\theta_t"]
    assert r"\nabla f(\theta_{t-1} + \mu_t \theta_{t-1})" in rows[1]


def test_an_optimizer_without_gradient_has_no_gradient_line():
    optimizer = make(Equation("theta", Call("*", (Sym("lr"), X))))
    assert r"\nabla" not in page(optimizer)


def test_choices_of_the_whole_step_become_branches():
    every = Call("every", (T, number(5)))
    slow = Equation("slow", Call("where", (every, G, Seq("slow", -1))))
    move = Equation("theta", Call("where", (every, Seq("slow", 0), Call("where", (Call(">", (T, number(9))), G, X)))))
    steps = algorithm(make(slow, move, hyperparameters=()), 35.0).steps
    assert [step.strip().split("{")[0].split(" ")[0] for step in steps[1:]] == [
        r"\If", r"\State", r"\State", r"\Else", r"\State", r"\If", r"\State", r"\Else", r"\State", r"\EndIf", r"\EndIf",
    ]  # fmt: skip


def test_a_chain_of_choices_becomes_else_if():
    first, second = Call("eq", (T, number(1))), Call("<", (T, number(9)))
    move = Equation("theta", Call("where", (first, G, Call("where", (second, X, G)))))
    assert r"\ElsIf{$t < 9$}" in algorithm(make(move, hyperparameters=()), 35.0).steps


def test_choices_of_elements_stay_cases():
    move = Equation("theta", Call("where", (Call(">", (G, number(0))), X, G)))
    assert any(r"\begin{cases}" in step for step in algorithm(make(move, hyperparameters=()), 35.0).steps)


def test_equal_starts_are_grouped():
    m = Equation("m", Call("+", (Seq("m", -1), G)))
    v = Equation("v", Call("+", (Seq("v", -1), M)))
    z = Equation("z", Call("+", (Seq("z", -1), Seq("v", 0))))
    assert algorithm(make(m, v, z, starts=(("z", Seq("theta", START)),)), 35.0).start == (
        r"$m_0, v_0 \gets 0$, $z_0 \gets \theta_0$"
    )


@pytest.mark.parametrize(
    ("domain", "as_set", "as_relation"),
    [
        (Real, r"\mathbb{R}", r"\in \mathbb{R}"),
        (Positive, r"(0, \infty)", "> 0"),
        (NonNegative, r"[0, \infty)", r"\ge 0"),
        (Unit, "[0, 1)", r"\in [0, 1)"),
        (OpenUnit, "(0, 1)", r"\in (0, 1)"),
        (PositiveInt, r"\{1, 2, \dots\}", r"\in \{1, 2, \dots\}"),
        (NonNegativeInt, r"\{0, 1, \dots\}", r"\in \{0, 1, \dots\}"),
        (Domain("", upper=Fraction(1)), r"(-\infty, 1]", r"\in (-\infty, 1]"),
        (Domain("", integer=True), r"\mathbb{Z}", r"\in \mathbb{Z}"),
        (Domain("", Fraction(1), Fraction(9), integer=True), r"\{1, \dots, 9\}", r"\in \{1, \dots, 9\}"),
    ],
)
def test_domains(domain, as_set, as_relation):
    assert domain_set(domain) == as_set
    assert domain_relation(domain) == as_relation


def test_a_hyperparameter_without_default_is_required():
    optimizer = make(hyperparameters=(Hyperparameter("lr", Positive, None),))
    assert r"\texttt{lr} &  & required &" in page(optimizer)
