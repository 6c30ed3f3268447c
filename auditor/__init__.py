"""The auditor that ML researchers trust before they accuse anyone."""

__version__ = "0.1.0"
