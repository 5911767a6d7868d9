"""`python -m benchmarks NAME…` runs the named benchmarks; without a name it lists them and rewrites docs/benchmarks.md."""

import sys

from benchmarks import (
    ants_bees,
    augmentations,
    cifar10,
    demo,
    digits,
    fashion_mnist,
    inputs,
    networks,
    ngram,
    optimizers,
    page,
    serving,
    serving_overhead,
    serving_soak,
    word2vec,
)

BENCHMARKS = {
    "demo": demo.main,
    "digits": digits.main,
    "input": inputs.main,
    "fashion_mnist": fashion_mnist.main,
    "ants_bees": ants_bees.main,
    "cifar10": cifar10.main,
    "networks": networks.main,
    "augmentations": augmentations.main,
    "optimizers": optimizers.main,
    "ngram": ngram.main,
    "word2vec": word2vec.main,
    "serving": serving.main,
    "serving_overhead": serving_overhead.main,
    "serving_soak": serving_soak.main,
}
"""Every benchmark by its name."""


def main(names: list[str]) -> int:
    """Run them one after the other, then write the page. Returns the exit code: 2 for an unknown name."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown or not names:
        print(
            f"usage: make bench NAME, with NAME one of {', '.join(BENCHMARKS)}"
            + (f"; not {unknown[0]}" if unknown else "")
        )
    for name in names if not unknown else ():
        BENCHMARKS[name]()
    page.write()
    return 2 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
