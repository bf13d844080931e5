"""Faults made by hand in the shipped code, each with the test that catches it."""
