"""An n-gram run from start to end."""

from pipelines.ngram.config import Config


def run(config: Config) -> dict[str, float]:
    """Count, estimate, score once on held-out text, export, report, and return the scores (perplexities, counts)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines.ngram import data, evaluation, evidence, export, report, training
    from pipelines.record import runs
    from pipelines.report import assembly
    from pipelines.text import check, workplace

    folder = runs.choose("ngram-check" if config.check else "ngram", config)
    clock = runs.Clock()
    corpus = data.read(config)
    if config.check:
        return check.check(folder, corpus, data.tokenizer(config), min_count=config.min_count)
    runs.start(folder, config, fingerprint=corpus.fingerprint())
    with workplace.opened(folder) as work:
        texts = data.encode(config, corpus, work)
        clock.lap("reading the text")

        trained = training.train(config, texts, folder, work)
        clock.lap("counting and estimating")

    evaluated = evaluation.evaluate(trained)
    clock.lap("scoring")

    exported = export.write(config, folder, evaluated)
    clock.lap("export")

    shown = evidence.gather(config, evaluated)
    skipped = texts.not_used.skipped
    assembly.write(folder, "ngram", report.summary(shown), report.sections(shown), clock.seconds, skipped)
    return runs.finish(folder, evaluated.scores, hint=exported.hint)
