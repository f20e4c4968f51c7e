"""What a labeler reads of a failed reply never names the checkpoint that was to write it."""

from pathlib import Path

import pytest

from workers.serving import Server


def test_a_checkpoint_that_cannot_be_loaded_is_no_fault_of_the_conversation(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "7" / "policy"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    reply = {
        "position": 0,
        "checkpoint_uri": folder.as_uri(),
        "temperature": 1,
        "top_p": 1,
        "max_new_tokens": 4,
        "seed": 1,
    }
    request = {"messages": [{"role": "user", "content": "A lamp?"}], "replies": [reply]}
    with pytest.raises(RuntimeError, match="could not be loaded"):  # an InputError would be shown as it is
        list(Server().chat(request))
