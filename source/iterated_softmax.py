# %% [markdown]
# # Does repeating softmax sharpen it?
#
# An article, *An analysis of softmax behaviour in deep learning: iteration, numeric range and temperature* (in
# Vietnamese), makes fourteen claims. Some are true, some are true in part, some are false on the
# article's own data. Each verdict here follows a number that you compute first.
#
# This notebook takes about two hours and is worth 20 points. At the end you can
#
# - write a softmax that survives large logits, and say why the textbook formula does not;
# - say what happens when softmax is applied to its own output, how fast, and why;
# - tell a property of softmax from a property of the floating-point numbers that carry it.
#
# **How it works.** Run the cells from top to bottom. Where it says *Exercise*, replace
# `raise NotImplementedError()` by your code and run the check below it. The check answers at once.
# A cell that needs an exercise you have not done yet says so and goes on.
#
# Where it says *Predict*, write a number in place of `None` before you run on. You get the point for committing to a
# number, never for being right.

# %% setup
LANGUAGE = "en"

import torch

import helpers
from helpers import check, needs, say

helpers.use_language(LANGUAGE)
generator = helpers.seed_everything(0)

# %% [markdown]
# ## 1. What does softmax look at? (3 minutes)
#
# Softmax turns any list of numbers, called **logits**, into probabilities:
#
# $$p_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$
#
# ### Predict (1 point)
#
# One of these two gives the same probabilities as `[1, 2]`. Is it number 1, `[1001, 1002]`, or number 2, `[10, 20]`?

# %% solution="prediction_1"
prediction_1 = None
### BEGIN SOLUTION
prediction_1 = 2
### END SOLUTION

# %% test="prediction_1" points=1

# %%
for logits in ([1.0, 2.0], [1001.0, 1002.0], [10.0, 20.0]):
    p = torch.softmax(torch.tensor(logits), dim=-1)
    print(logits, "->", [round(value, 4) for value in p.tolist()])

# %% [markdown]
# The same difference gives the same answer, at any level: it is number 1. The same ratio does not.

# %%
helpers.reveal("prediction_1", prediction_1, 1, choice=True)

# %% [markdown]
# ## 2. Why does the textbook formula fail? (5 minutes)
#
# Here is the formula, word for word. Try it on logits below 100.


# %%
def naive_softmax(x):
    weights = torch.exp(x)
    return weights / weights.sum()


print(naive_softmax(torch.tensor([1.0, 2.0])))
print(naive_softmax(torch.tensor([88.0, 89.0])))

# %% [markdown]
# `nan` means "not a number": $e^{89}$ is larger than the largest float32, so it became `inf`, and `inf / inf` is
# no number. Very negative logits kill it too. Below -104 every exponential underflows to 0, and 0 / 0 is no number:
# try `naive_softmax(torch.tensor([-110.0, -109.0]))`.
#
# ### Predict (1 point)
#
# The largest float16 is 65,504. Above which x does $e^x$ overflow in float16?

# %% solution="prediction_2"
prediction_2 = None
### BEGIN SOLUTION
prediction_2 = 65.0
### END SOLUTION

# %% test="prediction_2" points=1

# %%
import math

for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
    say("{dtype:14} exp overflows above {limit:7.2f}", dtype=str(dtype), limit=math.log(torch.finfo(dtype).max))

# %%
helpers.reveal("prediction_2", prediction_2, math.log(torch.finfo(torch.float16).max))

# %% [markdown]
# The sum overflows even earlier than its terms: each term is finite, their sum is `inf`, and dividing by it gives 0
# everywhere. Take 101 equal logits, as many as the article has, and look for the first that kills the formula in
# float32. In theory it is 88.72 - ln 101 = 84.11.


# %%
def survives(logit):
    return naive_softmax(torch.full((101,), logit)).sum() > 0.5


first = next(logit / 10 for logit in range(1000) if not survives(logit / 10))
say("101 equal logits in float32: the formula fails from {first}", first=first)

