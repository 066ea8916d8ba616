"""Softmax cross-entropy with a z-loss, of capped logits, with a changed first coefficient."""

import torch
import torch.nn.functional as F

from reference import Reference, logit_cases
from stable import at_label, cross_entropy, gap, nothing, softplus


def z_loss_cross_entropy(z, y, **scalars):
    """-ln softmax(z)_y + lambda * lse(z)^2."""
    return cross_entropy(z, y) + scalars["lambda"] * torch.logsumexp(z, 1) ** 2


def z_loss_peer(z, y, **scalars):
    return F.cross_entropy(z, y, reduction="none") + scalars["lambda"] * z.exp().sum(1).log() ** 2


def soft_capped_cross_entropy(z, y, cap):
    """-ln softmax(cap * tanh(z / cap))_y."""
    return cross_entropy(cap * torch.tanh(z / cap), y)


def poly1(z, y, epsilon):
    """-ln p_y + epsilon * (1 - p_y), p = softmax(z)."""
    if z.shape[1] == 1:
        return nothing(z)
    d = gap(z, y)
    return softplus(d) + epsilon * torch.sigmoid(d)


def poly1_peer(z, y, epsilon):
    return F.cross_entropy(z, y, reduction="none") + epsilon * (1 - at_label(z.softmax(1), y))


def extreme(case):
    """z.exp() overflows; cross_entropy's gradient p - 1 is 0 or noise."""
    return case.name.startswith("extreme")


REFERENCES = [
    Reference(
        "ZLossCrossEntropy",
        z_loss_cross_entropy,
        lambda draw: logit_cases(draw, [{"lambda": 2.0**-13}, {"lambda": 0.5}]),
        seed=1043,
        differentiable=["z"],
        peer=z_loss_peer,
        ill=extreme,
    ),
    Reference(
        "SoftCappedCrossEntropy",
        soft_capped_cross_entropy,
        lambda draw: logit_cases(draw, [{"cap": 30.0}, {"cap": 2.0}]),
        seed=1044,
        differentiable=["z"],
        peer=lambda z, y, cap: F.cross_entropy(cap * torch.tanh(z / cap), y, reduction="none"),
    ),
    Reference(
        "Poly1",
        poly1,
        lambda draw: logit_cases(draw, [{"epsilon": 2.0}, {"epsilon": -0.5}]),
        seed=1045,
        differentiable=["z"],
        peer=poly1_peer,
        ill=extreme,
    ),
]
