"""Questions of chapter 1: softmax."""

from ...teaching.question import Amount, Choice

shapes = Choice(
    "scores and weights",
    """100 images of 8 × 8 pixels, ten classes, one dense layer. What are the shapes of the scores
    $\\mathbf{O}$ and of the weights $\\mathbf{W}$?""",
    {
        "A": "O (10, 100), W (64, 10)",
        "B": "O (100, 10), W (10, 64)",
        "C": "O (100, 10), W (10, 100)",
        "D": "O (100, 64), W (64, 64)",
    },
    "B",
    {
        "A": "The formula above says what a row of O is. And it turns W over before it multiplies: "
        "which shape does W have before that?",
        "C": "A weight belongs to a feature, not to a sample: the number of images does not enter.",
        "D": "Those are as many scores as pixels: there is one score for each class.",
    },
    """A row of ten scores for each of the 100 samples; a row of 64 weights, one for each pixel, for
    each of the ten classes.""",
)

sums = Choice(
    "the shape of the sums",
    """The exponentials have shape (100, 10). Which shape must the sums have, so that *broadcasting
    (广播)* divides each row by its own sum?""",
    {"A": "(100,)", "B": "(10,)", "C": "(100, 1)", "D": "(1, 10)"},
    "C",
    {
        "A": "Shapes are lined up from the right: 100 sums would stand against the 10 columns.",
        "B": "Ten sums are one for each column: the samples would be mixed.",
        "D": "That divides each column by a sum of its own: the samples would be mixed.",
    },
    "100 sums, one for each row, on an axis of length 1 that broadcasting stretches over the row.",
)

winners = Choice(
    "does the winner change?",
    """Softmax of 10,000 random rows of five scores. In how many of them does it change which class
    is the largest?""",
    {"A": "in none", "B": "in about 1 of 100", "C": "in about 1 of 5", "D": "in most"},
    "A",
    {
        "B": "Rounding can make a tie of nearly equal scores, but that is far rarer than 1 in 100.",
        "C": "1 in 5 is what guessing would keep: the exponential does not shuffle.",
        "D": "The exponential grows with its argument, and a row is divided by one number.",
    },
    "Exponentiating and dividing by one positive number keep the order of a row.",
)

spacing = Choice(
    "spacing, not size",
    "Is softmax surer about the scores 1001, 1002, 1003 than about 1, 2, 3?",
    {
        "A": "Yes: larger scores mean more confidence.",
        "B": "No: both give the same probabilities.",
        "C": "It is less sure: in percent, the large scores differ hardly at all.",
        "D": "Neither: exp(1003) overflows in npx.softmax, too.",
    },
    "B",
    {
        "A": "How large the scores are does not enter: divide two of the probabilities and look at "
        "what is left.",
        "C": "Softmax compares differences, not ratios, of scores.",
        "D": "The plain formula overflows there; npx.softmax first subtracts the largest score.",
    },
    "Odds are exp(difference of scores): 1 apart is 1 apart, wherever the scores lie.",
)

doubled = Amount(
    "twice the scores",
    """For the scores 1, 2, 3 the odds of the last class against the middle one are about 2.718
    to 1. How many to 1 are they for the scores 2, 4, 6?""",
    7.389, 1, 100, 0.15,
    [
        (2.6, 2.8, "Twice the scores is no shift: their differences double."),
        (5.4, 5.5, "Doubling the scores does not double the odds: it adds the difference again in "
         "the exponent."),
        (14, 16, "That doubles once too often: nothing stands before the exponential."),
        (1, 100, "The odds are exp(difference of the two scores): which difference, now?"),
    ],
    "The difference is 2 now, and exp(2) is exp(1) squared: about 7.389.",
)  # fmt: skip

undecided = Choice(
    "temperature and entropy",
    """For the scores 1, 2, 3 and the temperatures 0.1, 0.5, 1, 2 and 10: at which is the entropy
    above 1 nat? (At most it can be $\\ln 3 = 1.0986$.)""",
    {
        "A": "at 0.1 and 0.5",
        "B": "at all of them",
        "C": "at 2 and 10",
        "D": "at none: 1 is the most there can be",
    },
    "C",
    {
        "A": "Dividing by a small number spreads the scores: the winner takes nearly all, and "
        "little is left undecided.",
        "B": "At 0.1 the winner has nearly everything: entropy near 0.",
        "D": "The most is ln 3 = 1.0986, for three equal shares; hot softmax comes close to it.",
    },
    "Hot means close together: the shares approach thirds, and the entropy approaches ln 3.",
)

