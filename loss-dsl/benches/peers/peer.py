"""One peer in a process of its own: `peer.py torch` or `peer.py jax` answers requests line by line, as `main.rs` does.

| request | answer |
| --- | --- |
| `load NAME N C D` | `ok` |
| `check PATH VALUE` | for each way of running it, errors against the value and the gradients given, as JSON |
| `time WHAT MS` | nanoseconds of each call |
| `memory NAME N C D` | bytes at the peak beyond inputs and gradients; once in a process |
"""

import importlib
import json
import sys
import time

import numpy as np

import inputs

LONG = 0.1
CALLS = 200
FEWEST = 3


class Torch:
    """PyTorch: `eager` and `compile` with gradients, `eager_forward` without."""

    ways = ["eager", "compile"]

    def __init__(self):
        self.torch = importlib.import_module("torch")
        self.losses = importlib.import_module("torch_losses")

    def load(self, name, n, c, d):
        self.torch._dynamo.reset()
        self.name, self.args, self.wanted = name, [], []
        for array, differentiated in inputs.arrays(name, n, c, d):
            tensor = self.torch.from_numpy(array).requires_grad_(differentiated)
            self.args.append(tensor)
            if differentiated:
                self.wanted.append(tensor)
        loss = getattr(self.losses, name)
        self.functions = {"eager": loss, "compile": self.torch.compile(loss, dynamic=False)}

    def call(self, what):
        if what == "eager_forward":
            with self.torch.no_grad():
                return self.functions["eager"](*self.args), []
        value = self.functions[what](*self.args)
        return value, self.torch.autograd.grad(value, self.wanted)

    def result(self, what):
        value, gradients = self.call(what)
        return value.item(), [gradient.numpy() for gradient in gradients]


class Jax:
    """JAX: `jit` of value and gradients."""

    ways = ["jit"]

    def __init__(self):
        self.jax = importlib.import_module("jax")
        self.losses = importlib.import_module("jax_losses")

    def load(self, name, n, c, d):
        arrays = inputs.arrays(name, n, c, d)
        self.args = [self.jax.numpy.asarray(array) for array, _ in arrays]
        wanted = tuple(i for i, (_, differentiated) in enumerate(arrays) if differentiated)
        self.jax.clear_caches()
        self.function = self.jax.jit(self.jax.value_and_grad(getattr(self.losses, name), wanted))

    def call(self, what):
        return self.jax.block_until_ready(self.function(*self.args))

    def result(self, what):
        value, gradients = self.call(what)
        return float(value), [np.asarray(gradient) for gradient in gradients]


def errors(result, value, path):
    """How far a result is from a value and the gradients in a file: relative, gradients by their norm."""
    own, gradients = result
    theirs = np.memmap(path, dtype=np.float32, mode="r")
    worst, at = 0.0, 0
    for gradient in gradients:
        part = theirs[at : at + gradient.size]
        at += gradient.size
        difference = np.linalg.norm((part - gradient.reshape(-1)).astype(np.float32))
        worst = max(worst, float(difference / np.linalg.norm(gradient)))
    if at != theirs.size:
        raise ValueError(f"{theirs.size} gradient elements, not {at}")
    return {"value": abs(own - value) / abs(own), "gradient": worst}


def attempt(work):
    """What `work` returns, or why it failed, so that one way of running a loss that fails leaves the others."""
    try:
        return work()
    except Exception as error:  # noqa: BLE001  whatever a compiler throws
        return {"failed": f"{type(error).__name__}: {str(error)[:300]}"}


def turn(peer, what, budget, warmed):
    """Times calls until the budget is spent and there are a few, or one if it is long; a first one is not counted if it is short."""
    times, spent = [], 0.0
    if warmed.get(what, 0.0) <= LONG:
        start = time.perf_counter()
        peer.call(what)
        warmed[what] = time.perf_counter() - start
    fewest = 1 if warmed[what] > LONG else FEWEST
    while len(times) < fewest or (spent < budget and len(times) < CALLS):
        start = time.perf_counter_ns()
        result = peer.call(what)
        elapsed = time.perf_counter_ns() - start
        # Freed between calls: the next one finds the memory that this one leaves.
        del result
        times.append(elapsed)
        spent += elapsed * 1e-9
    return times


def status(field):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def memory(peer, name, n, c, d):
    """What one call needs besides inputs and gradients, in a process that has made a small call of the same loss."""
    peer.load(name, min(n, 4), min(c, 64), min(d, 32))
    peer.call(peer.ways[0])
    peer.load(name, n, c, d)
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = status("VmRSS:")
    _, gradients = peer.call(peer.ways[0])
    return status("VmHWM:") - before - sum(4 * gradient.numel() for gradient in gradients)


def main():
    peer = {"torch": Torch, "jax": Jax}[sys.argv[1]]()
    warmed = {}
    for line in sys.stdin:
        request, *words = line.split()
        if request == "load":
            warmed = {}
            name, *size = words
            peer.load(name, *map(int, size))
            answer = "ok"
        elif request == "check":
            path, value = words
            answer = json.dumps({way: attempt(lambda: errors(peer.result(way), float(value), path)) for way in peer.ways})
        elif request == "time":
            what, milliseconds = words
            answer = " ".join(map(str, turn(peer, what, int(milliseconds) / 1000, warmed)))
        elif request == "memory":
            name, *size = words
            answer = str(memory(peer, name, *map(int, size)))
        else:
            answer = f"error: `{line.strip()}` is not understood"
        print(answer, flush=True)


main()
