"""TRL's reward trainer (1.16.0) on the workload: pairs of rows of 64 to 128 tokens, 16 pairs a step."""

import tempfile
import warnings

from datasets import Dataset
from steps import STEPS_PER_REPETITION, timed_repetitions
from trl import RewardConfig, RewardTrainer
from workload import documents, median, read_options, scorer, tell, tokenizer

warnings.simplefilter("ignore")
options = read_options()
batch = options.batch or 16
pairs = {name: documents(1024, 64, 128, options) for name in ("chosen_ids", "rejected_ids")}
with tempfile.TemporaryDirectory() as folder:
    settings = RewardConfig(
        output_dir=folder,
        use_cpu=options.device == "cpu",
        bf16=options.dtype == "bfloat16",
        per_device_train_batch_size=batch,
        max_steps=STEPS_PER_REPETITION * (options.updates + 1),
        learning_rate=1e-5,
        gradient_checkpointing=False,
        save_strategy="no",
        logging_steps=1000,
        report_to=[],
        disable_tqdm=True,
    )
    trainer = RewardTrainer(
        model=scorer(options),
        args=settings,
        processing_class=tokenizer(options),
        train_dataset=Dataset.from_dict(pairs),
    )
    seconds = timed_repetitions(trainer)
tell(seconds, pairs_per_second=round(STEPS_PER_REPETITION * batch / median(seconds[1:]), 1))
