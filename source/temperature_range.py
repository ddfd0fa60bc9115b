# %% [markdown]
# # Who wins, and by what measure?
#
# Two language models write. The first runs at temperature 0.7, which guides call *accurate*. The second runs at
# temperature 2, which they call *creative*: there it should find new words all the time. The second one repeats itself.
#
# Why? The temperature can't be the whole story.
#
# ## First, play (read 2 · do 2)
#
# Run the next cells one after the other, each with Shift+Enter. The folded one brings the course's tools along, and the
# one after it says that they are ready. Then you see twelve tokens of each model, as numbers; a **token** is a word or
# a piece of one.
#
# The cell after that shows five numbers and their **softmax**, which turns any numbers into probabilities. Turn the
# **temperature** T, which divides the numbers first. Can one bar hold nearly everything at T = 2? Try other numbers in
# the brackets.

# %% setup
LANGUAGE = "en"

import math

import matplotlib.pyplot as plt
import numpy as np
import torch

import helpers
from helpers import check, needs, say

helpers.use_language(LANGUAGE)
machine = {"torch": torch.__version__, "device": torch.get_default_device()}
say("Ready: PyTorch {torch} on {device}.", **machine)


# %%
def draw_logits(spread, seed, n=128_256):
    dice = torch.Generator().manual_seed(seed)
    return spread * torch.randn(n, dtype=torch.float64, generator=dice)


for spread, T in ((1, 0.7), (8, 2.0)):
    p = helpers.softmax_t(draw_logits(spread, seed=0), T)
    dice = torch.Generator().manual_seed(2)
    tokens = torch.multinomial(p, 12, replacement=True, generator=dice)
    print(f"T = {T}:", tokens.reshape(3, 4).numpy(), sep="\n")

# %%
helpers.explore_softmax([1.0, 3.0, -1.0, 2.0, 0.0])

# %% [markdown]
# ## The map
#
# At the end you can
#
# - say at which temperature an outlier stops dominating, and what "dominate" means;
# - measure how flat a distribution is in more than one way, and say when two fair measures disagree;
# - say why a "creative" temperature can repeat itself, and tell two opposite collapses apart;
# - tell a claim that holds from one that holds only sometimes, with the number that decides.
#
# It takes about {minutes} minutes, {read} to read and {do} to do, and is worth {points} points.
#
# **In a hurry?** Run every cell; write the predictions and exercises; leave the folded parts closed, and skip what has
# no number in the last column: all {points} points in about {hurry} minutes.
#
# | section | claim | points | read + do | in a hurry |
# |---|---|---|---|---|
# | First, play | {claims} | {points} | {read} + {do} | 1 |
# | 1. The article's experiment | {claims} | {points} | {read} + {do} | 6 |
# | 2. Does the 6 take it all? | {claims} | {points} | {read} + {do} | 6 |
# | 3. What is "softer"? | {claims} | {points} | {read} + {do} | 5 |
# | 4. What is "balanced"? | {claims} | {points} | {read} + {do} | 6 |
# | 5. Dominance and nucleus | {claims} | {points} | {read} + {do} | 4 |
# | 6. Differences | {claims} | {points} | {read} + {do} | 2 |
# | 7. A real vocabulary | {claims} | {points} | {read} + {do} | 2 |
# | 8. Sampling | {claims} | {points} | {read} + {do} | 4 |
# | 9. Two collapses | {claims} | {points} | {read} + {do} | 4 |
# | 10. The collapse nobody lists | {claims} | {points} | {read} + {do} | 3 |
# | 11. What does it cost? | {claims} | {points} | {read} + {do} | 1 |
# | Play | {claims} | {points} | {read} + {do} | |
# | What you found | {claims} | {points} | {read} + {do} | 1 |
#
# [A word that is new to you stands in the glossary at the end.](#glossary)

# %% [markdown]
# ### The article
#
# The claims are an article's: *Phân Tích Hành Vi Của Hàm Softmax Trong Mô Hình Học Sâu: Ảnh Hưởng Của Lặp, Phạm Vi Số
# Học Và Nhiệt Độ* ("An analysis of the behaviour of softmax in deep learning models: the effects of iteration, numeric
# range and temperature"), a part of an open course on building GPT. This course counts eighteen claims in it, C1 to
# C18. You test twelve of them here, each with a number of your own.
#
# ### How it works
#
# Run the cells from top to bottom. After a break, choose Run > Run All Cells first: your answers run again, and what is
# still open is passed over. Three kinds of cells wait for you:
#
# - **Predict**: write one number in place of `None` before you run on. The point is for committing, never for being
#   right.
# - **Exercise**: replace `raise NotImplementedError()` by your code, and run the check below it. It answers at once, as
#   often as you like.
# - **Decide**: write `"holds"` (in every setting that the claim leaves open), `"fails"` (in none) or `"sometimes"` (in
#   some settings, or only half of it). No points. The course's verdict appears once you have decided and have measured.
#
# Five words in the code are the course's. `check` looks at your answer. `say` prints a sentence in your language. What
# stands below `with needs("smallest"):` waits until that exercise is right. `helpers.reveal` sets your prediction
# beside the result, and `helpers.measured` keeps your number for a claim.
#
# Numbers are written as in Python, with a point before the decimals. A space parts thousands: 128 256.

# %% [markdown]
# ## 1. The article's experiment (read 3 · do 14 · {points} points)
#
# The numbers that go into softmax are called **logits**. The article takes 100 evenly spaced logits from -r to r, and
# one **outlier**, a logit of 6. It divides all 101 by a temperature T and takes the softmax:
#
# $$p_i = \frac{e^{x_i / T}}{\sum_j e^{x_j / T}}$$
#
# Three ranges r and three temperatures make nine distributions. Who gets how much?

