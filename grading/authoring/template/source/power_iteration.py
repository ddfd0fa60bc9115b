# %% [markdown]
# # Power iteration
#
# Multiply a vector by a matrix again and again, and it turns towards the eigenvector of the largest eigenvalue.
#
# Run the cells from top to bottom. Where it says *Exercise*, replace `raise NotImplementedError()` by your code and run
# the check below it.

# %% setup
import numpy as np

from helpers import check, needs

A = np.array([[2.0, 1.0], [1.0, 3.0]])

# %% [markdown]
# ## One step (read 1 · do 4 · {points} points)
#
# ### Exercise: `power_step` ({points} points)


# %% solution="power_step"
def power_step(A: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return A x, scaled to length 1.

    Arguments
        A: a square matrix, float64
        x: a vector that A does not turn into 0

    >>> power_step(np.eye(2), np.array([3.0, 4.0])).tolist()
    [0.6, 0.8]
    """
    ### BEGIN SOLUTION
    y = A @ x
    return y / np.linalg.norm(y)
    ### END SOLUTION


# %% test="power_step" points=2

# %% [markdown]
# Repeat it: the vector settles.

# %%
with needs("power_step"):
    x = np.array([1.0, 0.0])
    for _ in range(20):
        x = power_step(A, x)
    print(x.round(4).tolist())
