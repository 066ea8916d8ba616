"""What is compared, at which sizes, and what is demanded of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A loss at a size; `d` is 0 for losses over logits."""

    group: str
    loss: str
    n: int
    c: int
    d: int = 0

    @property
    def name(self):
        size = f"{self.n}×{self.d}×{self.c}" if self.d else f"{self.n}×{self.c}"
        return f"{self.loss} {size}"

    @property
    def size(self):
        return self.n, self.c, self.d

    def bytes_needed(self):
        """Of memory, about, by the hungriest contestant: torch keeps a dozen arrays of the size of the logits."""
        return 4 * (14 * self.n * self.c + 6 * self.d * (self.n + self.c))


LOGITS = [(65536, 10), (16384, 100), (4096, 1000), (1024, 10000), (2048, 32000), (16, 1_000_000)]
HEADS = [(512, 128, 10000), (256, 512, 100_000), (1024, 512, 32000)]
BATCHES = [1, 2, 4, 8, 16, 32]

LOGIT_LOSSES = ["softmax", "label_smoothing", "focal", "sigmoid_focal", "distillation"]
HEAD_LOSSES = ["linear_softmax", "norm_face", "cos_face", "arc_face", "l_softmax"]

# Losses that are written in the benchmark itself.
OWN_LOGIT_LOSSES = ["tempered_tsallis", "hardest_negative"]
OWN_HEAD_LOSSES = ["learned_margins"]


def all_cases():
    """Every case, in the order in which it is measured."""
    return (
        [Case("logits", loss, n, c) for loss in LOGIT_LOSSES for n, c in LOGITS]
        + [Case("own logits", loss, n, c) for loss in OWN_LOGIT_LOSSES for n, c in LOGITS]
        + [Case("heads", loss, n, c, d) for loss in HEAD_LOSSES for n, d, c in HEADS]
        + [Case("own heads", loss, n, c, d) for loss in OWN_HEAD_LOSSES for n, d, c in HEADS]
        + [Case("batch", "softmax", n, 1_000_000) for n in BATCHES]
    )


def quick_cases():
    """A few of each group, the small ones."""
    few = {(65536, 10), (4096, 1000), (512, 10000), (1, 1_000_000)}
    return [case for case in all_cases() if (case.n, case.c) in few]


def growth_sweeps():
    """(loss, axis, cases along it): three decades or more of one extent, the others held."""
    logits = "softmax"
    yield logits, "N", [Case("growth", logits, n, 1000) for n in (16, 64, 256, 1024, 4096, 16384, 65536)]
    yield logits, "C", [Case("growth", logits, 256, c) for c in (10, 32, 100, 316, 1000, 3162, 10_000, 100_000)]
    head = "arc_face"
    yield head, "N", [Case("growth", head, n, 2000, 128) for n in (4, 16, 64, 256, 1024, 4096)]
    yield head, "C", [Case("growth", head, 128, c, 128) for c in (100, 316, 1000, 3162, 10_000, 31_623, 100_000)]
    yield head, "D", [Case("growth", head, 128, 2000, d) for d in (8, 32, 128, 512, 2048, 8192)]
