"""Distillation from a teacher's logits."""

import torch.nn.functional as F

from reference import Case, Reference, logit_cases
from stable import cross_entropy


def distillation(z, teacher, y, temperature, alpha):
    """alpha T^2 KL(q^T || p^T) + (1 - alpha) * -ln softmax(z)_y, q^T = softmax(teacher / T), p^T = softmax(z / T)."""
    log_q = F.log_softmax(teacher / temperature, 1)
    log_p = F.log_softmax(z / temperature, 1)
    divergence = (log_q.exp() * (log_q - log_p)).sum(1)
    return alpha * temperature**2 * divergence + (1 - alpha) * cross_entropy(z, y)


def distillation_cases(draw):
    for case in logit_cases(draw, [{"temperature": 1.0, "alpha": 0.5}, {"temperature": 4.0, "alpha": 0.875}]):
        z = case.inputs["z"]
        teacher = z.flip(1) if case.name.startswith("extreme") else draw.real(*z.shape, scale=2)
        yield Case(case.name, {"z": z, "teacher": teacher, "y": case.inputs["y"]}, case.scalars)
    z = draw.real(3, 5)
    yield Case("teacher equal", {"z": z, "teacher": z.clone(), "y": draw.labels(5, 3)}, {"temperature": 2.0, "alpha": 1.0})


def distillation_peer(z, teacher, y, temperature, alpha):
    log_p, q = F.log_softmax(z / temperature, 1), F.softmax(teacher / temperature, 1)
    divergence = F.kl_div(log_p, q, reduction="none").sum(1)
    return alpha * temperature**2 * divergence + (1 - alpha) * F.cross_entropy(z, y, reduction="none")


REFERENCES = [
    Reference(
        "Distillation",
        distillation,
        distillation_cases,
        seed=1007,
        differentiable=["z"],
        peer=distillation_peer,
        ill=lambda case: case.name.startswith("extreme"),
    ),
]
