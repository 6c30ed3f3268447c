"""What a worker process gives up before it sees a stranger's byte: memory, processor time, files, programs, the network.

Resource limits as in setrlimit(2), where the system has them. On Linux a filter of system calls as well (seccomp(2), BPF):
no socket, no new program, no new process, no signal to others, no file opened for writing, moved or removed. `confine` says what
could be put in place.
"""

from __future__ import annotations

import os
import struct
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MEMORY_BYTES = 2 << 30
"""Address space of a worker. Python alone takes 40 MB of it, HDF5 with numpy 700 MB, the largest header that is allowed the rest."""

DATA_BYTES = 1 << 30
"""What a worker may allocate, where the system counts it."""

OPEN_FILES = 24
"""Descriptors of a worker; three are pipes and /dev/null, some serve the import of an optional library."""

CPU_SECONDS = 90
"""Processor time for one file, after which the system ends the worker."""


@dataclass(frozen=True, slots=True)
class _Machine:
    """Numbers of system calls on one machine, as in the kernel's tables (asm/unistd.h)."""

    audit_arch: int
    clone: int  # refused but for threads
    opens: tuple[tuple[int, int], ...]  # (call, which argument holds the flags): refused for writing
    refused: tuple[int, ...]


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        56,
        ((257, 2), (2, 1)),
        # socket connect bind socketpair, execve execveat, fork vfork, kill tkill tgkill, ptrace process_vm_readv/writev
        # creat truncate ftruncate rename unlink rmdir mkdir link symlink chmod fchmod, and those with "at"; bpf io_uring pidfd_open
        (
            41,
            42,
            49,
            53,
            59,
            322,
            57,
            58,
            62,
            200,
            234,
            101,
            310,
            311,
            85,
            76,
            77,
            82,
            87,
            84,
            83,
            86,
            88,
            90,
            91,
            258,
            263,
            264,
            316,
            265,
            266,
            268,
            321,
            425,
            434,
        ),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        220,
        ((56, 2),),
        (198, 203, 200, 199, 221, 281, 129, 130, 131, 117, 270, 271, 45, 46, 34, 35, 36, 37, 38, 276, 52, 53, 280, 425, 434),
    ),
}
_NOT_THERE = (435, 437)  # clone3 and openat2 on both: what they ask for cannot be looked at, and the C library does without them
_CLONE_THREAD = 0x10000
_WRITING = 0x1 | 0x2 | 0x40 | 0x200 | 0x400  # O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND
_X32 = 0x40000000
_ALLOW, _REFUSE, _ABSENT = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # SECCOMP_RET_ERRNO with EPERM and ENOSYS
_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2


def confine() -> tuple[str, ...]:
    """Give up what a reader does not need, for good, and return the names of the measures that this system has."""
    measures: tuple[str, ...] = ("limits",) if _limit_resources() else ()
    with suppress(Exception):
        if _refuse_system_calls():
            measures += ("system calls",)
    return measures


def limit_cpu(seconds: float) -> None:
    """Let this process use so many seconds more of processor time; the system ends it after them."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        soft = int(used.ru_utime + used.ru_stime + seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def held_bytes() -> int:
    """Return how much memory this process holds; where the system does not say, its peak, or 0."""
    try:
        pages = Path("/proc/self/statm").read_bytes().split()[1]  # proc(5); getrusage would give the peak of the parent before exec
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _limit_resources() -> bool:
    try:
        import resource
    except ImportError:  # Windows
        return False
    wanted = {"AS": MEMORY_BYTES, "DATA": DATA_BYTES, "CORE": 0, "FSIZE": 0, "NOFILE": OPEN_FILES}
    if sys.platform == "darwin":
        wanted["NPROC"] = 0  # counts threads elsewhere, which numpy starts when it is imported
    for name, value in wanted.items():
        with suppress(AttributeError, ValueError, OSError):
            kind = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
    return True


def _refuse_system_calls() -> bool:
    """Install the filter. Returns False where there is none for this system."""
    machine = _MACHINES.get(os.uname().machine) if sys.platform == "linux" else None
    if machine is None:
        return False
    import ctypes

    program = _program(machine)
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(code)))
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p, ctypes.c_ulong, ctypes.c_ulong]
    return bool(prctl(_SET_NO_NEW_PRIVS, 1, None, 0, 0) == 0 and prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(header), 0, 0) == 0)


def _program(machine: _Machine) -> bytes:
    """Return the filter as classic BPF: the machine, the number of the call, the flags of a few, and the list."""
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    lines: list[tuple[int, int, int, int]] = [
        (load, 0, 0, 4),  # seccomp_data.arch
        (equal, 1, 0, machine.audit_arch),
        (answer, 0, 0, _REFUSE),
        (load, 0, 0, 0),  # seccomp_data.nr
        (at_least, 0, 1, _X32),
        (answer, 0, 0, _REFUSE),
    ]
    for number in _NOT_THERE:
        lines += [(equal, 0, 1, number), (answer, 0, 0, _ABSENT)]
    flagged = [(machine.clone, 0, _CLONE_THREAD, _ALLOW, _REFUSE)]
    flagged += [(number, place, _WRITING, _REFUSE, _ALLOW) for number, place in machine.opens]
    for number, place, bits, set_, unset in flagged:
        flags = 16 + 8 * place  # the low half of seccomp_data.args[place], on little-endian machines
        lines += [(equal, 0, 4, number), (load, 0, 0, flags), (any_bit, 0, 1, bits), (answer, 0, 0, set_), (answer, 0, 0, unset)]
    for place, number in enumerate(machine.refused):
        lines.append((equal, len(machine.refused) - place, 0, number))
    lines += [(answer, 0, 0, _ALLOW), (answer, 0, 0, _REFUSE)]
    return b"".join(struct.pack("<HBBI", *line) for line in lines)
