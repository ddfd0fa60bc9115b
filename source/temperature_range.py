# %% [markdown]
# # Who wins, and by what measure?
#
# The second experiment of the article (*An analysis of softmax behaviour in deep learning: iteration, numeric range and
# temperature*, in Vietnamese) puts one large number among many small ones, changes the range and turns the
# temperature. Then it says who dominates and what is balanced. Here you measure both, and find out that the answer
# depends on the measure.
#
# This notebook takes about two hours and is worth 23 points. At the end you can
#
# - say at which temperature an outlier stops dominating, and what "dominate" means;
# - measure how flat a distribution is, in more than one way;
# - tell a claim that holds from one that holds only sometimes, with the number that decides.
#
# **How it works.** Run the cells from top to bottom. Where it says *Exercise*, replace `raise NotImplementedError()` by
# your code and run the check below it. A cell that needs an exercise you have not done yet says so and goes on. Where
# it says *Predict*, write a number in place of `None` before you run on: the point is for committing, not for being
# right.

# %% setup
LANGUAGE = "en"

import math

import torch

import helpers
from helpers import check, needs, say

helpers.use_language(LANGUAGE)

RANGES, TEMPERATURES = [0.4, 1, 5], [0.5, 1, 3]

# %% [markdown]
# ## 1. The article's experiment (8 minutes)
#
# For each range r: 100 evenly spaced logits in [-r, r], and one **outlier**, 6. For each temperature: softmax. That
# makes
# nine distributions.
#
# ### Predict (1 point)
#
# With r = 0.4 and T = 3, what share of the probability does the 6 get?

# %% solution="prediction_1"
prediction_1 = None
### BEGIN SOLUTION
prediction_1 = 0.6
### END SOLUTION

# %% test="prediction_1" points=1

# %% [markdown]
# ### Exercise: `temperature_range_experiment` (4 points)
#
# `torch.softmax` and `helpers.softmax_t` are welcome here.
#
# <details><summary>Hint: KeyError</summary>
#
# The keys are the numbers that were given: `results[0.4][3]`, not `results["0.4"]["3"]`.
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

    Returns results, with results[r][T] = {"logits": ..., "probs": ...} for every r in ranges and T in temperatures:
        logits: a tensor of n_points evenly spaced values from -r to r, both included, then the outlier,
            n_points + 1 in all, not divided by T
        probs: the softmax of logits / T

    The keys are the numbers given. float32 and float64 are both fine.

    >>> temperature_range_experiment([1], [2], n_points=3, outlier=6.0)[1][2]["logits"].tolist()
    [-1.0, 0.0, 1.0, 6.0]
    """
    ### BEGIN SOLUTION
    results = {}
    for r in ranges:
        inner = torch.linspace(-r, r, n_points, dtype=torch.float64)
        logits = torch.cat([inner, torch.tensor([outlier], dtype=torch.float64)])
        results[r] = {T: {"logits": logits, "probs": helpers.softmax_t(logits, T)} for T in temperatures}
    return results
    ### END SOLUTION


# %% test="temperature_range_experiment" points=4

# %% [markdown]
# **What you have just shown.** Nine distributions from three ranges and three temperatures, ready to be measured.

# %% [markdown]
# Here are the nine distributions, whole, and then the small probabilities alone.

# %%
with needs("temperature_range_experiment"):
    results = temperature_range_experiment(RANGES, TEMPERATURES)
    display(helpers.plot_full(results))

# %% tags="readme"
with needs("temperature_range_experiment"):
    results = temperature_range_experiment(RANGES, TEMPERATURES)
    display(helpers.plot_zoomed(results))

# %% [markdown]
# The article cuts its own version of this figure at 0.03. What does such a cut hide? Count it. The **mass** of some
# entries is the sum of their probabilities.

# %%
with needs("temperature_range_experiment"):
    results = temperature_range_experiment([5], TEMPERATURES)
    for T, entry in results[5].items():
        small = entry["probs"][:-1]
        hidden = small[small > 0.03]
        found = {"points": len(hidden), "mass": hidden.sum().item()}
        say("r = 5, T = {T}: {points} points above 0.03, with {mass:.1%} of the mass", T=T, **found)

# %% [markdown]
# ## 2. Does the 6 take it all? (8 minutes)
#
# ### Exercise: `outlier_mass` (1 point)
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

    Returns {r: {T: share}} with the same keys; share is a float, the probability of the last entry, even where another
    entry is larger.
    """
    ### BEGIN SOLUTION
    return {r: {T: entry["probs"][-1].item() for T, entry in by_T.items()} for r, by_T in results.items()}
    ### END SOLUTION


