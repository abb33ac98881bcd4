"""Runs a script under the probe: python inspect_script.py script.py arguments…

A file beside the package and not `python -m`, so that no environment variable is needed to find the package, which the
script and its children would inherit.
"""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, _folder)
from orrery_probe.__main__ import main  # noqa: E402

# The folder again (Python put it there as the script's own) and the one above.
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != _folder]
sys.path.insert(0, _folder)

if __name__ == "__main__":
    main()
