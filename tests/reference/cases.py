"""The inputs of the goldens: which losses, which shapes, which hostile values.

Every real input is a multiple of 2^-10, hence exact in float32 as well as in float64 and short in decimal.
"""

from dataclasses import dataclass, field

import torch

GRID = 1024


@dataclass
class Case:
    """One call of a loss. `inputs` in the order of the declaration; dtype int64 is a label, the rest is real."""

    name: str
    inputs: dict
    scalars: dict = field(default_factory=dict)
    variant: str | None = None
    ignore_index: int | None = None


class Draw:
    """Seeded inputs, one generator a loss so that a case added to one loss moves no other."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def real(self, *shape, scale=1.0):
        values = torch.randn(*shape, generator=self.generator, dtype=torch.float64) * scale
        return (values * GRID).round() / GRID

    def labels(self, classes, *shape):
        return torch.randint(classes, shape, generator=self.generator)

    def bits(self, *shape, share=0.5):
        return (torch.rand(*shape, generator=self.generator, dtype=torch.float64) < share).double()


def on_grid(rows):
    return (torch.tensor(rows, dtype=torch.float64) * GRID).round() / GRID


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


def softmax_cross_entropy(draw):
    yield from logit_cases(draw)
    ignored = torch.tensor([1, -100, 0, -100, 3])
    yield Case("some ignored", {"z": draw.real(5, 4), "y": ignored}, ignore_index=-100)
    pixels = draw.labels(3, 2, 3, 2)
    pixels[0, 1, 0] = pixels[1, 2, 1] = -100
    yield Case("ignored pixels", {"z": draw.real(2, 3, 3, 2), "y": pixels}, ignore_index=-100)


def weighted_softmax(draw):
    for case in logit_cases(draw):
        classes = case.inputs["z"].shape[1]
        weight = draw.real(classes).abs() + 0.25
        if case.name == "odd sizes":
            weight[::3] = 0
        yield Case(case.name, {**case.inputs, "weight": weight})


def adaptive_weighted_softmax(draw):
    yield Case("moderate", {"z": draw.real(3, 4, 3, 2), "y": draw.labels(4, 3, 3, 2)})
    yield Case("odd sizes", {"z": draw.real(2, 5, 5, 3, scale=3), "y": draw.labels(5, 2, 5, 3)})
    y = torch.zeros(4, 2, 2, dtype=torch.int64)
    y[1] = 1
    y[2, 0, 0] = 2
    y[3] = torch.tensor([[0, 1], [2, 0]])
    yield Case("images with only one kind of label", {"z": draw.real(4, 3, 2, 2), "y": y})
    yield Case("extreme", {"z": draw.real(2, 3, 2, 2).sign() * 1e4, "y": draw.labels(3, 2, 2, 2)})
    yield Case("one class", {"z": draw.real(1, 1, 2, 2), "y": torch.zeros(1, 2, 2, dtype=torch.int64)})
    yield Case("one pixel", {"z": draw.real(1, 3, 1, 1), "y": torch.ones(1, 1, 1, dtype=torch.int64)})


def hed_sigmoid(draw):
    yield Case("moderate", {"x": draw.real(3, 4, 3), "t": draw.bits(3, 4, 3)})
    yield Case("few edges", {"x": draw.real(2, 7, 5, scale=3), "t": draw.bits(2, 7, 5, share=0.15)})
    t = draw.bits(3, 2, 3)
    t[0], t[1] = 0, 1
    yield Case("no edge, all edge", {"x": draw.real(3, 2, 3), "t": t})
    x = on_grid([[[1e4, -1e4, 0], [1e4, -1e4, 0]], [[20, -20, 45], [-45, 90, -90]]])
    yield Case("extreme", {"x": x, "t": torch.tensor([[[1.0, 0, 1], [0, 1, 0]], [[1, 0, 1], [0, 0, 1]]])})
    yield Case("one pixel", {"x": draw.real(1, 1, 1), "t": torch.ones(1, 1, 1)})


def binary_focal(draw):
    extreme = on_grid([1e4, -1e4, 1e4, -1e4, 0, 0, 20, -20, 45, -45, 90, -90])
    shapes = [
        ("moderate", draw.real(8, scale=2), draw.bits(8)),
        ("multi-label", draw.real(5, 7, scale=3), draw.bits(5, 7, share=0.3)),
        ("extreme", extreme, torch.tensor([1.0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1])),
        ("one row", draw.real(1), torch.ones(1)),
    ]
    for alpha, gamma in [(0.25, 2.0), (0.25, 0.5), (0.75, 0.0), (0.5, 1.0)]:
        for name, x, t in shapes:
            yield Case(f"{name}, alpha {alpha:g}, gamma {gamma:g}", {"x": x, "t": t}, {"alpha": alpha, "gamma": gamma})


def focal(draw):
    return logit_cases(draw, [{"gamma": 0.0}, {"gamma": 0.5}, {"gamma": 2.0}])


def temperature_softmax(draw):
    return logit_cases(draw, [{"temperature": 4.0}, {"temperature": 0.5}])


def distillation(draw):
    for case in logit_cases(draw, [{"temperature": 1.0, "alpha": 0.5}, {"temperature": 4.0, "alpha": 0.875}]):
        z = case.inputs["z"]
        teacher = z.flip(1) if case.name.startswith("extreme") else draw.real(*z.shape, scale=2)
        yield Case(case.name, {"z": z, "teacher": teacher, "y": case.inputs["y"]}, case.scalars)
    z = draw.real(3, 5)
    yield Case("teacher equal", {"z": z, "teacher": z.clone(), "y": draw.labels(5, 3)}, {"temperature": 2.0, "alpha": 1.0})


def head_shapes(draw):
    """Features x [N, D], class centres w [C, D], labels y; rows 0 and 1 of "all angles" are nearly opposite their centres."""
    w = draw.real(6, 4)
    y = torch.tensor([0, 1, 2, 3, 4, 5, 0, 1])
    towards = on_grid([-1, -1.5, -0.5, 0, 0.25, 0.75, 1.5, 0.5]).unsqueeze(1)
    angles = ((towards * w[y] + draw.real(8, 4, scale=0.25)) * GRID).round() / GRID
    yield "moderate", draw.real(4, 5), draw.real(3, 5), draw.labels(3, 4)
    yield "odd sizes", draw.real(7, 5), draw.real(13, 5), draw.labels(13, 7)
    yield "wide", draw.real(3, 67), draw.real(5, 67), draw.labels(5, 3)
    yield "all angles", angles, w, y
    yield "large and small norms", draw.real(4, 3) * torch.tensor([[1024.0], [8192], [0.0625], [0.125]]), draw.real(5, 3), draw.labels(5, 4)
    yield "one class", draw.real(3, 4), draw.real(1, 4), torch.zeros(3, dtype=torch.int64)
    yield "one row", draw.real(1, 5), draw.real(4, 5), draw.labels(4, 1)


def cos_face(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"s": 30.0, "m": 0.35})
    x, w = draw.real(3, 1) + 2, draw.real(2, 1).abs() + 1
    yield Case("one feature", {"x": x, "w": w, "y": torch.tensor([0, 1, 0])}, {"s": 30.0, "m": 0.35})
    w = draw.real(4, 3)
    yield Case("aligned", {"x": 2 * w, "w": w, "y": torch.arange(4)}, {"s": 64.0, "m": 0.35})
    yield Case("opposite", {"x": -2 * w, "w": w, "y": torch.arange(4)}, {"s": 64.0, "m": 0.35})


def arc_face(draw):
    shapes = list(head_shapes(draw))
    for variant in ["plain", "classic", "easy"]:
        for name, x, w, y in shapes:
            yield Case(f"{name}, {variant}", {"x": x, "w": w, "y": y}, {"s": 30.0, "m": 0.5}, variant)
    name, x, w, y = shapes[1]
    yield Case(f"{name}, s 64", {"x": x, "w": w, "y": y}, {"s": 64.0, "m": 0.5}, "plain")
