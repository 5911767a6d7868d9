"""`python -m serving.predict`."""

import sys

from serving.predict import main

if __name__ == "__main__":
    sys.exit(main())
