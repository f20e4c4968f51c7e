"""TRL's SFT (1.16.0) on the workload: documents of 32 to 256 tokens, every token learned, 16 documents a step."""

import tempfile
import warnings

from datasets import Dataset
from steps import STEPS_PER_REPETITION, timed_repetitions
from trl import SFTConfig, SFTTrainer
from workload import causal, documents, median, read_options, tell, tokenizer

warnings.simplefilter("ignore")
options = read_options()
batch = options.batch or 16
rows = documents(1024, 32, 256, options)
with tempfile.TemporaryDirectory() as folder:
    settings = SFTConfig(
        output_dir=folder,
        use_cpu=options.device == "cpu",
        bf16=options.dtype == "bfloat16",
        per_device_train_batch_size=batch,
        max_steps=STEPS_PER_REPETITION * (options.updates + 1),
        max_length=256,
        learning_rate=1e-5,
        gradient_checkpointing=False,
        save_strategy="no",
        logging_steps=1000,
        report_to=[],
        disable_tqdm=True,
    )
    trainer = SFTTrainer(
        model=causal(options),
        args=settings,
        processing_class=tokenizer(options),
        train_dataset=Dataset.from_dict({"input_ids": rows}),
    )
    seconds = timed_repetitions(trainer)
tokens = STEPS_PER_REPETITION * batch * sum(map(len, rows)) / len(rows)
tell(seconds, tokens_per_second=round(tokens / median(seconds[1:])))
