"""Margin heads that keep state from batch to batch: AdaFace, CurricularFace.

The auxiliary outputs are the state after the call.
"""

import math

import torch
import torch.nn.functional as F

from reference import Case, Reference, head_shapes
from stable import at_label, cosines, is_label, margin_softmax


def ada_face(x, w, y, s, m, h, t_alpha, eps, batch_mean, batch_std):
    """z_y = s (cos(clip(theta - m k, eps, pi - eps)) - m (1 + k)), k = clip(h (|x| - mu) / (sigma + eps), -1, 1), |x| clipped to [0.001, 100]
    and without gradient, mu and sigma the running mean and deviation after this batch."""
    length = x.norm(dim=1).clip(0.001, 100).detach()
    spread = length.std() if len(length) > 1 else torch.tensor(0.0)
    mu = t_alpha * length.mean() + (1 - t_alpha) * batch_mean
    sigma = t_alpha * spread + (1 - t_alpha) * batch_std
    k = (h * (length - mu) / (sigma + eps)).clip(-1, 1)
    c = cosines(x, w)
    theta = torch.acos(at_label(c, y))
    turned = torch.cos((theta - m * k).clip(eps, math.pi - eps))
    return margin_softmax(c, turned - m * (1 + k), y, s), {"next_batch_mean": mu, "next_batch_std": sigma}


def ada_face_peer(x, w, y, s, m, h, t_alpha, eps, batch_mean, batch_std):
    """The steps of the official head, all cosines clamped and all angles clipped."""
    norms = torch.norm(x, 2, 1, True)
    cosine = ((x / norms) @ (w / torch.norm(w, 2, 1, True)).T).clamp(-1 + eps, 1 - eps)
    safe = norms.clip(0.001, 100).clone().detach()
    mean = safe.mean() * t_alpha + (1 - t_alpha) * batch_mean
    std = safe.std() * t_alpha + (1 - t_alpha) * batch_std
    scaler = ((safe - mean) / (std + eps) * h).clip(-1, 1)
    one_hot = is_label(cosine, y).to(x)
    theta = (cosine.acos() - one_hot * m * scaler).clip(eps, math.pi - eps)
    return F.cross_entropy(s * (theta.cos() - one_hot * (m + m * scaler)), y, reduction="none")


def ada_face_cases(draw):
    start = {"s": 64.0, "m": 0.4, "h": 0.333, "t_alpha": 0.01, "eps": 1e-3, "batch_mean": 20.0, "batch_std": 100.0}
    settled = start | {"s": 16.0, "t_alpha": 0.5, "batch_mean": 2.0, "batch_std": 0.75}
    sharp = settled | {"h": 2.0, "t_alpha": 1.0, "eps": 0.25}
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, start)
        if name in ("moderate", "odd sizes", "all angles"):
            yield Case(f"{name}, settled", {"x": x, "w": w, "y": y}, settled)
            yield Case(f"{name}, sharp", {"x": x, "w": w, "y": y}, sharp)


def beyond_the_peer(case):
    """A cosine that the peer clamps has no gradient there; of one row its deviation is NaN."""
    c = cosines(case.inputs["x"], case.inputs["w"])
    return len(c) == 1 or bool((c.abs() > 1 - case.scalars["eps"]).any())


def curricular_face(x, w, y, s, m, alpha, t):
    """z_y = s phi(cos theta_y), phi ArcFace's with the classic fall-back; z_j = s c_j (t' + c_j) where c_j > cos(theta_y + m), else s c_j;
    t' = alpha mean(c_y) + (1 - alpha) t, without gradient."""
    c = cosines(x, w)
    target = at_label(c, y)
    now = (alpha * target.mean() + (1 - alpha) * t).detach()
    turned = target * math.cos(m) - torch.sqrt(1 - target**2) * math.sin(m)
    phi = torch.where(target > math.cos(math.pi - m), turned, target - m * math.sin(m))
    negative = torch.where(c > turned.unsqueeze(1), c * (now + c), c)
    return margin_softmax(negative, phi, y, s), {"next_t": now}


def curricular_face_peer(x, w, y, s, m, alpha, t):
    """The steps of the official head, in place of clones."""
    cosine = ((x / torch.norm(x, 2, 1, True)) @ (w / torch.norm(w, 2, 1, True)).T).clamp(-1, 1)
    rows = torch.arange(len(y))
    target = cosine[rows, y].view(-1, 1)
    cos_theta_m = target * math.cos(m) - torch.sqrt(1.0 - target**2) * math.sin(m)
    mask = cosine > cos_theta_m
    final = torch.where(target > math.cos(math.pi - m), cos_theta_m, target - math.sin(math.pi - m) * m)
    with torch.no_grad():
        now = target.mean() * alpha + (1 - alpha) * t
    logits = cosine.clone()
    logits[mask] = cosine[mask] * (now + cosine[mask])
    logits = logits.scatter(1, y.view(-1, 1), final)
    return F.cross_entropy(logits * s, y, reduction="none")


def curricular_face_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"s": 30.0, "m": 0.5, "alpha": 0.01, "t": 0.0})
        if name in ("moderate", "odd sizes", "all angles"):
            later = {"s": 64.0, "m": 0.5, "alpha": 0.01, "t": 0.75}
            yield Case(f"{name}, later", {"x": x, "w": w, "y": y}, later)
            yield Case(f"{name}, alpha 0.5", {"x": x, "w": w, "y": y}, later | {"s": 16.0, "m": 0.25, "alpha": 0.5})


REFERENCES = [
    Reference(
        "AdaFace",
        ada_face,
        ada_face_cases,
        seed=4109,
        differentiable=["x", "w"],
        peer=ada_face_peer,
        ill=beyond_the_peer,
        single=1e-5,
    ),
    Reference(
        "CurricularFace",
        curricular_face,
        curricular_face_cases,
        seed=4110,
        differentiable=["x", "w"],
        peer=curricular_face_peer,
        single=1e-5,
    ),
]
