"""Policies and sample data that the package ships."""
