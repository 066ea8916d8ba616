"""Writes the reference values of the built-in losses to tests/golden/*.json.

    python tests/reference/goldens.py [Name ...]     # e.g. ArcFace Focal; all by default
    python tests/reference/verify.py                 # compare what was written with 100-digit arithmetic

Needs torch>=2, torchvision and pytorch-metric-learning. Everything is float64 on the CPU. A file is one loss, a list of cases; see tests/golden/README.md
for the fields, and `families/` for the losses.
"""

import json
import sys
from pathlib import Path

import torch

from families import FAMILIES
from reference import Case, Draw

GOLDEN = Path(__file__).resolve().parent.parent / "golden"


def snake(name):
    return "".join("_" + ch.lower() if ch.isupper() else ch for ch in name).lstrip("_")


def computed(reference, case):
    """Values and auxiliary outputs of a case, the mask of the samples that count; ignored samples are 0."""
    arguments = case.arguments()
    for name, tensor in case.inputs.items():
        if tensor.dtype == torch.bool:
            arguments[name] = tensor.double()
    if case.ignore_index is None:
        found = reference.value(**arguments)
        values, auxiliary = found if isinstance(found, tuple) else (found, {})
        return values, auxiliary, torch.ones_like(values)
    valid = arguments["y"] != case.ignore_index
    arguments["y"] = torch.where(valid, arguments["y"], 0)
    found = reference.value(**arguments)
    values, auxiliary = found if isinstance(found, tuple) else (found, {})
    return torch.where(valid, values, 0.0), auxiliary, valid.double()


def check_against_peer(reference, case, values, valid, leaves):
    """The library that people use must agree, in value and in gradient."""
    ignores = case.ignore_index is not None
    if reference.peer is None or reference.ill(case) or ignores and not reference.peer_ignores:
        return
    arguments = case.arguments()
    for name, tensor in case.inputs.items():
        if tensor.dtype == torch.bool:
            arguments[name] = tensor.double()
    expected = reference.peer(**arguments)
    at = f"{reference.name}, {case.name}: {{}}".format
    if expected.dim() < values.dim():
        values, valid = values.sum() / valid.sum(), torch.ones(())
    torch.testing.assert_close(values, expected, rtol=1e-11, atol=1e-12, msg=at)
    theirs = torch.autograd.grad(expected.sum() / valid.sum(), leaves)
    ours = torch.autograd.grad(values.sum() / valid.sum(), leaves, retain_graph=True)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-12, msg=at)


def check_mean_against_peer(reference, case, totals):
    """The mean that people get must be among the totals."""
    if reference.peer_mean is None or reference.ill(case):
        return
    ours = totals["mean" if reference.weight is None else "weighted_mean"]
    theirs = reference.peer_mean(**case.arguments())
    torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-12, msg=f"{reference.name}, {case.name}: {{}}".format)


def flat(tensor):
    return tensor.detach().flatten().tolist()


def array(tensor):
    return {"shape": list(tensor.shape), "data": flat(tensor)}


def golden(reference, case, draw):
    """One case with its inputs, values, totals and gradients as plain lists."""
    # Cases may share a tensor, or derive one input from another: no gradient may flow from one to the other.
    inputs = {name: t.detach().clone() for name, t in case.inputs.items()}
    for name in reference.differentiable:
        inputs[name].requires_grad_()
    scalars = {**case.scalars}
    for name in reference.learned:
        scalars[name] = torch.tensor(scalars[name], requires_grad=True)
    case = Case(case.name, inputs, scalars, case.flags, case.ignore_index)
    names = reference.differentiable + reference.learned
    leaves = [case.arguments()[name] for name in names]

    values, auxiliary, valid = computed(reference, case)
    totals = {"sum": values.sum(), "mean": values.sum() / valid.sum()}
    if reference.weight is not None:
        counted = {**case.inputs}
        if case.ignore_index is not None:
            counted["y"] = torch.where(valid.bool(), counted["y"], 0)
        weights = (reference.weight(**counted) * valid).sum()
        # The mean over samples without weight is 0.
        totals["weighted_mean"] = values.sum() / weights if weights > 0 else 0 * values.sum()
    check_mean_against_peer(reference, case, totals)
    cotangent = draw.real(*values.shape)
    check_against_peer(reference, case, values, valid, leaves)

    roots = {name: total for name, total in totals.items() if name != "sum"}
    roots["cotangent"] = (values * cotangent).sum()
    gradients = {}
    for root, total in roots.items():
        found = torch.autograd.grad(total, leaves, retain_graph=True)
        assert all(g.isfinite().all() for g in found) and values.isfinite().all(), (reference.name, case.name)
        gradients[root] = {name: flat(g) for name, g in zip(names, found, strict=True)}

    of_type = lambda *types: {name: t for name, t in case.inputs.items() if t.dtype in types}
    entry = {"name": case.name}
    if case.flags:
        entry["flags"] = case.flags
    if case.ignore_index is not None:
        entry["ignore_index"] = case.ignore_index
    entry |= {
        "scalars": {name: float(torch.as_tensor(value).detach()) for name, value in case.scalars.items()},
        "tensors": {name: array(t) for name, t in of_type(torch.float64).items()},
        "labels": {name: array(t) for name, t in of_type(torch.int64).items()},
        "masks": {name: array(t.long()) for name, t in of_type(torch.bool).items()},
        "value": array(values),
        "totals": {name: total.item() for name, total in totals.items()},
        "cotangent": flat(cotangent),
        "gradients": gradients,
    }
    if auxiliary:
        entry["auxiliary"] = {name: array(t) for name, t in auxiliary.items()}
    return entry


def one_case_a_line(document):
    head = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in document.items() if k != "cases")
    body = ",\n".join("  " + json.dumps(case, separators=(",", ":")) for case in document["cases"])
    return f'{{\n{head},\n "cases": [\n{body}\n ]\n}}\n'


def main(names):
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    references = [reference for family in FAMILIES for reference in family.REFERENCES]
    unknown = set(names) - {reference.name for reference in references}
    assert not unknown, f"no reference of {unknown}"
    for reference in references:
        if names and reference.name not in names:
            continue
        draw = Draw(reference.seed)
        document = {
            "loss": reference.name,
            "definition": " ".join(reference.value.__doc__.split()),
            "provenance": f"tests/reference/goldens.py, torch {torch.__version__.split('+')[0]}, float64",
            "differentiable": reference.differentiable + reference.learned,
            "single": reference.single,
            "cases": [golden(reference, case, draw) for case in reference.cases(draw)],
        }
        path = GOLDEN / f"{snake(reference.name)}.json"
        path.write_text(one_case_a_line(document))
        print(f"{path.name}: {len(document['cases'])} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
