"""`python -m pipelines.word2vec`."""

from pipelines import command, word2vec

if __name__ == "__main__":
    command.main(word2vec)
