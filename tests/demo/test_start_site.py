"""The demo leaves nothing behind, whenever it is stopped."""

import subprocess
from pathlib import Path

import pytest

from demo.site import Site


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, RuntimeError])
def test_a_site_that_is_stopped_while_it_starts_ends(
    stopped_by: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(site: Site) -> bool:
        raise stopped_by

    process = subprocess.Popen(["sleep", "100"], start_new_session=True)
    monkeypatch.setattr(Site, "_is_ready", stopped)
    try:
        with pytest.raises(stopped_by), Site(process, "http://127.0.0.1:1", tmp_path):
            pass
        assert process.poll() is not None
    finally:
        process.kill()
        process.wait()
