"""Sigmoid cross-entropies."""

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


def sigmoid_cross_entropy(x, target):
    """target * -ln s(x) + (1 - target) * -ln s(-x), elementwise, s the sigmoid."""
    return target * softplus(-x) + (1 - target) * softplus(x)


EXTREME = on_grid([1e4, -1e4, 1e4, -1e4, 0, 0, 20, -20, 45, -45, 90, -90])
TOWARDS = torch.tensor([1.0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1], dtype=torch.float64)


def shares(draw, *shape):
    return (torch.rand(*shape, generator=draw.generator, dtype=torch.float64) * 1024).round() / 1024


def sigmoid_cases(draw):
    yield Case("soft", {"x": draw.real(9, scale=3), "target": shares(draw, 9)})
    yield Case("hard", {"x": draw.real(9, scale=3), "target": draw.bits(9).double()})
    yield Case("multi-label", {"x": draw.real(5, 7, scale=3), "target": shares(draw, 5, 7)})
    yield Case("images", {"x": draw.real(2, 3, 2, 3), "target": draw.bits(2, 3, 2, 3).double()})
    yield Case("extreme", {"x": EXTREME, "target": TOWARDS})
    yield Case("one element", {"x": draw.real(1), "target": shares(draw, 1)})


def class_cases(draw):
    """Logits and targets [N, C, ...]."""
    yield "soft", draw.real(4, 5, scale=3), shares(draw, 4, 5)
    yield "odd sizes", draw.real(7, 13, scale=2), draw.bits(7, 13, share=0.2).double()
    yield "images", draw.real(2, 3, 2, 3), shares(draw, 2, 3, 2, 3)
    yield "extreme", EXTREME.reshape(3, 4), TOWARDS.reshape(3, 4)
    yield "one class", draw.real(3, 1), shares(draw, 3, 1)
    yield "one row", draw.real(1, 5), draw.bits(1, 5).double()


def weighted_sigmoid(z, target, positive):
    """w_c * target * -ln s(z) + (1 - target) * -ln s(-z), elementwise, s the sigmoid."""
    return positive * target * softplus(-z) + (1 - target) * softplus(z)


def weighted_sigmoid_cases(draw):
    for name, z, target in class_cases(draw):
        if name == "images":
            continue  # its values are of [N, C] already
        positive = draw.real(z.shape[1]).abs() * 4
        if name == "odd sizes":
            positive[::4] = 0
        yield Case(name, {"z": z, "target": target, "positive": positive})


def weighted_sigmoid_peer(z, target, positive):
    return F.binary_cross_entropy_with_logits(z, target, pos_weight=positive, reduction="none")


def multi_label_soft_margin(z, target):
    """The mean over c of target_c * -ln s(z_c) + (1 - target_c) * -ln s(-z_c), s the sigmoid."""
    return sigmoid_cross_entropy(z, target).mean(1)


def multi_label_cases(draw):
    for name, z, target in class_cases(draw):
        yield Case(name, {"z": z, "target": target})


def multi_label_peer(z, target):
    """PyTorch's means over the last axis: the classes are moved there."""
    return F.multilabel_soft_margin_loss(z.movedim(1, -1), target.movedim(1, -1), reduction="none")


def asymmetric(x, t, gamma_pos, gamma_neg, clip, detached):
    """Where t = 1: (1 - p)^gamma_pos * -ln p. Else: m^gamma_neg * -ln(1 - m), m = max(p - clip, 0). p the sigmoid of x."""
    focus = (lambda w: w.detach()) if detached else (lambda w: w)
    positive = focus(torch.exp(-gamma_pos * softplus(x))) * softplus(-x)
    m = torch.sigmoid(x) - clip
    counts = m > 0
    safe = torch.where(counts, m, 0.5)
    log_rest = torch.log(torch.sigmoid(-x) + clip) if clip > 0 else -softplus(x)
    negative = torch.where(counts, focus(safe**gamma_neg) * -log_rest, 0.0)
    return torch.where(t > 0, positive, negative)


def asymmetric_cases(draw):
    shapes = [
        ("moderate", draw.real(9, scale=3), draw.bits(9)),
        ("multi-label", draw.real(5, 7, scale=4), draw.bits(5, 7, share=0.2)),
        ("extreme", EXTREME, TOWARDS.bool()),
        ("one element", draw.real(1), torch.zeros(1).bool()),
    ]
    settings = [(1.0, 4.0, 0.0625, False), (1.0, 4.0, 0.0625, True), (0.0, 2.0, 0.0, False), (0.5, 1.5, 0.25, True), (0.0, 0.0, 0.125, False)]
    for gamma_pos, gamma_neg, clip, detached in settings:
        scalars = {"gamma_pos": gamma_pos, "gamma_neg": gamma_neg, "clip": clip}
        for name, x, t in shapes:
            suffix = ", ".join(f"{value:g}" for value in scalars.values())
            yield Case(f"{name}, {suffix}, {'detached' if detached else 'attached'}", {"x": x, "t": t}, scalars, {"detached": detached})


def asymmetric_peer(x, t, gamma_pos, gamma_neg, clip, detached):
    """The formula of the authors' AsymmetricLoss, with its clamps."""
    xs_pos = torch.sigmoid(x)
    xs_neg = (1 - xs_pos + clip).clamp(max=1) if clip > 0 else 1 - xs_pos
    loss = t * torch.log(xs_pos.clamp(min=1e-8)) + (1 - t) * torch.log(xs_neg.clamp(min=1e-8))
    with torch.set_grad_enabled(not detached):
        pt = xs_pos * t + xs_neg * (1 - t)
        weight = torch.pow(1 - pt, gamma_pos * t + gamma_neg * (1 - t))
    return -loss * weight


REFERENCES = [
    Reference(
        "SigmoidCrossEntropy",
        sigmoid_cross_entropy,
        sigmoid_cases,
        seed=1053,
        differentiable=["x"],
        peer=lambda x, target: F.binary_cross_entropy_with_logits(x, target, reduction="none"),
        ill=lambda case: case.name == "extreme",  # its gradient s(x) - 1 cancels
        peer_mean=lambda x, target: F.binary_cross_entropy_with_logits(x, target),
    ),
    Reference(
        "WeightedSigmoid",
        weighted_sigmoid,
        weighted_sigmoid_cases,
        seed=1054,
        differentiable=["z"],
        peer=weighted_sigmoid_peer,
        ill=lambda case: case.name == "extreme",  # likewise
    ),
    Reference(
        "MultiLabelSoftMargin",
        multi_label_soft_margin,
        multi_label_cases,
        seed=1055,
        differentiable=["z"],
        peer=multi_label_peer,
        ill=lambda case: case.name == "extreme",  # likewise
    ),
    Reference(
        "Asymmetric",
        asymmetric,
        asymmetric_cases,
        seed=1056,
        differentiable=["x"],
        peer=asymmetric_peer,
        ill=lambda case: case.name.startswith("extreme"),  # clamped at 1e-8
    ),
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
