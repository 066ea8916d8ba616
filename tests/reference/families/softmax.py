"""Softmax cross-entropy."""

import torch
import torch.nn.functional as F

from reference import Case, Reference, logit_cases
from stable import cross_entropy


def softmax_cross_entropy(z, y):
    """-ln softmax(z)_y."""
    return cross_entropy(z, y)


def softmax_cross_entropy_cases(draw):
    yield from logit_cases(draw)
    ignored = torch.tensor([1, -100, 0, -100, 3])
    yield Case("some ignored", {"z": draw.real(5, 4), "y": ignored}, ignore_index=-100)
    pixels = draw.labels(3, 2, 3, 2)
    pixels[0, 1, 0] = pixels[1, 2, 1] = -100
    yield Case("ignored pixels", {"z": draw.real(2, 3, 3, 2), "y": pixels}, ignore_index=-100)


def temperature_softmax(z, y, temperature):
    """-ln softmax(z / T)_y."""
    return cross_entropy(z / temperature, y)


def saturated(case):
    """cross_entropy's gradient p - 1 is 0 or noise there."""
    return case.name.startswith("extreme")


REFERENCES = [
    Reference(
        "SoftmaxCrossEntropy",
        softmax_cross_entropy,
        softmax_cross_entropy_cases,
        seed=1000,
        differentiable=["z"],
        peer=lambda z, y: F.cross_entropy(z, y, reduction="none"),
        ill=saturated,
    ),
    Reference(
        "TemperatureSoftmax",
        temperature_softmax,
        lambda draw: logit_cases(draw, [{"temperature": 4.0}, {"temperature": 0.5}]),
        seed=1006,
        differentiable=["z"],
        peer=lambda z, y, temperature: F.cross_entropy(z / temperature, y, reduction="none"),
        ill=saturated,
    ),
]