# %% test="outlier_mass" points=1

# %% [markdown]
# **What you have just shown.** "Dominant" has become a share.

# %%
with needs("temperature_range_experiment", "outlier_mass"):
    masses = outlier_mass(temperature_range_experiment(RANGES, TEMPERATURES))
    helpers.reveal("prediction_1", prediction_1, masses[0.4][3])

# %% [markdown]
# **Claim C4: at T = 0.5 the logit 6 takes almost all.** "Almost all" needs a number: say 0.9, for every range.
#
# A verdict is a dict, `{"holds": ..., "value": ...}`: True or False, and the number that decides. Yours must work for
# other ranges, temperatures and outliers as well.
#
# ### Exercise: `verdict_c4` (1 point)
#
# <details><summary>Hint: KeyError</summary>
#
# `results[r][temperature]` is there for every r; loop over `results.values()`.
#
# </details>


# %% solution="verdict_c4"
def verdict_c4(results: dict, temperature: float = 0.5) -> dict:
    """Judge C4 on results: value is the outlier's smallest share over the ranges, at the one temperature given.

    Returns {"holds": bool, "value": float}; holds is value >= 0.9.
    """
    ### BEGIN SOLUTION
    value = min(by_T[temperature]["probs"][-1].item() for by_T in results.values())
    return {"holds": value >= 0.9, "value": value}
    ### END SOLUTION


# %% test="verdict_c4" points=1

# %% [markdown]
# **What you have just shown.** A claim about all ranges is decided by the one that suits it least.

# %%
with needs("temperature_range_experiment", "verdict_c4"):
    verdict = verdict_c4(temperature_range_experiment(RANGES, TEMPERATURES))
    say("C4 holds: {holds}, the smallest share is {value:.4f}", **verdict)

# %% [markdown]
# **Claim C6: with r = 0.4 the 6 is absolutely dominant.** Dominant: more than half, at every temperature.
#
# ### Exercise: `verdict_c6` (1 point)
#
# <details><summary>Hint: which range</summary>
#
# Only `results[narrow]` counts here, at all of its temperatures.
#
# </details>


# %% solution="verdict_c6"
def verdict_c6(results: dict, narrow: float = 0.4) -> dict:
    """Judge C6 on results: value is the outlier's smallest share over the temperatures, for the range narrow.

    Returns {"holds": bool, "value": float}; holds is value > 0.5.
    """
    ### BEGIN SOLUTION
    value = min(entry["probs"][-1].item() for entry in results[narrow].values())
    return {"holds": value > 0.5, "value": value}
    ### END SOLUTION


# %% test="verdict_c6" points=1

# %% [markdown]
# **What you have just shown.** And a claim about all temperatures by the temperature that suits it least.

# %%
with needs("temperature_range_experiment", "verdict_c6"):
    verdict = verdict_c6(temperature_range_experiment(RANGES, TEMPERATURES))
    say("C6 holds: {holds}, the smallest share is {value:.4f}", **verdict)

# %% [markdown]
# Here are all nine shares. "Dominant" needs a range *and* a temperature.

