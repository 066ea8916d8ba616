"""What is demanded of each case, and how far it is from that."""

import math
from dataclasses import dataclass

PEERS = ("eager", "compile", "jit")


def best(result, name):
    """The best time in milliseconds, if there is one."""
    times = result["times"].get(name)
    return min(times) / 1e6 if times else None


def median(result, name):
    times = sorted(result["times"].get(name, []))
    return times[len(times) // 2] / 1e6 if times else None


def ratio(above, below):
    return above / below if above and below else None


def fastest_peer(result):
    times = [time for time in (best(result, peer) for peer in PEERS) if time]
    return min(times) if times else None


def speedup(result):
    """How many times faster than the fastest peer."""
    return ratio(fastest_peer(result), best(result, "ours"))


def forward_speedup(result):
    return ratio(best(result, "eager forward"), best(result, "ours forward"))


def copies(result):
    return ratio(best(result, "ours"), best(result, "copy"))


def products(result):
    return ratio(best(result, "ours"), best(result, "products"))


def memory_share(result):
    """Our extra memory as a share of torch eager's."""
    memory = result.get("memory", {})
    return memory["ours"] / memory["eager"] if memory.get("eager", 0) > 0 else None


def busy(result):
    return result.get("busy")


@dataclass(frozen=True)
class Demand:
    """A number that every case of some groups must reach, or stay below, and one for their geometric mean."""

    what: str
    groups: tuple
    number: object
    each: float
    mean: float = None
    at_least: bool = True
    only: object = lambda case: True

    def rows(self, results):
        """(result, number) of each case that has one."""
        for result in results["cases"]:
            case = result["case"]
            if case["group"] in self.groups and self.only(case) and self.number(result) is not None:
                yield result, self.number(result)

    def reached(self, number, bound):
        """1 or more if it is, otherwise the part of the way."""
        return number / bound if self.at_least else bound / max(number, 1e-9)


DEMANDS = [
    Demand("losses over logits, times faster than the fastest peer", ("logits",), speedup, 2.0, 5.0),
    Demand("our own losses over logits, the same", ("own logits",), speedup, 2.0, 5.0),
    Demand(
        "softmax cross-entropy at 1000 classes and more, times a copy",
        ("logits",),
        copies,
        2.0,
        at_least=False,
        only=lambda case: case["loss"] == "softmax" and case["c"] >= 1000,
    ),
    Demand("heads, times faster than the fastest peer", ("heads",), speedup, 1.2, 1.6),
    Demand("our own head, the same", ("own heads",), speedup, 1.2, 1.6),
    Demand("heads, times the matrix products alone", ("heads", "own heads"), products, 1.25, at_least=False),
    Demand("heads, extra memory over torch eager's", ("heads", "own heads"), memory_share, 1 / 8, at_least=False),
    Demand(
        "forward alone, times faster than torch eager",
        ("logits", "own logits", "heads", "own heads"),
        forward_speedup,
        3.0,
    ),
    Demand("few rows of a million classes, cores busy", ("batch",), busy, 1.8),
]


def mean(numbers):
    """The geometric mean."""
    return math.exp(sum(map(math.log, numbers)) / len(numbers))
