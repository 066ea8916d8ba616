"""Softmax losses that bear wrong labels."""

import math

import torch
import torch.nn.functional as F

from reference import Reference, logit_cases
from stable import at_label, gap, nothing, softplus


def generalized_cross_entropy(z, y, q):
    """(1 - p_y^q) / q, p = softmax(z)."""
    if z.shape[1] == 1:
        return nothing(z)
    return -torch.expm1(-q * softplus(gap(z, y))) / q


def generalized_peer(z, y, q):
    return (1 - at_label(z.softmax(1), y) ** q) / q


def symmetric_cross_entropy(z, y, alpha, beta, log_zero):
    """alpha * -ln p_y - beta * log_zero * (1 - p_y), p = softmax(z)."""
    if z.shape[1] == 1:
        return nothing(z)
    d = gap(z, y)
    return alpha * softplus(d) - beta * log_zero * torch.sigmoid(d)


def symmetric_peer(z, y, alpha, beta, log_zero):
    """The authors' code: the one-hot target clipped at e^log_zero."""
    p = z.softmax(1)
    one_hot = F.one_hot(y, z.shape[1]).movedim(-1, 1).double().clamp(min=math.exp(log_zero), max=1.0)
    return alpha * F.cross_entropy(z, y, reduction="none") - beta * (p * one_hot.log()).sum(1)


def ill_conditioned(case):
    """p^q has an infinite slope at p = 0, cross_entropy's p - 1 is noise at p = 1."""
    return case.name.startswith("extreme")


REFERENCES = [
    Reference(
        "GeneralizedCrossEntropy",
        generalized_cross_entropy,
        lambda draw: logit_cases(draw, [{"q": 0.75}, {"q": 0.125}, {"q": 1.0}]),
        seed=1049,
        differentiable=["z"],
        peer=generalized_peer,
        ill=ill_conditioned,
    ),
    Reference(
        "SymmetricCrossEntropy",
        symmetric_cross_entropy,
        lambda draw: logit_cases(
            draw, [{"alpha": 0.125, "beta": 1.0, "log_zero": -4.0}, {"alpha": 6.0, "beta": 0.125, "log_zero": math.log(1e-4)}]
        ),
        seed=1050,
        differentiable=["z"],
        peer=symmetric_peer,
        ill=ill_conditioned,
    ),
]
