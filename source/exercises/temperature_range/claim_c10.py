"""It is the spread against sqrt(2 ln n) that makes few tokens dominate."""

CLAIM = "with more than 100 000 tokens most probabilities are near 0, and few tokens dominate"
VERDICT = "sometimes"
BECAUSE = (
    "Most are near 0 in any case, since their mean is 1/n. Whether few dominate depends on the spread, set "
    "against sqrt(2 ln n), which is 4.85 here: at spread 1 it takes more than half of the tokens to hold 90%, at 4.85 "
    "you found {number}, at 8 it is a handful. More tokens make it harder: they need more spread."
)
NUMBER = "how many of 128 256 tokens hold 90% at spread 4.85"
NEEDS = ("tokens_for_mass",)