# %% [markdown]
# The article's second experiment has a logit of 6 and a temperature of 0.5. The formula then meets 6 / 0.5 = 12,
# which is past the 11.09 of float16:

# %%
article = torch.cat([torch.linspace(-1, 1, 100), torch.tensor([6.0])]).to(torch.float16)
p = naive_softmax(article / 0.5)
say("probability of the 6: {six}  the others, added up: {others}", six=p[-1].item(), others=p[:-1].sum().item())

# %% [markdown]
# ## 3. How is it cured? (10 minutes)
#
# You have seen that softmax looks at differences only. So you may subtract any number from all logits before `exp`, and
# the probabilities stay. Which number makes sure that no exponent is above 0, and that the sum is never 0?
#
# The **temperature** $T$ divides the logits before all this: $p_i \propto e^{x_i / T}$. Below 1 it sharpens, above 1
# it flattens.
#
# ### Exercise: `softmax_t` (5 points)
#
# Write it from `exp`, max and sum. The library's softmax functions are not allowed here; everywhere else they are.
#
# <details><summary>Hint: which number to subtract</summary>
#
# The largest logit. The largest exponent is then 0, $e^0 = 1$ never overflows, and the sum is at least 1.
#
# </details>
# <details><summary>Hint: the shapes do not fit</summary>
#
# `x.max(dim=dim, keepdim=True).values` keeps the reduced dimension with size 1, so that it lines up with `x`.
# The sum needs `keepdim=True` as well.
#
# </details>
# <details><summary>Hint: it sums to 1, but large logits give nan</summary>
#
# Subtract the maximum before `exp`, not after.
#
# </details>
# <details><summary>Hint: one row is right, a batch is wrong</summary>
#
# Every slice along `dim` needs its own maximum and its own sum.
#
# </details>


# %% solution="softmax_t"
def softmax_t(x: torch.Tensor, temperature: float = 1.0, dim: int = -1) -> torch.Tensor:
    """Return the softmax of x / temperature along dim.

    Arguments
        x: float32 or float64 logits of any shape; -inf is allowed and gets probability 0
        temperature: a number above 0
        dim: the dimension along which the probabilities sum to 1

    Returns a new tensor of x's shape, dtype and device; x stays as it was. No gradient is asked for.

    >>> softmax_t(torch.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    >>> softmax_t(torch.tensor([1000.0, 1001.0]), temperature=0.5)
    tensor([0.1192, 0.8808])
    >>> softmax_t(torch.zeros(2, 4), dim=0)[0]
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    """
    ### BEGIN SOLUTION
    scaled = x / temperature
    weights = torch.exp(scaled - scaled.amax(dim=dim, keepdim=True))
    return weights / weights.sum(dim=dim, keepdim=True)
    ### END SOLUTION


# %% test="softmax_t" points=5

# %% [markdown]
# **What you have just shown.** A shift changes nothing in exact arithmetic and saves everything in floating point.
# `torch.softmax` does the same; only hand-written code overflows. One row it can't save: where every logit is `-inf`,
# as in a fully masked row of attention, the answer is nan.
#
# From here on the notebook uses `helpers.softmax_t`, so that later exercises do not depend on this one.

# %% [markdown]
# ## 4. Is everything saved? (4 minutes)
#
# Training needs the logarithm of a probability, and its gradient: cross-entropy, distillation and policy gradients
# do. Take a stable softmax, then the log, for two logits that lie a **gap** apart. `log_softmax` computes the same in
# one step.


# %%
def log_of_the_smaller(log_probabilities, gap):
    x = torch.tensor([0.0, gap], requires_grad=True)
    value = log_probabilities(x)[0]
    value.backward()
    right = x.grad.isfinite().all()
    return helpers.text(
        "value {value:6.1f}, gradient right" if right else "value {value:6.1f}, gradient lost", value=value.item()
    )


