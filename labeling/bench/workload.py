"""What every benchmark asks of a system: this one and its peers alike. Knows no Django."""

NUM_LABELERS = 64
NUM_COMPLETIONS = 4
OVERLAP = 2  # answers that each task asks for
DONE_EVERY = 3  # every third task is answered already
COMPLETION_TEXT = "some answer text " * 20
PROMPT_TEXT = "Prompt number #: explain something. " * 3
