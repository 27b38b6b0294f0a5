"""Data, layers, training: what the chapters share of MXNet, its NumPy interface switched on."""

from mxnet import npx as _npx

_npx.set_np()
