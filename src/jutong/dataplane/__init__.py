"""The data plane: moves bytes under signed grants and never imports the control plane."""
