"""The words both planes and other instances share: msgspec structs, no logic, no Django."""
