"""What the tests of the engines share: a department's HTTP interface."""

from interface_server import interface

__all__ = ["interface"]
