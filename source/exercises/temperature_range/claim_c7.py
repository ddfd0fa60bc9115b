"""Which range is flatter depends on the temperature and on the measure."""

CLAIM = "with r = 5 the distribution is more balanced than with r = 0.4"
VERDICT = "sometimes"
BECAUSE = (
    "By perplexity it is so below T = 1.4964 and not above: at T = 3 the difference is {number}. By 1 / sum p^2 "
    "the two cross at T = 2.2084, and by the share of the 6 they never do. Who says balanced has to name a "
    "temperature and a measure."
)
NUMBER = "the smallest perplexity(r = 5) - perplexity(r = 0.4)"
NEEDS = ("temperature_range_experiment", "perplexity", "smallest")
