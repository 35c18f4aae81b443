"""From a dataset to a gated release. Serving never imports this package."""
