"""Run the tests that need real data (marker `data`), and count a skip, or no test at all, as a failure."""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path


def main() -> int:
    """Return the exit code."""
    if not os.environ.get("PIPELINES_DATA"):
        print("PIPELINES_DATA is not set; set it to the folder with the real data sets", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        code = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-m", "data", f"--junitxml={report}"], check=False
        ).returncode
        suite = next(ElementTree.parse(report).getroot().iter("testsuite"))
    tests, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    if skipped or not tests:
        print(f"{tests} tests ran and {skipped} were skipped; expected some and none", file=sys.stderr)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main())