for gap in (80.0, 89.0, 104.0):
    words = log_of_the_smaller(lambda x: torch.log(torch.softmax(x, -1)), gap)
    say("gap {gap:5}  log(softmax)  {words}", gap=gap, words=words)
    print(f"           log_softmax   {log_of_the_smaller(lambda x: torch.log_softmax(x, -1), gap)}")

# %% [markdown]
# The gradient breaks first, just past a gap of 88.72. The derivative of $\log p$ is $1/p$, about $e^{gap}$, and that
# is the overflow of section 2 again. The value is still good there. It loses digits from then on, and past a gap of
# 103.97 $p$ itself is 0 and its log `-inf`. The rule is short: never take the log of a softmax, use `log_softmax`.

# %% [markdown]
# ## 5. The article's first experiment (10 minutes)
#
# Does applying softmax again sharpen a distribution? Nobody does so on purpose, but it happens: a model that ends in
# softmax, trained with a loss that applies softmax too. Take 20 evenly spaced values from 0 to 1. Apply softmax.
# Apply softmax to the result, eight more times. At each step note the standard deviation: how far the 20
# probabilities lie from each other.
#
# ### Predict (1 point)
#
# The largest of the 20 probabilities starts at 0.0788. How large is it after one more softmax?

# %% solution="prediction_3"
prediction_3 = None
### BEGIN SOLUTION
prediction_3 = 0.09
### END SOLUTION

# %% test="prediction_3" points=1

# %% [markdown]
# ### Exercise: `iterative_softmax_experiment` (4 points)
#
# `torch.softmax` and `helpers.softmax_t` are welcome here.
#
# <details><summary>Hint: there is one distribution too few</summary>
#
# `probs[0]` is the softmax of the inputs. Then come `n_iters` repeats: `n_iters + 1` distributions in all.
#
# </details>
# <details><summary>Hint: the deviations are a little too small</summary>
#
# The sample deviation divides by n - 1. That is what `torch.std` does; numpy needs `ddof=1`.
#
# </details>


# %% solution="iterative_softmax_experiment"
def iterative_softmax_experiment(
    n_points: int = 20,
    n_iters: int = 8,
    min_val: float = 0.0,
    max_val: float = 1.0,
    temperature: float = 1.0,
    dtype: torch.dtype = torch.float64,
) -> tuple[list[torch.Tensor], list[float], torch.Tensor]:
    """Apply softmax to its own output and measure how flat it becomes.

    Returns the tuple (probs, stds, x):
        x: n_points evenly spaced values from min_val to max_val, both included, in dtype
        probs: n_iters + 1 tensors of n_points probabilities in dtype: probs[0] is the softmax of x / temperature,
            probs[k] the softmax of probs[k - 1] / temperature
        stds: n_iters + 1 floats: stds[k] is the sample standard deviation of probs[k], computed in dtype

    >>> probs, stds, x = iterative_softmax_experiment(n_points=3, n_iters=1)
    >>> len(probs), len(stds), x.tolist()
    (2, 2, [0.0, 0.5, 1.0])
    """
    ### BEGIN SOLUTION
    x = torch.linspace(min_val, max_val, n_points, dtype=dtype)
    probs = [helpers.softmax_t(x, temperature)]
    for _ in range(n_iters):
        probs.append(helpers.softmax_t(probs[-1], temperature))
    stds = [p.std().item() for p in probs]
    return probs, stds, x
    ### END SOLUTION


# %% test="iterative_softmax_experiment" points=4

# %% [markdown]
# **What you have just shown.** You have the article's experiment as numbers. What they say comes next.

# %% [markdown]
# Now look at it. Figure 1a shows each distribution, figure 1b how its deviation falls.

# %%
with needs("iterative_softmax_experiment"):
    probs, stds, x = iterative_softmax_experiment()
    helpers.reveal("prediction_3", prediction_3, probs[1].max())
    say("largest probability: {tops}", tops=[round(float(p.max()), 4) for p in probs])
    display(helpers.plot_iterations(probs, x))