# %%
RANGES, TEMPERATURES = [0.4, 1, 5], [0.5, 1, 3]

# %% [markdown]
# ### Predict ({points} points)
#
# With r = 0.4 and T = 3, what share of the probability does the 6 get?

# %% solution="prediction_1"
prediction_1 = None  # a share
### BEGIN SOLUTION
prediction_1 = 0.6
### END SOLUTION

# %% test="prediction_1" points=1

# %% [markdown]
# ### Exercise: <code>temperature_range_<wbr>experiment</code> ({points} points)
#
# `torch.softmax` and `helpers.softmax_t` are welcome here. (**float32** and **float64**, below, are number formats with
# about 7 and 16 digits.)
#
# <details><summary>Hint: KeyError</summary>
#
# Give each r its own dict first: `results[r] = {}`, then `results[r][T] = ...`. The keys are the numbers that were
# given: `results[0.4][3]`, not `results["0.4"]["3"]`.
#
# </details>
# <details><summary>Hint: the probabilities are right, the logits are wrong</summary>
#
# Store the logits as they are. The temperature divides them only inside the softmax.
#
# </details>


# %% solution="temperature_range_experiment"
def temperature_range_experiment(
    ranges: list[float], temperatures: list[float], n_points: int = 100, outlier: float = 6.0
) -> dict:
    """Take the softmax of evenly spaced logits and an outlier, for every range and temperature.

    Arguments
        ranges: numbers above 0
        temperatures: numbers above 0, as small as 0.001: exp(logits / T) may be larger than any float
        n_points, outlier: how many evenly spaced logits there are, and the one beside them

    Returns results: for every r in ranges and T in temperatures, results[r][T] is a dict with the keys
        "logits": a tensor of n_points evenly spaced values from -r to r, both included, then the
            outlier, n_points + 1 in all, not divided by T
        "probs": the softmax of logits / T, a tensor of the same shape

    The keys are the numbers given. float32 and float64 are both fine.

    >>> temperature_range_experiment([1], [2], n_points=3, outlier=6.0)[1][2]["logits"].tolist()
    [-1.0, 0.0, 1.0, 6.0]
    """
    ### BEGIN SOLUTION
    results = {}
    for r in ranges:
        inner = torch.linspace(-r, r, n_points, dtype=torch.float64)
        logits = torch.cat([inner, torch.tensor([outlier], dtype=torch.float64)])
        probs = {T: helpers.softmax_t(logits, T) for T in temperatures}
        results[r] = {T: {"logits": logits, "probs": probs[T]} for T in temperatures}
    return results
    ### END SOLUTION


# %% test="temperature_range_experiment" points=4

# %% [markdown]
# Here are the nine distributions, whole.

# %%
with needs("prediction_1", "temperature_range_experiment") as ready:
    if ready:
        display(helpers.plot_full(temperature_range_experiment(RANGES, TEMPERATURES)))

# %% [markdown]
# And here without the 6, so that the small probabilities can be seen.

# %% tags="readme"
with needs("temperature_range_experiment"):
    display(helpers.plot_zoomed(temperature_range_experiment(RANGES, TEMPERATURES)))

# %% [markdown]
# The article's own figure ends at a probability of 0.03. What does such a cut hide? Count it for r = 5. The **mass** of
# some entries is the sum of their probabilities.

# %%
with needs("temperature_range_experiment"):
    results = temperature_range_experiment([5], TEMPERATURES)
    say("T    points above 0.03   mass")
    for T, entry in results[5].items():
        small = entry["probs"][:-1]
        cut = small[small > 0.03]
        print(f"{T:3} {len(cut):18} {cut.sum():6.1%}")

# %% [markdown]
# ## 2. Does the 6 take it all? (read 4 · do 15 · {points} points)
#
# Two of the article's claims are about the share of the 6. Read it off for every range and temperature.
#
# ### Exercise: `outlier_mass` ({points} points)
#
# <details><summary>Hint: which entry</summary>
#
# The outlier is the last entry of the logits, so its share is `probs[-1]`. Return plain floats: `.item()`.
#
# </details>


# %% solution="outlier_mass"
def outlier_mass(results: dict) -> dict:
    """Return the outlier's share for every range and temperature.

    Arguments
        results: as temperature_range_experiment returns it

    Returns {r: {T: share}} with the same keys; share is a float, the probability of the last entry,
    even where another entry is larger.
    """
    ### BEGIN SOLUTION
    shares = {}
    for r, by_T in results.items():
        shares[r] = {T: entry["probs"][-1].item() for T, entry in by_T.items()}
    return shares
    ### END SOLUTION


# %% test="outlier_mass" points=1

# %%
with needs("temperature_range_experiment", "outlier_mass"):
    masses = outlier_mass(temperature_range_experiment(RANGES, TEMPERATURES))
    helpers.reveal("prediction_1", masses[0.4][3])
    say("the 6's share at T = {temperatures}", temperatures=TEMPERATURES)
    for r, shares in masses.items():
        print(f"r = {r:3}:", [round(float(share), 4) for share in shares.values()])

# %% [markdown]
# Does a claim hold for *all* ranges? The range that suits it least decides. For all temperatures? Then the worst
# temperature does. So look for the smallest value, and for its place. What is measured may change: now a share, later
# something else.
#
# ### Exercise: `smallest` ({points} points)
#
# <details><summary>Hint: what to begin with</summary>
#
# Begin with `math.inf`, which is larger than any number, and keep whatever is smaller, together with its r and T.
#
# </details>
# <details><summary>Hint: in one line</summary>
#
# Python compares tuples by their first entries: `min` of many tuples (value, r, T) is the one with the smallest value.
#
# </details>


