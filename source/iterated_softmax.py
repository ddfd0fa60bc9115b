# %% [markdown]
# # Does repeating softmax sharpen it?
#
# A model sorts pictures into ten classes. It is always right, and as sure as it can be: the right class gets 1, the
# nine others get 0. Yet its **loss**, the number that training pushes towards 0, is stuck at 1.46.
#
# Nothing is wrong with the pictures. The model ends in a **softmax**, which turns any numbers into probabilities, and
# the loss function applies softmax once more. What does the second one do?
#
# ## First, play (read 2 · do 2)
#
# Run the next cells one after the other, each with Shift+Enter. The folded one brings the course's tools along, the one
# after it says that they are ready, and the third shows a picture. On its left are five numbers, called **logits**, on
# its right what softmax makes of them.
#
# Press **softmax again** five times. Do the bars get sharper or flatter? Then start again, and turn the
# **temperature** T, which divides the logits first.

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
helpers.explore_softmax()

# %% [markdown]
# ## The map
#
# At the end you can
#
# - write a softmax that survives large logits, and say why the textbook formula does not;
# - say what happens when softmax is applied to its own output, how fast, and why;
# - tell a property of softmax from a property of the numbers that carry it.
#
# It takes about {minutes} minutes, {read} to read and {do} to do, and is worth {points} points.
#
# **In a hurry?** Run every cell; write the predictions and exercises; leave the folded parts closed, and skip what has
# no number in the last column: all {points} points in about {hurry} minutes.
#
# | section | claim | points | read + do | in a hurry |
# |---|---|---|---|---|
# | First, play | {claims} | {points} | {read} + {do} | 1 |
# | 1. What does softmax look at? | {claims} | {points} | {read} + {do} | 1 |
# | 2. Why does the textbook formula fail? | {claims} | {points} | {read} + {do} | 3 |
# | 3. How is it cured? | {claims} | {points} | {read} + {do} | 5 |
# | 4. Is everything saved? | {claims} | {points} | {read} + {do} | 2 |
# | 5. The article's first experiment | {claims} | {points} | {read} + {do} | 7 |
# | 6. How fast? | {claims} | {points} | {read} + {do} | 6 |
# | 7. Is the mean evidence? | {claims} | {points} | {read} + {do} | 1 |
# | 8. Why does it flatten? | {claims} | {points} | {read} + {do} | 2 |
# | 9. The same in float32 | {claims} | {points} | {read} + {do} | 6 |
# | Bonus: can repeating ever sharpen? | {claims} | {points} | {read} + {do} | |
# | Play | {claims} | {points} | {read} + {do} | |
# | What you found | {claims} | {points} | {read} + {do} | 2 |
#
# [A word that is new to you stands in the glossary at the end.](#glossary)

# %% [markdown]
# ### The article
#
# The question is an article's: *Phân Tích Hành Vi Của Hàm Softmax Trong Mô Hình Học Sâu: Ảnh Hưởng Của Lặp, Phạm Vi Số
# Học Và Nhiệt Độ* ("An analysis of the behaviour of softmax in deep learning models: the effects of iteration, numeric
# range and temperature"), a part of an open course on building GPT. This course counts eighteen claims in it, C1 to
# C18. You test eight of them here and the others in the second notebook, each with a number of your own.
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
# stands below `with needs("softmax_t"):` waits until that exercise is right. `helpers.reveal` sets your prediction
# beside the result, and `helpers.measured` keeps your number for a claim.
#
# Numbers are written as in Python, with a point before the decimals. A space parts thousands: 65 504.

# %% [markdown]
# ## 1. What does softmax look at? (read 2 · do 4 · {points} points)
#
# The numbers that go into softmax are called **logits**. Out come probabilities, which sum to 1:
#
# $$p_i = \frac{e^{x_i}}{\sum_j e^{x_j}}$$
#
# ### Predict ({points} points)
#
# One of these two gives the same probabilities as `[1, 2]`. Is it number 1, `[1001, 1002]`, or number 2, `[10, 20]`?

# %% solution="prediction_1"
prediction_1 = None  # 1 or 2
### BEGIN SOLUTION
prediction_1 = 2
### END SOLUTION

