"""Compares tests/golden/*.json with 100-digit arithmetic. Needs mpmath; reads only the JSON.

    python tests/reference/verify.py [name ...]       # e.g. arc_face focal; all by default

The losses of the papers that everybody knows are written once more, independently of families/, and every gradient is a central
difference with a step of 1e-30, whose error is far below float64. Three figures for each file:
* element: the worst |golden - exact| / |exact| over values, totals and gradient elements that are not 0;
* array:   the worst |golden - exact| / max |exact| over the array that the element belongs to;
* at zero: the largest |golden| where the exact number is 0.
The second must stay below 1e-12 and the third below 1e-14. The first is for information: a gradient element that is small
because the projection on the sphere cancels (CosFace, features opposite to their centres) has few correct digits.
"""

import json
import sys
from math import prod
from pathlib import Path

from mpmath import mp, mpf

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
STEP = mpf(10) ** -30
ARRAY_LIMIT, ZERO_LIMIT = 1e-12, 1e-14
# Below this an exact value counts as 0. The divergence of distillation and smoothed logarithms cancel, in 100 digits as well; the others do not.
FLOOR = dict.fromkeys(["distillation", "label_smoothing", "weighted_label_smoothing", "soft_target_cross_entropy"], 1e-40)
mp.dps = 100


def lanes(shape):
    """For logits [N, C, ...]: per position in row-major order, the flat indices of its C logits."""
    n, c, inner = shape[0], shape[1], prod(shape[2:])
    return [[(i * c + k) * inner + s for k in range(c)] for i in range(n) for s in range(inner)]


def log_p_and_rest(z, y):
    """-ln p_y and 1 - p_y."""
    powers = [mp.exp(t) for t in z]
    rest = mp.fsum(e for k, e in enumerate(powers) if k != y)
    return mp.log1p(rest / powers[y]), rest / (rest + powers[y])


def cross_entropies(z, case, scale=1):
    y = case["labels"]["y"]["data"]
    return [
        mpf(0) if t == case.get("ignore_index") else log_p_and_rest([z[k] * scale for k in lane], t)[0]
        for lane, t in zip(lanes(case["tensors"]["z"]["shape"]), y, strict=True)
    ]


