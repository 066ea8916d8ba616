"""Softmax cross-entropy with weights of classes or of an image's own labels."""

import torch
import torch.nn.functional as F

from reference import Case, Reference, logit_cases
from stable import cross_entropy


def weighted_softmax(z, y, weight):
    """weight_y * -ln softmax(z)_y."""
    return weight[y] * cross_entropy(z, y)


def weighted_softmax_cases(draw):
    for case in logit_cases(draw):
        classes = case.inputs["z"].shape[1]
        weight = draw.real(classes).abs() + 0.25
        if case.name == "odd sizes":
            weight[::3] = 0
        yield Case(case.name, {**case.inputs, "weight": weight})


def adaptive_weighted_softmax(z, y):
    """z [N, C, H, W], y [N, H, W]; pos = #(y > 0), neg = #(y = 0) of the same image.

    A pixel with y > 0 weighs neg / (pos + neg), one with y = 0 weighs pos / (pos + neg). One loss per pixel.
    """
    positive = (y > 0).double()
    share = positive.mean(dim=(1, 2), keepdim=True)
    weight = torch.where(y > 0, 1 - share, share)
    return weight * cross_entropy(z, y)


def adaptive_weighted_softmax_cases(draw):
    yield Case("moderate", {"z": draw.real(3, 4, 3, 2), "y": draw.labels(4, 3, 3, 2)})
    yield Case("odd sizes", {"z": draw.real(2, 5, 5, 3, scale=3), "y": draw.labels(5, 2, 5, 3)})
    y = torch.zeros(4, 2, 2, dtype=torch.int64)
    y[1] = 1
    y[2, 0, 0] = 2
    y[3] = torch.tensor([[0, 1], [2, 0]])
    yield Case("images with only one kind of label", {"z": draw.real(4, 3, 2, 2), "y": y})
    yield Case("extreme", {"z": draw.real(2, 3, 2, 2).sign() * 1e4, "y": draw.labels(3, 2, 2, 2)})
    yield Case("one class", {"z": draw.real(1, 1, 2, 2), "y": torch.zeros(1, 2, 2, dtype=torch.int64)})
    yield Case("one pixel", {"z": draw.real(1, 3, 1, 1), "y": torch.ones(1, 1, 1, dtype=torch.int64)})


REFERENCES = [
    Reference(
        "WeightedSoftmax",
        weighted_softmax,
        weighted_softmax_cases,
        seed=1001,
        differentiable=["z"],
        weight=lambda z, y, weight: weight[y],
        peer=lambda z, y, weight: F.cross_entropy(z, y, weight=weight, reduction="none"),
        ill=lambda case: case.name == "extreme",
    ),
    Reference(
        "AdaptiveWeightedSoftmax",
        adaptive_weighted_softmax,
        adaptive_weighted_softmax_cases,
        seed=1002,
        differentiable=["z"],
    ),
]
