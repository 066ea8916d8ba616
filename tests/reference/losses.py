"""The losses behind tests/golden, as PyTorch expressions that keep float64 accurate.

PyTorch's own functions lose the small numbers: `cross_entropy` has the gradient `p_y - 1` for the target, which is
0 or noise once p_y rounds to 1, and `softplus` is the identity above 20. Everything here goes through the gap

    d = lse_{j != y}(z_j) - z_y,      -log p_y = softplus(d),      log(1 - p_y) = -softplus(-d),

so that autograd's result has a small *relative* error at saturation too. `textbook` has the forms PyTorch users write;
`goldens.py` asserts that both agree wherever the textbook form is well conditioned.

Every function returns one loss per sample (no reduction).
"""

import math

import torch
import torch.nn.functional as F

NEG_INF = float("-inf")


def softplus(t):
    """ln(1 + e^t); unlike F.softplus exact above 20, with the slope 1/2 at 0."""
    return torch.logaddexp(torch.zeros_like(t), t)


def gap(z, y):
    """lse over the other classes minus the target's logit; the class axis is 1."""
    target = z.gather(1, y.unsqueeze(1)).squeeze(1)
    is_target = F.one_hot(y, z.shape[1]).movedim(-1, 1).bool()
    return torch.logsumexp(z.masked_fill(is_target, NEG_INF), 1) - target


def nothing(z):
    """The value of a loss with a single class: p = 1 identically, loss and gradient are 0."""
    return (z * 0).sum(1)


def softmax_cross_entropy(z, y):
    """-ln softmax(z)_y."""
    return nothing(z) if z.shape[1] == 1 else softplus(gap(z, y))


def weighted_softmax(z, y, weight):
    """weight_y * -ln softmax(z)_y."""
    return weight[y] * softmax_cross_entropy(z, y)


def adaptive_weighted_softmax(z, y):
    """z [N, C, H, W], y [N, H, W]; pos = #(y > 0), neg = #(y = 0) of the same image.

    A pixel with y > 0 weighs neg / (pos + neg), one with y = 0 weighs pos / (pos + neg). One loss per pixel.
    """
    positive = (y > 0).double()
    share = positive.mean(dim=(1, 2), keepdim=True)
    weight = torch.where(y > 0, 1 - share, share)
    return weight * softmax_cross_entropy(z, y)


def hed_sigmoid(x, t):
    """x [N, H, W], t 0 or 1: sum over an image's pixels of w_t BCE, w_1 = neg / all, w_0 = pos / all. One loss per image."""
    share = t.mean(dim=(1, 2), keepdim=True)
    weighted = (1 - share) * t * softplus(-x) + share * (1 - t) * softplus(x)
    return weighted.sum(dim=(1, 2))


def binary_focal(x, t, alpha, gamma):
    """alpha_t (1 - p_t)^gamma * -ln p_t, elementwise: x_t = x where t = 1, -x where t = 0."""
    signed = torch.where(t > 0, x, -x)
    alpha_t = torch.where(t > 0, alpha, 1 - alpha)
    return alpha_t * torch.exp(-gamma * softplus(signed)) * softplus(-signed)


def focal(z, y, gamma):
    """(1 - p_y)^gamma * -ln p_y, p = softmax(z)."""
    if z.shape[1] == 1:
        return nothing(z)
    d = gap(z, y)
    return torch.exp(-gamma * softplus(-d)) * softplus(d)


def temperature_softmax(z, y, temperature):
    """-ln softmax(z / T)_y."""
    return softmax_cross_entropy(z / temperature, y)


def distillation(z, teacher, y, temperature, alpha):
    """alpha T^2 KL(q^T || p^T) + (1 - alpha) * -ln softmax(z)_y, q^T = softmax(teacher / T), p^T = softmax(z / T)."""
    log_q = F.log_softmax(teacher / temperature, 1)
    log_p = F.log_softmax(z / temperature, 1)
    divergence = (log_q.exp() * (log_q - log_p)).sum(1)
    return alpha * temperature**2 * divergence + (1 - alpha) * softmax_cross_entropy(z, y)


