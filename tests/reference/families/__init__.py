"""The references of the library, a file a family."""

from . import distillation, focal, margin, modern, sigmoid, softmax, stateful, weighted

FAMILIES = [softmax, weighted, sigmoid, focal, distillation, margin, modern, stateful]
