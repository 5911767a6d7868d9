"""One runnable file a claim; `python -m benchmarks NAME` writes results/NAME.json and docs/benchmarks.md."""
