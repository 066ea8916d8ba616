"""Sigmoid cross-entropy."""

import torch
import torch.nn.functional as F

from reference import Case, Reference, on_grid
from stable import softplus


def hed_sigmoid(x, t):
    """x [N, H, W], t 0 or 1: sum over an image's pixels of w_t BCE, w_1 = neg / all, w_0 = pos / all. One loss per image."""
    share = t.mean(dim=(1, 2), keepdim=True)
    weighted = (1 - share) * t * softplus(-x) + share * (1 - t) * softplus(x)
    return weighted.sum(dim=(1, 2))


def hed_sigmoid_cases(draw):
    yield Case("moderate", {"x": draw.real(3, 4, 3), "t": draw.bits(3, 4, 3)})
    yield Case("few edges", {"x": draw.real(2, 7, 5, scale=3), "t": draw.bits(2, 7, 5, share=0.15)})
    t = draw.bits(3, 2, 3)
    t[0], t[1] = False, True
    yield Case("no edge, all edge", {"x": draw.real(3, 2, 3), "t": t})
    x = on_grid([[[1e4, -1e4, 0], [1e4, -1e4, 0]], [[20, -20, 45], [-45, 90, -90]]])
    yield Case("extreme", {"x": x, "t": torch.tensor([[[1.0, 0, 1], [0, 1, 0]], [[1, 0, 1], [0, 0, 1]]]).bool()})
    yield Case("one pixel", {"x": draw.real(1, 1, 1), "t": torch.ones(1, 1, 1).bool()})


def hed_sigmoid_peer(x, t):
    share = t.mean(dim=(1, 2), keepdim=True)
    weight = torch.where(t > 0, 1 - share, share).expand_as(x)
    return F.binary_cross_entropy_with_logits(x, t, weight, reduction="none").sum(dim=(1, 2))


REFERENCES = [
    Reference(
        "HedSigmoid",
        hed_sigmoid,
        hed_sigmoid_cases,
        seed=1003,
        differentiable=["x"],
        peer=hed_sigmoid_peer,
        ill=lambda case: case.name == "extreme",
    ),
]
