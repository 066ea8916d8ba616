"""The references of the library, a file a family."""

from . import distillation, focal, margin, multiplicative, normalised, sigmoid, softmax, weighted

FAMILIES = [softmax, weighted, sigmoid, focal, distillation, margin, multiplicative, normalised]
