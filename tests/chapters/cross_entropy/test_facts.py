"""What the text of chapter 2 says of MXNet's losses, and the counterexamples it gives."""

import numpy
import pytest
from mxnet import autograd, gluon, init, np, npx
from mxnet.gluon import nn
from scipy import special

import d2l_extras as dx

loss = gluon.loss.SoftmaxCrossEntropyLoss()
SCORES, LABEL = np.array([[1.0, 2.0, 3.0]]), np.array([2])


def slope(function, x, *others):
    """Return the gradient of the sum of a loss."""
    x = x.copy()
    x.attach_grad()
    with autograd.record():
        losses = function(x, *others)
    losses.backward()
    return x.grad


def near(value, tolerance=1e-5):
    return pytest.approx(value, abs=tolerance, rel=0)


def numbers(array):
    return array.asnumpy().reshape(-1).tolist()


@pytest.mark.parametrize(
    ("p", "cost"), [(0.9, 0.105361), (0.5, 0.693147), (0.1, 2.302585), (0.01, 4.605170)]
)
def test_probability_of_the_true_class_costs_minus_its_logarithm(p, cost):
    scores = np.log(np.array([[p, 1 - p]]))
    assert loss(scores, np.array([0])).item() == near(cost)


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_equal_scores_cost_ln_k(classes):
    assert loss(np.zeros((1, classes)), np.array([0])).item() == near(numpy.log(classes))


def test_binary_loss_at_score_0_is_ln_2_for_both_labels():
    binary = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    assert numbers(binary(np.zeros(2), np.array([1.0, 0.0]))) == near([numpy.log(2)] * 2)


@pytest.mark.parametrize("score", [-5, -0.5, 1e-3, 0.5, 5])
def test_binary_gradient_is_right_where_the_score_is_not_0(score):
    binary = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    got = slope(binary, np.full(2, score), np.array([1.0, 0.0]))
    assert numbers(got) == near([special.expit(score) - 1, special.expit(score)])


def test_binary_gradient_at_a_score_of_exactly_0_is_wrong():
    """A bug of MXNet 1.9.1: it should be -0.5 and 0.5."""
    binary = gluon.loss.SigmoidBinaryCrossEntropyLoss()
    assert numbers(slope(binary, np.zeros(2), np.array([1.0, 0.0]))) == [-1, 0]


@pytest.mark.parametrize(("label", "counts_as"), [(3, 2), (-1, 0)])
def test_label_that_no_class_has_counts_as_the_nearest(label, counts_as):
    assert loss(SCORES, np.array([label])).item() == loss(SCORES, np.array([counts_as])).item()


def test_loss_returns_one_value_for_each_sample():
    assert loss(np.zeros((5, 3)), np.zeros(5)).shape == (5,)


@pytest.mark.parametrize(("scores", "cost"), [([100, -10, 0.1], 110), ([100, 10, 0.1], 90)])
def test_fused_loss_is_finite_where_softmax_underflows(scores, cost):
    x = np.array([scores])
    assert numpy.isinf((-np.log(npx.pick(npx.softmax(x), np.array([1])))).item())
    assert loss(x, np.array([1])).item() == near(cost, 1e-3)
    assert numpy.isfinite(slope(loss, x, np.array([1])).asnumpy()).all()


def test_loss_of_a_perfect_prediction_is_0_up_to_1e_5():
    assert loss(np.array([[100.0, 10.0, 0.1]]), np.array([0])).item() == near(0)


def test_gradient_is_p_minus_y_and_sums_to_0():
    got = numbers(slope(loss, SCORES, LABEL))
    assert got == near([0.090031, 0.244729, -0.334758])
    assert sum(got) == near(0)


def test_step_along_y_minus_p_as_if_it_were_the_gradient_raises_the_loss():
    uphill = npx.one_hot(LABEL, 3) - npx.softmax(SCORES)
    wrong, before, right = (loss(SCORES + way * uphill, LABEL).item() for way in (-0.5, 0, 0.5))
    assert wrong > before > right


def test_exp_of_minus_n_times_the_mean_loss_is_the_product_of_the_probabilities():
    given = np.array([0.9, 0.5, 0.1, 0.8])
    losses = loss(np.log(np.stack([given, 1 - given], axis=1)), np.zeros(4))
    assert np.exp(-4 * losses.mean()).item() == near(given.prod().item())


