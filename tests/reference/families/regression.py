"""Regression: a prediction against a target, one loss per element unless said otherwise."""

import math

import torch
import torch.nn.functional as F

from reference import Case, Reference, on_grid
from stable import softplus

# Errors of every size: none, one bit of the grid, around the kinks at 1/2 and 1, saturated.
ERRORS = [0, 1, -1, 0.25, -0.5, 0.5, 0.9990234375, 1.0009765625, -1, 1.5, -6, 17, -45, 100, 1e4, -1e4]


def sized_errors():
    """Predictions whose errors are `ERRORS` and ±2^-10."""
    t = on_grid([0.5] * 16 + [-3, 7])
    return t + torch.cat([on_grid(ERRORS), torch.tensor([1.0, -1]) / 1024]), t


def element_cases(draw, scalar_sets=({},)):
    """The shapes that losses of single elements are tried on."""
    x, t = sized_errors()
    shapes = [
        ("moderate", draw.real(9), draw.real(9)),
        ("odd sizes", draw.real(5, 7, scale=3), draw.real(5, 7)),
        ("errors of every size", x, t),
        ("one element", draw.real(1), draw.real(1)),
        ("images", draw.real(2, 3, 2, 2, scale=2), draw.real(2, 3, 2, 2)),
    ]
    for scalars in scalar_sets:
        suffix = "".join(f", {name} {value:g}" for name, value in scalars.items())
        for name, x, t in shapes:
            yield Case(name + suffix, {"x": x, "t": t}, dict(scalars))


def mean_squared_error(x, t):
    """(x - t)^2."""
    return (x - t) ** 2


def mean_absolute_error(x, t):
    """|x - t|, slope 0 at 0."""
    return (x - t).abs()


def huber(x, t, delta):
    """(x - t)^2 / 2 where |x - t| <= delta, delta (|x - t| - delta / 2) beyond."""
    d = (x - t).abs()
    return torch.where(d <= delta, d**2 / 2, delta * (d - delta / 2))


def smooth_l1(x, t, beta):
    """(x - t)^2 / (2 beta) where |x - t| < beta, |x - t| - beta / 2 beyond."""
    d = (x - t).abs()
    return d if beta == 0 else torch.where(d < beta, d**2 / (2 * beta), d - beta / 2)


def log_cosh(x, t):
    """ln cosh(x - t)."""
    d = (x - t).abs()
    near = d < 1
    inside, outside = torch.where(near, d, 0), torch.where(near, 1, d)
    return torch.where(near, torch.log1p(torch.sinh(inside) ** 2) / 2, outside + softplus(-2 * outside) - math.log(2))


def log_cosh_peer(x, t):
    """optax's form."""
    d = x - t
    return d + torch.logaddexp(torch.zeros_like(d), -2 * d) - math.log(2)


def quantile(x, t, tau):
    """tau (t - x) where x < t, (1 - tau) (x - t) elsewhere; slope 0 at x = t."""
    return (x - t).abs() * torch.where(x < t, tau, 1 - tau)


def expectile(x, t, tau):
    """tau (t - x)^2 where x < t, (1 - tau) (x - t)^2 elsewhere."""
    return (x - t) ** 2 * torch.where(x < t, tau, 1 - tau)


def charbonnier(x, t, eps):
    """sqrt((x - t)^2 + eps^2) - eps, without the difference."""
    return (x - t) ** 2 / (torch.sqrt((x - t) ** 2 + eps**2) + eps)


def cauchy(x, t):
    """ln(1 + (x - t)^2 / 2)."""
    return torch.log1p((x - t) ** 2 / 2)


def geman_mcclure(x, t):
    """2 d^2 / (d^2 + 4), d = x - t."""
    d = x - t
    # Two factors, so that autograd's slope of a large error does not cancel.
    return torch.where(d.abs() < 2, 2 * d**2 / (d**2 + 4), 2 - 8 / (d**2 + 4))


def welsch(x, t):
    """1 - exp(-(x - t)^2 / 2)."""
    return -torch.expm1(-((x - t) ** 2) / 2)


