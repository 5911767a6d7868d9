"""`python -m pipelines.ngram`."""

from pipelines import command, ngram

if __name__ == "__main__":
    command.main(ngram)
