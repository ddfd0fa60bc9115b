"""The smallest value of a measure over ranges and temperatures, and where it lies."""

import itertools
import math

import numpy as np

from grading.authoring.exercise import case, list_of, math_function, number, together, variants, within

ASPECTS = {"every range with every temperature": 1, "values of any size and sign": 1}
EVERY, SIZES = ASPECTS

ALL = "Take every range with every temperature: value is the smallest measure(r, T) of all, r and T say where it lies."
SIZE = "The smallest value may be below 0, and it may be above 1: begin with the first one, or with math.inf."

SHOWN = (
    "Of twelve values the smallest is {number:.3g}, and you know where it lies. Whether a claim holds for all of "
    "them, that one decides."
)
SHOWN_FROM = ("three ranges, four temperatures", 0)

EXACT = within(rtol=1e-7)


def _case(name, aspect, diagnosis, measure, ranges, temperatures, accept=lambda table, smallest: True):
    """Return a case; refuses a tie, a smallest value on the edge of the table, and what is not accepted."""
    table = {(r, t): getattr(math, measure)(r, t) for r, t in itertools.product(ranges, temperatures)}
    (value, (r, t)), *others = sorted((value, place) for place, value in table.items())
    if any(other - value < 1e-3 for other, _ in others) or not accept(table, (value, r, t)):
        raise ValueError(f"{name}: {value} at {r}, {t}")
    expected = together(number(value, EXACT, "value"), number(r, EXACT, "r"), number(t, EXACT, "T"))
    given = math_function(measure), list_of(ranges), list_of(temperatures)
    return case(name, aspect, expected, diagnosis, *given)


def _inside(ranges, temperatures):
    """Return a test for tables of shares whose smallest lies neither at an end of a list nor at an extreme of it."""

    def accept(table, smallest):
        _, *place = smallest
        ends = zip(place, (ranges, temperatures), strict=True)
        inside = not any(at in (each[0], each[-1], min(each), max(each)) for at, each in ends)
        return inside and all(0.01 < value < 0.99 for value in table.values())

    return accept


def public(book):
    return [
        _case("three ranges, four temperatures", EVERY, ALL, "fmod", [2.234, 1.713, 1.426], [0.9, 0.5, 0.8, 0.6]),
        _case("some values below 0", SIZES, SIZE, "remainder", [2, 4, 1], [1.5, 2.4]),
        _case("all values above 1", SIZES, SIZE, "hypot", [5, 3], [2, 1.5, 4]),
    ]


def hidden(book, rng):
    def drawn(name, aspect, diagnosis, measure, draw, accept=lambda ranges, temperatures: lambda *_: True):
        while True:  # until it has what the case is for
            lists = draw()
            try:
                return _case(name, aspect, diagnosis, measure, *lists, accept(*lists))
            except ValueError:
                continue

    def numbers(count, low, high):
        found = [round(rng.uniform(low, high), 2) for _ in range(count)]
        return found if len(set(found)) == count else numbers(count, low, high)

    def below_0(ranges, temperatures):
        def accept(table, smallest):
            nearest = min(table.values(), key=abs)
            return smallest[0] + 0.1 < nearest < 0 and max(table.values()) > 0.1 - smallest[0]

        return accept

    return [
        drawn("many of both", EVERY, ALL, "fmod", lambda: (numbers(5, 0.2, 4), numbers(4, 0.4, 0.99)), _inside),
        drawn(
            "values on both sides of 0", SIZES, SIZE, "remainder", lambda: (numbers(3, 1, 6), numbers(2, 1, 3)), below_0
        ),
        _case("one range, one temperature", SIZES, SIZE, "pow", [round(rng.uniform(20, 90), 1)], [3]),
    ]


def right_by_min_of_tuples(measure, ranges, temperatures):
    return min((measure(r, T), r, T) for r in ranges for T in temperatures)


def right_by_a_loop(measure, ranges, temperatures):
    best = None
    for T in temperatures:
        for r in ranges:
            value = measure(r, T)
            if best is None or value < best[0]:
                best = value, r, T
    return best


def right_by_product(measure, ranges, temperatures):
    r, T = min(itertools.product(ranges, temperatures), key=lambda place: measure(*place))
    return measure(r, T), r, T


def right_by_numpy(measure, ranges, temperatures):
    table = np.array([[measure(r, T) for T in temperatures] for r in ranges])
    i, j = np.unravel_index(table.argmin(), table.shape)
    return table[i, j], ranges[i], temperatures[j]


def right_by_a_dict(measure, ranges, temperatures):
    values = {}
    for r in ranges:
        for T in temperatures:
            values[r, T] = measure(r, T)
    place = min(values, key=values.get)
    return [values[place], *place]


def right_from_infinity(measure, ranges, temperatures):
    smallest = float("inf")
    for r in ranges:
        for T in temperatures:
            if measure(r, T) <= smallest:
                smallest = measure(r, T)
                where = r, T
    return smallest, where[0], where[1]


def wrong_largest(measure, ranges, temperatures):
    """Your numbers match the largest value."""
    return max((measure(r, T), r, T) for r in ranges for T in temperatures)