# %%
with needs("temperature_range_experiment", "outlier_mass"):
    for r, shares in outlier_mass(temperature_range_experiment(RANGES, TEMPERATURES)).items():
        print(f"r = {r:3}:", {T: round(float(share), 4) for T, share in shares.items()})

# %% [markdown]
# ### Predict (1 point)
#
# With r = 0.4, at which temperature does the 6 hold exactly one half?

# %% solution="prediction_2"
prediction_2 = None
### BEGIN SOLUTION
prediction_2 = 2.5
### END SOLUTION

# %% test="prediction_2" points=1

# %% [markdown]
# Search for it: raise the temperature in small steps until the share falls below one half.


# %%
def half_share_temperature(r, step=0.001):
    logits = torch.cat([torch.linspace(-r, r, 100), torch.tensor([6.0])]).double()
    return next(k * step for k in range(200, 10_000) if helpers.softmax_t(logits, k * step)[-1] < 0.5)


helpers.reveal("prediction_2", prediction_2, half_share_temperature(0.4))
print({r: round(half_share_temperature(r), 2) for r in RANGES})

# %% [markdown]
# ## 3. What is "softer"? (8 minutes)
#
# The **entropy** $H = -\sum p \ln p$ measures how spread out a distribution is. Its exponential, the **perplexity**,
# is the number of equally likely outcomes that would be just as uncertain: 1 for one-hot, n for uniform. With the
# natural logarithm the entropy is in **nats**.
#
# ### Exercise: `perplexity` (3 points)
#
# Write it from the sum of p ln p. `helpers.entropy`, `helpers.perplexity` and `Categorical` are not allowed here.
#
# <details><summary>Hint: nan where a probability is 0</summary>
#
# `0 * log(0)` is nan for the computer, and 0 in the limit. `torch.where`, `torch.special.xlogy` and
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

# %% [markdown]
# **What you have just shown.** "Spread out" has become a number of entries.

# %%
with needs("temperature_range_experiment", "perplexity"):
    for T, entry in temperature_range_experiment([1], TEMPERATURES)[1].items():
        say("r = 1, T = {T}: perplexity {value:.2f} of 101", T=T, value=float(perplexity(entry["probs"])))

# %% [markdown]
# **Claim C5: a higher temperature is softer.** Softer: a larger perplexity, at every step up in temperature.
#
# From here on the verdicts may use `helpers.perplexity`, so that they do not depend on yours.
#
# ### Exercise: `verdict_c5` (1 point)
#
# <details><summary>Hint: a step is negative</summary>
#
# The temperatures may come in any order: go through `sorted(results[r])`.
#
# </details>


# %% solution="verdict_c5"
def verdict_c5(results: dict) -> dict:
    """Judge C5 on results: value is the smallest step of perplexity from one temperature to the next higher one.

    All ranges count, each with two temperatures or more. The temperatures may come in any order: sort them first.

    Returns {"holds": bool, "value": float}; holds is value > 0.
    """
    ### BEGIN SOLUTION
    steps = []
    for by_T in results.values():
        values = [helpers.perplexity(by_T[T]["probs"]).item() for T in sorted(by_T)]
        steps += [after - before for before, after in zip(values, values[1:])]
    return {"holds": min(steps) > 0, "value": min(steps)}
    ### END SOLUTION


# %% test="verdict_c5" points=1

# %% [markdown]
# **What you have just shown.** A claim about every step is decided by the smallest step.

# %%
with needs("temperature_range_experiment", "verdict_c5"):
    verdict = verdict_c5(temperature_range_experiment(RANGES, TEMPERATURES))
    say("C5 holds: {holds}, the smallest step is {value:.4f}", **verdict)

# %% [markdown]
# For any logits perplexity never falls with T, and it grows unless they are all equal: $dH/dT = \mathrm{Var}_p(x) /
# T^3$, where $\mathrm{Var}_p(x)$ is the variance of the logits under p, and no variance is negative. Check the
# formula on random logits, with a small step in T:

# %%
x, T, step = torch.randn(50, dtype=torch.float64, generator=torch.Generator().manual_seed(1)), 0.8, 1e-5
p = helpers.softmax_t(x, T)
variance = (p * x**2).sum() - (p * x).sum() ** 2
difference = helpers.entropy(helpers.softmax_t(x, T + step)) - helpers.entropy(helpers.softmax_t(x, T - step))
say("measured {slope:.4f}, Var / T^3 {formula:.4f}", slope=difference / (2 * step), formula=variance / T**3)

# %% [markdown]
# ## 4. What is "balanced"? (10 minutes)
#
# **Claim C7: with r = 5 the distribution is more balanced than with r = 0.4.** Balanced: a larger perplexity.
#
# ### Predict (1 point)
#
# At T = 3, which of the two ranges has the larger perplexity: 5 or 0.4? Write that range.

# %% solution="prediction_3"
prediction_3 = None
### BEGIN SOLUTION
prediction_3 = 5
### END SOLUTION

# %% test="prediction_3" points=1

# %% [markdown]
# ### Exercise: `verdict_c7` (1 point)
#
# <details><summary>Hint: the sign</summary>
#
# Wide minus narrow, at each temperature; then the smallest of these.
#
# </details>


# %% solution="verdict_c7"
def verdict_c7(results: dict, narrow: float = 0.4, wide: float = 5) -> dict:
    """Judge C7 on results: value is the smallest perplexity(wide) - perplexity(narrow) over the temperatures.

    Returns {"holds": bool, "value": float}; holds is value > 0.
    """
    ### BEGIN SOLUTION
    value = min(
        (helpers.perplexity(results[wide][T]["probs"]) - helpers.perplexity(results[narrow][T]["probs"])).item()
        for T in results[narrow]
    )
    return {"holds": value > 0, "value": value}
    ### END SOLUTION


# %% test="verdict_c7" points=1

# %% [markdown]
# **What you have just shown.** Two ranges can be compared temperature by temperature, by one number each.

# %%
with needs("temperature_range_experiment", "verdict_c7"):
    results = temperature_range_experiment(RANGES, TEMPERATURES)
    verdict = verdict_c7(results)
    flattest = max((0.4, 5), key=lambda r: helpers.perplexity(results[r][3]["probs"]).item())
    helpers.reveal("prediction_3", prediction_3, flattest, choice=True)
    say("C7 holds: {holds}, the smallest difference is {value:.2f}", **verdict)
    for r in (0.4, 5):
        print(f"r = {r:3}:", {T: round(helpers.perplexity(results[r][T]["probs"]).item(), 2) for T in TEMPERATURES})

# %% [markdown]
# Somewhere the two ranges change places. Find the temperature.
#
# ### Exercise: `crossing_temperature` (2 points)
#
# <details><summary>Hint: how to search</summary>
#
# Halve an interval: keep the half in which perplexity(wide) - perplexity(narrow) changes its sign. Thirty halvings are
# plenty. Use `helpers.perplexity` and `helpers.softmax_t`.
#
# </details>