def hinge(x, positive):
    """max(0, 1 - y x), y = 1 where positive, -1 elsewhere; slope 0 at the corner."""
    return F.relu(1 - (2 * positive - 1) * x)


def squared_hinge(x, positive):
    """max(0, 1 - y x)^2, y = 1 where positive, -1 elsewhere."""
    return F.relu(1 - (2 * positive - 1) * x) ** 2


def hinge_cases(draw):
    scores = on_grid([1, -1, 1, -1, 0, 0.9990234375, 1.0009765625, 1e4, -1e4, 1e4])
    yield Case("moderate", {"x": draw.real(9), "positive": draw.bits(9)})
    yield Case("odd sizes", {"x": draw.real(5, 7, scale=3), "positive": draw.bits(5, 7)})
    yield Case("scores of every size", {"x": scores, "positive": torch.tensor([1, 1, 0, 0, 1, 1, 1, 1, 1, 0]).bool()})
    yield Case("one score", {"x": draw.real(1), "positive": draw.bits(1)})
    yield Case("images", {"x": draw.real(2, 3, 2, scale=2), "positive": draw.bits(2, 3, 2)})


def poisson_nll(x, t, eps, log_input, full):
    """exp(x) - t x, or x - t ln(x + eps); with Stirling's ln t! where t > 1."""
    nll = torch.exp(x) - t * x if log_input else x - t * torch.log(x + eps)
    several = torch.where(t > 1, t, 2)
    stirling = several * several.log() - several + (2 * math.pi * several).log() / 2
    return nll + torch.where(t > 1, stirling, 0) if full else nll


def poisson_nll_cases(draw):
    counts = lambda *shape: draw.labels(6, *shape).double()
    for log_input in [True, False]:
        for full in [False, True]:
            flags = {"log_input": log_input, "full": full}
            suffix = f", {'log' if log_input else 'mean'}{', full' if full else ''}"
            shapes = [
                ("moderate", draw.real(9), counts(9)),
                ("odd sizes", draw.real(5, 7, scale=2), counts(5, 7) * 20),
                ("few and many", on_grid([-80, -20, 0, 5, 20, 40]), on_grid([0, 1, 2, 150, 1e6, 1024.5])),
            ]
            for name, x, t in shapes:
                means = x if log_input else on_grid(x.abs())
                yield Case(name + suffix, {"x": means, "t": t}, {"eps": 1e-8}, flags)
    yield Case("eps 0.25", {"x": draw.real(6).abs(), "t": counts(6)}, {"eps": 0.25}, {"log_input": False, "full": False})


def gaussian_nll(x, t, var, eps, full, straight_through):
    """(ln v + (x - t)^2 / v) / 2, v = max(var, eps), plus ln(2 pi) / 2 if full.

    A variance below eps has the slope 0, or if straight_through the slope at eps.
    """
    v = var + (var.clamp(min=eps) - var).detach() if straight_through else torch.where(var >= eps, var, eps)
    return (v.log() + (x - t) ** 2 / v) / 2 + (math.log(2 * math.pi) / 2 if full else 0)


def gaussian_nll_cases(draw):
    for full, straight_through, eps in [(False, False, 1e-6), (True, False, 0.125), (False, True, 1e-6), (True, True, 0.125)]:
        flags = {"full": full, "straight_through": straight_through}
        suffix = f"{', full' if full else ''}{', straight through' if straight_through else ''}, eps {eps:g}"
        variances = on_grid([0, 0.0009765625, 0.125, 1, 64, 1e4, 0.0625, 4])
        shapes = [
            ("moderate", draw.real(9), draw.real(9), draw.real(9).abs() + 0.25),
            ("odd sizes", draw.real(5, 7, scale=3), draw.real(5, 7), draw.real(5, 7).abs() + 0.5),
            ("variances of every size", draw.real(8), draw.real(8), variances),
        ]
        for name, x, t, var in shapes:
            yield Case(name + suffix, {"x": x, "t": t, "var": var}, {"eps": eps}, flags)


def gaussian_nll_log_var(x, t, log_var):
    """(s + (x - t)^2 exp(-s)) / 2, s = log_var."""
    return (log_var + (x - t) ** 2 * torch.exp(-log_var)) / 2


