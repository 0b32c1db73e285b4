"""Catalogue (目录): entries, their items and versions, import, review, publication and search."""
