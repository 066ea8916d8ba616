"""The references of the library, a file a family."""

from . import distillation, focal, margin, pairs, sigmoid, softmax, weighted

FAMILIES = [softmax, weighted, sigmoid, focal, distillation, margin, pairs]
