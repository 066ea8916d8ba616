"""Losses of pairs of samples, and of a batch against itself.

The stable forms: -ln softmax through the gap to the other candidates, ln(1 + sum e^x) as softplus(lse x), and nothing, not
-inf, for a set that is empty. Left out, because a square root has no slope at 0: equal samples where a distance is taken (their
gradient is pinned in tests/it/extremes/pairs.rs), and zero vectors where cosines are.
"""

import math

import torch
import torch.nn.functional as F
from pytorch_metric_learning import distances, losses, miners, reducers

from reference import Case, Reference, head_shapes, on_grid
from stable import NEG_INF, cosines, softplus


def distance(a, b):
    return (a - b).norm(dim=-1)


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


def masks(y):
    """Partners (same class, another sample) and strangers of every sample."""
    same = y[:, None] == y[None, :]
    return same & ~torch.eye(len(y), dtype=torch.bool), ~same


def masked_lse(z, mask, dim=1):
    """lse over what the mask keeps; -inf and without a gradient where it keeps nothing."""
    some = mask.any(dim, keepdim=True)
    found = torch.logsumexp(torch.where(mask, z, torch.where(some, NEG_INF, 0.0)), dim)
    return torch.where(some.squeeze(dim), found, NEG_INF)


def soft_sum(lse):
    """ln(1 + e^lse), 0 and without a gradient at -inf."""
    nothing = lse == NEG_INF
    return torch.where(nothing, 0.0, softplus(torch.where(nothing, 0.0, lse)))


def diagonal_cross_entropy(s):
    """-ln of the share of s[n, n] in row n."""
    others = masked_lse(s, ~torch.eye(len(s), dtype=torch.bool))
    return soft_sum(others - s.diagonal())


def unreduced(loss, *arguments):
    """The elements of one of pytorch-metric-learning's losses, and which they are."""
    loss.reducer = reducers.DoNothingReducer()
    return loss(*arguments)["loss"]


def per_element(found, x):
    """Its losses per sample; zeros where it says so."""
    return found["losses"].flatten() if torch.is_tensor(found["losses"]) else x.sum(1) * 0


# Pairs given one by one


def contrastive(a, b, same, margin):
    """d^2 / 2 where same, max(0, margin - d)^2 / 2 elsewhere, d = |a - b|."""
    d = distance(a, b)
    return torch.where(same.bool(), d**2, F.relu(margin - d) ** 2) / 2


def contrastive_cases(draw):
    for name, n, d, scale, margin in [
        ("moderate", 5, 4, 1, 1.0),
        ("odd sizes", 7, 13, 0.25, 1.5),
        ("wide", 3, 67, 0.125, 2.0),
        ("one feature", 6, 1, 1, 1.0),
        ("one pair", 1, 3, 0.25, 1.0),
        ("large", 4, 3, 1024, 1000.0),
    ]:
        pairs = {"a": draw.real(n, d, scale=scale), "b": draw.real(n, d, scale=scale), "same": draw.bits(n)}
        yield Case(name, pairs, {"margin": margin})
    pairs = {"a": draw.real(5, 4, scale=0.25), "b": draw.real(5, 4, scale=0.25)}
    yield Case("none match", {**pairs, "same": torch.zeros(5, dtype=torch.bool)}, {"margin": 1.0})
    yield Case("all match", {**pairs, "same": torch.ones(5, dtype=torch.bool)}, {"margin": 1.0})