# %% solution="smallest"
def smallest(measure, ranges: list[float], temperatures: list[float]) -> tuple[float, float, float]:
    """Find the smallest value of a measure over ranges and temperatures, and where it lies.

    Arguments
        measure: a function; measure(r, T) returns a number of any size and sign
        ranges, temperatures: lists of one number or more, in any order; they stay as they are

    Returns the tuple (value, r, T): the smallest measure(r, T) over all pairs of an r and a T, right
    to 1e-7 of its size, and that r and T. No test has a tie.

    >>> smallest(lambda r, T: (r - 2) ** 2 - T, [1, 2, 3], [0.5, 3, 1])
    (-3, 2, 3)
    """
    ### BEGIN SOLUTION
    return min((measure(r, T), r, T) for r in ranges for T in temperatures)
    ### END SOLUTION


# %% test="smallest" points=2


# %%
def share(r, T):
    return outlier_mass(temperature_range_experiment([r], [T]))[r][T]


with needs("temperature_range_experiment", "outlier_mass", "smallest"):
    value, r, T = smallest(share, RANGES, [0.5])
    say("the 6 holds least at r = {r}, T = {T}", r=r, T=T)
    helpers.measured("claim_c4", value)

# %% [markdown]
# ### Decide: C4
#
# The article says: at T = 0.5 the logit 6 takes almost all. Let "almost all" mean at least 90%.

# %% solution="claim_c4"
claim_c4 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c4 = "sometimes"
### END SOLUTION

# %% test="claim_c4" points=0

# %%
with needs("temperature_range_experiment", "outlier_mass", "smallest"):
    value, r, T = smallest(share, [0.4], TEMPERATURES)
    say("the 6 holds least at r = {r}, T = {T}", r=r, T=T)
    helpers.measured("claim_c6", value)

# %% [markdown]
# ### Decide: C6
#
# The article says: with r = 0.4 the logit 6 is absolutely dominant. Let "dominant" mean more than one half.

# %% solution="claim_c6"
claim_c6 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c6 = "sometimes"
### END SOLUTION

# %% test="claim_c6" points=0

# %% [markdown]
# ### Predict ({points} points)
#
# With r = 0.4, at which temperature does the 6 hold exactly one half?

# %% solution="prediction_2"
prediction_2 = None  # a temperature
### BEGIN SOLUTION
prediction_2 = 2.5
### END SOLUTION

# %% test="prediction_2" points=1

# %% [markdown]
# Search for it by halving: take the middle of an interval of temperatures, see on which side the one half lies, and
# keep that side.


# %%
def half_share_temperature(r, low=0.2, high=10.0):
    logits = torch.cat([torch.linspace(-r, r, 100, dtype=torch.float64), torch.tensor([6.0])])
    for _ in range(50):
        T = (low + high) / 2
        low, high = (T, high) if helpers.softmax_t(logits, T)[-1] > 0.5 else (low, T)
    return T


with needs("prediction_2"):
    helpers.reveal("prediction_2", half_share_temperature(0.4))
    print({r: round(half_share_temperature(r), 4) for r in RANGES})

# %% [markdown]
# ## 3. What is "softer"? (read 3 · do 12 · {points} points)
#
# The **entropy** $H = -\sum p \ln p$ measures how spread out a distribution is. Its unit with the natural logarithm is
# the **nat**. Its exponential, the **perplexity**, counts: a distribution with perplexity 5 is as uncertain as five
# equally likely entries.
#
# Two ends: **one-hot**, with all probability in one entry, has perplexity 1. **Uniform**, with n equal probabilities,
# has perplexity n.
#
# ### Exercise: `perplexity` ({points} points)
#
# Write it from the sum of p ln p. `helpers.entropy`, `helpers.perplexity` and `Categorical` are not allowed here.
#
# <details><summary>Hint: nan where a probability is 0</summary>
#
# `0 * log(0)` is nan ("not a number") for the computer, and 0 in the limit. `torch.where`, `torch.special.xlogy` and
# `torch.special.entr` all help. Adding a small number to p changes the answer.
#
# </details>


# %% solution="perplexity"
def perplexity(p: torch.Tensor, dim: int = -1) -> torch.Tensor:
    """Return exp of the entropy in nats along dim.

    Arguments
        p: probabilities that sum to 1 along dim, float32 or float64, any shape; a zero adds nothing
        dim: the dimension that is summed, and disappears

    Returns a tensor of p's dtype and shape without dim.

    >>> perplexity(torch.tensor([0.25, 0.25, 0.25, 0.25]))
    tensor(4.)
    >>> perplexity(torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
    tensor([1., 2.])
    """
    ### BEGIN SOLUTION
    return torch.special.entr(p).sum(dim=dim).exp()
    ### END SOLUTION


# %% test="perplexity" points=3


# %%
def flatness(r, T):
    return float(perplexity(temperature_range_experiment([r], [T])[r][T]["probs"]))


with needs("temperature_range_experiment", "perplexity"):
    for T in TEMPERATURES:
        say("perplexity at r = 1, T = {T}: {value:.2f}", T=T, value=flatness(1, T))

# %% [markdown]
# Let "softer" mean a larger perplexity. Raise the temperature from 0.5 to 3 in steps of 0.5, for every range, and look
# for the step that gains least.


# %%
def gain(r, T):
    return flatness(r, T + 0.5) - flatness(r, T)


with needs("temperature_range_experiment", "perplexity", "smallest"):
    value, r, T = smallest(gain, RANGES, [0.5, 1, 1.5, 2, 2.5])
    say("least gain: r = {r}, from T = {T} on", r=r, T=T)
    helpers.measured("claim_c5", value)

# %% [markdown]
# Is that so for these logits only? There is a formula for any logits: $dH/dT = \mathrm{Var}_p(x) / T^3$, where
# $\mathrm{Var}_p(x)$ is the variance of the logits, each counted with its probability. Check it on 50 random logits.
# The first number is the slope of H between two temperatures that lie close together, the second one is the formula.

