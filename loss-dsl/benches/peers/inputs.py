"""Inputs that are, bit for bit, those of `../subject/random.rs`, and the arrays that each loss takes."""

import math

import numpy as np


def mixed(array, count):
    """The finaliser of splitmix64 of `array · 2⁴⁰ + i`, for i below `count`."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint64)
        x += np.uint64((array << 40) + 1)
        x *= np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def normal(array, shape, deviation):
    """About normal: the sum of four parts of sixteen bits."""
    x = mixed(array, math.prod(shape))
    parts = x.view(np.uint16).reshape(-1, 4).sum(axis=1, dtype=np.int32)
    factor = np.float32(deviation * math.sqrt(3) / 65536)
    return ((parts - 131070).astype(np.float32) * factor).reshape(shape)


def positive(array, shape):
    x = mixed(array, math.prod(shape)) >> np.uint64(40)
    return (np.float32(0.5) + x.astype(np.float32) / np.float32(2**24)).reshape(shape)


def labels(array, n, classes):
    return (((mixed(array, n) >> np.uint64(32)) * np.uint64(classes)) >> np.uint64(32)).astype(np.int64)


def mask(array, shape):
    """0 and 1 as floats, as the peers' sigmoid losses take targets."""
    return (mixed(array, math.prod(shape)) % np.uint64(256) < 26).astype(np.float32).reshape(shape)


def arrays(loss, n, c, d):
    """(array, whether it is differentiated) for every tensor of a loss, in the order of its definition."""
    if loss == "sigmoid_focal":
        return [(normal(0, (n, c), 2.0), True), (mask(1, (n, c)), False)]
    if loss == "distillation":
        return [(normal(0, (n, c), 2.0), True), (normal(1, (n, c), 2.0), False), (labels(2, n, c), False)]
    if loss == "tempered_tsallis":
        return [(normal(0, (n, c), 2.0), True), (positive(1, (c,)), False), (labels(2, n, c), False)]
    if d == 0:
        return [(normal(0, (n, c), 2.0), True), (labels(1, n, c), False)]
    head = [(normal(0, (n, d), 1.0), True), (normal(1, (c, d), 0.05), True)]
    if loss == "learned_margins":
        rows = [(normal(2, (c,), 1.0), True), (normal(3, (c,), 1.0), True)]
        return head + rows + [(labels(4, n, c), False)]
    if loss == "norm_face":
        # The scale, which is learned.
        return head + [(labels(2, n, c), False), (np.array(10.0, dtype=np.float32), True)]
    return head + [(labels(2, n, c), False)]
