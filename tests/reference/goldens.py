"""Writes the reference values of the built-in losses. Needs torch>=2; writes tests/golden/*.json.

    python tests/reference/goldens.py            # write
    python tests/reference/verify.py             # compare what was written with 100-digit arithmetic (needs mpmath)

Everything is float64 on the CPU. A file is one loss, a list of cases; see tests/golden/README.md for the fields.

Left out, because PyTorch's formula has no finite value or gradient there:
* ArcFace with a feature exactly aligned with, or opposite to, its centre (sqrt(1 - c^2) has an infinite slope at c = +-1)
  and therefore ArcFace with one feature dimension;
* a zero feature or a zero centre (0 / 0 in the normalisation), ArcFace and CosFace;
* HedSigmoid and AdaptiveWeightedSoftmax of an image without pixels (0 / 0 in the weights).
Focal losses at p = 1 are *in*: losses.py writes them so that their gradient is finite there.
"""

import json
from pathlib import Path

import torch

import cases
import losses

GOLDEN = Path(__file__).resolve().parent.parent / "golden"

# loss -> (inputs that have a gradient, per-sample value of a case)
LOSSES = {
    "SoftmaxCrossEntropy": (["z"], lambda c: losses.softmax_cross_entropy(c.inputs["z"], c.inputs["y"])),
    "WeightedSoftmax": (["z"], lambda c: losses.weighted_softmax(**c.inputs)),
    "AdaptiveWeightedSoftmax": (["z"], lambda c: losses.adaptive_weighted_softmax(**c.inputs)),
    "HedSigmoid": (["x"], lambda c: losses.hed_sigmoid(**c.inputs)),
    "BinaryFocal": (["x"], lambda c: losses.binary_focal(**c.inputs, **c.scalars)),
    "Focal": (["z"], lambda c: losses.focal(**c.inputs, **c.scalars)),
    "TemperatureSoftmax": (["z"], lambda c: losses.temperature_softmax(**c.inputs, **c.scalars)),
    "Distillation": (["z"], lambda c: losses.distillation(**c.inputs, **c.scalars)),
    "CosFace": (["x", "w"], lambda c: losses.cos_face(**c.inputs, **c.scalars)),
    "ArcFace": (["x", "w"], lambda c: losses.arc_face(**c.inputs, **c.scalars, variant=c.variant)),
}
MASKS = {"HedSigmoid": ["t"], "BinaryFocal": ["t"]}


def snake(name):
    return "".join("_" + ch.lower() if ch.isupper() else ch for ch in name).lstrip("_")


def per_sample(function, case):
    """Values with the ignored samples at 0, and the mask of the samples that count."""
    if case.ignore_index is None:
        values = function(case)
        return values, torch.ones_like(values)
    y = case.inputs["y"]
    valid = y != case.ignore_index
    kept = cases.Case(case.name, {**case.inputs, "y": torch.where(valid, y, 0)}, case.scalars, case.variant)
    return torch.where(valid, function(kept), 0.0), valid.double()


def check_against_textbook(loss, case, values, mean, leaves):
    """PyTorch's own form must agree wherever it is well conditioned."""
    expected = losses.textbook(loss, case)
    saturated = case.name.startswith(("extreme", "aligned", "opposite"))
    if expected is None or saturated or (loss == "Focal" and case.name.startswith("one class")):
        return
    torch.testing.assert_close(values, expected, rtol=1e-11, atol=1e-12)
    count = (case.inputs["y"] != -100).sum() if "y" in case.inputs else expected.numel()
    theirs = torch.autograd.grad(expected.sum() / count, leaves, allow_unused=False)
    ours = torch.autograd.grad(mean, leaves, retain_graph=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12)


def flat(tensor):
    return tensor.detach().flatten().tolist()


def array(tensor):
    return {"shape": list(tensor.shape), "data": flat(tensor)}


def golden(loss, case, draw):
    """One case with its inputs, values, totals and gradients as plain lists."""
    differentiable, function = LOSSES[loss]
    # Cases may share a tensor, or derive one input from another: no gradient may flow from one to the other.
    case.inputs = {name: t.detach().clone() for name, t in case.inputs.items()}
    leaves = [case.inputs[name].requires_grad_() for name in differentiable]
    values, valid = per_sample(function, case)
    totals = {"sum": values.sum(), "mean": values.sum() / valid.sum()}
    if loss == "WeightedSoftmax":
        totals["weighted_mean"] = values.sum() / case.inputs["weight"][case.inputs["y"]].sum()
    cotangent = draw.real(*values.shape)
    check_against_textbook(loss, case, values, totals["mean"], leaves)

    roots = {name: total for name, total in totals.items() if name != "sum"}
    roots["cotangent"] = (values * cotangent).sum()
    gradients = {}
    for root, total in roots.items():
        found = torch.autograd.grad(total, leaves, retain_graph=True)
        assert all(g.isfinite().all() for g in found) and values.isfinite().all(), (loss, case.name)
        gradients[root] = {name: flat(g) for name, g in zip(differentiable, found, strict=True)}

    masks = MASKS.get(loss, [])
    labels = [name for name, t in case.inputs.items() if t.dtype == torch.int64]
    tensors = [name for name in case.inputs if name not in masks and name not in labels]
    entry = {"name": case.name}
    if case.variant:
        entry["variant"] = case.variant
    if case.ignore_index is not None:
        entry["ignore_index"] = case.ignore_index
    entry |= {
        "scalars": case.scalars,
        "tensors": {name: array(case.inputs[name]) for name in tensors},
        "labels": {name: array(case.inputs[name]) for name in labels},
        "masks": {name: {"shape": list(case.inputs[name].shape), "data": [int(t) for t in flat(case.inputs[name])]} for name in masks},
        "value": array(values),
        "totals": {name: total.item() for name, total in totals.items()},
        "cotangent": flat(cotangent),
        "gradients": gradients,
    }
    return entry


def one_case_a_line(document):
    head = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in document.items() if k != "cases")
    body = ",\n".join("  " + json.dumps(case, separators=(",", ":")) for case in document["cases"])
    return f'{{\n{head},\n "cases": [\n{body}\n ]\n}}\n'


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    for seed, loss in enumerate(LOSSES):
        draw = cases.Draw(1000 + seed)
        entries = [golden(loss, case, draw) for case in getattr(cases, snake(loss))(draw)]
        document = {
            "loss": loss,
            "definition": " ".join(getattr(losses, snake(loss)).__doc__.split()),
            "provenance": f"tests/reference/goldens.py, torch {torch.__version__.split('+')[0]}, float64",
            "differentiable": LOSSES[loss][0],
            "cases": entries,
        }
        path = GOLDEN / f"{snake(loss)}.json"
        path.write_text(one_case_a_line(document))
        print(f"{path.name}: {len(entries)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
