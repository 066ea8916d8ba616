"""The losses in PyTorch, as somebody writes them who knows it: built-ins where there are any, no loops, no needless copies.

All take the tensors in the order of our definitions and return the mean.
"""

import math

import torch
import torch.nn.functional as F


def softmax(z, y):
    return F.cross_entropy(z, y)


def label_smoothing(z, y):
    return F.cross_entropy(z, y, label_smoothing=0.1)


def focal(z, y, gamma=2.0):
    ce = F.cross_entropy(z, y, reduction="none")
    return ((1 - torch.exp(-ce)) ** gamma * ce).mean()


def sigmoid_focal(x, t, alpha=0.25, gamma=2.0):
    """As torchvision.ops.sigmoid_focal_loss."""
    p = torch.sigmoid(x)
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    p_t = p * t + (1 - p) * (1 - t)
    alpha_t = alpha * t + (1 - alpha) * (1 - t)
    return (alpha_t * (ce * (1 - p_t) ** gamma)).mean()


def distillation(z, teacher, y, temperature=4.0, alpha=0.9):
    log_p = F.log_softmax(z / temperature, dim=1)
    q = F.softmax(teacher / temperature, dim=1)
    soft = F.kl_div(log_p, q, reduction="batchmean")
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(z, y)


def tempered_tsallis(z, weight, y, temperature=2.0, q=1.5, mix=0.3):
    # Not `weight=` of cross_entropy: its mean divides by the weights.
    hard = weight[y] * F.cross_entropy(z, y, reduction="none")
    p = F.softmax(z / temperature, dim=1)
    entropy = (1 - (p**q).sum(dim=1)) / (q - 1)
    return ((1 - mix) * hard - mix * temperature * entropy).mean()


def hardest_negative(z, y, margin=1.0, share=0.5):
    column = y[:, None]
    label = z.gather(1, column)
    others = z.scatter(1, column, -math.inf)
    hardest = others.amax(dim=1)
    pairs = (others - label + margin).relu().square().sum(dim=1) / z.shape[1]
    return (share * F.softplus(hardest - label[:, 0] + margin) + (1 - share) * pairs).mean()


def linear_softmax(x, w, y):
    return F.cross_entropy(F.linear(x, w), y)


def cosines(x, w):
    return F.linear(F.normalize(x), F.normalize(w))


def norm_face(x, w, y, s):
    return F.cross_entropy(s * cosines(x, w), y)


def cos_face(x, w, y, s=64.0, m=0.35):
    c = cosines(x, w)
    column = y[:, None]
    return F.cross_entropy(s * c.scatter(1, column, c.gather(1, column) - m), y)


def arc_face(x, w, y, s=64.0, m=0.5):
    c = cosines(x, w)
    column = y[:, None]
    target = c.gather(1, column).clamp(-1 + 1e-7, 1 - 1e-7)
    turned = torch.cos(torch.acos(target) + m)
    phi = torch.where(target > math.cos(math.pi - m), turned, target - m * math.sin(m))
    return F.cross_entropy(s * c.scatter(1, column, phi), y)


def l_softmax(x, w, y):
    """Margin 4: cos 4θ is a polynomial of cos θ."""
    z = F.linear(x, w)
    column = y[:, None]
    length = x.norm(dim=1, keepdim=True) * w.norm(dim=1)[column]
    c = z.gather(1, column) / length
    k = sum((c <= math.cos(j * math.pi / 4)).to(c.dtype) for j in (1, 2, 3))
    c2 = c * c
    psi = (1 - 2 * (k % 2)) * (8 * c2 * (c2 - 1) + 1) - 2 * k
    return F.cross_entropy(z.scatter(1, column, length * psi), y)


def learned_margins(x, w, margin, scale, y):
    c = cosines(x, w)
    column = y[:, None]
    pushed = c.scatter(1, column, c.gather(1, column) - F.softplus(margin)[column])
    return F.cross_entropy(16 * F.softplus(scale) * pushed, y)
