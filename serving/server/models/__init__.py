"""The models and versions that are served: configs, policies, folders, swaps, and the repository that holds them."""