# %%
with needs("iterative_softmax_experiment"):
    probs, stds, x = iterative_softmax_experiment()
    display(helpers.plot_log_std(stds))

# %% [markdown]
# **Claim C1: repeated softmax tends to the uniform distribution, each value to 0.05.** How far is the last one from it?

# %%
with needs("iterative_softmax_experiment"):
    probs, stds, x = iterative_softmax_experiment()
    say("largest distance from 0.05 after 8 repeats: {distance:.0e}", distance=(probs[-1] - 0.05).abs().max())
    start = torch.eye(20, dtype=torch.float64)[3]  # as far from uniform as can be
    for _ in range(9):
        start = helpers.softmax_t(start)
    say("from a one-hot start, after 9: {distance:.0e}", distance=(start - 0.05).abs().max())

# %% [markdown]
# C1 is true here, at temperature 1. Repeating does not sharpen: it erases.

# %% [markdown]
# ## 6. How fast? (8 minutes)
#
# Figure 1b looks like a straight line on a log scale. A straight line means a constant **ratio** between one deviation
# and the next.
#
# ### Predict (1 point)
#
# For 20 points, what is the ratio of one deviation to the one before it?

# %% solution="prediction_4"
prediction_4 = None
### BEGIN SOLUTION
prediction_4 = 0.5
### END SOLUTION

# %% test="prediction_4" points=1

# %% [markdown]
# ### Exercise: `decay_ratios` (2 points)
#
# <details><summary>Hint: ZeroDivisionError</summary>
#
# Dividing a Python float by 0 raises an error. Ask first whether the deviation before is 0, and write `math.nan` then.
#
# </details>
#
# <details><summary>Hint: there is one ratio too many</summary>
#
# Nine deviations have eight ratios: pair each with the next one, `zip(stds, stds[1:])`.
#
# </details>


# %% solution="decay_ratios"
def decay_ratios(stds: list[float]) -> list[float]:
    """Return each deviation divided by the one before it.

    Arguments
        stds: a list of floats, at least one

    Returns len(stds) - 1 floats. After a deviation of 0 there is no ratio: nan stands in its place.

    >>> decay_ratios([8.0, 4.0, 1.0])
    [0.5, 0.25]
    >>> decay_ratios([1.0, 0.0, 0.0])
    [0.0, nan]
    """
    ### BEGIN SOLUTION
    return [after / before if before else math.nan for before, after in zip(stds, stds[1:])]
    ### END SOLUTION


# %% test="decay_ratios" points=2

# %% [markdown]
# **What you have just shown.** A straight line on a log scale, turned into a number that can be compared.

# %%
with needs("iterative_softmax_experiment", "decay_ratios"):
    helpers.reveal("prediction_4", prediction_4, decay_ratios(iterative_softmax_experiment()[1])[0])
    for n in (4, 20, 100):
        stds = iterative_softmax_experiment(n_points=n, n_iters=4)[1]
        print(f"n = {n:3}, T = 1:  ", [round(float(ratio), 4) for ratio in decay_ratios(stds)])
    for T in (0.5, 2.0):
        stds = iterative_softmax_experiment(n_points=20, n_iters=4, temperature=T)[1]
        print(f"n =  20, T = {T}:", [round(float(ratio), 4) for ratio in decay_ratios(stds)])

# %% [markdown]
# ### Exercise: `contraction_rate` (2 points)
#
# Find the law from the numbers above, derive it, or measure it: all are right.
#
# <details><summary>Hint: how to measure it</summary>
#
# Repeat softmax in float64 and take the last ratio whose later deviation is still above 1e-10.
#
# </details>