def test_gradient_of_soft_labels_is_p_minus_t_and_the_least_cost_their_entropy():
    dense = gluon.loss.SoftmaxCrossEntropyLoss(sparse_label=False)
    target = np.array([[0.1, 0.1, 0.8]])
    assert numbers(slope(dense, SCORES, target)) == near(numbers(npx.softmax(SCORES) - target))
    assert dense(np.log(target), target).item() == near(special.entr([0.1, 0.1, 0.8]).sum())
    assert dense(SCORES, npx.one_hot(LABEL, 3)).item() == near(loss(SCORES, LABEL).item())


def test_from_logits_takes_log_probabilities_for_granted():
    unfused = gluon.loss.SoftmaxCrossEntropyLoss(from_logits=True)
    assert unfused(SCORES, LABEL).item() == near(-3)
    assert unfused(npx.log_softmax(SCORES), LABEL).item() == near(0.407604)
    assert loss(SCORES, LABEL).item() == near(0.407604)


def test_sigmoid_twice_has_two_floors():
    perfect = np.array([1.0, 0.0])
    twice = gluon.loss.SigmoidBinaryCrossEntropyLoss()(perfect, perfect)
    assert numbers(twice) == near([0.313262, 0.693147])
    told = gluon.loss.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)(perfect, perfect)
    assert numbers(told) == near([0, 0])


def test_binary_loss_on_softmax_is_the_categorical_one_for_two_classes_only():
    binary = gluon.loss.SigmoidBinaryCrossEntropyLoss(from_sigmoid=True)
    two, three = np.array([[1.3, -0.4]]), np.array([[1.3, -0.4, 0.2]])
    rows = [npx.one_hot(np.array([0]), classes) for classes in (2, 3)]
    assert binary(npx.softmax(two), rows[0]).item() == near(loss(two, np.array([0])).item())
    different = binary(npx.softmax(three), rows[1]) - loss(three, np.array([0]))
    assert abs(different.item()) > 0.1


def test_l2_loss_has_a_half_in_it():
    assert gluon.loss.L2Loss()(np.array([3.0]), np.array([1.0])).item() == near(2)


@pytest.mark.parametrize("classes", [2, 10, 30])
def test_softmax_twice_divides_the_gradient_at_equal_scores_by_the_number_of_classes(classes):
    zeros, label = np.zeros((1, classes)), np.array([1])
    once = numbers(slope(loss, zeros, label))
    twice = numbers(slope(lambda x, y: loss(npx.softmax(x), y), zeros, label))
    assert twice == near([value / classes for value in once], 1e-6)


def test_curvature_in_every_direction_is_the_variance_under_p():
    rng = numpy.random.default_rng(0)
    for _ in range(20):
        x, v, step = rng.normal(0, 2, 5), rng.normal(size=5), 1e-4
        gradients = [special.softmax(x + sign * step * v) for sign in (1, -1)]
        p = special.softmax(x)
        assert (gradients[0] - gradients[1]) @ v / (2 * step) == pytest.approx(
            p @ v**2 - (p @ v) ** 2, abs=1e-6
        )


@pytest.mark.parametrize(("rate", "passes"), [(5.0, True), (0.5, False)])
def test_softmax_twice_passes_90_percent_within_100_updates_only_at_ten_times_the_rate(
    rate, passes
):
    images, labels = dx.data.Digits().train
    dx.seed(0)
    net = nn.Dense(10)
    net.initialize(init.Normal(0.01))
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": rate})
    for _ in range(100):
        with autograd.record():
            losses = loss(npx.softmax(net(images)), labels)
        losses.backward()
        trainer.step(len(images))
    right = net(images).asnumpy().argmax(axis=1) == labels.asnumpy()
    assert (right.mean() > 0.9) == passes


@pytest.mark.parametrize("twice", [False, True])
def test_mean_prediction_meets_the_shares_of_the_classes_with_one_softmax_only(twice):
    """At the lowest loss of a layer with a bias; unequal classes, so that equal shares fail."""
    images, labels = dx.data.Digits().train
    kept = numpy.flatnonzero((labels.asnumpy() < 3) | (numpy.arange(len(labels)) % 4 == 0))
    images = images[np.array(kept)].reshape(len(kept), -1)[:, 20:28]  # eight pixels: no way to 0
    labels = labels[np.array(kept)]
    dx.seed(0)
    net = nn.Dense(10)
    net.initialize(init.Normal(0.01))
    trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    for _ in range(400):
        with autograd.record():
            x = net(images)
            losses = loss(npx.softmax(x) if twice else x, labels)
        losses.backward()
        trainer.step(len(kept))
    mean = npx.softmax(net(images)).mean(axis=0).asnumpy()
    shares = numpy.bincount(labels.asnumpy(), minlength=10) / len(kept)
    off = abs(mean - shares).max()
    assert off > 0.02 if twice else off < 0.002
