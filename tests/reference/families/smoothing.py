"""Softmax cross-entropy with label smoothing, and against distributions."""

import torch
import torch.nn.functional as F

from reference import Case, Reference, logit_cases
from stable import cross_entropy


def label_smoothing(z, y, epsilon):
    """(1 - epsilon) * -ln p_y + epsilon / C * sum_c -ln p_c, p = softmax(z)."""
    return (1 - epsilon) * cross_entropy(z, y) - epsilon * F.log_softmax(z, 1).mean(1)


def label_smoothing_cases(draw):
    yield from logit_cases(draw, [{"epsilon": 0.125}])
    for epsilon in (0.0, 1.0):
        z, y = draw.real(4, 6, scale=2), draw.labels(6, 4)
        yield Case(f"epsilon {epsilon:g}", {"z": z, "y": y}, {"epsilon": epsilon})
    z, y = draw.real(5, 4), torch.tensor([1, -100, 0, -100, 3])
    yield Case("some ignored", {"z": z, "y": y}, {"epsilon": 0.25}, ignore_index=-100)


def label_smoothing_peer(z, y, epsilon, reduction="none"):
    return F.cross_entropy(z, y, label_smoothing=epsilon, reduction=reduction)


def weighted_label_smoothing(z, weight, y, epsilon):
    """(1 - epsilon) * w_y * -ln p_y + epsilon / C * sum_c w_c * -ln p_c, p = softmax(z)."""
    across = weight.reshape(1, -1, *[1] * (z.dim() - 2))
    return (1 - epsilon) * weight[y] * cross_entropy(z, y) - epsilon * (across * F.log_softmax(z, 1)).mean(1)


def weighted_label_smoothing_cases(draw):
    for case in label_smoothing_cases(draw):
        classes = case.inputs["z"].shape[1]
        weight = draw.real(classes).abs() + 0.25
        if case.name.startswith("odd sizes"):
            weight[::3] = 0
        inputs = {"z": case.inputs["z"], "weight": weight, "y": case.inputs["y"]}
        yield Case(case.name, inputs, case.scalars, ignore_index=case.ignore_index)


def weighted_label_smoothing_peer(z, weight, y, epsilon, reduction="none"):
    return F.cross_entropy(z, y, weight=weight, label_smoothing=epsilon, reduction=reduction)


def soft_target_cross_entropy(z, target):
    """sum_c target_c * -ln p_c, p = softmax(z)."""
    return -(target * F.log_softmax(z, 1)).sum(1)


def soft_target_cases(draw):
    for case in logit_cases(draw):
        z = case.inputs["z"]
        target = draw.real(*z.shape, scale=2).softmax(1)
        if case.name == "odd sizes":
            target = draw.real(*z.shape)  # of any sum, of any sign
        if case.name == "two classes":
            target = F.one_hot(case.inputs["y"], z.shape[1]).double()
        yield Case(case.name, {"z": z, "target": (target * 1024).round() / 1024})


REFERENCES = [
    Reference(
        "LabelSmoothing",
        label_smoothing,
        label_smoothing_cases,
        seed=1040,
        differentiable=["z"],
        peer=label_smoothing_peer,
        peer_ignores=True,
        peer_mean=lambda **arguments: label_smoothing_peer(**arguments, reduction="mean"),
    ),
    Reference(
        "WeightedLabelSmoothing",
        weighted_label_smoothing,
        weighted_label_smoothing_cases,
        seed=1041,
        differentiable=["z"],
        weight=lambda z, weight, y: weight[y],
        peer=weighted_label_smoothing_peer,
        peer_ignores=True,
        peer_mean=lambda **arguments: weighted_label_smoothing_peer(**arguments, reduction="mean"),
    ),
    Reference(
        "SoftTargetCrossEntropy",
        soft_target_cross_entropy,
        soft_target_cases,
        seed=1042,
        differentiable=["z"],
        peer=lambda z, target: F.cross_entropy(z, target, reduction="none"),
    ),
]
