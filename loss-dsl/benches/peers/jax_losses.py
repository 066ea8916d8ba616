"""The losses in JAX, as somebody writes them who knows it. All take the arrays in the order of our definitions and return the mean."""

import math

import jax
import jax.numpy as jnp


def at(z, y):
    """The label's element of every row."""
    return jnp.take_along_axis(z, y[:, None], axis=1)[:, 0]


def put(z, y, values):
    """Rows with another element at the label."""
    return z.at[jnp.arange(z.shape[0]), y].set(values)


def cross_entropies(z, y):
    return jax.nn.logsumexp(z, axis=1) - at(z, y)


def softmax(z, y):
    return cross_entropies(z, y).mean()


def label_smoothing(z, y, epsilon=0.1):
    log_p = jax.nn.log_softmax(z, axis=1)
    return (-(1 - epsilon) * at(log_p, y) - epsilon * log_p.mean(axis=1)).mean()


def focal(z, y, gamma=2.0):
    ce = cross_entropies(z, y)
    return ((1 - jnp.exp(-ce)) ** gamma * ce).mean()


def sigmoid_focal(x, t, alpha=0.25, gamma=2.0):
    p = jax.nn.sigmoid(x)
    # As optax.sigmoid_binary_cross_entropy.
    ce = -t * jax.nn.log_sigmoid(x) - (1 - t) * jax.nn.log_sigmoid(-x)
    p_t = p * t + (1 - p) * (1 - t)
    alpha_t = alpha * t + (1 - alpha) * (1 - t)
    return (alpha_t * (ce * (1 - p_t) ** gamma)).mean()


def distillation(z, teacher, y, temperature=4.0, alpha=0.9):
    log_p = jax.nn.log_softmax(z / temperature, axis=1)
    log_q = jax.nn.log_softmax(teacher / temperature, axis=1)
    soft = (jnp.exp(log_q) * (log_q - log_p)).sum(axis=1)
    return (alpha * temperature**2 * soft + (1 - alpha) * cross_entropies(z, y)).mean()


def tempered_tsallis(z, weight, y, temperature=2.0, q=1.5, mix=0.3):
    p = jax.nn.softmax(z / temperature, axis=1)
    entropy = (1 - (p**q).sum(axis=1)) / (q - 1)
    return ((1 - mix) * weight[y] * cross_entropies(z, y) - mix * temperature * entropy).mean()


def hardest_negative(z, y, margin=1.0, share=0.5):
    label = at(z, y)
    others = put(z, y, -jnp.inf)
    pairs = jnp.square(jax.nn.relu(others - label[:, None] + margin)).sum(axis=1) / z.shape[1]
    hardest = others.max(axis=1)
    return (share * jax.nn.softplus(hardest - label + margin) + (1 - share) * pairs).mean()


def linear_softmax(x, w, y):
    return softmax(x @ w.T, y)


def unit(x):
    return x / jnp.linalg.norm(x, axis=1, keepdims=True)


def norm_face(x, w, y, s):
    return softmax(s * (unit(x) @ unit(w).T), y)


def cos_face(x, w, y, s=64.0, m=0.35):
    c = unit(x) @ unit(w).T
    return softmax(s * put(c, y, at(c, y) - m), y)


def arc_face(x, w, y, s=64.0, m=0.5):
    c = unit(x) @ unit(w).T
    target = jnp.clip(at(c, y), -1 + 1e-7, 1 - 1e-7)
    turned = jnp.cos(jnp.arccos(target) + m)
    phi = jnp.where(target > math.cos(math.pi - m), turned, target - m * math.sin(m))
    return softmax(s * put(c, y, phi), y)


def l_softmax(x, w, y):
    z = x @ w.T
    length = jnp.linalg.norm(x, axis=1) * jnp.linalg.norm(w, axis=1)[y]
    c = at(z, y) / length
    k = sum((c <= math.cos(j * math.pi / 4)).astype(c.dtype) for j in (1, 2, 3))
    c2 = c * c
    psi = (1 - 2 * (k % 2)) * (8 * c2 * (c2 - 1) + 1) - 2 * k
    return softmax(put(z, y, length * psi), y)


def learned_margins(x, w, margin, scale, y):
    c = unit(x) @ unit(w).T
    pushed = put(c, y, at(c, y) - jax.nn.softplus(margin)[y])
    return softmax(16 * jax.nn.softplus(scale) * pushed, y)
