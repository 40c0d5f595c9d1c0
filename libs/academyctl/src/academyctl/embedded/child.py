"""Starts one program so that it dies with the process that started it, and as another user if asked.

Run as a script with `python -I -S`: standard library only, nothing of this package.
`child.py PARENT_PID UID GID SEARCH command…`; UID -1 keeps the user; SEARCH 1 lets the demoted user
pass directories closed to it (a home of mode 0700), which PostgreSQL started by root needs.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522


def keep_capability(libc: ctypes.CDLL, capability: int) -> bool:
    """Give a process that just left root one capability, kept across exec. False where it may not have it."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    data = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    if libc.capset(header, data) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


def become(libc: ctypes.CDLL, uid: int, gid: int, *, search: bool) -> None:
    os.setgroups([])
    os.setgid(gid)
    if search:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setuid(uid)
    # reading and searching is enough; Docker's default set only has the wider one
    if search and not keep_capability(libc, CAP_DAC_READ_SEARCH):
        keep_capability(libc, CAP_DAC_OVERRIDE)


def watch(parent: int, command: list[str]) -> int:
    """Where the kernel cannot tie a child to its parent (macOS): stay and watch for both."""
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while True:
        try:
            return child.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            if os.getppid() != parent:
                child.kill()


def main(arguments: list[str]) -> int:
    parent, uid, gid, search = map(int, arguments[:4])
    command = arguments[4:]
    if sys.platform != "linux":
        return watch(parent, command)
    libc = ctypes.CDLL(None, use_errno=True)
    if uid >= 0:
        become(libc, uid, gid, search=bool(search))
    # after setuid, which clears it; the check closes the race with a parent that died meanwhile
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == parent:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
