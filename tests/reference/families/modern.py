"""Margin heads since 2019: several centres a class, margins by length, binary heads, circle and centre losses.

Left out, as in `margin`: features exactly on, or opposite to, their centres where the angle is used, and zero vectors.
"""

import math

import torch
import torch.nn.functional as F
from pytorch_metric_learning.losses import SoftTripleLoss, SubCenterArcFaceLoss

from reference import Case, Reference, head_shapes
from stable import at_label, cosines, cross_entropy, is_label, margin_softmax, softplus


def sub_cosines(x, w):
    """Cosines to several centres a class: [N, C, K]."""
    return torch.einsum("nd,ckd->nck", x / x.norm(dim=1, keepdim=True), w / w.norm(dim=2, keepdim=True))


def turned(target, m):
    """cos(theta + m)."""
    return target * torch.cos(m) - torch.sqrt(1 - target**2) * torch.sin(m)


def falls_back(target, m):
    """cos(theta + m) while theta + m < pi, cos theta - m sin m beyond: the classic one of insightface."""
    return torch.where(target > torch.cos(math.pi - m), turned(target, m), target - m * torch.sin(m))


def sub_shapes(draw):
    """Features x [N, D], centres w [C, K, D], labels y."""
    yield "moderate", draw.real(4, 5), draw.real(3, 2, 5), draw.labels(3, 4)
    yield "odd sizes", draw.real(5, 3), draw.real(7, 3, 3), draw.labels(7, 5)
    yield "wide", draw.real(3, 37), draw.real(4, 2, 37), draw.labels(4, 3)
    yield "one centre", draw.real(5, 4), draw.real(6, 1, 4), draw.labels(6, 5)
    yield "one class", draw.real(3, 4), draw.real(1, 3, 4), torch.zeros(3, dtype=torch.int64)
    w = draw.real(4, 2, 3)
    y = torch.tensor([0, 1, 2, 3, 0])
    yield "opposite", -w.mean(1)[y] + draw.real(5, 3, scale=0.125), w, y


def sub_center_arc_face(x, w, y, s, m, fall_back):
    """ArcFace on c_j = max_k cos(x, w_jk)."""
    c = sub_cosines(x, w).amax(2)
    target, m = at_label(c, y), torch.tensor(m)
    return margin_softmax(c, falls_back(target, m) if fall_back else turned(target, m), y, s)


def sub_center_arc_face_cases(draw):
    shapes = list(sub_shapes(draw))
    for fall_back in [True, False]:
        for name, x, w, y in shapes:
            inputs = {"x": x, "w": w, "y": y}
            yield Case(f"{name}, {'classic' if fall_back else 'plain'}", inputs, {"s": 30.0, "m": 0.5}, {"fall_back": fall_back})
    name, x, w, y = shapes[0]
    degrees = math.radians(28.6)
    yield Case(f"{name}, s 64, 28.6 degrees", {"x": x, "w": w, "y": y}, {"s": 64.0, "m": degrees}, {"fall_back": True})


def sub_center_arc_face_peer(x, w, y, s, m, fall_back):
    classes, centres, features = w.shape
    loss = SubCenterArcFaceLoss(
        num_classes=classes, embedding_size=features, margin=math.degrees(m), scale=s, sub_centers=centres
    )
    return of_head(loss, "W", w.reshape(classes * centres, features).T, x, y)


def of_head(loss, name, weights, x, y):
    """One value a sample from a head of pytorch-metric-learning, whose weights are replaced by ours."""
    del loss._parameters[name]
    setattr(loss, name, weights)
    loss.cast_types = lambda dtype, device: None
    return loss.compute_loss(x, y, None, x, y)["loss"]["losses"]


# The peer has the fall-back always.
is_plain = lambda case: not case.flags["fall_back"]


