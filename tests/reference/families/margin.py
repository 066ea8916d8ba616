"""Softmax over cosines with a margin.

Left out, because PyTorch's formula has no finite value or gradient there:
* ArcFace with a feature exactly aligned with, or opposite to, its centre (sqrt(1 - c^2) has an infinite slope at c = +-1)
  and therefore ArcFace with one feature dimension;
* a zero feature or a zero centre (0 / 0 in the normalisation).
"""

import math

import torch
import torch.nn.functional as F

from reference import Case, Reference, head_shapes
from stable import at_label, cosines, is_label, margin_softmax


def cos_face(x, w, y, s, m):
    """z_y = s (cos theta_y - m), z_j = s cos theta_j."""
    c = cosines(x, w)
    return margin_softmax(c, at_label(c, y) - m, y, s)


def cos_face_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"s": 30.0, "m": 0.35})
    x, w = draw.real(3, 1) + 2, draw.real(2, 1).abs() + 1
    yield Case("one feature", {"x": x, "w": w, "y": torch.tensor([0, 1, 0])}, {"s": 30.0, "m": 0.35})
    w = draw.real(4, 3)
    yield Case("aligned", {"x": 2 * w, "w": w, "y": torch.arange(4)}, {"s": 64.0, "m": 0.35})
    yield Case("opposite", {"x": -2 * w, "w": w, "y": torch.arange(4)}, {"s": 64.0, "m": 0.35})


def cos_face_peer(x, w, y, s, m):
    c = F.linear(F.normalize(x), F.normalize(w))
    return F.cross_entropy(s * (c - m * F.one_hot(y, c.shape[1])), y, reduction="none")


def arc_face(x, w, y, s, m, fall_back, easy):
    """z_y = s phi(cos theta_y), z_j = s cos theta_j, phi = cos(theta + m).

    fall_back: phi = cos(theta + m) while theta + m < pi, cos theta - m sin m beyond
    easy:      phi = cos(theta + m) while cos theta > 0, cos theta beyond
    """
    c = cosines(x, w)
    target = at_label(c, y)
    turned = target * math.cos(m) - torch.sqrt(1 - target**2) * math.sin(m)
    if easy:
        turned = torch.where(target > 0, turned, target)
    elif fall_back:
        turned = torch.where(target > math.cos(math.pi - m), turned, target - m * math.sin(m))
    return margin_softmax(c, turned, y, s)


PLAIN, CLASSIC, EASY = [{"fall_back": back, "easy": easy} for back, easy in [(False, False), (True, False), (False, True)]]


def arc_face_cases(draw):
    shapes = list(head_shapes(draw))
    for variant, flags in [("plain", PLAIN), ("classic", CLASSIC), ("easy", EASY)]:
        for name, x, w, y in shapes:
            yield Case(f"{name}, {variant}", {"x": x, "w": w, "y": y}, {"s": 30.0, "m": 0.5}, flags)
    name, x, w, y = shapes[1]
    yield Case(f"{name}, s 64", {"x": x, "w": w, "y": y}, {"s": 64.0, "m": 0.5}, PLAIN)


def arc_face_peer(x, w, y, s, m, fall_back, easy):
    c = F.linear(F.normalize(x), F.normalize(w))
    turned = torch.cos(torch.acos(c) + m)
    if easy:
        turned = torch.where(c > 0, turned, c)
    elif fall_back:
        turned = torch.where(c > math.cos(math.pi - m), turned, c - m * math.sin(m))
    return F.cross_entropy(s * torch.where(is_label(c, y), turned, c), y, reduction="none")


# F.normalize divides by max(|x|, 1e-12), and p - 1 is noise for features on their centres.
ON_CENTRE = ("aligned", "opposite")

REFERENCES = [
    Reference(
        "CosFace",
        cos_face,
        cos_face_cases,
        seed=1008,
        differentiable=["x", "w"],
        peer=cos_face_peer,
        ill=lambda case: case.name in ON_CENTRE,
        single=1e-5,
    ),
    Reference(
        "AmSoftmax",
        cos_face,
        cos_face_cases,
        seed=1008,
        differentiable=["x", "w"],
        peer=cos_face_peer,
        ill=lambda case: case.name in ON_CENTRE,
        single=1e-5,
    ),
    Reference(
        "ArcFace",
        arc_face,
        arc_face_cases,
        seed=1009,
        differentiable=["x", "w"],
        peer=arc_face_peer,
        single=1e-5,
    ),
]
