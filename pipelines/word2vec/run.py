"""A word2vec run from start to end."""

from pipelines.word2vec.config import Config


def run(config: Config) -> dict[str, float]:
    """Train, score by word lists, export, report, and return the scores (correlations -1 to 1, accuracies 0 to 1)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines.record import runs
    from pipelines.report import assembly
    from pipelines.text import check, workplace
    from pipelines.word2vec import data, evaluation, evidence, export, report, training

    folder = runs.choose("word2vec-check" if config.check else "word2vec", config)
    clock = runs.Clock()
    corpus = data.read(config)
    if config.check:
        return check.check(folder, corpus, data.tokenizer(config), min_count=config.min_count)
    runs.start(folder, config, fingerprint=corpus.fingerprint())
    with workplace.opened(folder) as work:
        text = data.normalise(config, corpus, work)
        clock.lap("reading the text")

        trained = training.train(config, text, folder)
        clock.lap("training")

    evaluated = evaluation.evaluate(config, trained)
    clock.lap("scoring")

    exported = export.write(config, folder, evaluated)
    clock.lap("export")

    shown = evidence.gather(config, evaluated, exported)
    skipped = text.not_used.skipped
    assembly.write(folder, "word2vec", report.summary(shown), report.sections(shown), clock.seconds, skipped)
    return runs.finish(folder, evaluated.scores, hint=exported.hint)
