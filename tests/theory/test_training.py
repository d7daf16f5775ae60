"""What is said about the form in which an optimizer trains."""

from symopt.catalogue import load
from symopt.theory.training import training


def _formulas(name: str) -> dict[str, str]:
    return {fact.statement: fact.formula for fact in training(load(name))}


def test_the_transformed_form_comes_out_by_itself():
    assert _formulas("nesterov") == {
        "The array that is trained holds the next gradient point.": "P[t] = theta[t] + mu * v[t]",
        "While the hyperparameters are constant this is its update.": "P[t] = P[t-1] - mu * v[t-1] + (mu + 1) * v[t]",
        "What is deployed is recovered from it.": "theta[t] = P[t] - mu * v[t]",
    }


def test_an_average_that_is_deployed():
    (fact,) = training(load("asgd"))
    assert fact.statement == "The gradient is taken at x, which is trained; theta is kept beside it and deployed."


def test_a_weighted_gradient_point():
    formulas = _formulas("schedule_free_sgd")
    assert formulas["What is deployed is recovered from it."] == "theta[t] = (P[t] - (1 - beta) * z[t]) / beta"


def test_nothing_to_say_where_theta_is_trained():
    assert not list(training(load("adam")))