# %% test="prediction_1" points=1

# %%
pairs = [1.0, 2.0], [1001.0, 1002.0], [10.0, 20.0]
probabilities = [torch.softmax(torch.tensor(pair), dim=-1) for pair in pairs]
shifted, scaled = ((p - probabilities[0]).abs().max() for p in probabilities[1:])
with needs("prediction_1"):
    helpers.reveal("prediction_1", 1 if shifted < scaled else 2)
    for pair, p in zip(pairs, probabilities):
        print(pair, "->", p.numpy().round(4))
    helpers.measured("claim_c8", shifted)

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
# ## 2. Why does the textbook formula fail? (read 4 · do 7 · {points} points)
#
# Here is the formula, word for word, and two pairs of logits that should give the same answer.


# %%
def naive_softmax(x):
    weights = torch.exp(x)
    return weights / weights.sum()


for pair in ([1.0, 2.0], [88.0, 89.0]):
    print(pair, "->", naive_softmax(torch.tensor(pair)).numpy().round(4))

# %% [markdown]
# PyTorch keeps a number with a decimal point as a **float32** unless it is told otherwise: about 7 digits, up to
# $3.4 \cdot 10^{38}$. What is larger becomes `inf`, for infinity: an **overflow**. $e^{89}$ is too large. Then
# `inf / inf` is `nan`, "not a number", and $e^{88}$ divided by `inf` is 0.
#
# Far below 0 the formula fails as well, first in silence. A power of e that is too small for all its digits loses some
# of them; one that is smaller still becomes 0: an **underflow**, and 0 / 0 is nan again. These three should give 0.2689
# and 0.7311:

# %%
for pair in ([-101.0, -100.0], [-104.0, -103.0], [-110.0, -109.0]):
    print(pair, "->", naive_softmax(torch.tensor(pair)).numpy().round(4))

# %% [markdown]
# ### Predict ({points} points)
#
# **float16** is a format with half as many bits. It has 3 to 4 digits, and its largest number is 65 504. Above which x
# does $e^x$ overflow in float16? (You may write a formula, such as `math.sqrt(2)`.)

# %% solution="prediction_2"
prediction_2 = None  # x
### BEGIN SOLUTION
prediction_2 = 65.0
### END SOLUTION

# %% test="prediction_2" points=1

# %% [markdown]
# Two more formats are in use. **bfloat16** has 16 bits as well, and spends them otherwise: it reaches as far as
# float32, with only 2 to 3 digits. **float64** has 64 bits and about 16 digits.

# %%
formats = torch.float16, torch.bfloat16, torch.float32, torch.float64
limits = {dtype: math.log(torch.finfo(dtype).max) for dtype in formats}
with needs("prediction_2"):
    helpers.reveal("prediction_2", limits[torch.float16])
    say("format          exp overflows above")
    for dtype, limit in limits.items():
        print(f"{str(dtype):14} {limit:20.2f}")

# %% [markdown]
# The sum overflows even earlier than its terms: each is finite, their sum is `inf`, and dividing by it gives 0
# everywhere. With 101 equal terms, as many as the article's second experiment has, it comes ln 101 = 4.62 earlier.
#
# Measure where. `threshold` halves an interval again and again, and keeps the half in which something stops working.


# %%
def threshold(works, low, high):
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if works(middle) else (low, middle)
    return low


# %%
def survives(logit):
    return naive_softmax(torch.full((101,), logit)).sum() > 0.5


say("the formula works up to {found:.2f}", found=threshold(survives, 0, 100))
say("in theory up to {theory:.2f}", theory=limits[torch.float32] - math.log(101))

# %% [markdown]
# Is that far away? The article's second experiment has 100 logits between -1 and 1, and one of 6. It divides them by a
# **temperature** of 0.5, so that the 6 becomes 12. The article's own code is not this formula, and gets through. The
# formula in float16 does not:

# %%
logits = torch.cat([torch.linspace(-1, 1, 100), torch.tensor([6.0])]).to(torch.float16)
p = naive_softmax(logits / 0.5)
say("probability of the 6: {p}", p=p[-1].item())
say("of all others together: {p}", p=p[:-1].sum().item())

