"""Policies, mappings and programs to read and to run; each is run by the tests."""
