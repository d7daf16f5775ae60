"""Mathematics on optimizers."""
