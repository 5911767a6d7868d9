"""A classification run from start to end."""

from pipelines.classify.config import Config


def run(config: Config) -> dict[str, float]:
    """Train, score once on held-out images, export, report, and return the scores (accuracies 0 to 1)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines.classify import check, data, evaluation, export, find_rate, report, suggest, training
    from pipelines.record import runs
    from pipelines.report import assembly

    if config.suggest is not None and config.out is not None:
        return suggest.suggest(config.out, config.suggest)
    folder = runs.choose(_purpose(config), config)
    clock = runs.Clock()
    images = data.read(config)
    if config.check:
        return check.check(folder, images, features=training.features(config, images))
    if config.find_learning_rate:
        return find_rate.find_rate(config, folder, images)
    data.print_left_out(images)
    clock.lap("reading the data")

    prepared = training.prepare(config, images)
    runs.start(folder, config, fingerprint=images.fingerprint())
    trained = training.train(prepared, folder)
    clock.lap("training")

    evaluated = evaluation.evaluate(trained)
    clock.lap("scoring")

    exported = export.write(config, folder, evaluated)
    clock.lap("export")

    shown = report.Evidence(config=config, evaluated=evaluated, parity=exported.parity)
    skipped = [(item.name, item.reason) for item in images.skipped]
    assembly.write(folder, "classify", report.summary(shown), report.sections(shown), clock.seconds, skipped)
    return runs.finish(folder, evaluated.scores, hint=exported.hint)


def _purpose(config: Config) -> str:
    """How the folder is called when --out does not say."""
    if config.check:
        return "classify-check"
    return "classify-learning-rate" if config.find_learning_rate else "classify"
