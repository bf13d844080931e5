"""Training of the sentiment models: needs the extra `train`, which the product never imports."""