# %% [markdown]
# ## 3. How is it cured? (read 4 · do 20 · {points} points)
#
# Use what section 1 has shown. Which number could you subtract from all logits before `exp`, so that no exponent is
# above 0 and the sum is never 0?
#
# The **temperature** $T$ divides the logits before all this: $p_i \propto e^{x_i / T}$. Below 1 it makes the
# distribution sharper, above 1 flatter; you have seen it in the picture at the top.
#
# A logit of `-inf` says "impossible" and gets probability 0. Attention uses this to **mask** words that it must not
# see. A row of nothing but `-inf` has no answer: all of it is nan.
#
# ### Exercise: `softmax_t` ({points} points)
#
# Write it from `exp`, max and sum. The library's softmax functions are not allowed in this exercise; in all others they
# are.
#
# <details><summary>Hint: which number to subtract</summary>
#
# The largest logit. The largest exponent is then 0, $e^0 = 1$ never overflows, and the sum is at least 1.
#
# </details>
# <details><summary>Hint: the shapes do not fit</summary>
#
# `x.max(dim=dim, keepdim=True).values` keeps the reduced dimension with size 1, so that it lines up with `x`. The sum
# needs `keepdim=True` as well.
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
        x: float32 or float64 logits with at least one dimension; an entry may be -inf
        temperature: a number above 0
        dim: the dimension along which the probabilities sum to 1

    Returns a new tensor of x's shape, dtype and device; x stays as it was. An entry of -inf gets
    probability 0; where all entries along dim are -inf, all of them get nan. No gradient is asked for.

    >>> softmax_t(torch.tensor([0.0, 0.0]))
    tensor([0.5000, 0.5000])
    >>> softmax_t(torch.tensor([1000.0, 1001.0]), temperature=0.5)
    tensor([0.1192, 0.8808])
    >>> softmax_t(torch.zeros(2, 4), dim=0)[0]
    tensor([0.5000, 0.5000, 0.5000, 0.5000])
    >>> softmax_t(torch.tensor([-torch.inf, 0.0]))
    tensor([0., 1.])
    """
    ### BEGIN SOLUTION
    scaled = x / temperature
    weights = torch.exp(scaled - scaled.amax(dim=dim, keepdim=True))
    return weights / weights.sum(dim=dim, keepdim=True)
    ### END SOLUTION


# %% test="softmax_t" points=5

# %% [markdown]
# From here on the notebook calls `softmax`: your function where it is right, the course's until then. So no later
# exercise depends on this one.

# %%
softmax = helpers.softmax_t
with needs("softmax_t") as right:
    if right:
        softmax = softmax_t
        say("softmax is now your own")

# %% [markdown]
# ### Decide: C18
#
# The article says: the code is stable and reproducible. Let "stable" mean that every row it is given comes out right: a
# row that sums to 1. Its function has no `dim`: it normalises together all the numbers that it gets. Give it a
# **batch**, two rows of logits in one tensor, and add up each row.

# %%
batch = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
together = torch.softmax(batch.flatten(), dim=0).reshape(batch.shape)  # as in the article
first, second = together.sum(dim=-1).tolist()
say("the rows sum to {first:.4f} and {second:.4f}", first=first, second=second)
helpers.measured("claim_c18", first)

# %% solution="claim_c18"
claim_c18 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c18 = "sometimes"
### END SOLUTION

# %% test="claim_c18" points=0

# %% [markdown]
# ## 4. Is everything saved? (read 3 · do 6)
#
# A classifier is trained with the **cross-entropy**: minus the logarithm of the probability that it gives to the right
# class. Training therefore needs $\log p$, and the **gradient** of $\log p$: its derivatives by the logits.
#
# Take two logits that lie a **gap** apart, and the $\log p$ that belongs to the smaller one. It can be computed in two
# steps, softmax and then log, or in one, by `log_softmax`. The right gradient for a large gap is 1 and -1.


# %%
def value_and_gradient(log_probabilities, gap):
    x = torch.tensor([0.0, gap], requires_grad=True)
    value = log_probabilities(x)[0]
    value.backward()
    return {"value": value.item(), "gradient": x.grad.tolist()}


# %%
def two_steps(x):
    return torch.log(torch.softmax(x, dim=-1))


def one_step(x):
    return torch.log_softmax(x, dim=-1)


# %%
say("gap way            value gradient")
for gap in (80, 89, 103, 104):
    for name, way in {"log(softmax)": two_steps, "log_softmax": one_step}.items():
        found = value_and_gradient(way, float(gap))
        print(f"{gap:3} {name:12} {found['value']:7.2f} {found['gradient']}")

# %% [markdown]
# The gradient is lost first, then digits of the value, then the value. On its way the gradient meets $1/p$, the
# derivative of $\log p$, and here that is about $e^{gap}$: the overflow of section 2 once more.


# %%
def keeps_its_gradient(gap):
    return all(map(math.isfinite, value_and_gradient(two_steps, gap)["gradient"]))


helpers.measured("claim_c12", threshold(keeps_its_gradient, 80, 100))

# %% [markdown]
# ### Decide: C12, its second half
#
# The article says: logits that are too large make softmax unstable. (The first half, that logits that are too small
# lose their effect, belongs to the second notebook.)

# %% solution="claim_c12"
claim_c12 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c12 = "sometimes"
### END SOLUTION

# %% test="claim_c12" points=0

# %% [markdown]
# ### Decide: C15
#
# The article says: every output of softmax lies in the open interval (0, 1), so none is exactly 0 or 1. Look for the
# gap above which float32 disagrees.


# %%
def stays_below_1(gap):
    return torch.softmax(torch.tensor([0.0, gap]), dim=-1)[1] < 1


helpers.measured("claim_c15", threshold(stays_below_1, 0, 100))

# %% solution="claim_c15"
claim_c15 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c15 = "sometimes"
### END SOLUTION

# %% test="claim_c15" points=0

# %% [markdown]
# ## 5. The article's first experiment (read 5 · do 20 · {points} points)
#
# Does applying softmax again sharpen a distribution? Take 20 evenly spaced values from 0 to 1. Apply softmax once, then
# eight times more, each time to the latest result. At each step note the **standard deviation**: how far the 20
# probabilities lie from their mean.
#
# ### Predict ({points} points)
#
# The largest of the 20 probabilities starts at 0.0788. How large is it after one more softmax?

# %% solution="prediction_3"
prediction_3 = None  # a probability
### BEGIN SOLUTION
prediction_3 = 0.09
### END SOLUTION

# %% test="prediction_3" points=1

# %% [markdown]
# ### Exercise: <code>iterative_softmax_<wbr>experiment</code> ({points} points)
#
# `torch.softmax` and your own `softmax_t` are welcome here, and `helpers.softmax_t` is the course's.
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
        x: a tensor of n_points evenly spaced values from min_val to max_val, both included, in dtype
        probs: a list of n_iters + 1 tensors of n_points probabilities in dtype: probs[0] is the
            softmax of x / temperature, probs[k] the softmax of probs[k - 1] / temperature
        stds: a list of n_iters + 1 floats: stds[k] is the sample standard deviation of probs[k],
            computed in dtype, with n_points - 1 in the denominator

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
# Figure 1a shows the distributions: on the left as they are, on the right how far each value lies from 1/n. Figure 1b
# shows how their deviation falls.

# %%
with needs("iterative_softmax_experiment"):
    probs, stds, x = iterative_softmax_experiment()
    helpers.reveal("prediction_3", probs[1].max())
    display(helpers.plot_iterations(probs, x))

# %%
with needs("iterative_softmax_experiment"):
    probs, stds, x = iterative_softmax_experiment()
    display(helpers.plot_log_std(stds))

# %% [markdown]
# ### Decide: C1
#
# The article, which repeats softmax at T = 1 only, says: it tends to the **uniform** distribution, in which all
# probabilities are equal, each value to 0.05. How far is the last distribution from it? And does the start matter? A
# **one-hot** distribution, with one probability of 1 and all others 0, is as far from uniform as can be.

# %%
with needs("iterative_softmax_experiment"):
    probs, stds, x = iterative_softmax_experiment()
    helpers.measured("claim_c1", (probs[-1] - 0.05).abs().max())

# %%
one_hot = torch.zeros(20, dtype=torch.float64)
one_hot[3] = 1.0
p = one_hot
for _ in range(9):
    p = softmax(p)
say("from a one-hot start: {distance:.1e}", distance=(p - 0.05).abs().max())

# %% solution="claim_c1"
claim_c1 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c1 = "holds"
### END SOLUTION

# %% test="claim_c1" points=0

# %% [markdown]
# **Back to the puzzle.** The model hands over 1 for the right class and 0 for the nine others. PyTorch's
# `cross_entropy` takes whatever it gets for logits: it applies softmax, and takes minus the logarithm. This is what it
# sees:

# %%
sure = torch.zeros(10)
sure[3] = 1.0
seen = torch.softmax(sure, dim=-1)[3]
loss = torch.nn.functional.cross_entropy(sure, torch.tensor(3))
say("the right class gets {seen:.4f}", seen=seen)
say("loss: {loss:.4f}", loss=loss)

# %% [markdown]
# The cure is to leave out one softmax, the model's: hand logits to the loss. How low the loss can get with any number
# of classes is an exercise of the second notebook.

# %% [markdown]
# ## 6. How fast? (read 5 · do 16 · {points} points)
#
# In figure 1b the deviations seem to lie on a straight line, and its axis is a log scale. That would mean a constant
# **ratio** between one deviation and the next.
#
# ### Predict ({points} points)
#
# For 20 points, what is the ratio of one deviation to the one before it?

# %% solution="prediction_4"
prediction_4 = None  # a ratio
### BEGIN SOLUTION
prediction_4 = 0.5
### END SOLUTION

# %% test="prediction_4" points=1

# %% [markdown]
# ### Exercise: `decay_ratios` ({points} points)
#
# Turn the line into numbers.
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
        stds: a list of floats, none below 0, at least one

    Returns a list of len(stds) - 1 floats. After a deviation of exactly 0 there is no ratio: nan
    stands in its place.

    >>> decay_ratios([8.0, 4.0, 1.0])
    [0.5, 0.25]
    >>> decay_ratios([1.0, 0.0, 0.0])
    [0.0, nan]
    """
    ### BEGIN SOLUTION
    return [after / before if before else math.nan for before, after in zip(stds, stds[1:])]
    ### END SOLUTION


