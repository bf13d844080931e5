"""Tests that drive the real product with a real Chromium."""
