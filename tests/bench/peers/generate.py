"""transformers.generate on the workload: sampling at temperature 1, one batch padded on the left."""

import torch
from transformers import GenerationConfig
from workload import causal, median, now, prompts, read_options, tell

options = read_options()
model = causal(options).eval().to(options.device)
rows = prompts(options.batch or 128, options)
width = max(len(row) for row in rows)
ids = torch.tensor([[0] * (width - len(row)) + row for row in rows]).to(options.device)
mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows]).to(options.device)
settings = GenerationConfig(
    max_new_tokens=options.new_tokens, do_sample=True, temperature=1.0, top_k=0, eos_token_id=1, pad_token_id=0
)
seconds, rates = [], []
for _ in range(options.updates + 1):
    start = now()
    with torch.no_grad(), torch.autocast(options.device, torch.bfloat16, enabled=options.dtype == "bfloat16"):
        drawn = model.generate(ids, attention_mask=mask, generation_config=settings)[:, width:]
    seconds.append(now() - start)
    rates.append(int((drawn != 0).sum()) / seconds[-1])
tell(seconds, tokens_per_second=round(median(rates[1:])))
