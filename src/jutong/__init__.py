"""Jutong (聚通), a government data sharing and exchange platform."""