def gaussian_nll_log_var_cases(draw):
    yield Case("moderate", {"x": draw.real(9), "t": draw.real(9), "log_var": draw.real(9)})
    yield Case("odd sizes", {"x": draw.real(5, 7, scale=3), "t": draw.real(5, 7), "log_var": draw.real(5, 7, scale=2)})
    log_var = on_grid([-30, -14, 0, 14, 60, 1e4])
    yield Case("variances of every size", {"x": draw.real(6), "t": draw.real(6), "log_var": log_var})
    yield Case("one element", {"x": draw.real(1), "t": draw.real(1), "log_var": draw.real(1)})
    yield Case("images", {"x": draw.real(2, 3, 2), "t": draw.real(2, 3, 2), "log_var": draw.real(2, 3, 2, scale=2)})


def gaussian_nll_log_var_peer(x, t, log_var):
    return F.gaussian_nll_loss(x, t, log_var.exp(), eps=1e-300, reduction="none")


def kl_divergence(x, t, log_target):
    """sum_c p (ln p - x), p = exp(t) if log_target, else t; a class with p = 0 adds nothing."""
    p = t.exp() if log_target else t
    log_p = t if log_target else torch.where(p > 0, p, 1).log()
    return torch.where(p > 0, p * (log_p - x), 0).sum(1)


def kl_divergence_cases(draw):
    def shares(*shape):
        """Multiples of 2^-10 that add up to 1 along axis 1, some of them 0."""
        t = torch.relu(draw.real(*shape))
        t = torch.floor(1024 * t / t.sum(1, keepdim=True).clamp(min=1)) / 1024
        t[:, 0] += 1 - t.sum(1)
        return t

    for log_target in [False, True]:
        suffix = ", log target" if log_target else ""
        for name, shape, scale in [("moderate", (4, 5), 1), ("odd sizes", (7, 13), 3), ("one class", (3, 1), 1), ("images", (2, 3, 3, 2), 1)]:
            t = on_grid(torch.log_softmax(draw.real(*shape), 1)) if log_target else shares(*shape)
            x = on_grid(torch.log_softmax(draw.real(*shape, scale=scale), 1))
            yield Case(name + suffix, {"x": x, "t": t}, {}, {"log_target": log_target})
    x = on_grid([[-1e4, 0, -1e4], [-80, -0.5, -1]])
    t = on_grid([[0, 1, 0], [0.5, 0.25, 0.25]])
    yield Case("extreme", {"x": x, "t": t}, {}, {"log_target": False})


def cosine_embedding(a, b, same, margin):
    """1 - cos(a, b) where same, max(0, cos(a, b) - margin) elsewhere."""
    unit = lambda v: v / v.norm(dim=1, keepdim=True)
    c = (unit(a) * unit(b)).sum(1)
    return torch.where(same > 0, 1 - c, F.relu(c - margin))


def cosine_embedding_cases(draw):
    towards = on_grid([1.5, -1, 0.5, 2, -0.25, 1]).unsqueeze(1)
    for margin in [0.0, 0.25, -0.5]:
        a = draw.real(6, 5)
        shapes = [
            ("moderate", draw.real(8, 5), draw.real(8, 5), draw.bits(8)),
            ("nearly parallel", a, on_grid(towards * a + draw.real(6, 5, scale=0.25)), draw.bits(6)),
            ("wide", draw.real(3, 37), draw.real(3, 37), draw.bits(3)),
            ("large norms", 1024 * draw.real(3, 4), 64 * draw.real(3, 4), draw.bits(3)),
        ]
        for name, a, b, same in shapes:
            yield Case(f"{name}, margin {margin:g}", {"a": a, "b": b, "same": same}, {"margin": margin})


def elementwise(name, value, seed, peer, cases=element_cases, **more):
    return Reference(name, value, cases, seed=seed, differentiable=["x"], peer=peer, **more)