calibrated = Choice(
    "as sure as right?",
    """The digit network is right on about 95 % of the validation digits. How sure is it, on average
    over its largest probabilities?""",
    {
        "A": "surer: more than 97 %",
        "B": "about as sure: 93 to 97 %",
        "C": "less sure: under 93 %",
    },
    "C",
    {
        "A": "Large networks that train for long often are. This one is a single layer, stopped "
        "after 30 epochs.",
        "B": "Nothing in its training asked for that: the number is a claim, not a measurement.",
    },
    "After 30 epochs its scores have not grown far enough apart: it claims less than it delivers.",
)

negative = Choice(
    "white ink on black paper",
    """The network has only seen black ink on white paper. It now gets the same digits with black
    and white exchanged. How sure is it, on average over its largest probabilities?""",
    {
        "A": "About 0.1: it has never seen anything like it.",
        "B": "Above one half, and it is right as often as that.",
        "C": "Above one half, although nearly all of its answers are wrong.",
    },
    "C",
    {
        "A": "Softmax has no answer 'none of these': ten scores that differ make one class sure.",
        "B": "It weighs ink pixel by pixel: exchanged ink speaks for other classes.",
    },
    "The probabilities must sum to 1 over the ten digits, and unknown pictures give scores that "
    "differ, too: sure says nothing about right.",
)

overflow = Choice(
    "100, 10, 0.1",
    "What does `naive_softmax` return for the winner of the scores 100, 10, 0.1 in float32?",
    {
        "A": "1",
        "B": "nan",
        "C": "an error that names the overflow",
        "D": "infinity",
    },
    "B",
    {
        "A": "That is the right softmax. But on the way exp(100) is computed, which float32 cannot "
        "hold.",
        "C": "Floating-point arithmetic raises nothing: it goes on with infinity.",
        "D": "The exponential is infinite, and so is the sum: what is infinity over infinity?",
    },
    "exp(100) is infinity in float32, and so is a sum that holds it: infinity / infinity is nan.",
)

largest = Amount(
    "the largest score",
    """Up to which score does `exp` stay finite in float32? The largest float32 is about
    $3.4028 \\cdot 10^{38}$.""",
    88.72, 0, 1000, 0.75,
    [
        (38, 39, "That is the power of ten. With base e it is ln(10) = 2.303 times as much."),
        (127, 129, "That is the power of two: times ln(2) gives that of e."),
        (700, 720, "That is the limit of float64: here are four bytes."),
        (0, 1000, "Take the natural logarithm of the largest float32."),
    ],
    "ln(3.4028e38) = 88.72: one step beyond, exp gives infinity.",
)  # fmt: skip

hopeless = Choice(
    "the logarithm of a hopeless class",
    """In `npx.softmax` of the scores 200, 10, 0.1 the second probability is rounded to 0. What does
    `np.log(npx.softmax(x))` give for it, and what does `npx.log_softmax(x)`?""",
    {
        "A": "both -190",
        "B": "both -infinity",
        "C": "-infinity and -190",
        "D": "nan and -190",
    },
    "C",
    {
        "A": "The logarithm gets the rounded 0: what was lost cannot come back.",
        "B": "log_softmax never forms the probability: it subtracts scores.",
        "D": "The logarithm of 0 is -infinity; nan comes from 0 times that.",
    },
    "log(0) is -infinity; log_softmax computes 10 - 200 directly.",
)

tags = Choice(
    "a cat and a dog",
    """An image shows a cat and a dog, and both tags have the same large score, 10; *fish* has −10.
    Which probability does softmax give to *cat*?""",
    {"A": "nearly 1", "B": "0.5", "C": "one third"},
    "B",
    {
        "A": "Then dog would have nearly 1, too, and the sum would be 2.",
        "C": "The fish is 20 behind: its share is practically 0.",
    },
    "Softmax shares one whole among classes that exclude each other: two winners get half each.",
)

square = Choice(
    "forgetting keepdims",
    """Ten samples, ten classes, and `keepdims=True` forgotten: the exponentials are (10, 10), the
    sums (10,). What happens?""",
    {
        "A": "An error: the shapes do not fit.",
        "B": "The right result: ten rows, ten sums.",
        "C": "No error, and a wrong result.",
    },
    "C",
    {
        "A": "With 100 samples it was one. But 10 stands against 10 here.",
        "B": "Shapes are lined up from the right: the sum of row j divides column j.",
    },
    "The sums are lined up with the columns, which have the same length by chance.",
)
