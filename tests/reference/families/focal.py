"""Focal losses. At p = 1 they are *in*: written so that their gradient is finite there."""

import torch
from torchvision.ops import sigmoid_focal_loss

from reference import Case, Reference, logit_cases, on_grid
from stable import at_label, gap, nothing, softplus


def binary_focal(x, t, alpha, gamma):
    """alpha_t (1 - p_t)^gamma * -ln p_t, elementwise: x_t = x where t = 1, -x where t = 0."""
    signed = torch.where(t > 0, x, -x)
    alpha_t = torch.where(t > 0, alpha, 1 - alpha)
    return alpha_t * torch.exp(-gamma * softplus(signed)) * softplus(-signed)


def binary_focal_cases(draw):
    extreme = on_grid([1e4, -1e4, 1e4, -1e4, 0, 0, 20, -20, 45, -45, 90, -90])
    shapes = [
        ("moderate", draw.real(8, scale=2), draw.bits(8)),
        ("multi-label", draw.real(5, 7, scale=3), draw.bits(5, 7, share=0.3)),
        ("extreme", extreme, torch.tensor([1.0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1]).bool()),
        ("one row", draw.real(1), torch.ones(1).bool()),
    ]
    for alpha, gamma in [(0.25, 2.0), (0.25, 0.5), (0.75, 0.0), (0.5, 1.0)]:
        for name, x, t in shapes:
            yield Case(f"{name}, alpha {alpha:g}, gamma {gamma:g}", {"x": x, "t": t}, {"alpha": alpha, "gamma": gamma})


def binary_focal_peer(x, t, alpha, gamma):
    return sigmoid_focal_loss(x, t, alpha, gamma)


def focal(z, y, gamma):
    """(1 - p_y)^gamma * -ln p_y, p = softmax(z)."""
    if z.shape[1] == 1:
        return nothing(z)
    d = gap(z, y)
    return torch.exp(-gamma * softplus(-d)) * softplus(d)


def focal_peer(z, y, gamma):
    p = at_label(z.softmax(1), y)
    return (1 - p) ** gamma * -p.log()


def weighted_focal_cases(draw):
    for case in logit_cases(draw, [{"gamma": 2.0}, {"gamma": 0.5}]):
        weight = draw.real(case.inputs["z"].shape[1]).abs() + 0.25
        yield Case(case.name, {"z": case.inputs["z"], "weight": weight, "y": case.inputs["y"]}, case.scalars)
    z, y = draw.real(5, 4), torch.tensor([1, -1, 0, -1, 3])
    yield Case("some ignored", {"z": z, "weight": draw.real(4).abs(), "y": y}, {"gamma": 2.0}, ignore_index=-1)


def weighted_focal(z, weight, y, gamma):
    """weight_y * (1 - p_y)^gamma * -ln p_y, p = softmax(z)."""
    return weight[y] * focal(z, y, gamma)


def poly1_focal(z, y, gamma, epsilon):
    """(1 - p_y)^gamma * -ln p_y + epsilon * (1 - p_y)^(gamma + 1), p = softmax(z)."""
    if z.shape[1] == 1:
        return nothing(z)
    return focal(z, y, gamma) + epsilon * torch.exp(-(gamma + 1) * softplus(-gap(z, y)))


def poly1_focal_peer(z, y, gamma, epsilon):
    rest = 1 - at_label(z.softmax(1), y)
    return focal_peer(z, y, gamma) + epsilon * rest ** (gamma + 1)


def at_one(case):
    """(1 - p)^gamma has an infinite slope or 0 * inf at p = 1."""
    return case.name.startswith(("extreme", "one class"))


REFERENCES = [
    Reference(
        "BinaryFocal",
        binary_focal,
        binary_focal_cases,
        seed=1004,
        differentiable=["x"],
        peer=binary_focal_peer,
        ill=lambda case: case.name.startswith("extreme"),
    ),
    Reference(
        "Focal",
        focal,
        lambda draw: logit_cases(draw, [{"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 2.0}]),
        seed=1005,
        differentiable=["z"],
        peer=focal_peer,
        ill=at_one,
    ),
    Reference(
        "WeightedFocal",
        weighted_focal,
        weighted_focal_cases,
        seed=1051,
        differentiable=["z"],
        weight=lambda z, weight, y: weight[y],
        peer=lambda z, weight, y, gamma: weight[y] * focal_peer(z, y, gamma),
        ill=at_one,
    ),
    Reference(
        "Poly1Focal",
        poly1_focal,
        lambda draw: logit_cases(draw, [{"gamma": 2.0, "epsilon": 1.0}, {"gamma": 0.5, "epsilon": -0.5}]),
        seed=1052,
        differentiable=["z"],
        peer=poly1_focal_peer,
        ill=at_one,
    ),
]