# %% solution="contraction_rate"
def contraction_rate(n_points: int, temperature: float = 1.0) -> float:
    """Return the ratio of one deviation to the one before it, which repeated softmax tends to.

    Arguments
        n_points: from 4 to 100
        temperature: from 0.5 to 100; it acts in every softmax

    Returns a float, right to 1 %. If you measure it: in float64, the last ratio whose later deviation is above 1e-10.

    >>> round(contraction_rate(50), 3)
    0.02
    """
    ### BEGIN SOLUTION
    return 1 / (n_points * temperature)
    ### END SOLUTION


# %% test="contraction_rate" points=2

# %% [markdown]
# **What you have just shown.** The rate is 1/(nT): more points or a higher temperature flatten faster.

# %% [markdown]
# **Why?** Near the uniform distribution write $p_i = 1/n + d_i$, with small $d_i$ that sum to 0.
#
# 1. The weights are $e^{p_i/T} \approx e^{1/(nT)} (1 + d_i/T)$, since $e^s \approx 1 + s$ for a small $s$.
# 2. Their sum is $n\, e^{1/(nT)}$, since the $d_i$ cancel.
# 3. So the next distribution is $1/n + d_i/(nT)$.
# 4. Every difference has shrunk by the same factor.

# %% [markdown]
# **Claim C2: the standard deviation falls geometrically.** True at T = 1: the ratio tends to 1/n, for 20 points
# within a step or two. With a temperature it tends to 1/(nT) wherever the loop goes to uniform, more slowly when nT
# is small.

# %% [markdown]
# ## 7. Is the mean evidence? (2 minutes)
#
# The article also notes that the mean of the 20 probabilities is 0.05 = 1/20, and takes it as a sign of flattening
# (claim C3). Test it on three distributions that are not flat at all.

# %%
one_hot = torch.zeros(20, dtype=torch.float64)
one_hot[3] = 1.0
random = torch.rand(20, dtype=torch.float64, generator=generator)
sharp = helpers.softmax_t(torch.linspace(0, 1, 20, dtype=torch.float64), temperature=0.01)
for name, p in {"one-hot": one_hot, "random": random / random.sum(), "sharp": sharp}.items():
    say("{name:8} mean {mean:.4f}   largest {top:.4f}", name=name, mean=p.mean(), top=p.max())

# %%
for n in (4, 20, 100):
    say("n = {n:3}: mean {mean:.2f}", n=n, mean=helpers.softmax_t(torch.linspace(0, 1, n)).mean())

# %% [markdown]
# The mean is 1/n for every distribution, because the sum is 1. C3 is true, and no evidence of anything.

# %% [markdown]
# ## 8. Why does it flatten? (4 minutes)
#
# The article has an explanation (claim C9): on [0, 1/n] the exponential is nearly linear, therefore it no longer
# amplifies differences. Put that to the test. Replace `exp` by functions that are *exactly* linear, and measure the
# ratio.


# %%
def measured_ratio(weight, n=20, n_iters=5):
    p, deviations = torch.softmax(torch.linspace(0, 1, n, dtype=torch.float64), 0), []
    for _ in range(n_iters):
        p = weight(p) / weight(p).sum()
        deviations.append(p.std().item())
    return deviations[-1] / deviations[-2]


linear = {"exp(x)": torch.exp, "1 + x": lambda x: 1 + x, "x": lambda x: x, "1 + 30 x": lambda x: 1 + 30 * x}
for name, weight in linear.items():
    say("{name:9} ratio {ratio:.4f}", name=name, ratio=measured_ratio(weight))

# %% [markdown]
# All three replacements are linear, and all three behave differently. `x` alone does not flatten at all. What counts is
# the slope compared with the height at 1/n: a large constant offset drowns the differences. For `exp` at temperature T,
# slope over height is 1/T, shared among n values. C9 names the wrong cause.

