"""Folders of encoders that start on one machine."""

from media.usecases.encoding.scratch import Scratch
from testkit.at_once import at_once


def test_encoders_that_start_together_keep_their_folders(tmp_path):
    for number in range(20):
        root = tmp_path / str(number)
        started = [done.result() for done in at_once(*[lambda root=root: Scratch(root)] * 4)]
        for scratch in started:
            with scratch.folder("job-1") as folder:
                (folder / "raw").touch()
            scratch.close()