REFERENCES = [
    elementwise("MeanSquaredError", mean_squared_error, 4101, lambda x, t: F.mse_loss(x, t, reduction="none")),
    elementwise("MeanAbsoluteError", mean_absolute_error, 4102, lambda x, t: F.l1_loss(x, t, reduction="none")),
    elementwise(
        "Huber",
        huber,
        4103,
        lambda x, t, delta: F.huber_loss(x, t, delta=delta, reduction="none"),
        cases=lambda draw: element_cases(draw, [{"delta": 1.0}, {"delta": 0.25}, {"delta": 100.0}]),
    ),
    elementwise(
        "SmoothL1",
        smooth_l1,
        4104,
        lambda x, t, beta: F.smooth_l1_loss(x, t, beta=beta, reduction="none"),
        cases=lambda draw: element_cases(draw, [{"beta": 1.0}, {"beta": 0.25}, {"beta": 0.0}]),
    ),
    elementwise("LogCosh", log_cosh, 4105, log_cosh_peer),
    elementwise(
        "Quantile",
        quantile,
        4106,
        lambda x, t, tau: torch.maximum(tau * (t - x), (tau - 1) * (t - x)),
        cases=lambda draw: element_cases(draw, [{"tau": 0.5}, {"tau": 0.875}]),
        # The slope at x = t is 0 here, shared between the branches there: both are subgradients, equal for tau = 1/2 alone.
        ill=lambda case: case.name == "errors of every size, tau 0.875",
    ),
    elementwise(
        "Expectile",
        expectile,
        4107,
        lambda x, t, tau: (tau - (x > t).double()).abs() * (t - x) ** 2,
        cases=lambda draw: element_cases(draw, [{"tau": 0.5}, {"tau": 0.875}]),
    ),
    elementwise(
        "Charbonnier",
        charbonnier,
        4108,
        lambda x, t, eps: ((x - t) ** 2 + eps**2).sqrt() - eps,
        cases=lambda draw: element_cases(draw, [{"eps": 1.0}, {"eps": 0.001}]),
    ),
    elementwise("Cauchy", cauchy, 4109, lambda x, t: (0.5 * (x - t) ** 2 + 1).log()),
    elementwise("GemanMcClure", geman_mcclure, 4110, lambda x, t: 2 * (x - t) ** 2 / ((x - t) ** 2 + 4)),
    elementwise("Welsch", welsch, 4111, lambda x, t: 1 - (-0.5 * (x - t) ** 2).exp()),
    elementwise("Hinge", hinge, 4112, lambda x, positive: (1 - (2 * positive - 1) * x).relu(), cases=hinge_cases),
    elementwise("SquaredHinge", squared_hinge, 4113, lambda x, positive: (1 - (2 * positive - 1) * x).relu() ** 2, cases=hinge_cases),
    elementwise(
        "PoissonNll",
        poisson_nll,
        4114,
        lambda x, t, eps, log_input, full: F.poisson_nll_loss(x, t, log_input, full, eps=eps, reduction="none"),
        cases=poisson_nll_cases,
    ),
    Reference(
        "GaussianNll",
        gaussian_nll,
        gaussian_nll_cases,
        seed=4115,
        differentiable=["x", "var"],
        peer=lambda x, t, var, eps, full, straight_through: F.gaussian_nll_loss(x, t, var, full, eps, reduction="none"),
        # PyTorch is straight-through: a variance below eps has the slope at eps.
        ill=lambda case: case.name.startswith("variances") and not case.flags["straight_through"],
    ),
    Reference(
        "GaussianNllLogVar",
        gaussian_nll_log_var,
        gaussian_nll_log_var_cases,
        seed=4116,
        differentiable=["x", "log_var"],
        peer=gaussian_nll_log_var_peer,
        # exp(1e4) is infinite.
        ill=lambda case: case.name.startswith("variances"),
    ),
    Reference(
        "KlDivergence",
        kl_divergence,
        kl_divergence_cases,
        seed=4117,
        differentiable=["x"],
        peer=lambda x, t, log_target: F.kl_div(x, t, reduction="none", log_target=log_target).sum(1),
    ),
    Reference(
        "CosineEmbedding",
        cosine_embedding,
        cosine_embedding_cases,
        seed=4118,
        differentiable=["a", "b"],
        peer=lambda a, b, same, margin: F.cosine_embedding_loss(a, b, 2 * same - 1, margin, reduction="none"),
    ),
]