def mag_face(x, w, y, s, l_a, u_a, l_m, u_m, lambda_g, fall_back, easy):
    """ArcFace with m(a) linear in a = clamp(|x|, l_a, u_a) from l_m to u_m, plus lambda_g (1/a + a/u_a^2)."""
    a = x.norm(dim=1).clamp(l_a, u_a)
    m = l_m + (u_m - l_m) / (u_a - l_a) * (a - l_a)
    c = cosines(x, w)
    target = at_label(c, y)
    phi = turned(target, m)
    if easy:
        phi = torch.where(target > 0, phi, target)
    elif fall_back:
        phi = falls_back(target, m)
    return margin_softmax(c, phi, y, s) + lambda_g * (1 / a + a / u_a**2)


def mag_face_peer(x, w, y, s, l_a, u_a, l_m, u_m, lambda_g, fall_back, easy):
    """As the official code has it, which applies one of both fall-backs always."""
    norm = torch.norm(x, dim=1, keepdim=True).clamp(l_a, u_a)
    margin = (u_m - l_m) / (u_a - l_a) * (norm - l_a) + l_m
    cosine = F.linear(F.normalize(x), F.normalize(w)).clamp(-1, 1)
    sine = torch.sqrt(1 - cosine**2)
    phi = cosine * torch.cos(margin) - sine * torch.sin(margin)
    if easy:
        phi = torch.where(cosine > 0, phi, cosine)
    else:
        phi = torch.where(cosine > torch.cos(math.pi - margin), phi, cosine - torch.sin(math.pi - margin) * margin)
    z = s * torch.where(is_label(cosine, y), phi, cosine)
    regulariser = norm / u_a**2 + 1 / norm
    return F.cross_entropy(z, y, reduction="none") + lambda_g * regulariser.squeeze(1)


EASY, CLASSIC, PLAIN = [{"fall_back": back, "easy": easy} for back, easy in [(True, True), (True, False), (False, False)]]


def mag_face_cases(draw):
    """Lengths within, below and above the interval."""
    usual = {"s": 64.0, "l_a": 10.0, "u_a": 110.0, "l_m": 0.45, "u_m": 0.8, "lambda_g": 35.0}
    short = {"s": 16.0, "l_a": 0.5, "u_a": 4.0, "l_m": 0.25, "u_m": 1.25, "lambda_g": 2.0}
    shapes = list(head_shapes(draw))
    for variant, flags in [("easy", EASY), ("classic", CLASSIC), ("plain", PLAIN)]:
        for name, x, w, y in shapes[:4]:
            if name != "wide":
                yield Case(f"{name}, {variant}", {"x": x, "w": w, "y": y}, short, flags)
    for name, x, w, y in [shapes[1], shapes[5], shapes[6]]:
        yield Case(f"{name}, long", {"x": 16 * x, "w": w, "y": y}, usual, EASY)
    name, x, w, y = shapes[4]
    yield Case(name, {"x": x, "w": w, "y": y}, usual, CLASSIC)


def sphere_face2(x, w, y, r, m, t, alpha, b):
    """(alpha sp(-(r(g(c_y) - m) + b)) + (1 - alpha) sum_{j != y} sp(r(g(c_j) + m) + b)) / r, g(c) = 2((c + 1)/2)^t - 1."""
    c = cosines(x, w)
    g = 2 * ((c + 1) / 2) ** t - 1
    one_hot = is_label(c, y)
    positive = alpha * softplus(-(r * (g - m) + b))
    negative = (1 - alpha) * softplus(r * (g + m) + b)
    return torch.where(one_hot, positive, negative).sum(1) / r


def sphere_face2_peer(x, w, y, r, m, t, alpha, b):
    """The forward pass of OpenSphere with the true gradient; there the sum is a mean over N C and has the factor lw C = 50 C."""
    cosine = F.linear(F.normalize(x), F.normalize(w))
    one_hot = F.one_hot(y, w.shape[0]).to(x)
    g = 2 * ((cosine + 1) / 2).pow(t) - 1 - m * (2 * one_hot - 1)
    weight = alpha * one_hot + (1 - alpha) * (1 - one_hot)
    loss = F.binary_cross_entropy_with_logits(r * g + b, one_hot, weight=weight, reduction="none")
    return loss.sum(1) / r