# %% test="decay_ratios" points=2

# %%
with needs("iterative_softmax_experiment", "decay_ratios"):
    ratios = decay_ratios(iterative_softmax_experiment(n_points=20, n_iters=4)[1])
    helpers.reveal("prediction_4", ratios[0])
    helpers.measured("claim_c2", ratios[-1])

# %% [markdown]
# Now take other numbers of points, and other temperatures, which act in every softmax of the loop:

# %%
with needs("prediction_4", "iterative_softmax_experiment", "decay_ratios") as ready:
    if ready:
        say("  n    T  three ratios")
        for points, heat in ((4, 1.0), (20, 1.0), (100, 1.0), (20, 0.5), (20, 2.0)):
            stds = iterative_softmax_experiment(n_points=points, n_iters=3, temperature=heat)[1]
            print(f"{points:3} {heat:4} ", *(f"{float(ratio):.4f}" for ratio in decay_ratios(stds)))

# %% [markdown]
# ### Exercise: `contraction_rate` ({points} points)
#
# Which law gives these numbers? Read it off, derive it, or let your function measure it: all are right.
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

    Returns a float, right to 1%: what the ratio settles to after many repeats, not one of the first
    ratios. If you measure it: in float64, the last ratio whose later deviation is above 1e-10.

    >>> round(contraction_rate(50), 3)
    0.02
    """
    ### BEGIN SOLUTION
    return 1 / (n_points * temperature)
    ### END SOLUTION


# %% test="contraction_rate" points=2

# %% [markdown]
# <details><summary>Why is it so? Four steps; open them once your check is green</summary>
#
# Near the uniform distribution write $p_i = 1/n + d_i$, with small $d_i$ that sum to 0.
#
# 1. The weights are $e^{p_i/T} \approx e^{1/(nT)} (1 + d_i/T)$, since $e^s \approx 1 + s$ for a small $s$.
# 2. Their sum is $n\, e^{1/(nT)}$, since the $d_i$ cancel.
# 3. So the next distribution is $1/n + d_i/(nT)$.
# 4. Every difference has shrunk by the same factor.
#
# </details>
#
# ### Decide: C2
#
# The article says: the standard deviation falls geometrically, so by a factor that soon stays the same. Look at
# your ratios.

# %% solution="claim_c2"
claim_c2 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c2 = "holds"
### END SOLUTION

# %% test="claim_c2" points=0

# %% [markdown]
# ## 7. Is the mean evidence? (read 1 · do 2)
#
# The article notes the mean of the probabilities as well, for 4, 20 and 100 elements. Take two kinds of logits for each
# n: evenly spaced ones from 0 to 1, and then one logit that lies 20 above all others.

# %%
for points in (4, 20, 100):
    even, peaked = softmax(torch.linspace(0, 1, points)), softmax(20 * torch.eye(points)[0])
    say("n = {n:3}: means {even:.2f} and {peaked:.2f}", n=points, even=even.mean(), peaked=peaked.mean())
    say("         largest {even:.4f} and {peaked:.4f}", even=even.max(), peaked=peaked.max())
helpers.measured("claim_c3", peaked.max())

# %% [markdown]
# ### Decide: C3
#
# The article says: the number of elements determines the mean probability, 1/n, and the more elements, the smaller each
# probability.

# %% solution="claim_c3"
claim_c3 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c3 = "sometimes"
### END SOLUTION

# %% test="claim_c3" points=0

# %% [markdown]
# ## 8. Why does it flatten? (read 2 · do 5)
#
# The article has an explanation, claim C9: the outputs of softmax lie between 0 and 1, on so narrow a domain exp is
# nearly linear, therefore it no longer amplifies differences. Put that to the test: replace `exp` by other functions,
# straight ones and bent ones, and measure the first and the last of eight ratios.


# %%
def measured_ratios(weight, n=20, n_iters=8):
    p, deviations = torch.softmax(torch.linspace(0, 1, n, dtype=torch.float64), dim=-1), []
    for _ in range(n_iters + 1):
        deviations.append(p.std().item())
        p = weight(p) / weight(p).sum()
    return deviations[1] / deviations[0], deviations[-1] / deviations[-2]


# %%
straight = {"1 + x": lambda x: 1 + x, "1 + 30 x": lambda x: 1 + 30 * x, "x": lambda x: x}
bent = {"sqrt(x)": torch.sqrt, "x^2": torch.square}
bent["exp(x) + 50 (x-1/n)^2"] = lambda x: torch.exp(x) + 50 * (x - 1 / 20) ** 2

# %%
say("in place of exp        first   last")
for name, weight in ({"exp(x)": torch.exp} | straight | bent).items():
    first, last = measured_ratios(weight)
    print(f"{name:21} {first:.4f} {last:.4f}")
helpers.measured("claim_c9", measured_ratios(straight["x"])[-1])

# %% [markdown]
# ### Decide: C9
#
# A ratio below 1 flattens, a ratio of 1 leaves all as it is, one above 1 sharpens. (For $x^2$ it ends near 1 because
# one entry then has nearly all.) The last function has the slope and the height of exp at 1/n, and is nearly a hundred
# times as bent there. Is it because exp is nearly linear that softmax flattens?

# %% solution="claim_c9"
claim_c9 = None  # "holds", "fails" or "sometimes"
### BEGIN SOLUTION
claim_c9 = "sometimes"
### END SOLUTION

# %% test="claim_c9" points=0

# %% [markdown]
# ## 9. The same in float32 (read 5 · do 13 · {points} points)
#
# The loops of sections 5, 6 and 8 ran in float64, with about 16 digits. Models make do with less: float32, with about
# 7, is what PyTorch takes unless told otherwise, and large models train in bfloat16, often mixed with float32.
#
# (Apple's GPUs, `mps`, have no float64 at all. Leave this notebook on the CPU, where every tensor is made unless you
# say otherwise.)
#
# ### Predict ({points} points)
#
# Section 5 has nine deviations, k = 0 to 8. Run it again in float32. How many of the nine come out right? Right means
# at most 1.5% away from float64's.

# %% solution="prediction_5"
prediction_5 = None  # a count
### BEGIN SOLUTION
prediction_5 = 8
### END SOLUTION

# %% test="prediction_5" points=1

# %% [markdown]
# ### Exercise: `trusted_steps` ({points} points)
#
# Let a function count them, for any number format.
#
# <details><summary>Hint: it counts too many</summary>
#
# Stop at the first deviation that disagrees. A later one may agree by accident.
#
# </details>


# %% solution="trusted_steps"
def trusted_steps(dtype: torch.dtype, n_points: int = 20, rtol: float = 0.015) -> int:
    """Count the article's deviations that are right in dtype, up to the first wrong one.

    Run the experiment twice, once in dtype and once in float64. A run starts from n_points evenly
    spaced values from 0 to 1 and does nine times: p = torch.softmax(p, dim=0), then p.std(). Write
    the loop in here: nothing of the sections above is needed.

    Compare the two runs step by step. A deviation std is right if |std - std64| <= rtol * std64,
    where std64 is float64's at the same step. Stop at the first one that is not right.

    Returns an int from 0 to 9: how many were right before the stop.

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

