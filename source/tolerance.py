"""How far a softmax may honestly lie from the exact one: the bound of every comparison in the course."""

import numpy as np

# dtype of the answer: unit roundoff of the computation, of a last rounding to a narrower dtype, least error
_LIMITS = {
    "float64": (2.0**-53, 0.0, 2.0 * 2.0**-1022),
    "float32": (2.0**-24, 0.0, 2.0 * 2.0**-126),
    "bfloat16": (2.0**-24, 2.0**-8, 2.0 * 2.0**-126),
    "float16": (2.0**-24, 2.0**-11, 4.0 * 2.0**-24),
}


def softmax_tolerance(x, reference, temperature, dim, dtype):
    """Bound |answer - reference| entry by entry for any sound softmax of x / temperature along `dim`.

    Arguments
        x: float64 array, exactly the logits that the answer was computed from. NaN and infinities are left out.
        reference: float64 array of x's shape, the exact probabilities.
        temperature: T > 0, which may be infinite.
        dim: int, the normalised axis.
        dtype: name of the answer's dtype: float64, float32, or float16 and bfloat16, computed in float32.

    Returns a float64 array of x's shape, atol + rtol * reference, with n entries along `dim`, u the unit
    roundoff of the computation, M = max |x| / T and gap = (max x - x) / T of each row:

        rtol = expm1(u * (4 M + 2 gap + 2 ln max(n, 2) + n + 8)), plus 2 unit roundoffs of a half answer
        atol = twice the smallest normal number (float16: four times the smallest subnormal)

    The terms follow Blanchard, Higham and Higham, "Accurately computing the log-sum-exp and softmax
    functions", IMA J. Numer. Anal. 41(4), 2021. 4 M admits dividing by T before the shift; n, not its root,
    because equal terms all round the same way. It is loose where n or M is large: small mistakes show on
    small inputs.

    Raises KeyError for another dtype.

    >>> softmax_tolerance(np.zeros(2), np.full(2, 0.5), 1.0, -1, "float32").round(8)
    array([3.4e-07, 3.4e-07])
    """
    unit_roundoff, rounding, atol = _LIMITS[dtype]
    x = np.asarray(x, dtype=np.float64)
    reference = np.asarray(reference, dtype=np.float64)
    if x.size == 0:
        return np.zeros_like(x)
    finite = np.isfinite(x)
    logits = np.where(finite, x, 0.0)
    axis = dim if x.ndim else None
    n = x.shape[dim] if x.ndim else 1
    top = np.where(finite, x, -np.inf).max(axis=axis, keepdims=True)
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.abs(logits).max(axis=axis, keepdims=True) / temperature
        gap = np.where(finite, top - x, 0.0) / temperature
        bracket = 4 * largest + 2 * gap + 2 * np.log(max(n, 2)) + n + 8
        share = (2 * rounding + np.expm1(unit_roundoff * bracket)) * reference
    return atol + np.where(reference > 0, share, 0.0)
