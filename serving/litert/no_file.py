"""mobile/README.md of a model that has no .tflite file."""

from collections.abc import Sequence

NONE_FOR_NGRAMS = """# No .tflite file here

An n-gram model of order {order} is tables, here of {entries:,} n-grams, in which each word's context is found by a search over sorted
64-bit keys. TensorFlow has an operator for that (`LowerBound`), and one that splits a text into words (`StringSplitV2`); LiteRT has
neither built in. A .tflite file would need the Flex library, which phones do not carry, and a file that answers otherwise than the
model would be another model.

What to use instead:

* A server. In the folder above, `python -m serving --rest_api_port=8501 --model_name=ngram --model_base_path="$PWD/export"` answers
  texts with their log probability, perplexity and next words; an app asks it over REST or gRPC.
* In a program of your own: {files}
"""


ARPA = "the same tables are in {named}; KenLM, in C++, reads ARPA files."


NO_ARPA = "write the model as an ARPA file, which KenLM, in C++, reads."


def none_for_ngrams(*, order: int, entries: int, files: Sequence[str] = ()) -> str:
    """README.md for an n-gram model, which has no .tflite file: why, and what to use instead.

    entries: n-grams of all orders. files: names, as seen from mobile/, of files of the model that other programs read,
    such as ../model.arpa.
    """
    named = " and ".join(f"`{name}`" for name in files)
    advice = ARPA.format(named=named) if files else NO_ARPA
    return NONE_FOR_NGRAMS.format(order=order, entries=entries, files=advice)