# %%
x, T, step = draw_logits(spread=1, seed=1, n=50), 0.8, 1e-5
p, below, above = (helpers.softmax_t(x, t) for t in (T, T - step, T + step))
slope = (helpers.entropy(above) - helpers.entropy(below)) / (2 * step)
variance = (p * x**2).sum() - (p * x).sum() ** 2
say("slope of H {slope:.4f}, Var / T^3 {formula:.4f}", slope=slope, formula=variance / T**3)

# %% [markdown]
# ### Decide: C5
#
# The article says: at T = 3 the distribution is softer.

# %% solution="claim_c5"
claim_c5 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c5 = "holds"
### END SOLUTION

# %% test="claim_c5" points=0

# %% [markdown]
# ## 4. What is "balanced"? (read 4 · do 17 · {points} points)
#
# The article compares two ranges: with r = 5 the distribution is said to be more balanced than with r = 0.4. Let
# "balanced" mean a larger perplexity, for a start.
#
# ### Predict ({points} points)
#
# At T = 3, which of the two ranges has the larger perplexity: 5 or 0.4? Write that range.

# %% solution="prediction_3"
prediction_3 = None  # 5 or 0.4
### BEGIN SOLUTION
prediction_3 = 5
### END SOLUTION

# %% test="prediction_3" points=1


# %%
def advantage(r, T):
    return flatness(r, T) - flatness(0.4, T)


# %%
with needs("temperature_range_experiment", "perplexity", "smallest"):
    helpers.reveal("prediction_3", 5 if advantage(5, 3) > 0 else 0.4)
    say("T    r = 0.4   r = 5")
    for T in TEMPERATURES:
        print(f"{T:3} {flatness(0.4, T):8.2f} {flatness(5, T):7.2f}")
    helpers.measured("claim_c7", smallest(advantage, [5], TEMPERATURES)[0])

# %% [markdown]
# Is there a temperature at which the two ranges are equally balanced?
#
# ### Exercise: `crossing_temperature` ({points} points)
#
# <details><summary>Hint: how to search</summary>
#
# By halving, as in section 2: keep the half in which perplexity(wide) - perplexity(narrow) changes its sign. Thirty
# halvings are plenty. Use `helpers.perplexity` and `helpers.softmax_t`.
#
# </details>


# %% solution="crossing_temperature"
def crossing_temperature(
    narrow: float,
    wide: float,
    n_points: int = 100,
    outlier: float = 6.0,
) -> float:
    """Return the temperature at which two ranges have equal perplexity.

    Arguments
        narrow, wide: two ranges r
        n_points, outlier: for each range the logits are n_points evenly spaced values from -r to r,
            both included, then the outlier

    Returns a float, right to 1e-3 of its value. Every test has exactly one such temperature in
    [0.2, 10], where perplexity(wide) - perplexity(narrow) changes its sign.

    >>> round(crossing_temperature(0.5, 4, n_points=20), 2)
    2.2
    """

    ### BEGIN SOLUTION
    def log_perplexity(r, T):
        inner = torch.linspace(-r, r, n_points, dtype=torch.float64)
        logits = torch.cat([inner, torch.tensor([outlier], dtype=torch.float64)])
        return helpers.entropy(helpers.softmax_t(logits, T)).item()

    def gap(T):
        return log_perplexity(wide, T) - log_perplexity(narrow, T)

    low, high = 0.2, 10.0
    for _ in range(40):
        middle = (low + high) / 2
        if (gap(middle) > 0) == (gap(low) > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2
    ### END SOLUTION


# %% test="crossing_temperature" points=2

# %%
with needs("crossing_temperature"):
    say("equally balanced at T = {T:.4f}", T=crossing_temperature(0.4, 5))

# %% [markdown]
# Perplexity is one fair measure. Here are two others.
#
# - Draw two entries. The chance that they are the same one is $\sum p^2$, and $1 / \sum p^2$ is again a number of
#   entries: n for uniform, 1 for one-hot.
# - The share of all the others together, 1 minus that of the 6.
#
# Up to which temperature is r = 5 more balanced by each of the three? Try all T from 0.5 to 5 in steps of 0.01;
# 5.00 then means that it is so at all of them.

# %%
measures = {
    "perplexity": helpers.perplexity,
    "1 / sum p^2": lambda p: 1 / (p**2).sum(),
    helpers.text("1 - the 6's share"): lambda p: 1 - p[-1],
}

# %%
with needs("temperature_range_experiment"):
    temperatures = [k / 100 for k in range(50, 501)]
    narrow, wide = temperature_range_experiment([0.4, 5], temperatures).values()
    say("r = 5 is more balanced up to")
    for name, measure in measures.items():
        wins = [T for T in wide if measure(wide[T]["probs"]) > measure(narrow[T]["probs"])]
        print(f"{name:18} T = {max(wins):.2f}")

# %% [markdown]
# By the last measure the two never cross, however high T is. The larger the sum of the other terms, the smaller is the
# share of the 6. Evenly spaced logits come in pairs x and -x, with terms that add up to $2 \cosh(x/T)$, and that grows
# with x: the wider range always has the larger sum.
#
# ### Decide: C7
#
# The article says: with r = 5 the distribution is more balanced.

# %% solution="claim_c7"
claim_c7 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c7 = "sometimes"
### END SOLUTION

# %% test="claim_c7" points=0

# %% [markdown]
# ## 5. Dominance and nucleus (read 2 · do 8 · {points} points)
#
# Text generators often leave out unlikely tokens. They keep the **nucleus**: the fewest tokens that together hold, for
# example, 90% of the probability (top-p sampling). Its size is one more measure of how spread out a distribution is.
#
# ### Exercise: `tokens_for_mass` ({points} points)
#
# Write it with a sort and a cumulative sum. `helpers.tokens_for_mass` is not allowed here.
#
# <details><summary>Hint: the count is one too small</summary>
#
# If k entries stay below the mass, k + 1 are needed.
#
# </details>
# <details><summary>Hint: the entries come in another order</summary>
#
# Sort from the largest to the smallest first: the fewest entries are the largest ones.
#
# </details>


# %% solution="tokens_for_mass"
def tokens_for_mass(p: torch.Tensor, mass: float = 0.9) -> int:
    """Return the fewest entries of p that sum to at least mass.

    Arguments
        p: one distribution, 1-D, in any order, float32 or float64; it may have 128256 entries, so
            add it up in float64
        mass: a share above 0 and below 1; no test lies on a tie

    Returns an int.

    >>> tokens_for_mass(torch.tensor([0.1, 0.7, 0.2]), mass=0.85)
    2
    """
    ### BEGIN SOLUTION
    largest_first = p.double().sort(descending=True).values
    return int((largest_first.cumsum(0) < mass).sum()) + 1
    ### END SOLUTION


# %% test="tokens_for_mass" points=2

# %% [markdown]
# Which of these two distributions, both at T = 1, is the more concentrated one?

# %%
with needs("temperature_range_experiment", "tokens_for_mass"):
    results = temperature_range_experiment([0.4, 5], [1])
    sizes = {r: tokens_for_mass(by_T[1]["probs"]) for r, by_T in results.items()}
    say("r   share of the 6  entries for 90%")
    for r, size in sizes.items():
        print(f"{r:3} {float(results[r][1]['probs'][-1]):14.0%} {size:16}")

# %% [markdown]
# <details><summary>Say which one you would choose, then open this</summary>
#
# By the largest share it is the first, by the nucleus the second. Both measures are fair, and they disagree: behind the
# 6, with r = 0.4, come a hundred entries of similar size, none above 0.3%.
#
# </details>

# %% [markdown]
# ## 6. Differences (read 3 · do 5)
#
# What does softmax look at? Change three logits in three ways, and see how far the probabilities move. You may put in
# logits of your own.

# %%
three = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)


