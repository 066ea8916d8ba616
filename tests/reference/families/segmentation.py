"""Segmentation. Shares of what is missed, sigmoid(-x) or 1 - softmax, are written so that they keep their digits near 0.

segmentation_models_pytorch, MONAI and optax need more than PyTorch: their formulas stand here as their sources have them.
"""

import torch

from reference import Case, Reference, on_grid
from stable import is_label

IMAGE, BATCH = (2, 3), (0, 2, 3)


def parts(x, t, dims=IMAGE, square=False):
    """Soft counts of hits and of pixels that are missed."""
    miss = torch.sigmoid(torch.where(t > 0, -x, x))
    return (t * torch.sigmoid(x)).sum(dims), (miss**2 if square else miss).sum(dims)


def unless_empty(loss, count, skip_empty):
    return torch.where(count > 0, loss, 0) if skip_empty else loss


def scored(hit, missed, smooth, log_loss):
    return torch.log1p(missed / (2 * hit + smooth)) if log_loss else missed / (2 * hit + missed + smooth)


def dice(x, t, smooth, log_loss, squared, skip_empty):
    """1 - D or -ln D, D = (2 I + smooth) / (P + T + smooth) of every image and class; I = sum p t, P = sum p (p^2 if squared), T = sum t.

    p = sigmoid(x). If skip_empty, 0 where T = 0.
    """
    loss = scored(*parts(x, t, square=squared), smooth, log_loss)
    return unless_empty(loss, t.sum(IMAGE), skip_empty)


def dice_peer(x, t, smooth, log_loss, squared, skip_empty):
    """MONAI's DiceLoss(sigmoid=True)."""
    p = torch.sigmoid(x)
    intersection = (p * t).sum(IMAGE)
    denominator = (p**2 if squared else p).sum(IMAGE) + t.sum(IMAGE)
    score = (2 * intersection + smooth) / (denominator + smooth)
    return unless_empty(-score.log() if log_loss else 1 - score, t.sum(IMAGE), skip_empty)


def batch_dice(x, t, smooth, log_loss, skip_empty):
    """1 - D or -ln D, D = (2 I + smooth) / (P + T + smooth) of every class, the sums over images and pixels.

    p = sigmoid(x). If skip_empty, 0 where T = 0.
    """
    loss = scored(*parts(x, t, BATCH), smooth, log_loss)
    return unless_empty(loss, t.sum(BATCH), skip_empty)


def batch_dice_peer(x, t, smooth, log_loss, skip_empty):
    """segmentation_models_pytorch's DiceLoss("multilabel") before its mean over the classes."""
    p, t = torch.sigmoid(x).flatten(2), t.flatten(2)
    intersection, cardinality = (p * t).sum((0, 2)), (p + t).sum((0, 2))
    scores = (2.0 * intersection + smooth) / (cardinality + smooth).clamp_min(1e-7)
    loss = -torch.log(scores.clamp_min(1e-7)) if log_loss else 1.0 - scores
    return loss * (t.sum((0, 2)) > 0).to(loss.dtype) if skip_empty else loss


def tversky_missed(x, t, alpha, beta):
    miss = torch.sigmoid(torch.where(t > 0, -x, x))
    return alpha * ((1 - t) * miss).sum(IMAGE) + beta * (t * miss).sum(IMAGE)


def tversky(x, t, alpha, beta, smooth):
    """1 - (TP + smooth) / (TP + alpha FP + beta FN + smooth), soft counts of p = sigmoid(x) in every image and class."""
    hit, missed = (t * torch.sigmoid(x)).sum(IMAGE), tversky_missed(x, t, alpha, beta)
    return missed / (hit + missed + smooth)


def tversky_peer(x, t, alpha, beta, smooth):
    """optax's dice_loss."""
    p = torch.sigmoid(x)
    intersection, predictions, targets = (p * t).sum(IMAGE), p.sum(IMAGE), t.sum(IMAGE)
    numerator = intersection + smooth
    denominator = intersection + alpha * (predictions - intersection) + beta * (targets - intersection) + smooth
    return 1.0 - numerator / denominator


def focal_tversky(x, t, alpha, beta, gamma, smooth):
    """The Tversky loss to the power gamma, gradient 0 where nothing is missed."""
    hit, missed = (t * torch.sigmoid(x)).sum(IMAGE), tversky_missed(x, t, alpha, beta)
    some = torch.where(missed > 0, missed, 1)
    return torch.where(missed > 0, (some / (hit + some + smooth)) ** gamma, 0)


