"""Backends: each prints a program, in which nothing is left to decide, through one template."""

from symopt.backends import cpu, cuda

BACKENDS = {"cpu": cpu.emit, "cuda": cuda.emit}
"""Target name -> what turns a program and its spec into the text of one file."""