def move(y, T=1.0):
    return (helpers.softmax_t(y, T) - helpers.softmax_t(three)).abs().max().item()


# %%
say("the largest move of a probability")
for name, y, T in (("x + 1000", three + 1000, 1), ("10 x", 10 * three, 1), ("10 x, T = 10", 10 * three, 10)):
    print(f"{name:14} {move(y, T):.4f}")
helpers.measured("claim_c8", move(three + 1000))

# %% [markdown]
# ### Decide: C8
#
# The article says: softmax depends on relative differences, not only on absolute values.

# %% solution="claim_c8"
claim_c8 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c8 = "holds"
### END SOLUTION

# %% test="claim_c8" points=0

# %% [markdown]
# Divide two probabilities by each other, and their denominator cancels: $p_i / p_j = e^{(x_i - x_j)/T}$. So a
# difference of logits is a ratio of probabilities. How many times as likely is the 6 as the next entry?

# %%
with needs("temperature_range_experiment"):
    for r, by_T in temperature_range_experiment([0.4, 5], [1]).items():
        six, next_one = by_T[1]["probs"].sort(descending=True).values[:2]
        say("r = {r:3}: {ratio:.1f} times as likely", r=r, ratio=six / next_one)
    helpers.measured("claim_c16", six / next_one)

# %% [markdown]
# ### Decide: C16
#
# The article says: with r = 5 the relative difference decreases. Let "relative difference" mean this ratio.

# %% solution="claim_c16"
claim_c16 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c16 = "holds"
### END SOLUTION

# %% test="claim_c16" points=0

# %% [markdown]
# ## 7. A real vocabulary (read 3 · do 5 · {points} points)
#
# A language model chooses among 100 000 tokens and more. Take 128 256, as many as Llama 3 has, and draw a logit for
# each from a normal distribution. Let only its standard deviation vary: the **spread** s, which says how far apart the
# logits lie.
#
# ### Predict ({points} points)
#
# At spread s = 1, how many of the 128 256 tokens are in the nucleus that holds 90%?

# %% solution="prediction_4"
prediction_4 = None  # a number of tokens
### BEGIN SOLUTION
prediction_4 = 1000
### END SOLUTION

# %% test="prediction_4" points=1


# %%
def draw_sorted(n):  # once for all spreads, since sorting takes the most time
    return [draw_logits(1, seed, n).sort(descending=True).values for seed in range(5)]


draws = {n: draw_sorted(n) for n in (100, 1000, 128_256)}


def nuclei(spread, n=128_256):
    counts = sorted(tokens_for_mass(helpers.softmax_t(spread * x)) for x in draws[n])
    return [int(float(f"{count:.3g}")) for count in counts]  # three digits: the rest is chance


# %%
with needs("tokens_for_mass"):
    sizes = {spread: nuclei(spread) for spread in (8, 4.85, 3, 1)}
    helpers.reveal("prediction_4", sizes[1][2])
    say("spread   median   five draws")
    for spread, counts in sizes.items():
        found = {"s": spread, "median": counts[2], "low": counts[0], "high": counts[4]}
        say("{s:6} {median:8,}   {low:,} to {high:,}", **found)
    helpers.measured("claim_c10", sizes[4.85][2])

# %% [markdown]
# Mind how far the five draws lie apart: at a large spread one draw tells you little.
#
# Does the size of the vocabulary matter as well? Keep the spread at 4.85, which is $\sqrt{2 \ln n}$ for our n, and
# vary n. (Where does this number come from? The largest of n normal numbers z lies somewhat below it. Softmax weighs z
# by $e^{sz}$, so the mass sits near z = s; once s reaches the largest z there is, few are left.)