def jaccard(x, t, smooth):
    """1 - (I + smooth) / (P + T - I + smooth), I = sum p t, P = sum p, T = sum t, p = sigmoid(x), of every image and class."""
    hit, missed = parts(x, t)
    return missed / (hit + missed + smooth)


def jaccard_peer(x, t, smooth):
    """segmentation_models_pytorch's soft_jaccard_score."""
    p = torch.sigmoid(x)
    intersection, cardinality = (p * t).sum(IMAGE), (p + t).sum(IMAGE)
    return 1.0 - (intersection + smooth) / (cardinality - intersection + smooth).clamp_min(1e-7)


def softmax_parts(z, y):
    """Hits and misses of every image and class, p = softmax(z), with 1 - p as the share of the other classes."""
    hot = is_label(z, y)
    p = z.softmax(1)
    others = torch.stack([z.index_select(1, torch.tensor([k for k in range(z.shape[1]) if k != c])).logsumexp(1) for c in range(z.shape[1])], 1)
    rest = torch.sigmoid(others - z)
    return torch.where(hot, p, 0).sum(IMAGE), torch.where(hot, rest, p).sum(IMAGE), hot.sum(IMAGE)


def softmax_dice(z, y, smooth, skip_empty):
    """Mean over the classes of 1 - (2 I + smooth) / (P + T + smooth), p = softmax(z), T from one-hot labels; 0 where T = 0 if skip_empty."""
    hit, missed, count = softmax_parts(z, y)
    return unless_empty(missed / (2 * hit + missed + smooth), count, skip_empty).mean(1)


def softmax_dice_peer(z, y, smooth, skip_empty):
    """MONAI's DiceLoss(softmax=True, to_onehot_y=True)."""
    p, t = z.softmax(1), is_label(z, y).double()
    loss = 1 - (2 * (p * t).sum(IMAGE) + smooth) / (p.sum(IMAGE) + t.sum(IMAGE) + smooth)
    return unless_empty(loss, t.sum(IMAGE), skip_empty).mean(1)


def generalized_dice(z, y):
    """1 - 2 sum_c w I / sum_c w (P + T), p = softmax(z), w = 1 / T^2, of an absent class the largest w of the others."""
    hit, missed, count = softmax_parts(z, y)
    inverse = torch.where(count > 0, 1 / count.clamp(min=1) ** 2, 0.0)
    w = torch.where(count > 0, inverse, inverse.amax(1, keepdim=True))
    missed = (w * missed).sum(1)
    return missed / (2 * (w * hit).sum(1) + missed)


def generalized_dice_peer(z, y):
    """MONAI's GeneralizedDiceLoss(softmax=True, to_onehot_y=True, smooth_nr=0, smooth_dr=0)."""
    p, t = z.softmax(1), is_label(z, y).double()
    ground, predicted = t.sum(IMAGE), p.sum(IMAGE)
    w = 1 / ground**2
    infinite = torch.isinf(w)
    w = torch.where(infinite, 0.0, w)
    w = w + infinite * w.max(dim=1, keepdim=True).values
    return 1 - 2 * (w * (p * t).sum(IMAGE)).sum(1) / (w * (ground + predicted)).sum(1)


def mask_cases(draw, settings):
    """Images [N, C, H, W] and masks for every set of scalars and flags."""
    x = on_grid([[[[20, -20, 45], [1e4, -1e4, 0]], [[20, -20, 45], [1e4, -1e4, 90]]], [[[-30, -40, -20], [-17, -18, -25]], [[1e4, -1e4, 17], [30, -30, 0.5]]]])
    t = torch.tensor([[[[1, 0, 1], [1, 0, 1]], [[0, 1, 0], [0, 1, 1]]], [[[0, 0, 0], [0, 0, 0]], [[1, 0, 1], [1, 0, 1]]]]).bool()
    empty = draw.bits(3, 2, 2, 2)
    empty[0], empty[1, 0], empty[2, 1], empty[:, 0] = False, False, True, False
    shapes = [
        ("moderate", draw.real(2, 3, 3, 2), draw.bits(2, 3, 3, 2)),
        ("odd sizes", draw.real(3, 1, 5, 7, scale=3), draw.bits(3, 1, 5, 7, share=0.2)),
        ("no pixels, all pixels", draw.real(3, 2, 2, 2), empty),
        ("extreme", x, t),
        ("one pixel", draw.real(1, 1, 1, 1), torch.ones(1, 1, 1, 1).bool()),
    ]
    for scalars, flags in settings:
        suffix = "".join(f", {name} {value:g}" for name, value in scalars.items())
        suffix += "".join(f", {name}" for name, value in flags.items() if value)
        for name, x, t in shapes:
            yield Case(name + suffix, {"x": x, "t": t}, scalars, flags)


