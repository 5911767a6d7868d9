"""`python -m pipelines.classify`."""

from pipelines import classify, command

if __name__ == "__main__":
    command.main(classify)
