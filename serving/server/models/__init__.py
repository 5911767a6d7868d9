"""Which models and which of their versions: config, policies, folders, versions, swap, repository."""
