"""Words and their ids."""

from collections.abc import Sequence

UNK, BOS, EOS = "<unk>", "<s>", "</s>"
"""Any word outside the vocabulary, begin and end of a sentence."""
UNK_ID, BOS_ID, EOS_ID = 0, 1, 2


class Vocabulary:
    """Words by id (`words`) and ids by word (`index`); ids 0, 1, 2 are `<unk>`, `<s>`, `</s>`, the rest in order of first appearance."""

    def __init__(self, words: Sequence[str]) -> None:
        """words: all of them, the three special ones first."""
        self.words = list(words)
        self.index = {word: number for number, word in enumerate(self.words)}

    def __len__(self) -> int:
        return len(self.words)