# %%
with needs("trusted_steps"):
    helpers.reveal("prediction_5", trusted_steps(torch.float32))

# %% [markdown]
# Look at the deviations side by side. Both columns are measured in float64; the second one measures the probabilities
# that float32 has found.

# %%
p32, p64 = (torch.linspace(0, 1, 20, dtype=dtype) for dtype in (torch.float32, torch.float64))
rows = []
for k in range(9):
    p32, p64 = torch.softmax(p32, dim=-1), torch.softmax(p64, dim=-1)
    exact = (p32.double() - p32[0].double()).std()  # a shift changes no deviation
    rows.append(f"{k}   {p64.std():.2e}     {exact:.2e}")
with needs("prediction_5") as predicted:
    if predicted:
        say("k   in float64   in float32")
        print(*rows, sep="\n")

# %% [markdown]
# In the end all 20 float32 probabilities are the same number, and their deviation is 0. But ask float32 itself:

# %%
say("torch.std: {std:.1e}", std=p32.std())
say("numpy's std: {std:.1e}", std=p32.numpy().std())

# %% [markdown]
# `torch.std` of the whole tensor subtracts a mean that is one rounding error off, so it never gets to 0. numpy adds up
# in another order and does. What remains belongs to the ruler, not to softmax.
#
# Formats with 16 bits leave the straight line of figure 1b sooner still. Which deviations do they get right to a tenth?
# (k = 2 is left out: in these formats it depends on the order in which a machine adds up.)

