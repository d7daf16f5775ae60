"""Optimizers at the ends: hyperparameters at the ends of their domains, and t without bound."""
