"""What the pages say about the form in which an optimizer trains."""

from symopt.catalogue import load
from symopt.checks.derived import derived_facts


def test_the_transformed_form_comes_out_by_itself():
    facts = dict(derived_facts(load("nesterov")))
    assert facts["The array that is trained holds the next gradient point"] == r"P_t = \theta_t + \mu v_t"
    assert facts["Its update, while the hyperparameters are constant"] == r"P_t = P_{t-1} - \mu v_{t-1} + (\mu + 1) v_t"
    assert facts["What is deployed is recovered from it"] == r"\theta_t = P_t - \mu v_t"


def test_an_average_that_is_deployed():
    (fact,) = derived_facts(load("asgd"))
    assert fact == "The gradient is taken at x, which is trained; theta is kept beside it and deployed."


def test_a_weighted_gradient_point():
    facts = dict(derived_facts(load("schedule_free_sgd")))
    assert facts["What is deployed is recovered from it"] == r"\theta_t = \frac{P_t - (1 - \beta) z_t}{\beta}"


def test_nothing_to_say_where_theta_is_trained():
    assert derived_facts(load("adam")) == []
