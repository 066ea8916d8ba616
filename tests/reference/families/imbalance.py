"""Softmax cross-entropies for classes of very different frequency."""

import torch
import torch.nn.functional as F

from reference import Case, Reference, logit_cases, on_grid
from stable import cross_entropy, is_label


def along_classes(t, z):
    """A tensor of classes as one that broadcasts with z [N, C, ...]."""
    return t.reshape(1, -1, *[1] * (z.dim() - 2))


def logit_adjusted(z, y, prior, tau):
    """-ln softmax(z + tau * ln prior)_y."""
    return cross_entropy(z + tau * along_classes(prior.log(), z), y)


def with_classes(name, cases, draw_classes):
    """The cases with a tensor of classes more. Extreme logits are smaller, for float32 holds 1e4 + ln n to 5e-4 only."""
    for case in cases:
        z = case.inputs["z"] / 64 if case.name.startswith("extreme") else case.inputs["z"]
        yield Case(case.name, {"z": z, "y": case.inputs["y"], name: draw_classes(case)}, case.scalars)


def logit_adjusted_cases(draw):
    prior = lambda case: (draw.real(case.inputs["z"].shape[1], scale=2).exp() * 64).round().clamp(min=1) / 1024
    yield from with_classes("prior", logit_cases(draw, [{"tau": 1.0}, {"tau": -0.5}]), prior)


def balanced_softmax(z, y, counts):
    """-ln(n_y e^z_y / sum_c n_c e^z_c), n the counts; a class with count 0 is ruled out."""
    return cross_entropy(z + along_classes(counts.log(), z), y)


def balanced_softmax_cases(draw):
    def counts(case):
        classes = case.inputs["z"].shape[1]
        n = draw.real(classes, scale=2).exp().mul(16).round().clamp(min=1)
        if case.name in ("odd sizes", "many classes"):
            unused = torch.ones(classes, dtype=torch.bool)
            unused[case.inputs["y"].flatten()] = False
            n[unused & (torch.arange(classes) % 2 == 0)] = 0
        return n

    yield from with_classes("counts", logit_cases(draw), counts)


def balanced_softmax_peer(z, y, counts):
    """The authors' code: logits + log counts into cross_entropy."""
    return F.cross_entropy(z + along_classes(counts, z).expand_as(z).log(), y, reduction="none")


def ldam(z, y, counts, s, max_margin):
    """-ln softmax(s * (z - margin_c [c = y]))_y, margin = max_margin * n^(-1/4) / max n^(-1/4), n the counts."""
    margin = counts ** -0.25
    margin = along_classes(max_margin * margin / margin.max(), z)
    return cross_entropy(s * torch.where(is_label(z, y), z - margin, z), y)


def ldam_cases(draw):
    for case in logit_cases(draw, [{"s": 30.0, "max_margin": 0.5}, {"s": 4.0, "max_margin": 0.25}]):
        z = case.inputs["z"]
        z = on_grid(z / max(z.abs().max().item(), 1))  # as cosines
        counts = draw.real(z.shape[1], scale=2).exp().mul(16).round().clamp(min=1)
        yield Case(case.name, {"z": z, "y": case.inputs["y"], "counts": counts}, case.scalars)


def ldam_peer(z, y, counts, s, max_margin):
    """The formula of LDAM-DRW's losses.py."""
    m_list = 1.0 / torch.sqrt(torch.sqrt(counts))
    m_list = m_list * (max_margin / torch.max(m_list))
    return F.cross_entropy(s * torch.where(is_label(z, y), z - m_list[y].unsqueeze(1), z), y, reduction="none")


def saturated(case):
    """cross_entropy's gradient p - 1 is 0 or noise there."""
    return case.name.startswith("extreme")


REFERENCES = [
    Reference(
        "LogitAdjusted",
        logit_adjusted,
        logit_adjusted_cases,
        seed=1046,
        differentiable=["z"],
        single=2e-5,  # float32 holds 156 + ln prior to 1e-5
        peer=lambda z, y, prior, tau: F.cross_entropy(z + tau * along_classes(prior, z).log(), y, reduction="none"),
        ill=saturated,
    ),
    Reference(
        "BalancedSoftmax",
        balanced_softmax,
        balanced_softmax_cases,
        seed=1047,
        differentiable=["z"],
        single=2e-5,  # likewise
        peer=balanced_softmax_peer,
        ill=saturated,
    ),
    Reference(
        "Ldam",
        ldam,
        ldam_cases,
        seed=1048,
        differentiable=["z"],
        peer=ldam_peer,
        ill=saturated,
    ),
]
