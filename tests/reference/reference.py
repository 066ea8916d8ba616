"""What a reference is made of: seeded inputs, calls, and the loss as a PyTorch expression."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import torch

GRID = 1024


@dataclass
class Case:
    """One call of a loss. `inputs` in the order of the declaration; dtype int64 is a label, bool a mask, the rest is real.

    Real inputs are multiples of 2^-10 (see `Draw`), hence exact in float32 as well as in float64 and short in decimal.
    """

    name: str
    inputs: dict
    scalars: dict = field(default_factory=dict)
    flags: dict = field(default_factory=dict)
    ignore_index: int | None = None

    def arguments(self):
        """Everything by name, to be passed to a loss's function."""
        return {**self.inputs, **self.scalars, **self.flags}


@dataclass
class Reference:
    """A loss of the library and how PyTorch computes it.

    `value(**case.arguments())` gives one loss per sample (or one number, of no axes); a pair `(value, {name: tensor})` also gives
    the auxiliary outputs. Its docstring is the formula. Gradients are autograd's. Masks arrive as 0.0 and 1.0,
    learned scalars as 0-dimensional tensors that require a gradient, other scalars and flags as Python numbers.

    `peer(**case.arguments())` is the same, or the mean alone as one number, from a library that people use (torch.nn, pytorch-metric-learning, torchvision), or the form
    that PyTorch users write: both must agree, in value and gradient, in every case but those that `ill` names (the peer loses digits, is NaN or wrong there:
    say which and why beside it).

    `peer_mean`, likewise, is what that library's `reduction="mean"` gives.
    """

    name: str
    value: Callable
    cases: Callable[["Draw"], Iterable[Case]]
    seed: int  # of its own, so that a case added to one loss moves no other
    differentiable: list
    learned: list = field(default_factory=list)
    weight: Callable | None = None  # the declared weight per sample: denominator of the weighted mean
    peer: Callable | None = None
    peer_ignores: bool = False  # the peer knows the ignored labels of the cases, whose index is its own
    peer_mean: Callable | None = None  # the mean that people get: the weighted one where a weight is declared
    ill: Callable[[Case], bool] = lambda case: False
    single: float = 2e-6  # allowed error in float32, relative to the largest element of an array


class Draw:
    """Seeded inputs, one generator a loss."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def real(self, *shape, scale=1.0):
        values = torch.randn(shape, generator=self.generator, dtype=torch.float64) * scale
        return (values * GRID).round() / GRID

    def labels(self, classes, *shape):
        return torch.randint(classes, shape, generator=self.generator)

    def bits(self, *shape, share=0.5):
        return torch.rand(*shape, generator=self.generator, dtype=torch.float64) < share


def on_grid(rows):
    return (torch.as_tensor(rows, dtype=torch.float64) * GRID).round() / GRID


def extreme_logits():
    """Six classes: saturated right and wrong, gaps just below and above where p_y rounds to 1 (f32: 17, f64: 37)."""
    z = on_grid([
        [1e4, -1e4, 0, 0, -1e4, 1],
        [1e4, -1e4, 0, 0, -1e4, 1],
        [1e4, 1e4, 1e4, 1e4, 1e4, 1e4],
        [-1e4, -1e4, -1e4, -1e4, -1e4, -1e4],
        [20, 0, 1, -1, 0.5, -3],
        [0, 45, 1, -1, 0.5, -3],
        [0, 1, 90, -1, 0.5, -3],
        [0, 1, 2, -90, 0.5, -3],
    ])
    return z, torch.tensor([0, 1, 2, 3, 0, 1, 2, 3])


def logit_cases(draw, scalar_sets=({},)):
    """The shapes every loss over logits is tried on: z [N, C] (or [N, C, H, W]) and labels y."""
    z_extreme, y_extreme = extreme_logits()
    shapes = [
        ("moderate", draw.real(4, 5), draw.labels(5, 4)),
        ("odd sizes", draw.real(7, 13, scale=3), draw.labels(13, 7)),
        ("many classes", draw.real(3, 67, scale=2), draw.labels(67, 3)),
        ("two classes", draw.real(6, 2, scale=4), draw.labels(2, 6)),
        ("extreme", z_extreme, y_extreme),
        ("equal logits", torch.zeros(3, 5, dtype=torch.float64), torch.tensor([0, 2, 4])),
        ("one class", draw.real(3, 1), torch.zeros(3, dtype=torch.int64)),
        ("one row", draw.real(1, 9), draw.labels(9, 1)),
        ("images", draw.real(2, 5, 3, 2, scale=2), draw.labels(5, 2, 3, 2)),
    ]
    for scalars in scalar_sets:
        suffix = "".join(f", {name} {value:g}" for name, value in scalars.items())
        for name, z, y in shapes:
            yield Case(name + suffix, {"z": z, "y": y}, dict(scalars))


def head_shapes(draw):
    """Features x [N, D], class centres w [C, D], labels y; rows 0 and 1 of "all angles" are nearly opposite their centres."""
    w = draw.real(6, 4)
    y = torch.tensor([0, 1, 2, 3, 4, 5, 0, 1])
    towards = on_grid([-1, -1.5, -0.5, 0, 0.25, 0.75, 1.5, 0.5]).unsqueeze(1)
    angles = on_grid(towards * w[y] + draw.real(8, 4, scale=0.25))
    yield "moderate", draw.real(4, 5), draw.real(3, 5), draw.labels(3, 4)
    yield "odd sizes", draw.real(7, 5), draw.real(13, 5), draw.labels(13, 7)
    yield "wide", draw.real(3, 67), draw.real(5, 67), draw.labels(5, 3)
    yield "all angles", angles, w, y
    yield "large and small norms", draw.real(4, 3) * torch.tensor([[1024.0], [8192], [0.0625], [0.125]]), draw.real(5, 3), draw.labels(5, 4)
    yield "one class", draw.real(3, 4), draw.real(1, 4), torch.zeros(3, dtype=torch.int64)
    yield "one row", draw.real(1, 5), draw.real(4, 5), draw.labels(4, 1)


def metric_learning(head, x, w, y):
    """A loss per sample of a classification head of pytorch-metric-learning, with w [C, D] as its weights."""
    del head.W
    head.W = w.T
    return head.compute_loss(x, y, None, x, y)["loss"]["losses"]
