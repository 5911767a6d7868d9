"""Inside a network: Grad-CAM, gradient norms, dead units, cost."""
