"""The home study: Wang et al. (2022), cross-border e-commerce and industrial clusters in China."""