def sphere_face2_cases(draw):
    usual = {"r": 40.0, "m": 0.4, "t": 3.0, "alpha": 0.7, "b": 0.0}
    other = {"r": 30.0, "m": 0.25, "t": 2.5, "alpha": 0.5, "b": -3.0}
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, usual)
        if name in ("moderate", "all angles"):
            yield Case(f"{name}, t 2.5", {"x": x, "w": w, "y": y}, other)
    w = draw.real(4, 3)
    yield Case("aligned", {"x": 2 * w, "w": w, "y": torch.arange(4)}, usual)


def circle(x, w, y, gamma, m):
    """-ln softmax(z)_y, z_y = gamma [1 + m - c_y]+ (c_y - 1 + m), z_j = gamma [c_j + m]+ (c_j - m), no gradient through []+."""
    c = cosines(x, w)
    towards = torch.relu(1 + m - c).detach() * (c - (1 - m))
    away = torch.relu(c + m).detach() * (c - m)
    return cross_entropy(gamma * torch.where(is_label(c, y), towards, away), y)


def circle_peer(x, w, y, gamma, m):
    """softplus(lse_j - ...) in the pair form of eq. 6, a single positive pair."""
    c = F.linear(F.normalize(x), F.normalize(w))
    s_p = at_label(c, y)
    s_n = c.masked_fill(is_label(c, y), -math.inf)
    negative = torch.where(s_n.isfinite(), gamma * torch.relu(c.detach() + m) * (c - m), -math.inf)
    positive = -gamma * torch.relu(1 + m - s_p.detach()) * (s_p - (1 - m))
    return softplus(torch.logsumexp(negative, 1) + positive)


def circle_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"gamma": 256.0, "m": 0.25})
        if name in ("moderate", "all angles"):
            yield Case(f"{name}, gamma 80", {"x": x, "w": w, "y": y}, {"gamma": 80.0, "m": 0.4})
    w = draw.real(4, 3)
    yield Case("aligned", {"x": 2 * w, "w": w, "y": torch.arange(4)}, {"gamma": 64.0, "m": 0.25})


def center_loss(x, c, y):
    """|x - c_y|^2 / 2; the counts of each class besides."""
    counts = F.one_hot(y, c.shape[0]).sum(0).to(x)
    return ((x - c[y]) ** 2).sum(1) / 2, {"counts": counts}


def center_cases(draw):
    for name, x, w, y in head_shapes(draw):
        if name != "large and small norms":
            yield Case(name, {"x": x, "c": w, "y": y})
    c = draw.real(3, 4)
    yield Case("on the centres", {"x": c[[2, 0]], "c": c, "y": torch.tensor([2, 0])})
    yield Case("far", {"x": 1e4 * draw.real(3, 4), "c": c, "y": torch.tensor([2, 0, 0])})
    yield Case("ignored", {"x": draw.real(4, 4), "c": c, "y": torch.tensor([2, -1, 0, -1])}, ignore_index=-1)


def center_softmax(z, x, c, y, **scalars):
    """-ln softmax(z)_y + lambda |x - c_y|^2 / 2."""
    return cross_entropy(z, y) + scalars["lambda"] * ((x - c[y]) ** 2).sum(1) / 2


def center_softmax_peer(z, x, c, y, **scalars):
    distance = F.mse_loss(x, c[y], reduction="none").sum(1) / 2
    return F.cross_entropy(z, y, reduction="none") + scalars["lambda"] * distance


def center_softmax_cases(draw):
    for weight in [0.003, 0.5]:
        for name, x, c, y in list(head_shapes(draw))[:4]:
            z = draw.real(x.shape[0], c.shape[0], scale=2)
            yield Case(f"{name}, lambda {weight}", {"z": z, "x": x, "c": c, "y": y}, {"lambda": weight})