# %%
with needs("tokens_for_mass"):
    medians = {n: nuclei(4.85, n)[2] for n in (100, 1000, 128_256)}
    say("      n   median   sqrt(2 ln n)")
    for n, median in medians.items():
        say("{n:7,} {median:8} {top:14.2f}", n=n, median=median, top=math.sqrt(2 * math.log(n)))

# %% [markdown]
# ### Decide: C10
#
# The article says: with more than 100 000 tokens most probabilities are near 0, and few tokens dominate.

# %% solution="claim_c10"
claim_c10 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c10 = "sometimes"
### END SOLUTION

# %% test="claim_c10" points=0

# %% [markdown]
# ## 8. Sampling (read 3 · do 9 · {points} points)
#
# A model has probabilities; a text needs tokens. Lay the probabilities one after the other on a line from 0 to 1, each
# as a piece of its length. Then draw a random number u between 0 and 1, where all are equally likely. The piece into
# which it falls is the token. This is **inverse transform sampling**.
#
# ### Predict ({points} points)
#
# Draw 1 000 tokens at spread 8 and the "creative" temperature 2. How many different ones will there be?

# %% solution="prediction_5"
prediction_5 = None  # a number of different tokens
### BEGIN SOLUTION
prediction_5 = 950
### END SOLUTION

# %% test="prediction_5" points=1

# %% [markdown]
# ### Exercise: `sample_tokens` ({points} points)
#
# <details><summary>Hint: where a piece ends</summary>
#
# At the cumulative sum, `p.double().cumsum(0)`. `torch.searchsorted` finds the place of u among these sums; with
# `right=True` a u that is itself a sum belongs to the next piece.
#
# </details>
# <details><summary>Hint: an index that is too large</summary>
#
# The sums may end at 0.9999999. A u above that runs past the last piece: `.clamp(max=...)` brings it back,
# to the last index with p[k] > 0.
#
# </details>


# %% solution="sample_tokens"
def sample_tokens(p: torch.Tensor, uniform: torch.Tensor) -> torch.Tensor:
    """Draw a token for each uniform random number, by inverse transform sampling.

    Arguments
        p: one distribution, 1-D, float32 or float64; zeros are allowed; it sums to 1 but for rounding
        uniform: 1-D, float64, numbers u with 0 <= u < 1 in any order

    Returns an int64 tensor of uniform's shape. The token of u is the first index k with
    p[0] + ... + p[k] > u, added up in float64. Where there is none, since rounding has left the
    whole sum too small, it is the last index with p[k] > 0.

    >>> p = torch.tensor([0.25, 0.0, 0.75])
    >>> sample_tokens(p, torch.tensor([0.9, 0.1, 0.25], dtype=torch.float64))
    tensor([2, 0, 2])
    """
    ### BEGIN SOLUTION
    last = p.nonzero()[-1]
    return torch.searchsorted(p.double().cumsum(0), uniform, right=True).clamp(max=last)
    ### END SOLUTION


# %% test="sample_tokens" points=1

# %% [markdown]
# Count the different tokens among 1 000. (The article speaks of repetition in a text. Independent draws from one fixed
# distribution only stand in for that, and no count can test whether a text is "accurate".)


# %%
def distinct(spread, temperature, draws=1000):
    p = helpers.softmax_t(draw_logits(spread, seed=0), temperature)
    dice = torch.Generator().manual_seed(1)
    uniform = torch.rand(draws, dtype=torch.float64, generator=dice)
    return len(sample_tokens(p, uniform).unique())


# %%
with needs("sample_tokens"):
    helpers.reveal("prediction_5", distinct(8, 2))
    say("spread    T  different tokens")
    for spread, T in ((1, 0.7), (8, 0.2), (8, 2), (4, 1), (2, 0.5)):
        print(f"{spread:6} {T:4} {distinct(spread, T):17}")
    helpers.measured("claim_c11", distinct(1, 0.7))

# %% [markdown]
# ### Decide: C11
#
# The article says: a low temperature repeats and a high one diversifies; 0.2 to 0.7 is accurate, about 1 balanced, 1.2
# to 2 creative. Look at the table's last three lines before you decide.

# %% solution="claim_c11"
claim_c11 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c11 = "sometimes"
### END SOLUTION

# %% test="claim_c11" points=0

# %% [markdown]
# ## 9. Two collapses (read 5 · do 8 · {points} points)
#
# The article calls a distribution dead, or **collapsed**, when a model can no longer use it. That happens in two
# opposite ways: all entries become equal, or one takes everything. Write a function that tells them apart.
#
# ### Exercise: `diagnose` ({points} points)
#
# `helpers.softmax_t` and `helpers.perplexity` are welcome here.
#
# <details><summary>Hint: "uniform" comes too often</summary>
#
# Compare the perplexity with 0.9 n. The entropy, its logarithm, comes near its largest value, ln n, much sooner.
#
# </details>


# %% solution="diagnose"
def diagnose(logits: torch.Tensor) -> str:
    """Tell whether the softmax of logits has collapsed, and how.

    Arguments
        logits: n finite numbers of any size, 1-D, float32 or float64; n is 2 or more

    Returns one of three texts. With p = softmax(logits), at temperature 1:
        "uniform" if the perplexity of p is above 0.9 n
        "one-hot" if the largest entry of p is above 0.99
        "fine" if neither is so; both can't be

    >>> diagnose(torch.tensor([0.0, 1.0, 2.0]))
    'fine'
    """
    ### BEGIN SOLUTION
    p = helpers.softmax_t(logits)
    if helpers.perplexity(p) > 0.9 * len(p):
        return "uniform"
    return "one-hot" if p.max() > 0.99 else "fine"
    ### END SOLUTION


# %% test="diagnose" points=1

# %% [markdown]
# Here are 50 logits, and what can be wrong with them: squeezed together, spread far apart, divided by a low
# temperature. At the end of each line stands the perplexity, of 50.


