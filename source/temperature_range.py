# %% [markdown]
# # Who wins, and by what measure?
#
# The article's second experiment puts one large number among many small ones, changes the range and turns the
# temperature. Then it says who dominates and what is balanced. Here you measure both, and find out that the answer
# depends on the measure.
#
# This notebook takes about an hour and is worth 17 points. At the end you can
#
# - say at which temperature an outlier stops to dominate, and what "dominate" means;
# - measure how flat a distribution is, in more than one way;
# - tell a claim that holds from one that holds only sometimes, with the number that decides.
#
# **How it works.** Run the cells from top to bottom. Where it says *Exercise*, replace `raise NotImplementedError()` by
# your code and run the check below it. A cell that needs an exercise you have not done yet says so and goes on.

# %%
import torch

import helpers
from helpers import check, needs

RANGES, TEMPERATURES = [0.4, 1, 5], [0.5, 1, 3]

# %% [markdown]
# ## 1. The article's experiment
#
# For each range r: 100 evenly spaced logits in [-r, r], and one **outlier**, 6. For each temperature: softmax. That
# makes
# nine distributions.
#
# Guess before you compute: with r = 0.4 and T = 3, what share does the 6 get?
#
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

    logits  a tensor of n_points evenly spaced values from -r to r, both included, then the outlier: n_points + 1,
            not divided by T
    probs   the softmax of logits / T

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
# The article cuts this second figure at 0.03. What does the cut hide? Count it.

# %%
with needs("temperature_range_experiment"):
    results = temperature_range_experiment([5], TEMPERATURES)
    for T, entry in results[5].items():
        small = entry["probs"][:-1]
        hidden = small[small > 0.03]
        print(f"r = 5, T = {T}: {len(hidden)} points above 0.03, with {hidden.sum().item():.1%} of the mass")

# %% [markdown]
# ## 2. Does the 6 take it all?
#
# ### Exercise: `outlier_mass` (1 point)


# %% solution="outlier_mass"
def outlier_mass(results: dict) -> dict:
    """Return the outlier's share for every range and temperature.

    results  as temperature_range_experiment returns it

    Returns {r: {T: share}} with the same keys; share is a float, the probability of the last entry, even where another
    entry is larger.
    """
    ### BEGIN SOLUTION
    return {r: {T: entry["probs"][-1].item() for T, entry in by_T.items()} for r, by_T in results.items()}
    ### END SOLUTION


# %% test="outlier_mass" points=1

# %%
with needs("temperature_range_experiment", "outlier_mass"):
    for r, shares in outlier_mass(temperature_range_experiment(RANGES, TEMPERATURES)).items():
        print(f"r = {r:3}:", {T: round(share, 4) for T, share in shares.items()})

# %% [markdown]
# **Claim C4: at T = 0.5 the logit 6 takes almost all.** "Almost all" needs a number: say 0.9, for every range.
#
# A verdict is a dict: `{"holds": True or False, "value": the number that decides}`. Yours must work for other ranges,
# temperatures and outliers as well.
#
# ### Exercise: `verdict_c4` (1 point)


# %% solution="verdict_c4"
def verdict_c4(results: dict, temperature: float = 0.5) -> dict:
    """Judge C4 on results: value is the smallest outlier's share over the ranges, at the one temperature given.

    Returns {"holds": bool, "value": float}; holds is value >= 0.9.
    """
    ### BEGIN SOLUTION
    value = min(by_T[temperature]["probs"][-1].item() for by_T in results.values())
    return {"holds": value >= 0.9, "value": value}
    ### END SOLUTION


# %% test="verdict_c4" points=1

# %%
with needs("temperature_range_experiment", "verdict_c4"):
    verdict = verdict_c4(temperature_range_experiment(RANGES, TEMPERATURES))
    print(f"C4 holds: {verdict['holds']}, the smallest share is {verdict['value']:.4f}")

# %% [markdown]
# **Claim C6: with r = 0.4 the 6 is absolutely dominant.** Dominant: more than half, at every temperature.
#
# ### Exercise: `verdict_c6` (1 point)


# %% solution="verdict_c6"
def verdict_c6(results: dict, narrow: float = 0.4) -> dict:
    """Judge C6 on results: value is the smallest outlier's share over the temperatures, for the range narrow.

    Returns {"holds": bool, "value": float}; holds is value > 0.5.
    """
    ### BEGIN SOLUTION
    value = min(entry["probs"][-1].item() for entry in results[narrow].values())
    return {"holds": value > 0.5, "value": value}
    ### END SOLUTION


# %% test="verdict_c6" points=1

# %%
with needs("temperature_range_experiment", "verdict_c6"):
    verdict = verdict_c6(temperature_range_experiment(RANGES, TEMPERATURES))
    print(f"C6 holds: {verdict['holds']}, the smallest share is {verdict['value']:.4f}")

