"""What an exported model answers to, one module per task, with its proofs."""
