"""The references of the library, a file a family."""

from . import distillation, focal, imbalance, logits, margin, robust, sigmoid, smoothing, softmax, weighted

FAMILIES = [softmax, weighted, smoothing, logits, imbalance, robust, sigmoid, focal, distillation, margin]
