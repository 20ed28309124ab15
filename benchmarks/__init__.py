"""How fast Pellucid is beside its peers: measured side by side, in turn, in one run."""