def p2s_grad(x, w, y):
    """sum_j (c_j - [j = y])^2."""
    c = cosines(x, w)
    return ((c - is_label(c, y).to(c)) ** 2).sum(1)


def p2s_grad_peer(x, w, y):
    """pytorch-metric-learning's P2SGradLoss, which takes the mean over classes too, but with normalised centres that are differentiated
    as such: it renormalises its weights in place (to 1e-7) and leaves the projection out of their gradient."""
    c = F.linear(F.normalize(x), F.normalize(w))
    return F.mse_loss(c, F.one_hot(y, w.shape[0]).to(c), reduction="none").sum(1)


def p2s_grad_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y})
    w = draw.real(4, 3)
    yield Case("aligned and opposite", {"x": torch.cat([2 * w, -w]), "w": w, "y": torch.arange(8) % 4})


def soft_triple(x, w, y, gamma, delta, **scalars):
    """-ln softmax(lambda (S - delta [y]))_y, S_j = sum_k softmax_k(c_jk / gamma) c_jk."""
    c = sub_cosines(x, w)
    similarity = (torch.softmax(c / gamma, 2) * c).sum(2)
    return margin_softmax(similarity, at_label(similarity, y) - delta, y, scalars["lambda"])


def soft_triple_peer(x, w, y, gamma, delta, **scalars):
    classes, centres, features = w.shape
    loss = SoftTripleLoss(
        num_classes=classes,
        embedding_size=features,
        centers_per_class=centres,
        la=scalars["lambda"],
        gamma=gamma,
        margin=delta,
    )
    return of_head(loss, "fc", w.reshape(classes * centres, features).T, x, y)


def soft_triple_cases(draw):
    for name, x, w, y in sub_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"lambda": 20.0, "gamma": 0.1, "delta": 0.01})
        if name in ("moderate", "odd sizes"):
            other = {"lambda": 64.0, "gamma": 0.5, "delta": 0.25}
            yield Case(f"{name}, lambda 64", {"x": x, "w": w, "y": y}, other)


ON_CENTRES = lambda case: "aligned" in case.name  # p - 1 of F.cross_entropy and sigmoid - 1 are noise there

REFERENCES = [
    Reference(
        "SubCenterArcFace",
        sub_center_arc_face,
        sub_center_arc_face_cases,
        seed=4101,
        differentiable=["x", "w"],
        peer=sub_center_arc_face_peer,
        ill=is_plain,
        single=1e-5,
    ),
    Reference(
        "MagFace",
        mag_face,
        mag_face_cases,
        seed=4102,
        differentiable=["x", "w"],
        peer=mag_face_peer,
        ill=lambda case: case.flags == PLAIN,
        single=1e-5,
    ),
    Reference(
        "SphereFace2",
        sphere_face2,
        sphere_face2_cases,
        seed=4103,
        differentiable=["x", "w"],
        learned=["b"],
        peer=sphere_face2_peer,
        ill=ON_CENTRES,
        single=1e-5,
    ),
    Reference("Circle", circle, circle_cases, seed=4104, differentiable=["x", "w"], peer=circle_peer, ill=ON_CENTRES, single=2e-5),
    Reference("CenterLoss", center_loss, center_cases, seed=4105, differentiable=["x", "c"]),
    Reference(
        "CenterSoftmax",
        center_softmax,
        center_softmax_cases,
        seed=4106,
        differentiable=["z", "x", "c"],
        peer=center_softmax_peer,
    ),
    Reference("P2SGrad", p2s_grad, p2s_grad_cases, seed=4107, differentiable=["x", "w"], peer=p2s_grad_peer),
    Reference(
        "SoftTriple",
        soft_triple,
        soft_triple_cases,
        seed=4108,
        differentiable=["x", "w"],
        peer=soft_triple_peer,
        single=1e-5,
    ),
]