def cosines(x, w):
    """<x_n, w_c> / (|x_n| |w_c|)."""
    return (x / x.norm(dim=1, keepdim=True)) @ (w / w.norm(dim=1, keepdim=True)).T


def margin_softmax(c, phi, y, s):
    """Softmax cross entropy of s * c with the target's cosine replaced by phi."""
    is_target = F.one_hot(y, c.shape[1]).bool()
    return softmax_cross_entropy(s * torch.where(is_target, phi.unsqueeze(1), c), y)


def cos_face(x, w, y, s, m):
    """z_y = s (cos theta_y - m), z_j = s cos theta_j."""
    c = cosines(x, w)
    target = c.gather(1, y.unsqueeze(1)).squeeze(1)
    return margin_softmax(c, target - m, y, s)


def arc_face(x, w, y, s, m, variant):
    """z_y = s phi(cos theta_y), z_j = s cos theta_j.

    plain:   phi = cos(theta + m) everywhere
    classic: phi = cos(theta + m) while theta + m < pi, cos theta - m sin m beyond
    easy:    phi = cos(theta + m) while cos theta > 0, cos theta beyond
    """
    c = cosines(x, w)
    target = c.gather(1, y.unsqueeze(1)).squeeze(1)
    rotated = target * math.cos(m) - torch.sqrt(1 - target**2) * math.sin(m)
    if variant == "classic":
        rotated = torch.where(target > math.cos(math.pi - m), rotated, target - m * math.sin(m))
    elif variant == "easy":
        rotated = torch.where(target > 0, rotated, target)
    return margin_softmax(c, rotated, y, s)


def textbook(loss, case):
    """The same per-sample loss as PyTorch users write it; None where PyTorch has no form of its own."""
    at, scalar = case.inputs, case.scalars
    if loss == "SoftmaxCrossEntropy":
        return F.cross_entropy(at["z"], at["y"], reduction="none", ignore_index=-100)
    if loss == "WeightedSoftmax":
        return F.cross_entropy(at["z"], at["y"], weight=at["weight"], reduction="none")
    if loss == "TemperatureSoftmax":
        return F.cross_entropy(at["z"] / scalar["temperature"], at["y"], reduction="none")
    if loss == "Focal":
        p = F.softmax(at["z"], 1).gather(1, at["y"].unsqueeze(1)).squeeze(1)
        return (1 - p) ** scalar["gamma"] * -p.log()
    if loss == "BinaryFocal":
        p = torch.sigmoid(at["x"])
        p_t = torch.where(at["t"] > 0, p, 1 - p)
        alpha_t = torch.where(at["t"] > 0, scalar["alpha"], 1 - scalar["alpha"])
        return alpha_t * (1 - p_t) ** scalar["gamma"] * -p_t.log()
    if loss == "HedSigmoid":
        share = at["t"].mean(dim=(1, 2), keepdim=True)
        weight = torch.where(at["t"] > 0, 1 - share, share).expand_as(at["x"])
        return F.binary_cross_entropy_with_logits(at["x"], at["t"], weight, reduction="none").sum(dim=(1, 2))
    if loss == "Distillation":
        T, a = scalar["temperature"], scalar["alpha"]
        log_p, q = F.log_softmax(at["z"] / T, 1), F.softmax(at["teacher"] / T, 1)
        divergence = F.kl_div(log_p, q, reduction="none").sum(1)
        return a * T * T * divergence + (1 - a) * F.cross_entropy(at["z"], at["y"], reduction="none")
    if loss == "CosFace":
        c = F.linear(F.normalize(at["x"]), F.normalize(at["w"]))
        return F.cross_entropy(scalar["s"] * (c - scalar["m"] * F.one_hot(at["y"], c.shape[1])), at["y"], reduction="none")
    if loss == "ArcFace" and case.variant == "plain":
        c = F.linear(F.normalize(at["x"]), F.normalize(at["w"]))
        is_target = F.one_hot(at["y"], c.shape[1]).bool()
        z = torch.where(is_target, torch.cos(torch.acos(c) + scalar["m"]), c)
        return F.cross_entropy(scalar["s"] * z, at["y"], reduction="none")
    return None