# %%
def report(name, logits):
    flat = helpers.perplexity(helpers.softmax_t(logits))
    print(f"{name:22} {diagnose(logits):8} {flat:4.1f}")


# %%
base = draw_logits(spread=1, seed=0, n=50)
with needs("diagnose"):
    report(helpers.text("spread 1"), base)
    report(helpers.text("squeezed, spread 0.001"), 0.001 * base)
    report(helpers.text("far apart, spread 100"), 100 * base)
    report(helpers.text("spread 1 at T = 0.01"), base / 0.01)
    helpers.measured("claim_c12", helpers.perplexity(helpers.softmax_t(0.001 * base)))

# %% [markdown]
# ### Decide: C12, its first half
#
# The article says: logits that are too small make softmax lose its effect. (The second half, that too large ones make
# it unstable, belongs to the first notebook.)

# %% solution="claim_c12"
claim_c12 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c12 = "holds"
### END SOLUTION

# %% test="claim_c12" points=0

# %% [markdown]
# What do too large ones do? Look at the **gradient** of a probability, its derivatives by the logits: what learns
# through that probability is multiplied by it. Take two logits: first with a **gap** of 20 between them, then equal
# but at a low temperature.

# %%
for gap, T in ((20.0, 1.0), (0.0, 0.01)):
    x = torch.tensor([0.0, gap], requires_grad=True)
    helpers.softmax_t(x, T)[1].backward()
    gradient = x.grad.abs().max()
    say("gap {gap:4}, T = {T:4}: gradient {gradient:.2g}", gap=gap, T=T, gradient=gradient)

# %% [markdown]
# Far apart the probabilities **saturate**: they come so close to 0 and 1 that the gradient vanishes. (That of $\log
# p$ by `log_softmax` does not: section 4 of the first notebook.) At a tie the gradient is 1/(4T), and grows without
# bound as T falls.

# %% [markdown]
# The article's cure is **normalisation**. **Layer norm** shifts and scales the numbers of one input to mean 0 and
# spread 1. Batch norm does so across many inputs, and weight regularisation keeps a model's weights small. Here is what
# layer norm does to the two collapses, and what it does along the wrong axis:

# %%
layer_norm = torch.nn.functional.layer_norm
with needs("diagnose"):
    rescued = layer_norm(100 * base, (50,))
    report(helpers.text("squeezed, layer norm"), layer_norm(0.001 * base, (50,)))
    report(helpers.text("far apart, layer norm"), rescued)
    report(helpers.text("layer norm, wrong axis"), layer_norm(base[:, None], (1,))[:, 0])
    helpers.measured("claim_c17", helpers.perplexity(helpers.softmax_t(rescued)))

# %% [markdown]
# Why are the squeezed logits still "uniform"? Layer norm divides by $\sqrt{\mathrm{variance} + 0.00001}$, so that it
# never divides by 0. Here the variance is 0.000001, a tenth of what is added. So the spread becomes 0.3 instead of 1.
#
# The wrong axis has one number in each row. Shifted to mean 0, every logit is 0.
#
# ### Decide: C17
#
# The article says: normalisation is necessary, a matter of survival. Judge it on the distributions above: which of them
# needs the norm to stay alive?

# %% solution="claim_c17"
claim_c17 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c17 = "sometimes"
### END SOLUTION

# %% test="claim_c17" points=0

# %% [markdown]
# ## 10. The collapse nobody lists (read 2 · do 5 · {points} points)
#
# A classifier is trained with the **cross-entropy**: minus the logarithm of the probability that the right class gets.
# `torch.nn.functional.cross_entropy` takes logits and applies softmax itself. Give it probabilities, and softmax is
# applied twice. The model may be always right and perfectly sure; how small can the loss get?
#
# ### Predict ({points} points)
#
# With 1 000 classes and softmax applied twice, what is the smallest possible loss? (A model that knows nothing has
# ln 1000 = 6.91.)

# %% solution="prediction_6"
prediction_6 = None  # a loss
### BEGIN SOLUTION
prediction_6 = 0.0
### END SOLUTION

# %% test="prediction_6" points=1

# %% [markdown]
# ### Exercise: `loss_floor` ({points} points)
#
# <details><summary>Hint: what is best to hand over</summary>
#
# A one-hot vector: 1 for the right class, 0 for the others. The second softmax takes it for logits.
#
# </details>


# %% solution="loss_floor"
def loss_floor(n_classes: int) -> float:
    """Return the smallest loss that a classifier can reach where softmax is applied twice.

    The classifier hands over n_classes probabilities, those that serve it best. The loss takes their
    softmax, and of that minus the natural logarithm of what the right class gets.

    Arguments
        n_classes: 2 or more

    Returns a float, right to 1e-4 of its value.

    >>> round(loss_floor(2), 3)
    0.313
    """
    ### BEGIN SOLUTION
    return math.log(1 + (n_classes - 1) / math.e)
    ### END SOLUTION


# %% test="loss_floor" points=1

# %%
sure, right = torch.zeros(1000), torch.tensor(3)
sure[right] = 1.0
with needs("loss_floor"):
    helpers.reveal("prediction_6", loss_floor(1000))
    say("cross_entropy says {loss:.4f}", loss=torch.nn.functional.cross_entropy(sure, right))
    helpers.measured("claim_c13", loss_floor(10))

# %% [markdown]
# ### Decide: C13
#
# The article says: a collapsed distribution comes from squeezed logits, a low temperature or faulty normalisation.

# %% solution="claim_c13"
claim_c13 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c13 = "sometimes"
### END SOLUTION

# %% test="claim_c13" points=0

# %% [markdown]
# ## 11. What does it cost? (read 3 · do 5)
#
# Time is not the same on two machines, so count instead. Here is a softmax that counts what it does.