# %% [markdown]
# ## 9. The same in float32 (8 minutes)
#
# Sections 5 to 8 ran in float64, which carries about 16 digits. Most deep learning runs in float32, with about 7, or
# in bfloat16 with less.
#
# Apple's GPUs (`mps`) have no float64 at all. Leave this notebook on the CPU, where every tensor is made unless you
# say otherwise.
#
# ### Predict (1 point)
#
# How many of the nine deviations, k = 0 to 8, are right to 1.5 % in float32?

# %% solution="prediction_5"
prediction_5 = None
### BEGIN SOLUTION
prediction_5 = 8
### END SOLUTION

# %% test="prediction_5" points=1

# %% [markdown]
# ### Exercise: `trusted_steps` (2 points)
#
# <details><summary>Hint: it counts too many</summary>
#
# Stop at the first deviation that disagrees. A later one may agree by accident.
#
# </details>


# %% solution="trusted_steps"
def trusted_steps(dtype: torch.dtype, n_points: int = 20, rtol: float = 0.015) -> int:
    """Count the deviations of the article's experiment that dtype gets right, from the first on.

    Run the experiment twice, in dtype and in float64: n_points values from 0 to 1, torch.softmax, and torch.softmax of
    the result 8 more times; nine values of torch.std. Write the loop here, so that this exercise stands alone.

    Returns an int from 0 to 9: how many deviations from the first on satisfy |std - std64| <= rtol * std64. The first
    that does not ends the count.

    >>> trusted_steps(torch.float64)
    9
    """

    ### BEGIN SOLUTION
    def deviations(dtype):
        p = torch.linspace(0, 1, n_points, dtype=dtype)
        for _ in range(9):
            p = torch.softmax(p, dim=0)
            yield p.std().item()

    for k, (std, true) in enumerate(zip(deviations(dtype), deviations(torch.float64))):
        if not abs(std - true) <= rtol * true:
            return k
    return 9
    ### END SOLUTION


# %% test="trusted_steps" points=2

# %% [markdown]
# **What you have just shown.** A number format has a horizon, and you can measure where it lies.

# %%
with needs("trusted_steps"):
    helpers.reveal("prediction_5", prediction_5, trusted_steps(torch.float32))

# %% [markdown]
# Look at the deviations side by side. The last column measures float32's own probabilities, but in float64.

# %%
p32, p64 = (torch.linspace(0, 1, 20, dtype=dtype) for dtype in (torch.float32, torch.float64))
say("k   float64   float32, measured in float64")
for k in range(9):
    p32, p64 = torch.softmax(p32, 0), torch.softmax(p64, 0)
    exact = (p32.double() - p32[0].double()).std().item()  # the shift changes no deviation
    print(f"{k}   {p64.std().item():.0e}     {exact:.0e}")

# %% [markdown]
# From k = 6 on all 20 float32 probabilities are the same number: their true deviation is 0. `torch.std` in float32
# nevertheless reports about 4e-9 for ever: print `p32.std()` and see. It subtracts a mean that is one rounding error
# off; numpy's `std` sums in another order and says 0. The plateau belongs to the ruler, not to softmax.
#
# Half precision leaves the line sooner still. bfloat16 carries 2 to 3 digits, float16 3 to 4. Which deviations are
# right to a tenth?

# %%
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    p, p64 = (torch.linspace(0, 1, 20, dtype=kind) for kind in (dtype, torch.float64))
    right = []
    for _ in range(4):
        p, p64 = torch.softmax(p, 0), torch.softmax(p64, 0)
        right.append(bool((p.double().std() / p64.std() - 1).abs() < 0.1))
    print(f"{str(dtype):14} k = 0: {right[0]}, k = 1: {right[1]}, k = 3: {right[3]}")

# %% [markdown]
# ## Bonus: can repeating ever sharpen? (10 minutes, no points)
#
# Almost everything above ran at temperature 1. Now let a temperature act inside the loop:
# $p \leftarrow$ softmax$(p/T)$. You know the rate at the uniform distribution, 1/(nT). So it is stable for T above 1/n,
# and below 1/n it cannot be.
#
# But is it the only place where the loop comes to rest? Write the loop, and start it from two very different places.