def wrong_first_range(measure, ranges, temperatures):
    """Your numbers match the first range only: does `return` stand inside the loop?"""
    for r in ranges:
        return min((measure(r, T), r, T) for T in temperatures)


def wrong_last_range(measure, ranges, temperatures):
    """Your numbers match the last range only: the values of the ranges before it are lost."""
    for r in ranges:
        found = min((measure(r, T), r, T) for T in temperatures)
    return found


def wrong_first_temperature(measure, ranges, temperatures):
    """Your numbers match the first temperature only."""
    return min((measure(r, temperatures[0]), r, temperatures[0]) for r in ranges)


def wrong_last_temperature(measure, ranges, temperatures):
    """Your numbers match the last temperature only."""
    return min((measure(r, temperatures[-1]), r, temperatures[-1]) for r in ranges)


def wrong_pairs_only(measure, ranges, temperatures):
    """Your numbers match the first range with the first temperature, the second with the second, and no other pair."""
    return min((measure(r, T), r, T) for r, T in zip(ranges, temperatures))


def wrong_smallest_range(measure, ranges, temperatures):
    """Your numbers match the smallest range only: which r it is, the measure decides."""
    return min((measure(min(ranges), T), min(ranges), T) for T in temperatures)


def wrong_lowest_temperature(measure, ranges, temperatures):
    """Your numbers match the lowest temperature only: which T it is, the measure decides."""
    return min((measure(r, min(temperatures)), r, min(temperatures)) for r in ranges)


def wrong_smallest_r_and_t(measure, ranges, temperatures):
    """Your numbers match the measure of the smallest r and the smallest T."""
    return measure(min(ranges), min(temperatures)), min(ranges), min(temperatures)


def wrong_compares_the_places(measure, ranges, temperatures):
    """Your numbers match the measure of the smallest r and the smallest T."""
    r, T, value = min((r, T, measure(r, T)) for r in ranges for T in temperatures)
    return value, r, T


def wrong_other_order(measure, ranges, temperatures):
    """Your numbers match (value, T, r): r comes before T."""
    value, r, T = min((measure(r, T), r, T) for r in ranges for T in temperatures)
    return value, T, r


def wrong_value_last(measure, ranges, temperatures):
    """Your numbers match (r, T, value): the value comes first."""
    value, r, T = min((measure(r, T), r, T) for r in ranges for T in temperatures)
    return r, T, value


def wrong_measures_t_and_r(measure, ranges, temperatures):
    """Your numbers match measure(T, r): it takes r first, then T."""
    return min((measure(T, r), r, T) for r in ranges for T in temperatures)


def wrong_positions(measure, ranges, temperatures):
    """Your numbers match the positions in the lists: return r and T themselves."""
    table = np.array([[measure(r, T) for T in temperatures] for r in ranges])
    i, j = np.unravel_index(table.argmin(), table.shape)
    return table[i, j], i, j


@variants(start=[0.0, 1.0, 100.0])
def wrong_start(measure, ranges, temperatures, *, start):
    """Your numbers match a search that begins with a number of its own: begin with the first value, or math.inf."""
    smallest, where = start, (ranges[0], temperatures[0])
    for r in ranges:
        for T in temperatures:
            if measure(r, T) < smallest:
                smallest, where = measure(r, T), (r, T)
    return smallest, *where


def wrong_nearest_to_0(measure, ranges, temperatures):
    """Your numbers match the value nearest to 0: the smallest may be negative."""
    r, T = min(itertools.product(ranges, temperatures), key=lambda place: abs(measure(*place)))
    return measure(r, T), r, T


def wrong_magnitude(measure, ranges, temperatures):
    """Your numbers match magnitudes: a negative value keeps its sign."""
    return min((abs(measure(r, T)), r, T) for r in ranges for T in temperatures)


def wrong_place_of_the_last(measure, ranges, temperatures):
    """Your numbers match the right value, with the last r and the last T: note where the smallest was."""
    value = min(measure(r, T) for r in ranges for T in temperatures)
    return value, ranges[-1], temperatures[-1]


def wrong_value_only(measure, ranges, temperatures):
    """wrong type"""
    return min(measure(r, T) for r in ranges for T in temperatures)


def wrong_nested(measure, ranges, temperatures):
    """Return all 3: value, r, T."""
    r, T = min(itertools.product(ranges, temperatures), key=lambda place: measure(*place))
    return measure(r, T), (r, T)


def wrong_one_for_each_range(measure, ranges, temperatures):
    """One number is asked for: which of these?"""
    return [min((measure(r, T), r, T) for T in temperatures) for r in ranges]


def wrong_sorts_in_place(measure, ranges, temperatures):
    """your function wrote into its argument"""
    ranges.sort()
    return min((measure(r, T), r, T) for r in ranges for T in temperatures)


def wrong_rounds(measure, ranges, temperatures):
    """rounded to 2 decimals"""
    value, r, T = min((measure(r, T), r, T) for r in ranges for T in temperatures)
    return round(value, 2), r, T


def wrong_returns_none(measure, ranges, temperatures):
    """your function returned None"""
    print(min((measure(r, T), r, T) for r in ranges for T in temperatures))
