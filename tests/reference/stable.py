"""PyTorch expressions that keep float64 accurate.

PyTorch's own functions lose the small numbers: `cross_entropy` has the gradient `p_y - 1` for the target, which is
0 or noise once p_y rounds to 1, and `softplus` is the identity above 20. Everything here goes through the gap

    d = lse_{j != y}(z_j) - z_y,      -log p_y = softplus(d),      log(1 - p_y) = -softplus(-d),

so that autograd's result has a small *relative* error at saturation too.
"""

import torch
import torch.nn.functional as F

NEG_INF = float("-inf")


def softplus(t):
    """ln(1 + e^t); unlike F.softplus exact above 20, with the slope 1/2 at 0."""
    return torch.logaddexp(torch.zeros_like(t), t)


def at_label(z, y):
    """z at the label; the class axis is 1."""
    return z.gather(1, y.unsqueeze(1)).squeeze(1)


def is_label(z, y):
    """Where the class axis 1 of z is at the label."""
    return F.one_hot(y, z.shape[1]).movedim(-1, 1).bool()


def gap(z, y):
    """lse over the other classes minus the target's logit."""
    return torch.logsumexp(z.masked_fill(is_label(z, y), NEG_INF), 1) - at_label(z, y)


def nothing(z):
    """The value of a loss with a single class: p = 1 identically, loss and gradient are 0."""
    return (z * 0).sum(1)


def cross_entropy(z, y):
    """-ln softmax(z)_y, one per sample."""
    return nothing(z) if z.shape[1] == 1 else softplus(gap(z, y))


def cosines(x, w):
    """<x_n, w_c> / (|x_n| |w_c|)."""
    return (x / x.norm(dim=1, keepdim=True)) @ (w / w.norm(dim=1, keepdim=True)).T


def margin_softmax(c, phi, y, s):
    """Softmax cross entropy of s * c with the target's cosine replaced by phi."""
    return cross_entropy(s * torch.where(is_label(c, y), phi.unsqueeze(1), c), y)
