"""The front-end node (前置机): one process inside a department's network that dials out and opens no port to others."""
