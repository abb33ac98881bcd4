"""What is measured at steps, a file an observable; `catalog.py` is the list."""
