"""Softmax with a margin that multiplies the angle to the label's centre: L-Softmax and A-Softmax.

Left out, because PyTorch's formula has no finite value or gradient there: a zero feature or a zero centre (0 / 0 in the normalisation).
"""

import math

import torch
from pytorch_metric_learning import losses as pml

from reference import Case, Reference, head_shapes, metric_learning, on_grid
from stable import at_label, cosines, cross_entropy, is_label


def psi(c, m):
    """(-1)^k cos(m theta) - 2k, as a polynomial of c = cos theta; k counts the ends j pi / m below theta."""
    low, high = torch.ones_like(c), c
    for _ in range(m - 1):
        low, high = high, 2 * c * high - low
    k = sum((c <= math.cos(j * math.pi / m)).to(c.dtype) for j in range(1, m)) if m > 1 else torch.zeros_like(c)
    return (1 - 2 * (k % 2)) * high - 2 * k


def of_angle(z, c, length, y, m, lam):
    """Cross-entropy of z with the target's logit (lambda z_y + length psi(theta_y)) / (1 + lambda)."""
    target = (lam * at_label(z, y) + length * psi(at_label(c, y), m)) / (1 + lam)
    return cross_entropy(torch.where(is_label(z, y), target.unsqueeze(1), z), y)


def l_softmax(m):
    def value(x, w, y, **scalars):
        length = x.norm(dim=1) * w.norm(dim=1)[y]
        return of_angle(x @ w.T, cosines(x, w), length, y, m, scalars.get("lambda", 0))

    value.__doc__ = f"z_j = |w_j| |x| cos theta_j, z_y = |w_y| |x| (lambda cos theta_y + psi(theta_y)) / (1 + lambda), m = {m}"
    return value


def a_softmax(m):
    def value(x, w, y, **scalars):
        z = x @ (w / w.norm(dim=1, keepdim=True)).T
        return of_angle(z, cosines(x, w), x.norm(dim=1), y, m, scalars.get("lambda", 0))

    value.__doc__ = f"z_j = |x| cos theta_j, z_y = |x| (lambda cos theta_y + psi(theta_y)) / (1 + lambda), m = {m}"
    return value


def peer(loss, m):
    def value(x, w, y, **scalars):
        head = loss(num_classes=w.shape[0], embedding_size=w.shape[1], margin=m)
        return metric_learning(head, x, w, y)

    return value


def cases(lambdas):
    def of(draw):
        shapes = list(head_shapes(draw))
        w = draw.real(4, 3)
        # cos theta = 1, -1, 0 and, of the plane's angles, those that are exact ends of intervals.
        centres = on_grid([[1, 0], [0, 2], [1, 1]])
        features = on_grid([[0, 3], [0.5, 0], [1, -1], [-2, 2], [0, -1], [3, 4]])
        shapes += [
            ("aligned", 2 * w, w, torch.arange(4)),
            ("opposite", -2 * w, w, torch.arange(4)),
            ("ends of intervals", features, centres, torch.tensor([0, 1, 2, 0, 0, 2])),
        ]
        for lam in lambdas:
            scalars = {} if lam is None else {"lambda": lam}
            for name, x, w, y in shapes:
                if lam and name not in ("odd sizes", "all angles", "ends of intervals"):
                    continue
                yield Case(name + (f", lambda {lam:g}" if lam else ""), {"x": x, "w": w, "y": y}, scalars)

    return of


REFERENCES = [
    Reference(
        f"{prefix}Softmax{'' if m == 4 else m}",
        family(m),
        cases([None] if m == 1 else [0.0, 5.0] if m == 4 else [0.0, 1.5]),
        seed=seed + m,
        differentiable=["x", "w"],
        peer=peer(loss, m),
        ill=lambda case: bool(case.scalars.get("lambda")),  # PML has no lambda
        # The rounding of a cosine is multiplied by the slope m^2 of psi.
        single=2e-5 if m == 4 else 1e-5,
    )
    for prefix, family, loss, seed in [
        ("L", l_softmax, pml.LargeMarginSoftmaxLoss, 2310),
        ("A", a_softmax, pml.SphereFaceLoss, 2320),
    ]
    for m in [4, 1, 2, 3]
]
