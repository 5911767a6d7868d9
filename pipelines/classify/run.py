"""A classification run from start to end."""

from pipelines.classify.config import Config


def run(config: Config) -> dict[str, float]:
    """Train, score once on held-out images, export, report, and return the scores (accuracies 0 to 1)."""
    # Imported here so that a mistyped flag is answered before TensorFlow loads.
    from pipelines.classify import check, data, export, find_rate, report, suggest, training
    from pipelines.record import runs
    from vision.metrics import classification

    if config.suggest is not None and config.out is not None:
        return suggest.suggest(config.out, config.suggest)
    folder = runs.choose(_purpose(config), config)
    clock = runs.Clock()
    images = data.read(config)
    if config.check:
        return check.check(folder, images, features=training.features(config, images))
    if config.find_learning_rate:
        return find_rate.find_rate(config, folder, images)
    data.tell(images)
    clock.lap("reading the data")

    learn = training.prepare(config, images)
    runs.start(folder, config, fingerprint=images.fingerprint())
    learned = learn(folder)
    clock.lap("training")

    scores = classification.scores(learned.probabilities, images.test.labels) | learned.spread
    clock.lap("scoring")

    parity = export.write(config, folder, images, learned, scores)
    clock.lap("export")

    evidence = report.Evidence(
        images=learned.images,
        learned=learned,
        monitor=config.training.monitor,
        scores=scores,
        parity=parity,
        seconds=clock.seconds,
    )
    report.write(folder, evidence, augmentation=config.augment, seed=config.seed)
    return runs.finish(folder, scores, hint=export.hint(folder))


def _purpose(config: Config) -> str:
    """How the folder is called when --out does not say."""
    if config.check:
        return "classify-check"
    return "classify-learning-rate" if config.find_learning_rate else "classify"