def label_cases(draw, settings):
    z = on_grid([[[[20, 1e4, 0], [45, 0, 1]], [[0, -1e4, 1], [0, 90, 2]], [[1, 0, 17], [-3, 0.5, 0]]]])
    shapes = [
        ("moderate", draw.real(2, 3, 3, 2), draw.labels(3, 2, 3, 2)),
        ("odd sizes", draw.real(3, 5, 5, 3, scale=3), draw.labels(5, 3, 5, 3)),
        ("two classes", draw.real(2, 2, 3, 3, scale=4), draw.labels(2, 2, 3, 3)),
        ("absent classes", draw.real(2, 5, 2, 2), draw.labels(2, 2, 2, 2)),
        ("extreme", z, torch.tensor([[[0, 0, 2], [1, 1, 0]]])),
        ("one pixel", draw.real(1, 3, 1, 1), torch.ones(1, 1, 1, dtype=torch.int64)),
    ]
    for scalars, flags in settings:
        suffix = "".join(f", {name} {value:g}" for name, value in scalars.items())
        suffix += "".join(f", {name}" for name, value in flags.items() if value)
        for name, z, y in shapes:
            yield Case(name + suffix, {"z": z, "y": y}, scalars, flags)


def dice_settings():
    for smooth, log_loss, squared, skip_empty in [(1.0, 0, 0, 0), (1e-7, 0, 0, 1), (1.0, 1, 0, 0), (0.5, 0, 1, 0), (0.001, 1, 1, 1)]:
        yield {"smooth": smooth}, {"log_loss": bool(log_loss), "squared": bool(squared), "skip_empty": bool(skip_empty)}


def batch_dice_settings():
    for smooth, log_loss, skip_empty in [(1.0, False, False), (1e-7, False, True), (0.5, True, False), (0.001, True, True)]:
        yield {"smooth": smooth}, {"log_loss": log_loss, "skip_empty": skip_empty}


def saturated(case):
    """1 - score cancels there."""
    return case.name.startswith("extreme")


def masks(name, value, seed, peer, settings, ill=saturated):
    cases = lambda draw: mask_cases(draw, list(settings))
    return Reference(name, value, cases, seed=seed, differentiable=["x"], peer=peer, ill=ill)


TVERSKY = [{"alpha": 0.5, "beta": 0.5, "smooth": 1.0}, {"alpha": 0.25, "beta": 0.75, "smooth": 0.001}]
FOCAL = [{"alpha": 0.3, "beta": 0.7, "gamma": 0.75, "smooth": 1.0}, {"alpha": 0.5, "beta": 0.5, "gamma": 2.0, "smooth": 0.001}]

REFERENCES = [
    masks("Dice", dice, 4201, dice_peer, dice_settings()),
    masks("BatchDice", batch_dice, 4202, batch_dice_peer, batch_dice_settings()),
    masks("Tversky", tversky, 4203, tversky_peer, [(scalars, {}) for scalars in TVERSKY]),
    masks(
        "FocalTversky",
        focal_tversky,
        4204,
        lambda x, t, alpha, beta, gamma, smooth: tversky_peer(x, t, alpha, beta, smooth) ** gamma,
        [(scalars, {}) for scalars in FOCAL],
    ),
    masks("Jaccard", jaccard, 4205, jaccard_peer, [({"smooth": smooth}, {}) for smooth in [1.0, 1e-7]]),
    Reference(
        "SoftmaxDice",
        softmax_dice,
        lambda draw: label_cases(draw, [({"smooth": 1.0}, {"skip_empty": False}), ({"smooth": 0.001}, {"skip_empty": True})]),
        seed=4206,
        differentiable=["z"],
        peer=softmax_dice_peer,
        ill=saturated,
    ),
    Reference(
        "GeneralizedDice",
        generalized_dice,
        lambda draw: label_cases(draw, [({}, {})]),
        seed=4207,
        differentiable=["z"],
        peer=generalized_dice_peer,
        ill=saturated,
    ),
]
