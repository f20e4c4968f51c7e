"""TRL's PPO (1.12.0, the last that has it) on the workload: 64 episodes an update, 4 epochs of 4 minibatches."""

import copy
import tempfile
import warnings

from datasets import Dataset
from transformers import TrainerCallback
from trl.experimental.ppo import PPOConfig, PPOTrainer
from workload import causal, median, now, prompts, read_options, scorer, tell, tokenizer

warnings.simplefilter("ignore")
options = read_options()
batch = options.batch or 64
policy = causal(options)
ends = []


class Watch(TrainerCallback):
    def on_step_end(self, *given: object, **named: object) -> None:
        ends.append(now())


with tempfile.TemporaryDirectory() as folder:
    settings = PPOConfig(
        output_dir=folder,
        use_cpu=options.device == "cpu",
        bf16=options.dtype == "bfloat16",
        total_episodes=batch * (options.updates + 1),
        per_device_train_batch_size=batch // 4,
        gradient_accumulation_steps=4,
        num_mini_batches=4,
        num_ppo_epochs=4,
        local_rollout_forward_batch_size=batch,
        response_length=options.new_tokens,
        learning_rate=1e-5,
        kl_coef=0.05,
        stop_token="eos",
        missing_eos_penalty=1.0,
        num_sample_generations=0,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    trainer = PPOTrainer(
        args=settings,
        processing_class=tokenizer(options),
        model=policy,
        ref_model=copy.deepcopy(policy),
        reward_model=scorer(options),
        value_model=scorer(options),
        train_dataset=Dataset.from_dict({"input_ids": prompts(1024, options)}),
        callbacks=[Watch()],
    )
    start = now()
    trainer.train()
seconds = [end - begin for begin, end in zip([start, *ends], ends, strict=False)]
tell(seconds, seconds_per_update=round(median(seconds[1:]), 3))
