"""The entry point of `./dev` (on Windows: `py -3 dev.py`).

The version check comes first, in syntax that old Pythons can parse.
"""

import os
import sys

if sys.version_info < (3, 11):
    sys.stderr.write("dev: needs Python 3.11 or newer, this is %s\n" % sys.version.split()[0])
    sys.exit(69)

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tools.verbs import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