# %% solution="crossing_temperature"
def crossing_temperature(narrow: float, wide: float, n_points: int = 100, outlier: float = 6.0) -> float:
    """Return the one temperature in [0.2, 10] at which the two ranges have equal perplexity.

    narrow, wide  two ranges; for each, n_points evenly spaced logits in [-r, r] and the outlier, as in the experiment

    Returns a float, right to 1e-3 of its value.

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

# %% [markdown]
# **What you have just shown.** Between "holds" and "fails" there is a temperature, and you can find it.

# %%
with needs("crossing_temperature"):
    say("r = 0.4 and r = 5 are equally balanced at T = {T:.4f}", T=crossing_temperature(0.4, 5))

# %% [markdown]
# That is by perplexity. Now measure "balanced" by $1 / \sum p^2$, one over the chance that two draws agree, or by the
# outlier's share, and look where r = 5 wins:

# %%
measures = {
    "perplexity": helpers.perplexity,
    "1 / sum p^2": lambda p: 1 / (p**2).sum(),
    helpers.text("1 - the 6's share"): lambda p: 1 - p[-1],
}
with needs("temperature_range_experiment"):
    results = temperature_range_experiment([0.4, 5], [1, 1.4, 1.6, 2.1, 2.3, 5])
    for name, measure in measures.items():
        wide_wins = [T for T in results[5] if measure(results[5][T]["probs"]) > measure(results[0.4][T]["probs"])]
        say("{name:18} r = 5 is more balanced at T = {wins}", name=name, wins=wide_wins)

# %% [markdown]
# Three fair measures, three answers: they cross near 1.50, between 2.1 and 2.3, and never. A claim about balance has
# to say which measure it means.

# %% [markdown]
# ## 5. Dominance and nucleus (5 minutes)
#
# Text generators often keep only the **nucleus**: the fewest tokens that together hold 90 % of the probability.
#
# ### Exercise: `tokens_for_mass` (2 points)
#
# Write it with a sort and a cumulative sum. `helpers.tokens_for_mass` is not allowed here.
#
# <details><summary>Hint: the count is one too small</summary>
#
# If k entries stay below the mass, k + 1 are needed.
#
# </details>
#
# <details><summary>Hint: the entries come in another order</summary>
#
# Sort from the largest to the smallest first: the fewest entries are the largest ones.
#
# </details>


# %% solution="tokens_for_mass"
def tokens_for_mass(p: torch.Tensor, mass: float = 0.9) -> int:
    """Return the fewest entries of p that sum to at least mass.

    Arguments
        p: one distribution, in any order: 1-D, float32 or float64, up to 128,256 entries
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
# **What you have just shown.** The size of the nucleus: another fair measure of how spread out a distribution is.

# %%
with needs("temperature_range_experiment", "tokens_for_mass"):
    for r, by_T in temperature_range_experiment([0.4, 5], [1]).items():
        p = by_T[1]["probs"]
        measured = {"share": p[-1].item(), "entries": tokens_for_mass(p)}
        say("r = {r:3}, T = 1: the 6 has {share:.3f}, and 90 % takes {entries} entries", r=r, **measured)

# %% [markdown]
# With r = 0.4 the 6 holds four fifths, and still 42 entries are needed for 90 %. With r = 5 it holds one fifth, and
# 22 are
# enough. Dominance and nucleus are both fair measures, and they disagree.

# %% [markdown]
# ## 6. Differences (3 minutes)
#
# **Claim C8: softmax depends on relative differences, not only on absolute values.** What is "relative"? Compare two
# vectors, and let the largest difference between their softmaxes decide.
#
# ### Exercise: `verdict_c8` (1 point)
#
# <details><summary>Hint: a shift by 1000 does not hold</summary>
#
# Convert both to float64 first, with `.double()`: float32 can lose the difference.
#
# </details>


# %% solution="verdict_c8"
def verdict_c8(x: torch.Tensor, other: torch.Tensor, temperature: float = 1.0) -> dict:
    """Judge whether softmax sees x and other as the same.

    x, other  two 1-D tensors of equal length, float32 or float64

    value is the largest absolute difference between the softmax of x / temperature and of other / temperature, both
    computed in float64.

    Returns {"holds": bool, "value": float}; holds is value <= 1e-6.
    """
    ### BEGIN SOLUTION
    ours, theirs = (helpers.softmax_t(logits.double(), temperature) for logits in (x, other))
    value = (ours - theirs).abs().max().item()
    return {"holds": value <= 1e-6, "value": value}
    ### END SOLUTION


# %% test="verdict_c8" points=1

# %% [markdown]
# **What you have just shown.** Whether softmax sees a difference is a question with a number for an answer.

