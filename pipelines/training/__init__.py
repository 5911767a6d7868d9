"""How weights are found: options, fitting, phases, optimizers, schedules, precision, checkpoints."""