def triplet_margin(anchor, positive, negative, margin, eps, swap):
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d = |a - b + eps|; swap: the smaller of d(anchor, negative), d(positive, negative)."""
    far = distance(anchor + eps, negative)
    if swap:
        far = torch.minimum(far, distance(positive + eps, negative))
    return F.relu(distance(anchor + eps, positive) - far + margin)


def triplet_margin_peer(anchor, positive, negative, margin, eps, swap):
    return F.triplet_margin_loss(anchor, positive, negative, margin=margin, eps=eps, swap=swap, reduction="none")


def triplet_margin_cases(draw):
    for name, n, d, scale, margin, eps in [
        ("moderate", 5, 4, 1, 1.0, 1e-6),
        ("odd sizes", 7, 13, 0.5, 0.25, 1e-6),
        ("wide", 2, 33, 1, 1.0, 1e-6),
        ("one feature", 6, 1, 1, 1.0, 1e-6),
        ("one triplet", 1, 3, 1, 3.0, 1e-6),
        ("eps", 5, 4, 1, 1.0, 0.125),
        ("large", 4, 3, 1024, 100.0, 1e-6),
    ]:
        triplets = {name: draw.real(n, d, scale=scale) for name in ["anchor", "positive", "negative"]}
        for swap in [False, True]:
            scalars = {"margin": margin, "eps": eps}
            yield Case(name + (", swap" if swap else ""), triplets, scalars, {"swap": swap})


# Partners in the other half of the batch


def info_nce(a, b, temperature):
    """-ln softmax_m(cos(a_n, b_m) / temperature) at m = n."""
    return diagonal_cross_entropy(cosines(a, b) / temperature)


def info_nce_peer(a, b, temperature):
    s = F.normalize(a) @ F.normalize(b).T / temperature
    return F.cross_entropy(s, torch.arange(len(a)), reduction="none")


def views(draw):
    """Pairs of features."""
    for name, n, d in [("moderate", 4, 5), ("odd sizes", 7, 3), ("wide", 3, 67), ("one pair", 1, 4)]:
        a = draw.real(n, d)
        yield name, a, on_grid(a + draw.real(n, d, scale=0.5))
    a = draw.real(5, 4)
    yield "identical", a, a
    yield "opposite", a, -a
    yield "all alike", on_grid(torch.ones(4, 1) * draw.real(1, 3)), on_grid(torch.ones(4, 1) * draw.real(1, 3))
    yield "large and small", draw.real(4, 3) * 8192, draw.real(4, 3) * torch.tensor([[0.125], [8192], [0.0625], [1]])


def info_nce_cases(draw):
    for name, a, b in views(draw):
        for temperature in [0.07, 1.0]:
            yield Case(f"{name}, temperature {temperature:g}", {"a": a, "b": b}, {"temperature": temperature})
    yield Case("temperature 0.01", {"a": a, "b": b}, {"temperature": 0.01})


# cross_entropy's p - 1 is noise where p is 1.
def ill_where_certain(case):
    return case.name.startswith("identical") or "0.01" in case.name or case.name.startswith("one pair")


def clip(a, b, t):
    """The mean of -ln softmax over m and over n of e^t cos(a_n, b_m), at the pair."""
    s = torch.exp(t) * cosines(a, b)
    return (diagonal_cross_entropy(s) + diagonal_cross_entropy(s.T)) / 2


def clip_peer(a, b, t):
    s = torch.exp(t) * F.normalize(a) @ F.normalize(b).T
    own = torch.arange(len(a))
    return (F.cross_entropy(s, own, reduction="none") + F.cross_entropy(s.T, own, reduction="none")) / 2


def clip_cases(draw):
    for name, a, b in views(draw):
        yield Case(name, {"a": a, "b": b}, {"t": 2.659260036932778})
    yield Case("at the clamp", {"a": a, "b": b}, {"t": math.log(100)})
    yield Case("warm", {"a": a, "b": b}, {"t": -0.5})


def sig_lip(a, b, t, bias):
    """sum_m softplus(-z_nm (e^t cos(a_n, b_m) + bias)), z = 1 for m = n and -1 elsewhere."""
    z = 2 * torch.eye(len(a)) - 1
    return softplus(-z * (torch.exp(t) * cosines(a, b) + bias)).sum(1)


def sig_lip_peer(a, b, t, bias):
    logits = torch.exp(t) * F.normalize(a) @ F.normalize(b).T + bias
    return -F.logsigmoid((2 * torch.eye(len(a)) - 1) * logits).sum(1)


def sig_lip_cases(draw):
    for name, a, b in views(draw):
        yield Case(name, {"a": a, "b": b}, {"t": math.log(10), "bias": -10.0})
    yield Case("trained", {"a": a, "b": b}, {"t": 4.75, "bias": -16.5})
    yield Case("without bias", {"a": a, "b": b}, {"t": 0.0, "bias": 0.0})


def n_pairs(anchor, positive, l2):
    """ln(1 + sum_{m != n} e^{a_n p_m - a_n p_n}) + l2 (|a_n|^2 + |p_n|^2)."""
    return diagonal_cross_entropy(anchor @ positive.T) + l2 * (anchor**2 + positive**2).sum(1)


def n_pairs_peer(anchor, positive, l2):
    loss = losses.NPairsLoss(distance=distances.DotProductSimilarity(normalize_embeddings=False))
    # It finds the pairs itself: of every class the first sample that has a partner, and that partner.
    y = torch.arange(len(anchor)).repeat(2)
    found = per_element(unreduced(loss, torch.cat([anchor, positive]), y), anchor)
    return found + l2 * (anchor**2 + positive**2).sum(1)


def n_pairs_cases(draw):
    for name, a, b in views(draw):
        if name not in ("large and small", "identical"):
            for l2 in [0.0, 0.25]:
                yield Case(f"{name}, l2 {l2:g}", {"anchor": a, "positive": b}, {"l2": l2})
    a = draw.real(4, 3, scale=32)
    yield Case("large", {"anchor": a, "positive": a}, {"l2": 0.0})


# A labelled batch


def batches(draw):
    """Features and classes."""
    yield "moderate", draw.real(6, 4), torch.tensor([0, 1, 0, 2, 1, 0])
    yield "odd sizes", draw.real(9, 3), torch.tensor([7, -1, 7, 7, 4, 4, -1, 7, 4])
    yield "wide", draw.real(5, 67), torch.tensor([0, 0, 1, 1, 1])
    yield "some alone", draw.real(5, 4), torch.tensor([0, 1, 2, 1, 3])
    yield "all alone", draw.real(4, 3), torch.arange(4)
    yield "one class", draw.real(4, 3), torch.full((4,), 5)
    yield "one sample", draw.real(1, 3), torch.tensor([2**40])
    yield "large and small", draw.real(4, 3) * torch.tensor([[0.125], [8192], [0.0625], [1]]), torch.tensor([0, 0, 1, 1])


def batch_cases(draw, *sets):
    for name, x, y in batches(draw):
        yield Case(name, {"x": x, "y": y}, sets[0])
    name, x, y = next(batches(draw))
    for scalars in sets[1:]:
        suffix = "".join(f", {name} {value:g}" for name, value in scalars.items())
        yield Case(name + suffix, {"x": x, "y": y}, scalars)


def non_zero_mean(l, mask):
    """N times the sum of each row over the number of elements above 0 in all rows."""
    l = torch.where(mask, l, 0.0).flatten(1)
    return len(l) * l.sum(1) / (l > 0).sum().clamp(min=1)


def all_distances(x):
    """|x_n - x_m|; the diagonal, which nothing uses, without the slope of a root at 0."""
    square = ((x[:, None] - x[None, :]) ** 2).sum(2)
    return torch.sqrt(square + torch.eye(len(x)))


def batch_contrastive(x, y, pos_margin, neg_margin):
    """N (sum_m max(0, d - pos_margin) / count + sum_m max(0, neg_margin - d) / count), counts of the pairs of the batch with a loss."""
    d = all_distances(unit(x))
    partner, stranger = masks(y)
    return non_zero_mean(F.relu(d - pos_margin), partner) + non_zero_mean(F.relu(neg_margin - d), stranger)


def batch_contrastive_peer(x, y, pos_margin, neg_margin):
    return losses.ContrastiveLoss(pos_margin=pos_margin, neg_margin=neg_margin)(x, y)


def batch_all_triplet(x, y, margin):
    """N sum_{p, n} max(0, d(a, p) - d(a, n) + margin) / count, the count of the triplets of the batch with a loss."""
    d = all_distances(x)
    partner, stranger = masks(y)
    violation = F.relu(d[:, :, None] - d[:, None, :] + margin)
    return non_zero_mean(violation, partner[:, :, None] & stranger[:, None, :])


EUCLIDEAN = distances.LpDistance(normalize_embeddings=False)


def batch_all_triplet_peer(x, y, margin):
    return losses.TripletMarginLoss(margin=margin, distance=EUCLIDEAN)(x, y)


def batch_hard_triplet(x, y, margin, soft):
    """max(0, t + margin), t = max d(a, p) - min d(a, n); soft: softplus(t); 0 where either is over nothing."""
    d = all_distances(x)
    partner, stranger = masks(y)
    t = torch.where(partner, d, 0.0).amax(1) - torch.where(stranger, d, 1e9).amin(1)
    value = softplus(t) if soft else F.relu(t + margin)
    return torch.where(partner.any(1) & stranger.any(1), value, 0.0)


def batch_hard_triplet_peer(x, y, margin, soft):
    loss = losses.TripletMarginLoss(margin=0.0 if soft else margin, distance=EUCLIDEAN, smooth_loss=soft)
    triplets = miners.BatchHardMiner(distance=EUCLIDEAN)(x, y)
    if len(triplets[0]) == 0:
        return x.sum(1) * 0
    found = per_element(unreduced(loss, x, y, triplets), x)
    return torch.zeros(len(x)).index_add(0, triplets[0], found)


def batch_hard_triplet_cases(draw):
    for soft in [False, True]:
        for case in batch_cases(draw, {"margin": 0.2}, {"margin": 1.5}):
            yield Case(case.name + (", soft" if soft else ""), case.inputs, case.scalars, {"soft": soft})


def nt_xent(x, y, temperature):
    """The mean over the partners p of softplus(lse over the strangers of s - s_p), s = cos / temperature; 0 without partners."""
    s = cosines(x, x) / temperature
    partner, stranger = masks(y)
    gap = masked_lse(s, stranger)[:, None] - s
    return torch.where(partner, soft_sum(gap), 0.0).sum(1) / partner.sum(1).clamp(min=1)


def nt_xent_peer(x, y, temperature):
    found = unreduced(losses.NTXentLoss(temperature=temperature), x, y)
    partner, _ = masks(y)
    if not torch.is_tensor(found["losses"]):
        return x.sum(1) * 0
    total = torch.zeros(len(x)).index_add(0, found["indices"][0], found["losses"])
    return total / partner.sum(1).clamp(min=1)


def has_partner(x, y):
    return masks(y)[0].any(1).double()


def sup_con(x, y, temperature):
    """lse over the others of s minus the mean of s over the partners, s = cos / temperature; 0 without partners."""
    s = cosines(x, x) / temperature
    partner, _ = masks(y)
    # ln sum e^s - s_p as a softplus, so that nothing cancels where the only partner has all the mass.
    others = ~torch.eye(len(x), dtype=torch.bool)
    rest = torch.stack([masked_lse(s, others & (torch.arange(len(x)) != p)[None, :]) for p in range(len(x))], 1)
    return torch.where(partner, soft_sum(rest - s), 0.0).sum(1) / partner.sum(1).clamp(min=1)


def sup_con_peer(x, y, temperature):
    return per_element(unreduced(losses.SupConLoss(temperature=temperature), x, y), x)


def without_strangers(case):
    """It returns 0 for a batch of one class, where the formula does not."""
    return case.name == "one class"


def multi_similarity(x, y, alpha, beta, base):
    """ln(1 + sum over the partners of e^{-alpha (s - base)}) / alpha + ln(1 + sum over the strangers of e^{beta (s - base)}) / beta, s = cos."""
    s = cosines(x, x) - base
    partner, stranger = masks(y)
    return soft_sum(masked_lse(-alpha * s, partner)) / alpha + soft_sum(masked_lse(beta * s, stranger)) / beta


def multi_similarity_peer(x, y, alpha, beta, base):
    return per_element(unreduced(losses.MultiSimilarityLoss(alpha=alpha, beta=beta, base=base), x, y), x)


def pair_circle(x, y, m, gamma):
    """softplus(lse over the strangers of gamma a_n (s - m) + lse over the partners of gamma a_p (1 - m - s)), a_n = max(0, s + m) and a_p = max(0, 1 + m - s) detached."""
    s = cosines(x, x)
    partner, stranger = masks(y)
    pull = gamma * F.relu(1 + m - s).detach() * (1 - m - s)
    push = gamma * F.relu(s + m).detach() * (s - m)
    return soft_sum(masked_lse(pull, partner) + masked_lse(push, stranger))


def pair_circle_peer(x, y, m, gamma):
    return per_element(unreduced(losses.CircleLoss(m=m, gamma=gamma), x, y), x)


# Proxies


def with_proxies(loss, w):
    """The loss with its proxies replaced by `w`, gradients included."""
    del loss._parameters["proxies"]
    loss.proxies = w
    return loss


def proxy_nca(x, w, y, scale):
    """-ln softmax over the classes of -scale |x / |x| - w / |w||^2, at the label."""
    s = 2 * scale * cosines(x, w)
    own = F.one_hot(y, len(w)).bool()
    return soft_sum(masked_lse(s, ~own) - s[own])


def proxy_nca_peer(x, w, y, scale):
    loss = losses.ProxyNCALoss(num_classes=len(w), embedding_size=w.shape[1], softmax_scale=scale)
    return per_element(unreduced(with_proxies(loss, w), x, y), x)


def proxy_nca_cases(draw):
    for scale in [1.0, 9.0]:
        for name, x, w, y in head_shapes(draw):
            yield Case(f"{name}, scale {scale:g}", {"x": x, "w": w, "y": y}, {"scale": scale})


def proxy_anchor(x, w, y, alpha, margin):
    """sum over the classes of ln(1 + sum over their samples of e^{-alpha (cos - margin)}) / number of classes with samples + mean over the classes of ln(1 + sum over the other samples of e^{alpha (cos + margin)})."""
    s = cosines(x, w)
    own = F.one_hot(y, len(w)).bool()
    pull = soft_sum(masked_lse(-alpha * (s - margin), own, 0))
    push = soft_sum(masked_lse(alpha * (s + margin), ~own, 0))
    return pull.sum() / own.any(0).sum() + push.mean()


def proxy_anchor_peer(x, w, y, alpha, margin):
    loss = losses.ProxyAnchorLoss(num_classes=len(w), embedding_size=w.shape[1], alpha=alpha, margin=margin)
    return with_proxies(loss, w)(x, y)


def proxy_anchor_cases(draw):
    for name, x, w, y in head_shapes(draw):
        yield Case(name, {"x": x, "w": w, "y": y}, {"alpha": 32.0, "margin": 0.1})
    yield Case("gentle", {"x": x, "w": w, "y": y}, {"alpha": 2.0, "margin": 0.25})


def labelled(name, value, cases, seed, **more):
    return Reference(name, value, cases, seed=seed, differentiable=["x"], **more)


def batch_of(*sets):
    return lambda draw: batch_cases(draw, *sets)


REFERENCES = [
    Reference("Contrastive", contrastive, contrastive_cases, seed=7301, differentiable=["a", "b"]),
    Reference(
        "TripletMargin",
        triplet_margin,
        triplet_margin_cases,
        seed=7302,
        differentiable=["anchor", "positive", "negative"],
        peer=triplet_margin_peer,
        single=5e-6,
    ),
    Reference("InfoNce", info_nce, info_nce_cases, seed=7303, differentiable=["a", "b"], peer=info_nce_peer, ill=ill_where_certain, single=1e-5),
    Reference("Clip", clip, clip_cases, seed=7304, differentiable=["a", "b"], learned=["t"], peer=clip_peer, ill=ill_where_certain, single=1e-5),
    Reference("SigLip", sig_lip, sig_lip_cases, seed=7305, differentiable=["a", "b"], learned=["t", "bias"], peer=sig_lip_peer, single=1e-5),
    Reference(
        "NPairs",
        n_pairs,
        n_pairs_cases,
        seed=7306,
        differentiable=["anchor", "positive"],
        peer=n_pairs_peer,
        # No negatives, which it does not expect; cross_entropy's noise where p is 1.
        ill=lambda case: case.name.startswith("one pair") or case.name == "large",
        single=1e-5,
    ),
    labelled("BatchContrastive", batch_contrastive, batch_of({"pos_margin": 0.0, "neg_margin": 1.0}, {"pos_margin": 0.5, "neg_margin": 1.5}), 7307, peer=batch_contrastive_peer),
    labelled("BatchAllTriplet", batch_all_triplet, batch_of({"margin": 0.2}, {"margin": 1.5}), 7308, peer=batch_all_triplet_peer),
    labelled("BatchHardTriplet", batch_hard_triplet, batch_hard_triplet_cases, 7309, peer=batch_hard_triplet_peer, single=2e-5),
    labelled("NtXent", nt_xent, batch_of({"temperature": 0.5}, {"temperature": 0.07}, {"temperature": 0.01}), 7310, peer=nt_xent_peer, weight=has_partner, single=1e-5),
    labelled("SupCon", sup_con, batch_of({"temperature": 0.1}, {"temperature": 0.07}, {"temperature": 0.01}), 7311, peer=sup_con_peer, ill=without_strangers, weight=has_partner, single=1e-5),
    labelled(
        "MultiSimilarity",
        multi_similarity,
        batch_of({"alpha": 2.0, "beta": 50.0, "base": 1.0}, {"alpha": 2.0, "beta": 50.0, "base": 0.5}, {"alpha": 10.0, "beta": 3.0, "base": 0.25}),
        7312,
        peer=multi_similarity_peer,
        single=1e-5,
    ),
    labelled("PairCircle", pair_circle, batch_of({"m": 0.4, "gamma": 80.0}, {"m": 0.25, "gamma": 256.0}), 7313, peer=pair_circle_peer, single=2e-5),
    Reference("ProxyNca", proxy_nca, proxy_nca_cases, seed=7314, differentiable=["x", "w"], peer=proxy_nca_peer, single=1e-5),
    Reference("ProxyAnchor", proxy_anchor, proxy_anchor_cases, seed=7315, differentiable=["x", "w"], peer=proxy_anchor_peer, single=1e-5),
]
