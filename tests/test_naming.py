"""Names as symbols: what prints how, and what cannot be printed."""

import pytest

from symopt import naming
from symopt.expr import START


@pytest.mark.parametrize(
    ("name", "latex"),
    [
        ("lr", r"\eta"),
        ("beta1", r"\beta_1"),
        ("beta_1", r"\beta_1"),
        ("mhat", r"\hat{m}"),
        ("m_hat", r"\hat{m}"),
        ("thetabar", r"\bar{\theta}"),
        ("slow", r"\mathrm{slow}"),
        ("bc1", r"\mathrm{bc}_1"),
        ("x12", r"x_{12}"),
        ("inner_lr", r"\eta_{\mathrm{inner}}"),
        ("lr_total", r"\eta_{\mathrm{total}}"),
        ("inner_weight_decay", r"\lambda_{\mathrm{inner}}"),
        ("mu_steps", r"\mu_{\mathrm{steps}}"),
        ("adam_m", r"m_{\mathrm{adam}}"),
        ("inner_beta1", r"\beta_{1,\mathrm{inner}}"),
        ("vmax", r"v_{\mathrm{max}}"),
        ("rho_inf", r"\rho_{\infty}"),
        ("max_norm", r"\mathrm{max\text{-}norm}"),
        ("max_norm2", r"\mathrm{max\text{-}norm}_2"),
        ("lr_t0", r"\eta_{t_0}"),
    ],
)
def test_symbols(name, latex):
    assert naming.symbol(name) == latex


@pytest.mark.parametrize(
    ("name", "shift", "latex"),
    [
        ("m", 0, "m_t"),
        ("mhat", -1, r"\hat{m}_{t-1}"),
        ("slow", START, r"\mathrm{slow}_0"),
        ("adam_m", 0, r"m_{\mathrm{adam},t}"),
        ("lr_now", 0, r"\eta_t"),
        ("inner_lr_now", 0, r"\eta_{\mathrm{inner},t}"),
        ("mu_now", 1, r"\mu_{t+1}"),
    ],
)
def test_values_of_sequences(name, shift, latex):
    assert naming.indexed(name, shift) == latex


@pytest.mark.parametrize(
    ("plain", "sequences", "pair"),
    [
        (["lr", "eta"], [], ("lr", "eta")),
        (["x0"], ["x"], ("x0", "x")),
        (["beta1", "beta_1"], [], ("beta1", "beta_1")),
        ([], ["mhat", "m_hat"], ("mhat", "m_hat")),
        (["lr"], ["lr_now"], None),
        (["lr", "beta1"], ["theta", "g", "m", "mhat"], None),
    ],
)
def test_names_that_print_alike_are_found(plain, sequences, pair):
    assert naming.clash(plain, sequences) == pair


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("_x", "letters, digits"),
        ("x__y", "letters, digits"),
        ("größe", "letters, digits"),
        ("lambda", "word of Python"),
        ("np", "emitted kernels"),
        ("t", "emitted kernels"),
        ("params", "emitted kernels"),
        ("deployed", "emitted kernels"),
        ("exp", "its own notation"),
        ("pi", "its own notation"),
        ("max", "its own notation"),
        ("m_new", "_new"),
        ("x_t", "step t"),
    ],
)
def test_names_that_cannot_be_used(name, reason):
    assert reason in (naming.unusable(name) or "")


def test_the_names_of_the_field_can_be_used():
    names = "size length count start rows chunk lane work table index address step init f i n x y point "
    names += "theta g m v mhat vhat vmax lr beta1 beta2 eps mu weight_decay slow fast k alpha rho rho_inf max_norm lo"
    assert [name for name in names.split() if naming.unusable(name)] == []
