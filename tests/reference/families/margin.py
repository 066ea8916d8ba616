"""Softmax over cosines with a margin.

Left out, because PyTorch's formula has no finite value or gradient there:
* ArcFace with a feature exactly aligned with, or opposite to, its centre (sqrt(1 - c^2) has an infinite slope at c = +-1)
  and therefore ArcFace with one feature dimension;
* a zero feature or a zero centre (0 / 0 in the normalisation).
"""

import math

import torch
import torch.nn.functional as F
from pytorch_metric_learning import losses as pml

from reference import Case, Reference, head_shapes, metric_learning
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


def turn(c, m):
    """cos(theta + m)."""
    return c * math.cos(m) - torch.sqrt(1 - c**2) * math.sin(m)


def arc_face(x, w, y, s, m):
    """z_y = s phi(cos theta_y), z_j = s cos theta_j, phi = cos(theta + m) while theta + m < pi, cos theta - m sin m beyond."""
    c = cosines(x, w)
    target = at_label(c, y)
    phi = torch.where(target > math.cos(math.pi - m), turn(target, m), target - m * math.sin(m))
    return margin_softmax(c, phi, y, s)


def arc_face_continuous(x, w, y, s, m):
    """z_y = s phi(cos theta_y), z_j = s cos theta_j, phi = cos(theta + m) while theta + m < pi, -2 - cos(theta + m) beyond."""
    c = cosines(x, w)
    target = at_label(c, y)
    turned = turn(target, m)
    return margin_softmax(c, torch.where(target > math.cos(math.pi - m), turned, -2 - turned), y, s)


def arc_face_easy(x, w, y, s, m):
    """z_y = s phi(cos theta_y), z_j = s cos theta_j, phi = cos(theta + m) while cos theta > 0, cos theta beyond."""
    c = cosines(x, w)
    target = at_label(c, y)
    return margin_softmax(c, torch.where(target > 0, turn(target, m), target), y, s)


def arc_face_plain(x, w, y, s, m):
    """z_y = s cos(theta_y + m), z_j = s cos theta_j."""
    c = cosines(x, w)
    return margin_softmax(c, turn(at_label(c, y), m), y, s)


def arc_face_detached(x, w, y, s, m):
    """z_y = s cos(theta_y + m), z_j = s cos theta_j, with d z_y / d cos theta_y taken as s."""
    c = cosines(x, w)
    target = at_label(c, y)
    return margin_softmax(c, target + (turn(target, m) - target).detach(), y, s)


def arc_face_cases(draw):
    shapes = list(head_shapes(draw))
    for name, x, w, y in shapes:
        yield Case(name, {"x": x, "w": w, "y": y}, {"s": 30.0, "m": 0.5})
    for s, m in [(64.0, 0.5), (16.0, 2.0)]:
        for name, x, w, y in [shapes[1], shapes[3]]:
            yield Case(f"{name}, s {s:g}, m {m:g}", {"x": x, "w": w, "y": y}, {"s": s, "m": m})


def user_form(phi):
    """As PyTorch users write it: `phi(c, turned, m)` is the target's cosine with its margin."""

    def peer(x, w, y, s, m):
        c = F.linear(F.normalize(x), F.normalize(w))
        turned = torch.cos(torch.acos(c) + m)
        return F.cross_entropy(s * torch.where(is_label(c, y), phi(c, turned, m), c), y, reduction="none")

    return peer


def arc_face_peer(x, w, y, s, m):
    """pytorch-metric-learning counts the margin in degrees."""
    head = pml.ArcFaceLoss(num_classes=w.shape[0], embedding_size=w.shape[1], margin=math.degrees(m), scale=s)
    return metric_learning(head, x, w, y)


def insightface(x, w, y, s, m):
    """losses.py of insightface's arcface_torch since December 2022."""
    logits = F.linear(F.normalize(x), F.normalize(w))
    target = logits[torch.arange(len(y)), y]
    with torch.no_grad():
        target.arccos_()
        logits.arccos_()
        logits[torch.arange(len(y)), y] = target + m
        logits.cos_()
    return F.cross_entropy(logits * s, y, reduction="none")


def combined_margin(x, w, y, s, m1, m2, m3, continued):
    """z_y = s phi, z_j = s cos theta_j; t = m1 theta_y + m2, phi = (-1)^k cos t - 2k - m3 with k = floor(t / pi) if continued, else 0."""
    c = cosines(x, w)
    t = m1 * torch.acos(at_label(c, y)) + m2
    k = torch.floor(t / math.pi) if continued else torch.zeros_like(t)
    return margin_softmax(c, (1 - 2 * (k % 2)) * torch.cos(t) - 2 * k - m3, y, s)


def combined_margin_cases(draw):
    shapes = list(head_shapes(draw))
    on, off = {"continued": True}, {"continued": False}
    for name, x, w, y in shapes:
        yield Case(name, {"x": x, "w": w, "y": y}, {"s": 64.0, "m1": 1.0, "m2": 0.5, "m3": 0.0}, on)
    for m1, m2, m3 in [(1.0, 0.0, 0.35), (1.0, 0.3, 0.2), (1.7, 0.0, 0.0), (4.0, 0.0, 0.0), (1.35, -0.25, 0.125)]:
        for flags in (on, off):
            name, x, w, y = shapes[3]
            name = f"{name}, {m1:g} {m2:g} {m3:g}{', continued' if flags['continued'] else ''}"
            yield Case(name, {"x": x, "w": w, "y": y}, {"s": 16.0, "m1": m1, "m2": m2, "m3": m3}, flags)


def combined_margin_peer(x, w, y, s, m1, m2, m3, continued):
    """train.py of insightface's arcface_mxnet, in PyTorch."""
    c = F.linear(F.normalize(x), F.normalize(w))
    body = torch.cos(torch.acos(c) * m1 + m2) - m3
    return F.cross_entropy(s * torch.where(is_label(c, y), body, c), y, reduction="none")


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
    *(
        Reference(name, value, arc_face_cases, seed=1009, differentiable=["x", "w"], peer=peer, single=1e-5)
        for name, value, peer in [
            ("ArcFace", arc_face, arc_face_peer),
            (
                "ArcFaceContinuous",
                arc_face_continuous,
                user_form(lambda c, turned, m: torch.where(c > math.cos(math.pi - m), turned, -2 - turned)),
            ),
            ("ArcFaceEasy", arc_face_easy, user_form(lambda c, turned, m: torch.where(c > 0, turned, c))),
            ("ArcFacePlain", arc_face_plain, user_form(lambda c, turned, m: turned)),
            ("ArcFaceDetached", arc_face_detached, insightface),
        ]
    ),
    Reference(
        "CombinedMargin",
        combined_margin,
        combined_margin_cases,
        seed=2340,
        differentiable=["x", "w"],
        peer=combined_margin_peer,
        # The original has no continuation.
        ill=lambda case: case.flags["continued"],
        single=1e-5,
    ),
]
