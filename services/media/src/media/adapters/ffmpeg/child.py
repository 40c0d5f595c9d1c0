"""The first moments of a child, before it becomes ffmpeg: `child.py PARENT NICE MEMORY PROGRAM ARGUMENTS…`.

Run by path with -I -S, so it imports nothing of ours.
"""

import ctypes
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    parent, nice, memory = map(int, sys.argv[1:4])
    os.nice(nice)
    for kind, wanted in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        known = resource.getrlimit(kind)[1]
        most = wanted if known == resource.RLIM_INFINITY else min(wanted, known)
        resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":
        # an encoder that is killed -9 must not leave an ffmpeg that goes on writing
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == parent:
        os.execv(sys.argv[4], sys.argv[4:])  # noqa: S606 - the point: no shell between


if __name__ == "__main__":
    main()