# %% solution="final_top"
def final_top(start: torch.Tensor, temperature: float, n_steps: int = 300) -> float:
    """Return the largest probability after n_steps of p <- softmax(p / temperature), from p = start.

    Arguments
        start: a float64 distribution of shape (n,)

    >>> round(final_top(torch.tensor([0.6, 0.4], dtype=torch.float64), temperature=1.0), 4)
    0.5
    """
    ### BEGIN SOLUTION
    p = start
    for _ in range(n_steps):
        p = helpers.softmax_t(p, temperature)
    return p.max().item()
    ### END SOLUTION


# %%
check("final_top")

# %%
spread_out = torch.softmax(torch.linspace(0, 1, 20, dtype=torch.float64), 0)
with needs("final_top"):
    for T in (0.2, 0.1, 0.04):
        ends = {"flat": final_top(spread_out, T), "peak": final_top(one_hot, T)}
        say("T = {T:4}: from softmax(x) to {flat:.4f}, from one-hot to {peak:.4f}", T=T, **ends)

# %% [markdown]
# At T = 0.1 the two starts end in different places, and both stay there. (If the first softmax uses T as well, as in
# your experiment, the start is steeper, and reaches the peak below T = 0.129.) That is **hysteresis**: the start
# decides. Sweep the temperature to see where it begins and where it ends.

# %%
with needs("final_top"):
    temperatures = torch.linspace(0.02, 0.25, 47).tolist()
    tops = {"softmax(x)": spread_out, "one-hot": one_hot}
    tops = {name: [final_top(start, T) for T in temperatures] for name, start in tops.items()}
    display(helpers.plot_final_tops(temperatures, tops, marks={"1/n": 0.05, "0.1825": 0.1825}))

# %% [markdown]
# Above 0.1825 everything flattens. Below it a peaked distribution exists as well, and a one-hot start finds it. The
# start softmax(x) is too flat for that, and goes to uniform down to about T = 0.061. Below 1/n the uniform
# distribution is no longer stable: any small unevenness grows. So C1 has a limit: repeated softmax flattens at T = 1,
# and can sharpen at a small T.

# %% [markdown]
# ## Play (5 minutes, no points)
#
# Turn n, the steps, the temperature inside the loop and the number format. Each number has a slider and a field that
# takes any value. The left panel shows the largest probability, the right one the standard deviation.
#
# Try T = 0.1 with 60 steps: which start ends where? Then lower T from 0.1 to 0.05, slowly: look for the moment when
# both starts end alike again. Set T back to 1 and choose `bfloat16`: after how many steps is nothing left to measure?

# %%
helpers.explore_repeated_softmax()

# %% [markdown]
# ## What you found
#
# | claim | verdict | your number |
# |---|---|---|
# | C1 repeated softmax tends to uniform | true at temperature 1 | distance from 0.05 after 8 repeats |
# | C2 the deviation falls geometrically | true where it flattens: the ratio tends to 1/(nT) | 0.05 for n = 20 |
# | C3 the mean is 1/n | true for every distribution: no evidence | 0.05 for one-hot, too |
# | C9 exp is nearly linear, therefore it flattens | wrong cause: `x` is linear and does not flatten | ratio 1 for `x` |
#
# C1 is true at temperature 1, wherever you start. The bonus shows where it ends.
#
# Your predictions:

# %%
helpers.sum_up_predictions()

# %% [markdown]
# **Glossary.** *Logits*: the numbers that go into softmax. *Temperature*: what divides them first. *Uniform*: all
# probabilities equal. *One-hot*: one probability is 1, the others 0. *Overflow*: a number too large for its format
# becomes `inf`. *Sample standard deviation*: the square root of the mean squared distance from the mean, with n - 1
# in place of n.