def weights_by_count(positive, pixels):
    share = [mpf(sum(positive[i : i + pixels])) / pixels for i in range(0, len(positive), pixels)]
    return [share[i // pixels] if not p else 1 - share[i // pixels] for i, p in enumerate(positive)]


def softmax_cross_entropy(at, case):
    return cross_entropies(at["z"], case)


def weighted_softmax(at, case):
    return [at["weight"][y] * ce for y, ce in zip(case["labels"]["y"]["data"], cross_entropies(at["z"], case), strict=True)]


def adaptive_weighted_softmax(at, case):
    labels = case["labels"]["y"]
    weights = weights_by_count([y > 0 for y in labels["data"]], prod(labels["shape"][1:]))
    return [w * ce for w, ce in zip(weights, cross_entropies(at["z"], case), strict=True)]


def hed_sigmoid(at, case):
    t, pixels = case["masks"]["t"]["data"], prod(case["masks"]["t"]["shape"][1:])
    weights = weights_by_count([b > 0 for b in t], pixels)
    terms = [w * mp.log1p(mp.exp(-x if b else x)) for w, x, b in zip(weights, at["x"], t, strict=True)]
    return [mp.fsum(terms[i : i + pixels]) for i in range(0, len(terms), pixels)]


def binary_focal(at, case):
    alpha, gamma = mpf(case["scalars"]["alpha"]), mpf(case["scalars"]["gamma"])
    values = []
    for x, t in zip(at["x"], case["masks"]["t"]["data"], strict=True):
        odds = mp.exp(-x if t else x)  # (1 - p_t) / p_t
        values.append((alpha if t else 1 - alpha) * (odds / (1 + odds)) ** gamma * mp.log1p(odds))
    return values


def focal(at, case):
    gamma, values = mpf(case["scalars"]["gamma"]), []
    for lane, y in zip(lanes(case["tensors"]["z"]["shape"]), case["labels"]["y"]["data"], strict=True):
        cross_entropy, rest = log_p_and_rest([at["z"][k] for k in lane], y)
        values.append(rest**gamma * cross_entropy)
    return values


def temperature_softmax(at, case):
    return cross_entropies(at["z"], case, 1 / mpf(case["scalars"]["temperature"]))


def distillation(at, case):
    T, alpha, values = mpf(case["scalars"]["temperature"]), mpf(case["scalars"]["alpha"]), []
    hard = cross_entropies(at["z"], case)
    for lane, ce in zip(lanes(case["tensors"]["z"]["shape"]), hard, strict=True):
        q = [mp.exp(at["teacher"][k] / T) for k in lane]
        p = [mp.exp(at["z"][k] / T) for k in lane]
        q_sum, p_sum = mp.fsum(q), mp.fsum(p)
        divergence = mp.fsum(b / q_sum * mp.log(b * p_sum / (q_sum * a)) for a, b in zip(p, q, strict=True))
        values.append(alpha * T * T * divergence + (1 - alpha) * ce)
    return values


def rows(at, case, name):
    d = case["tensors"][name]["shape"][1]
    return [at[name][i : i + d] for i in range(0, len(at[name]), d)]


def length(v):
    return mp.sqrt(mp.fsum(t * t for t in v))


def unit(v):
    return [t / length(v) for t in v]


def heads(at, case, logits):
    """Cross-entropy of `logits(x, y, centres)` for every sample."""
    centres, y = rows(at, case, "w"), case["labels"]["y"]["data"]
    features = rows(at, case, "x")
    ignored = case.get("ignore_index")
    return [
        mpf(0) if t == ignored else log_p_and_rest(logits(x, t, centres), t)[0] for x, t in zip(features, y, strict=True)
    ]
def by_lane(at, case, value):
    """value(logits, label, settings) for every sample that counts."""
    s = {name: mpf(x) for name, x in case["scalars"].items()}
    labels = case["labels"]["y"]["data"]
    samples = zip(lanes(case["tensors"]["z"]["shape"]), labels, strict=True)
    ignored = case.get("ignore_index")
    return [mpf(0) if y == ignored else value([at["z"][k] for k in lane], y, s) for lane, y in samples]


def negative_logs(z):
    total = mp.log(mp.fsum(mp.exp(t) for t in z))
    return [total - t for t in z]


def label_smoothing(at, case):
    return by_lane(at, case, lambda z, y, s: (1 - s["epsilon"]) * log_p_and_rest(z, y)[0] + s["epsilon"] / len(z) * mp.fsum(negative_logs(z)))


def weighted_label_smoothing(at, case):
    w = at["weight"]
    smooth = lambda z: mp.fdot(w, negative_logs(z)) / len(z)
    return by_lane(at, case, lambda z, y, s: (1 - s["epsilon"]) * w[y] * log_p_and_rest(z, y)[0] + s["epsilon"] * smooth(z))


def soft_target_cross_entropy(at, case):
    across = lanes(case["tensors"]["z"]["shape"])
    return [mp.fdot([at["target"][k] for k in lane], negative_logs([at["z"][k] for k in lane])) for lane in across]


def z_loss_cross_entropy(at, case):
    log_total = lambda z: mp.log(mp.fsum(mp.exp(t) for t in z))
    return by_lane(at, case, lambda z, y, s: log_p_and_rest(z, y)[0] + s["lambda"] * log_total(z) ** 2)


def soft_capped_cross_entropy(at, case):
    return by_lane(at, case, lambda z, y, s: log_p_and_rest([s["cap"] * mp.tanh(t / s["cap"]) for t in z], y)[0])


def poly1(at, case):
    def value(z, y, s):
        cross_entropy, rest = log_p_and_rest(z, y)
        return cross_entropy + s["epsilon"] * rest

    return by_lane(at, case, value)


def poly1_focal(at, case):
    def value(z, y, s):
        cross_entropy, rest = log_p_and_rest(z, y)
        return rest ** s["gamma"] * cross_entropy + s["epsilon"] * rest ** (s["gamma"] + 1)

    return by_lane(at, case, value)


def weighted_focal(at, case):
    def value(z, y, s):
        cross_entropy, rest = log_p_and_rest(z, y)
        return at["weight"][y] * rest ** s["gamma"] * cross_entropy

    return by_lane(at, case, value)


def multiplied(z, y, factors):
    """-ln of f_y e^z_y / sum f e^z."""
    powers = [f * mp.exp(t) for t, f in zip(z, factors, strict=True)]
    return mp.log1p(mp.fsum(e for k, e in enumerate(powers) if k != y) / powers[y])


def logit_adjusted(at, case):
    return by_lane(at, case, lambda z, y, s: multiplied(z, y, [p ** s["tau"] for p in at["prior"]]))


def balanced_softmax(at, case):
    return by_lane(at, case, lambda z, y, s: multiplied(z, y, at["counts"]))


def ldam(at, case):
    rarest = min(at["counts"])

    def value(z, y, s):
        margin = s["max_margin"] * (rarest / at["counts"][y]) ** mpf("0.25")
        return log_p_and_rest([s["s"] * (t - margin if k == y else t) for k, t in enumerate(z)], y)[0]

    return by_lane(at, case, value)


def generalized_cross_entropy(at, case):
    return by_lane(at, case, lambda z, y, s: -mp.expm1(-s["q"] * log_p_and_rest(z, y)[0]) / s["q"])


def symmetric_cross_entropy(at, case):
    def value(z, y, s):
        cross_entropy, rest = log_p_and_rest(z, y)
        return s["alpha"] * cross_entropy - s["beta"] * s["log_zero"] * rest

    return by_lane(at, case, value)


def binary(x, t, weight=1):
    return weight * t * mp.log1p(mp.exp(-x)) + (1 - t) * mp.log1p(mp.exp(x))


def sigmoid_cross_entropy(at, case):
    return [binary(x, t) for x, t in zip(at["x"], at["target"], strict=True)]


def weighted_sigmoid(at, case):
    values = [None] * len(at["z"])
    for lane in lanes(case["tensors"]["z"]["shape"]):
        for k, weight in zip(lane, at["positive"], strict=True):
            values[k] = binary(at["z"][k], at["target"][k], weight)
    return values


def multi_label_soft_margin(at, case):
    across = lanes(case["tensors"]["z"]["shape"])
    return [mp.fsum(binary(at["z"][k], at["target"][k]) for k in lane) / len(lane) for lane in across]


def asymmetric(at, case):
    if case["flags"]["detached"]:
        return None  # a slope of the value is no gradient there
    s, values = {name: mpf(x) for name, x in case["scalars"].items()}, []
    for x, t in zip(at["x"], case["masks"]["t"]["data"], strict=True):
        p, rest = 1 / (1 + mp.exp(-x)), 1 / (1 + mp.exp(x))
        m = p - s["clip"]
        if t:
            values.append(rest ** s["gamma_pos"] * mp.log1p(mp.exp(-x)))
        else:
            values.append(m ** s["gamma_neg"] * -mp.log(rest + s["clip"]) if m > 0 else mpf(0))
    return values


def margin_softmax(at, case, margin):
    s = scalar(at, case, "s")

    def logits(x, y, centres):
        c = [mp.fdot(unit(x), unit(w)) for w in centres]
        c[y] = margin(c[y])
        return [s * t for t in c]

    return heads(at, case, logits)


def scalar(at, case, name):
    return at[name][0] if name in at else mpf(case["scalars"].get(name, 0))


def cos_face(at, case):
    return margin_softmax(at, case, lambda c: c - scalar(at, case, "m"))


am_softmax = cos_face


def norm_face(at, case):
    return margin_softmax(at, case, lambda c: c)


def l2_softmax(at, case):
    alpha = scalar(at, case, "alpha")
    return heads(at, case, lambda x, y, centres: [alpha * mp.fdot(unit(x), w) + b for w, b in zip(centres, at["b"], strict=True)])


def beyond_pi(fall_back):
    """ArcFace with `fall_back(c, turned, m)` where theta + m >= pi."""

    def value(at, case):
        m = scalar(at, case, "m")

        def margin(c):
            turned = mp.cos(mp.acos(c) + m)
            return turned if mp.acos(c) + m < mp.pi else fall_back(c, turned, m)

        return margin_softmax(at, case, margin)

    return value


arc_face = beyond_pi(lambda c, turned, m: c - m * mp.sin(m))
arc_face_continuous = beyond_pi(lambda c, turned, m: -2 - turned)
arc_face_plain = beyond_pi(lambda c, turned, m: turned)


def arc_face_easy(at, case):
    m = scalar(at, case, "m")
    return margin_softmax(at, case, lambda c: mp.cos(mp.acos(c) + m) if c > 0 else c)


def psi(m, theta):
    k = mp.floor(m * theta / mp.pi)
    return (-1) ** int(k) * mp.cos(m * theta) - 2 * k


def combined_margin(at, case):
    m1, m2, m3 = (scalar(at, case, name) for name in ("m1", "m2", "m3"))
    phi = (lambda t: psi(1, t)) if case["flags"]["continued"] else mp.cos
    return margin_softmax(at, case, lambda c: phi(m1 * mp.acos(c) + m2) - m3)


def multiplicative(m, normalise):
    def value(at, case):
        lam = scalar(at, case, "lambda")

        def logits(x, y, centres):
            ws = [normalise(w) for w in centres]
            z = [mp.fdot(x, w) for w in ws]
            lengths = length(x) * length(ws[y])
            z[y] = (lam * z[y] + lengths * psi(m, mp.acos(z[y] / lengths))) / (1 + lam)
            return z

        return heads(at, case, logits)

    return value


# At cos theta = +-1 a step of the angle is the square root of one of the cosine, too coarse for these differences; so cases
# "aligned" and "opposite" are not verified for the losses with an angle. Nor is ArcFaceDetached, whose gradient is no slope.
AT_ENDS = ("aligned", "opposite", "ends of intervals")
l_softmax1, l_softmax2, l_softmax3, l_softmax = (multiplicative(m, lambda w: w) for m in (1, 2, 3, 4))
a_softmax1, a_softmax2, a_softmax3, a_softmax = (multiplicative(m, unit) for m in (1, 2, 3, 4))


def numeric_jacobian(value, at, case, name):
    """Per element of input `name`: the derivative of every sample's loss."""
    columns, flat = [], at[name]
    for i, t in enumerate(flat):
        sides = []
        for step in (STEP, -STEP):
            flat[i] = t + step
            sides.append(value(at, case))
        flat[i] = t
        columns.append([(a - b) / (2 * STEP) for a, b in zip(*sides, strict=True)])
    return columns


class Worst:
    """The largest errors seen, and the largest golden where the exact value is 0."""

    def __init__(self, floor):
        self.floor = floor
        self.element = self.array = self.at_zero = mpf(0)

    def compare(self, golden, exact):
        scale = max((abs(e) for e in exact), default=mpf(0))
        for g, e in zip(golden, exact, strict=True):
            error = abs(mpf(g) - e)
            if abs(e) > self.floor:
                self.element = max(self.element, error / abs(e))
            else:
                self.at_zero = max(self.at_zero, abs(mpf(g)))
            if scale > self.floor:
                self.array = max(self.array, error / scale)

    def include(self, other):
        self.element, self.array = max(self.element, other.element), max(self.array, other.array)
        self.at_zero = max(self.at_zero, other.at_zero)

    def __str__(self):
        return f"element {float(self.element):.1e}, array {float(self.array):.1e}, at zero {float(self.at_zero):.1e}"

    def acceptable(self):
        return self.array < ARRAY_LIMIT and self.at_zero < ZERO_LIMIT


def cotangents(case):
    """Per root of the goldens: the derivative of that total with respect to every sample's loss."""
    count = len(case["value"]["data"])
    ignored = case.get("ignore_index")
    valid = count if ignored is None else sum(y != ignored for y in case["labels"]["y"]["data"])
    roots = {"sum": [mpf(1)] * count, "mean": [mpf(1) / valid] * count, "cotangent": [mpf(c) for c in case["cotangent"]]}
    if "weighted_mean" in case["totals"]:
        counted = [y for y in case["labels"]["y"]["data"] if y != ignored]
        total = mp.fsum(mpf(case["tensors"]["weight"]["data"][y]) for y in counted)
        roots["weighted_mean"] = [1 / total] * count
    return roots


def verify_case(value, case, worst):
    at = {name: [mpf(t) for t in tensor["data"]] for name, tensor in case["tensors"].items()}
    at |= {name: [mpf(t)] for name, t in case["scalars"].items() if name in case["gradients"]["mean"]}
    samples, roots = value(at, case), cotangents(case)
    if samples is None:
        return
    worst.compare(case["value"]["data"], samples)
    for name, total in case["totals"].items():
        worst.compare([total], [mp.fdot(samples, roots[name])])
    for name in case["gradients"]["mean"]:
        jacobian = numeric_jacobian(value, at, case, name)
        for root, gradients in case["gradients"].items():
            worst.compare(gradients[name], [mp.fdot(column, roots[root]) for column in jacobian])


def main(names):
    failed = False
    for path in sorted(GOLDEN.glob("*.json")):
        if names and path.stem not in names or path.stem not in globals():
            continue
        floor = FLOOR.get(path.stem, 1e-290)
        overall = Worst(floor)
        for case in json.loads(path.read_text())["cases"]:
            if "softmax" in path.stem and case["name"].startswith(AT_ENDS):
                continue
            worst = Worst(floor)
            verify_case(globals()[path.stem], case, worst)
            overall.include(worst)
            if not worst.acceptable():
                failed = True
                print(f"  {case['name']}: {worst}")
        print(f"{path.stem}: {overall}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