# %%
def counted_softmax(x):
    largest, weights, total, count = x[0], [], 0.0, 0
    for value in x:
        largest, count = max(largest, value), count + 1  # a comparison
    for value in x:
        weights.append(math.exp(value - largest))
        total, count = total + weights[-1], count + 3  # a subtraction, an exponential, an addition
    return [weight / total for weight in weights], count + len(x)  # a division for each


# %%
for n, repeats in ((1000, 1), (2000, 1), (1000, 8), (2000, 8)):
    x, operations = [math.sin(k) for k in range(n)], 0
    for _ in range(repeats):
        x, more = counted_softmax(x)
        operations += more
    say("N = {n:,}, K = {k}: {operations:,} operations", n=n, k=repeats, operations=operations)
helpers.measured("claim_c14", operations / (n * repeats))

# %% [markdown]
# ### Decide: C14
#
# The article says: a softmax of N numbers costs O(N), and the iterated one O(KN), for K repeats.

# %% solution="claim_c14"
claim_c14 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c14 = "holds"
### END SOLUTION

# %% test="claim_c14" points=0

# %% [markdown]
# And the time? Set `MEASURE = True` to see how well it follows, on your GPU too if there is one. A row of 4 000 000
# often no longer fits the cache, so it may take far more than four times as long.


# %%
import time


def milliseconds(device, n, repeats):
    times = []
    for _ in range(6):
        x = torch.randn(n, device=device)
        x.sum().item()  # waits for the GPU
        start = time.perf_counter()
        for _ in range(repeats):
            x = helpers.softmax_t(x)
        x.sum().item()
        times.append(1000 * (time.perf_counter() - start))
    return min(times[1:])  # the best of five, after a warm-up


# %%
MEASURE = False
for device in dict.fromkeys(["cpu", str(helpers.pick_device())]) if MEASURE else ():
    for n, repeats in ((1_000_000, 1), (4_000_000, 1), (1_000_000, 4)):
        values = {"n": n, "k": repeats, "ms": milliseconds(device, n, repeats)}
        say("{device}, N = {n:,}, K = {k}: {ms:.2f} ms", device=device, **values)

# %% [markdown]
# What costs time in practice is reading memory. A softmax that subtracts the maximum reads its row three times: for the
# maximum, for the sum, for the result. **Online softmax** reads it twice, since it finds maximum and sum together:
# whenever a larger maximum comes, it rescales the sum so far. Fast attention on GPUs is built on this idea.


# %%
def online_softmax(x, chunk=1000):
    largest, total = x.new_tensor(torch.finfo(x.dtype).min), x.new_tensor(0.0)
    for part in x.split(chunk):
        new = torch.maximum(largest, part.max())
        total = total * torch.exp(largest - new) + torch.exp(part - new).sum()
        largest = new
    return torch.exp(x - largest) / total


# %%
x = draw_logits(8, seed=0)
agrees = torch.allclose(online_softmax(x), helpers.softmax_t(x), rtol=1e-12, atol=0)
say("agrees with softmax_t: {agrees}", agrees=agrees)

# %% [markdown]
# ## Play (read 1 · do 6)
#
# First the outlier among 100 logits. At T = 1, how large must it be to hold half? Find out for r = 0.4 and for r = 5.
# Then make the outlier the smallest logit: which of share, perplexity and nucleus still changes with it?

# %%
helpers.explore_temperature_range()

# %% [markdown]
# Now a vocabulary of 128 256 tokens. Look for two settings of spread and T with the same picture. Then raise the
# nucleus's mass from 0.9 to 0.99: at which spread do these nine hundredths cost the most tokens?

# %%
helpers.explore_vocabulary()

# %% [markdown]
# ## What you found (read 1 · do 3)
#
# Your decisions on the article's claims, with the number that you measured for each:

# %%
helpers.what_you_found()

# %% [markdown]
# And your predictions. Those that surprised you most have taught you most.

# %%
helpers.sum_up_predictions()

# %% [markdown]
# <a id="glossary"></a>
#
# ## Glossary
#
# | word | meaning |
# |---|---|
# | batch norm | layer norm's relative: shifts and scales each feature across many inputs |
# | collapse | what makes a distribution useless to a model: it becomes uniform, or one-hot |
# | cross-entropy | minus the logarithm of the probability that a model gives to the right class: a loss |
# | cumulative sum | the sum of the first entries, one more at each place |
# | dominant | holding more than half of the probability |
# | entropy | $-\sum p \ln p$: how spread out a distribution is, in nats |
# | float32, float64 | number formats with 32 and 64 bits: about 7 and 16 digits |
# | gap | the difference of two logits |
# | gradient | the derivatives of a result by the numbers that it depends on |
# | inverse transform sampling | looking up uniform random numbers in the cumulative sum |
# | layer norm | shifts and scales the numbers of one input to mean 0 and spread 1 |
# | logits | the numbers that go into softmax |
# | mass | the sum of some entries' probabilities |
# | nat | the unit of entropy with the natural logarithm |
# | nucleus | the fewest entries that hold a given share of the mass; "top-p" in text generators |
# | one-hot | one probability is 1, all others are 0 |
# | outlier | a value far from the others |
# | perplexity | the exponential of the entropy: so many equally likely entries would be as uncertain |
# | saturate | come so close to 0 or 1 that the gradient vanishes |
# | share | the probability of one entry |
# | softmax | turns any numbers into probabilities: powers of e, divided by their sum |
# | spread | the standard deviation of the logits: how far apart they lie |
# | temperature | what divides the logits before softmax |
# | token | a word or a piece of one, the unit in which a language model writes |
# | uniform | all probabilities are equal |

# %% [markdown]
# ## Before you hand in

# %%
helpers.before_you_hand_in()