# %%
with needs("verdict_c8"):
    x = torch.tensor([1.0, 2.0])
    for name, other in {"x + 1000": x + 1000, "10 x": 10 * x}.items():
        verdict = verdict_c8(x, other)
        say("x and {name:8} look the same: {holds}, largest difference {value:.4f}", name=name, **verdict)

# %% [markdown]
# Softmax depends on the differences $(x_i - x_j)/T$ and on nothing else: not on the level, and not on ratios.

# %% [markdown]
# ## 7. A real vocabulary (6 minutes)
#
# A language model chooses among 100,000 tokens and more. **Claim C10: then most probabilities are near 0, and few
# tokens dominate.** Draw logits for 128,256 tokens from a normal distribution, and let only its spread s vary.
#
# ### Predict (1 point)
#
# At spread s = 1, how many of the 128,256 tokens hold 90 % of the probability?

# %% solution="prediction_4"
prediction_4 = None
### BEGIN SOLUTION
prediction_4 = 1000
### END SOLUTION

# %% test="prediction_4" points=1


# %%
def draw_logits(spread, seed, n=128_256):
    return spread * torch.randn(n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def nucleus(logits, temperature=1.0):
    return helpers.tokens_for_mass(helpers.softmax_t(logits, temperature))


sizes = {spread: sorted(nucleus(draw_logits(spread, seed)) for seed in range(9)) for spread in (1, 3, 4.85, 8)}
helpers.reveal("prediction_4", prediction_4, sizes[1][4])
for spread, counts in sizes.items():
    low, middle, high = (round(count, -2) if count > 1000 else count for count in (counts[0], counts[4], counts[-1]))
    found = {"low": low, "middle": middle, "high": high}
    say("spread {s:4}: median {middle:,} tokens, over nine draws from {low:,} to {high:,}", s=spread, **found)

# %% [markdown]
# With the same 128,256 tokens, 90 % takes most of the vocabulary or a handful. Now vary n instead, at spread 1: the
# share of the vocabulary hardly moves.

# %%
for n in (100, 1_000, 128_256):
    counts = sorted(nucleus(draw_logits(1, seed, n)) for seed in range(9))
    say("n = {n:7,}: 90 % takes {share:.0%} of the tokens", n=n, share=counts[4] / n)

# %% [markdown]
# That most probabilities are near 0 is no evidence either: their mean is 1/n whatever happens. It is the spread that
# makes few tokens dominate, not their number. Near s = 4.85, the square root of 2 ln n, a few tokens begin to win. Mind
# the range over the draws: above s = 3, one draw tells you little.

# %% [markdown]
# ## 8. Sampling (6 minutes)
#
# **Claim C11: a low temperature repeats, a high one diversifies; 0.2 to 0.7 is accurate, about 1 balanced, 1.2 to 2
# creative.** Draw
# 1,000 tokens and count the different ones. `searchsorted` in the cumulative sum turns uniform random numbers into
# tokens.
#
# ### Predict (1 point)
#
# At spread 8 and the "creative" temperature 2, how many of 1,000 draws are different tokens?

# %% solution="prediction_5"
prediction_5 = None
### BEGIN SOLUTION
prediction_5 = 950
### END SOLUTION

# %% test="prediction_5" points=1


# %%
def distinct(spread, temperature, draws=1000):
    cumulative = helpers.softmax_t(draw_logits(spread, seed=0), temperature).cumsum(0)
    uniform = torch.rand(draws, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return len(torch.searchsorted(cumulative, uniform * cumulative[-1]).unique())


helpers.reveal("prediction_5", prediction_5, distinct(8, 2))
for spread, temperature in ((1, 0.7), (8, 2), (8, 0.2), (3, 0.7), (6, 1.4)):
    count = distinct(spread, temperature)
    say("spread {s}, T = {T}: {count:3} different of 1000", s=spread, T=temperature, count=count)

# %% [markdown]
# The direction is true, the bands are convention, and no count can test "accurate". At spread 1 the "accurate" 0.7
# almost never repeats; at spread 8 the "creative" 2 repeats most of the time. Look at the last two lines: only spread
# / T matters.

# %% [markdown]
# ## 9. Two collapses (5 minutes)
#
# **Claims C12 and C13: small logits lose their effect, large ones are unstable, and a collapsed distribution comes from
# squeezed logits, a low temperature or faulty normalisation.** There are two collapses, and they are opposites. Tell
# them apart with two numbers.


# %%
def diagnose(name, logits):
    p = helpers.softmax_t(logits)
    found = {"perplexity": helpers.perplexity(p), "n": len(p), "top": p.max()}
    say("{name:24} perplexity {perplexity:5.1f} of {n}, largest {top:.2f}", name=name, **found)


base = torch.randn(50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
for spread in (0.001, 100.0):
    diagnose(helpers.text("spread {s}", s=spread), spread * base)
    diagnose(helpers.text("    after layer norm"), torch.nn.functional.layer_norm(spread * base, (50,)))
diagnose(helpers.text("spread 1, T = 0.01"), base / 0.01)
diagnose(helpers.text("layer norm, wrong axis"), torch.nn.functional.layer_norm(base[:, None], (1,))[:, 0])

# %% [markdown]
# The article names three cures that keep logits in range: layer norm, batch norm, and weight regularisation. Here is
# what the first does. Squeezed logits give perplexity n: uniform. Spread-out logits, or a low temperature, give
# perplexity 1: one-hot. Layer norm along an axis of size 1 is a faulty normalisation: every logit becomes 0, and the
# answer uniform. Layer norm brings the second back to spread 1, by force: it can't know whether the model *meant* to
# be sure. The first it cures only in part: their variance, 1e-6, is smaller than the 1e-5 that layer norm adds for
# safety.
#
# And "unstable" is true of the naive exponential only. The shifted softmax never overflows. It saturates, and its
# gradient vanishes:

# %%
x = torch.tensor([0.0, 20.0], requires_grad=True)
helpers.softmax_t(x)[1].backward()
say("gap 20: largest gradient {gradient:.0e}", gradient=x.grad.abs().max())

# %% [markdown]
# ## 10. The collapse nobody lists (5 minutes)
#
# `torch.nn.functional.cross_entropy` applies softmax itself. Give it probabilities instead of logits, and softmax is
# applied twice. The model may be perfectly sure of the right class, and hand over a one-hot vector; how small can the
# loss get?
#
# ### Predict (1 point)
#
# With n = 10 classes and softmax applied twice, what is the smallest possible loss?

# %% solution="prediction_6"
prediction_6 = None
### BEGIN SOLUTION
prediction_6 = 0.0
### END SOLUTION

# %% test="prediction_6" points=1

# %%
sure = torch.zeros(10, dtype=torch.float64)
sure[3] = 1.0
floor = torch.nn.functional.cross_entropy(sure, torch.tensor(3))
helpers.reveal("prediction_6", prediction_6, floor)
say("loss floor {floor:.4f} = ln(1 + 9/e) = {exact:.4f}", floor=floor, exact=math.log(1 + 9 / math.e))

# %% [markdown]
# The second softmax gives the right class only e / (e + 9). A loss that stops near 1.46 with ten classes is the sign.
# Repeating softmax flattens (the first notebook), and here it flattens what the loss sees.

# %% [markdown]
# ## 11. What does it cost? (4 minutes)
#
# **Claim C14: softmax costs O(N), and O(KN) for K rows.** Time is not the same on two machines, so the cell below
# measures only when you ask it to: set `MEASURE = True`. It uses your GPU if there is one.
#
# Everything else here stays on the CPU, in float64. Apple's GPUs (`mps`) have no float64:
# `helpers.widest_float(device)` says what a device has.

# %%
MEASURE = False
if MEASURE:
    import time

    for device in dict.fromkeys(["cpu", str(helpers.pick_device())]):
        for rows, n in ((1, 1_000_000), (1, 4_000_000), (4, 1_000_000)):
            x = torch.randn(rows, n, device=device)
            helpers.softmax_t(x).sum().item()  # warm up
            start = time.perf_counter()
            for _ in range(10):
                helpers.softmax_t(x).sum().item()  # .item() waits for the GPU
            print(f"{device}, {rows} x {n}: {(time.perf_counter() - start) / 10 * 1000:.2f} ms")
else:
    say("Set MEASURE = True to time softmax on your machine.")

# %% [markdown]
# Count, do not only time: for each entry one comparison, one subtraction, one exponential, one addition, one
# division. So O(N), and O(KN) for K rows: C14 is true of the work. Times only resemble it. Large rows fall out of the
# cache, small ones drown in overhead, and several rows may share the cores.

# %% [markdown]
# What counts in practice is memory traffic. The shifted softmax reads its row three times. **Online softmax** reads it
# once for maximum and sum together: whenever a larger maximum comes, it rescales the sum so far. Once more for the
# result makes two. Fused GPU kernels are built on this idea.


# %%
def online_softmax(x, chunk=1000):
    largest, total = torch.tensor(-torch.inf, dtype=x.dtype), torch.tensor(0.0, dtype=x.dtype)
    for part in x.split(chunk):
        new = torch.maximum(largest, part.max())
        total = total * torch.exp(largest - new) + torch.exp(part - new).sum()
        largest = new
    return torch.exp(x - largest) / total


x = draw_logits(8, seed=0)
agrees = torch.allclose(online_softmax(x), helpers.softmax_t(x), rtol=1e-12, atol=0)
say("agrees with softmax_t: {agrees}", agrees=agrees)

# %% [markdown]
# ## 12. Play (5 minutes, no points)
#
# First the outlier among 100 logits. Raise T from 0.5 to 3: look for the moment when the 6 holds less than half. Where
# is it for r = 5? Then make the outlier the smallest logit: which of the three measures still speak of it?

# %%
helpers.explore_temperature_range()

# %% [markdown]
# Now a vocabulary of 128,256 tokens. Look for two settings of spread and T with the same picture. Then raise the
# nucleus's mass from 0.9 to 0.99: at which spread do these nine hundredths cost the most tokens?

# %%
helpers.explore_vocabulary()

# %% [markdown]
# ## What you found
#
# | claim | verdict | the number that decides |
# |---|---|---|
# | C4 at T = 0.5 the 6 takes almost all | false for r = 5 | the 6's smallest share |
# | C5 a higher temperature is softer | true for any logits that differ | the smallest step of perplexity |
# | C6 with r = 0.4 the 6 is absolutely dominant | false at T = 3 | the 6's smallest share |
# | C7 r = 5 is more balanced | only below the crossing temperature | perplexity(5) - perplexity(0.4) |
# | C8 relative differences | sharper: differences only | the largest difference |
# | C10 in a large vocabulary few tokens dominate | it depends on the spread | tokens for 90 % at spread 1 and 8 |
# | C11 low T repeats; bands for T | direction true, bands are convention | different tokens at equal spread / T |
# | C12 large logits are unstable | the naive formula only; the shifted one saturates | the gradient at a gap of 20 |
# | C13 causes of a collapse | two opposite collapses, and one cause is missing | perplexity; the loss floor |
# | C14 O(N) and O(KN) | true of the work | operations for each entry |
#
# Your predictions:

# %%
helpers.sum_up_predictions()

# %% [markdown]
# **Glossary.** *Outlier*: a value far from the others. *Entropy*: $-\sum p \ln p$, in nats. *Perplexity*: its
# exponential, an effective number of entries. *Nucleus*: the fewest entries that hold a
# given share of the mass. *Spread*: the standard deviation of the logits. *Saturate*: come so close to 0 or 1 that the
# gradient vanishes. *Layer norm*: shift and scale a vector to mean 0 and deviation 1.
