"""Curvature of the whole batch where several processes train together, each on its own part of it."""