# %% [markdown]
# ## 3. What is "softer"?
#
# The **entropy** $H = -\sum p \ln p$ measures how spread out a distribution is. Its exponential, the **perplexity**,
# counts in how many equal pieces it is as uncertain as: 1 for one-hot, n for uniform.
#
# ### Exercise: `perplexity` (3 points)
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

    p    probabilities that sum to 1 along dim, float32 or float64, any shape; a zero adds nothing
    dim  the dimension that is summed, and disappears

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
with needs("temperature_range_experiment", "perplexity"):
    for r, by_T in temperature_range_experiment(RANGES, TEMPERATURES).items():
        print(f"r = {r:3}:", {T: round(perplexity(entry["probs"]).item(), 2) for T, entry in by_T.items()})

# %% [markdown]
# **Claim C5: a higher temperature is softer.** Softer: a larger perplexity, at every step up in temperature.
#
# From here on the verdicts may use `helpers.perplexity`, so that they do not depend on yours.
#
# ### Exercise: `verdict_c5` (1 point)


# %% solution="verdict_c5"
def verdict_c5(results: dict) -> dict:
    """Judge C5 on results: value is the smallest step of perplexity from one temperature to the next higher one.

    All ranges count. The temperatures may come in any order: sort them first.

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

# %%
with needs("temperature_range_experiment", "verdict_c5"):
    verdict = verdict_c5(temperature_range_experiment(RANGES, TEMPERATURES))
    print(f"C5 holds: {verdict['holds']}, the smallest step is {verdict['value']:.4f}")

# %% [markdown]
# C5 holds for any logits, not only for these: $dH/dT = \mathrm{Var}_p(x) / T^3$, and a variance is never negative.

# %% [markdown]
# ## 4. What is "balanced"?
#
# **Claim C7: with r = 5 the distribution is more balanced than with r = 0.4.** Balanced: a larger perplexity. Guess
# whether that is so at T = 3.
#
# ### Exercise: `verdict_c7` (1 point)


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

# %%
with needs("temperature_range_experiment", "verdict_c7"):
    verdict = verdict_c7(temperature_range_experiment(RANGES, TEMPERATURES))
    print(f"C7 holds: {verdict['holds']}, the smallest difference is {verdict['value']:.2f}")

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
    1.91
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
    print(f"r = 0.4 and r = 5 are equally balanced at T = {crossing_temperature(0.4, 5):.4f}")

# %% [markdown]
# ## 5. Dominance and nucleus
#
# Text generators often keep only the **nucleus**: the fewest tokens that together hold 90 % of the probability.
#
# ### Exercise: `tokens_for_mass` (2 points)


# %% solution="tokens_for_mass"
def tokens_for_mass(p: torch.Tensor, mass: float = 0.9) -> int:
    """Return the fewest entries of p that sum to at least mass.

    p     one distribution, in any order: 1-D, float32 or float64, up to 128,256 entries
    mass  a share between 0 and 1

    Returns an int.

    >>> tokens_for_mass(torch.tensor([0.1, 0.7, 0.2]), mass=0.85)
    2
    """
    ### BEGIN SOLUTION
    largest_first = p.double().sort(descending=True).values
    return int((largest_first.cumsum(0) < mass).sum()) + 1
    ### END SOLUTION


# %% test="tokens_for_mass" points=2

# %%
with needs("temperature_range_experiment", "tokens_for_mass"):
    for r, by_T in temperature_range_experiment([0.4, 5], [1]).items():
        p = by_T[1]["probs"]
        print(f"r = {r:3}, T = 1: the 6 has {p[-1].item():.3f}, and 90 % takes {tokens_for_mass(p)} entries")

# %% [markdown]
# With r = 0.4 the 6 holds four fifths, and still 42 entries are needed for 90 %. With r = 5 it holds one fifth, and
# 22 are
# enough. Dominance and nucleus are both fair measures, and they disagree.

# %% [markdown]
# ## 6. Differences
#
# **Claim C8: softmax depends on relative differences, not only on absolute values.** What is "relative"? Compare two
# vectors, and let the largest difference between their softmaxes decide.
#
# ### Exercise: `verdict_c8` (1 point)


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

# %%
with needs("verdict_c8"):
    x = torch.tensor([1.0, 2.0])
    for name, other in {"x + 1000": x + 1000, "10 x": 10 * x}.items():
        verdict = verdict_c8(x, other)
        print(f"x and {name:8} look the same: {verdict['holds']}, largest difference {verdict['value']:.4f}")

# %% [markdown]
# Softmax depends on the differences $(x_i - x_j)/T$ and on nothing else: not on the level, and not on ratios.

# %% [markdown]
# ## What you found
#
# | claim | verdict | the number that decides |
# |---|---|---|
# | C4 at T = 0.5 the 6 takes almost all | false for r = 5 | its smallest share |
# | C5 a higher temperature is softer | true for any logits | the smallest step of perplexity |
# | C6 with r = 0.4 the 6 is absolutely dominant | false at T = 3 | its smallest share |
# | C7 r = 5 is more balanced | only below the crossing temperature | perplexity(5) - perplexity(0.4) |
# | C8 relative differences | sharper: differences only | the largest difference |
#
# **Glossary.** *Outlier*: a value far from the others. *Entropy*: $-\sum p \ln p$, in nats. *Perplexity*: its
# exponential, an effective number of entries. *Nucleus*: the fewest entries that hold a given share of the mass.
