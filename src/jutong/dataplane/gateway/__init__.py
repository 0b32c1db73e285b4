"""The gateway: business systems query, confirm and download under grants; bare ASGI."""
