"""Softmax over normalised features without a margin: L2-constrained softmax and NormFace.

Left out, because PyTorch's formula has no finite value or gradient there: a zero feature or a zero centre (0 / 0 in the normalisation).
"""

import torch
from pytorch_metric_learning import losses as pml
import torch.nn.functional as F

from reference import Case, Reference, head_shapes, metric_learning
from stable import cosines, cross_entropy


def l2_softmax(x, w, b, y, alpha):
    """z = alpha <w, x / |x|> + b."""
    return cross_entropy(alpha * (x / x.norm(dim=1, keepdim=True)) @ w.T + b, y)


def l2_softmax_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "b": draw.real(w.shape[0]), "y": y}, {"alpha": 16.0})
        if name in ("odd sizes", "all angles"):
            yield Case(f"{name}, alpha 1.5", {"x": x, "w": w, "b": draw.real(w.shape[0]), "y": y}, {"alpha": 1.5})
    x, w, b = draw.real(5, 3), draw.real(4, 3), draw.real(4)
    yield Case("ignored", {"x": x, "w": w, "b": b, "y": torch.tensor([0, -1, 2, -1, 3])}, {"alpha": 16.0}, ignore_index=-1)


def l2_softmax_peer(x, w, b, y, alpha):
    return F.cross_entropy(F.linear(alpha * F.normalize(x), w, b), y, reduction="none")


def norm_face(x, w, y, s):
    """z = s cos theta."""
    return cross_entropy(s * cosines(x, w), y)


def norm_face_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"s": 10.0})
        if name in ("odd sizes", "all angles"):
            yield Case(f"{name}, s 30", {"x": x, "w": w, "y": y}, {"s": 30.0})
    w = draw.real(4, 3)
    yield Case("aligned", {"x": 2 * w, "w": w, "y": torch.arange(4)}, {"s": 64.0})
    yield Case("opposite", {"x": -2 * w, "w": w, "y": torch.arange(4)}, {"s": 64.0})


def norm_face_peer(x, w, y, s):
    head = pml.NormalizedSoftmaxLoss(num_classes=w.shape[0], embedding_size=w.shape[1], temperature=1 / s)
    return metric_learning(head, x, w, y)


# p - 1 is noise for features on their centres, and so is PML's gradient.
ON_CENTRE = ("aligned", "opposite")

REFERENCES = [
    Reference(
        "L2Softmax",
        l2_softmax,
        l2_softmax_cases,
        seed=2331,
        differentiable=["x", "w", "b"],
        learned=["alpha"],
        peer=l2_softmax_peer,
        single=1e-5,
    ),
    Reference(
        "NormFace",
        norm_face,
        norm_face_cases,
        seed=2332,
        differentiable=["x", "w"],
        learned=["s"],
        peer=norm_face_peer,
        ill=lambda case: case.name in ON_CENTRE,
        single=1e-5,
    ),
]