# %%
say("right at        k = 0  k = 1  k = 3")
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    p, p64 = torch.linspace(0, 1, 20, dtype=dtype), torch.linspace(0, 1, 20, dtype=torch.float64)
    right = {}
    for k in range(4):
        p, p64 = torch.softmax(p, dim=-1), torch.softmax(p64, dim=-1)
        right[k] = bool((p.double().std() / p64.std() - 1).abs() < 0.1)
    print(f"{str(dtype):14}", *(f"{right[k]!s:>6}" for k in (0, 1, 3)))

# %% [markdown]
# ## Bonus: can repeating ever sharpen? (read 3 · do 8)
#
# No points here. Almost everything above ran at temperature 1. Now let a temperature act inside the loop:
# $p \leftarrow$ softmax$(p/T)$.
#
# Near the uniform distribution each step multiplies a small unevenness by the rate of section 6,
# `contraction_rate(20, T)`. (The exercise asked for T from 0.5 on; the law holds below that as well.) Below which T
# does an unevenness grow?
#
# And is uniform the only place where the loop comes to rest? Write the loop, and start it from two very different
# places.


# %% solution="final_top"
def final_top(start: torch.Tensor, temperature: float, n_steps: int = 300) -> float:
    """Return the largest probability after n_steps of p <- softmax(p / temperature), from p = start.

    Arguments
        start: a float64 distribution of shape (n,); it stays as it was
        temperature: a number above 0; it acts in every step
        n_steps: 0 or more; after no step the distribution is start itself

    Returns a float.

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
spread_out = torch.softmax(torch.linspace(0, 1, 20, dtype=torch.float64), dim=-1)
with needs("final_top"):
    ends = [(T, final_top(spread_out, T), final_top(one_hot, T)) for T in (0.2, 0.1, 0.04)]
    say("T     softmax(x)  one-hot")
    for T, flat, peak in ends:
        print(f"{T:4}  {flat:10.4f} {peak:8.4f}")

# %% [markdown]
# Is there a temperature at which the two starts end in different places, and both stay there? Such a loop is
# **bistable**: the start decides.
#
# How far up does a peak survive? At rest it has one probability s, and all others share the rest:
# $q = (1 - s)/(n - 1)$. Softmax gives them the ratio $s / q = e^{(s - q)/T}$, so such a peak rests at
# $T = (s - q) / \ln(s/q)$. The largest of these T is the end:

# %%
s = torch.linspace(0.06, 0.99, 100_000, dtype=torch.float64)
q = (1 - s) / 19
highest = ((s - q) / torch.log(s / q)).max().item()
say("a peak can rest below T = {highest:.4f}", highest=highest)

# %%
with needs("final_top"):
    temperatures = torch.linspace(0.02, 0.25, 47).tolist()
    tops = {"softmax(x)": spread_out, "one-hot": one_hot}
    tops = {name: [final_top(start, T) for T in temperatures] for name, start in tops.items()}
    marks = {f"{T:.4g}": T for T in (1 / 20, highest)}  # the rate, 1/(nT), is 1 at T = 1/20
    display(helpers.plot_final_tops(temperatures, tops, marks))

# %% [markdown]
# <details><summary>What does the figure show? Read it from the right, then open this</summary>
#
# Above the dotted line both starts end flat. Between the lines uniform and a peak are both at rest: one-hot finds the
# peak, and softmax(x) is too flat for it nearly all the way down. Below the dashed line uniform is at rest, but any
# unevenness grows, and both starts end in a peak. So C1 has a limit: repeated softmax flattens at T = 1, and can
# sharpen at a small T.
#
# </details>

# %% [markdown]
# ## Play (read 1 · do 6)
#
# Turn n, the steps, the temperature inside the loop and the number format. Each number has a slider and a field that
# takes any value in its range. The left panel shows the largest probability, the right one the standard deviation.
#
# Try T = 0.1 with 60 steps: which start ends where? Then lower T from 0.1 to 0.05, slowly: look for the moment when
# both starts end alike again. Set T back to 1 and choose `bfloat16`: after how many steps is nothing left to measure?

# %%
helpers.explore_repeated_softmax()

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
# | batch | several inputs in one tensor, one in each row |
# | bistable | with two places of rest: the start decides which one is reached |
# | contraction rate | the factor by which a further softmax shrinks a small deviation |
# | cross-entropy | minus the logarithm of the probability that a model gives to the right class: a loss |
# | float64, float32 | number formats with 64 and 32 bits: about 16 and 7 digits |
# | float16, bfloat16 | formats with 16 bits: 3 to 4 digits up to 65 504, or 2 to 3 digits as far as float32 |
# | gap | the difference of two logits |
# | gradient | the derivatives of a result by the numbers that it depends on |
# | inf, nan | what is too large for its format; what is no number, such as inf / inf |
# | logits | the numbers that go into softmax |
# | loss | the number that training makes small |
# | masked | ruled out by a logit of -inf, which gets probability 0 |
# | one-hot | one probability is 1, all others are 0 |
# | overflow, underflow | too large for the format: it becomes inf; too small: it loses digits, or becomes 0 |
# | standard deviation | the root of the mean squared distance from the mean; here with n - 1 in place of n |
# | temperature | what divides the logits before softmax |
# | uniform | all probabilities are equal |

# %% [markdown]
# ## Before you hand in

# %%
helpers.before_you_hand_in()
