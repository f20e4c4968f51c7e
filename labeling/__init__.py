"""The labeling site: people, data, decisions."""

__version__ = "0.1.0"
