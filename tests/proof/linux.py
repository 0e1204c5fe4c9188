"""The numbers of the Linux system calls on x86-64 that work on files, and of a few others."""

from __future__ import annotations

NAMES = {
    0: "read", 1: "write", 2: "open", 3: "close", 4: "stat", 5: "fstat", 6: "lstat", 8: "lseek",
    9: "mmap", 11: "munmap", 17: "pread64", 18: "pwrite64", 19: "readv", 20: "writev",
    21: "access", 25: "mremap", 72: "fcntl", 73: "flock", 74: "fsync", 75: "fdatasync",
    76: "truncate", 77: "ftruncate", 78: "getdents", 79: "getcwd", 82: "rename", 83: "mkdir",
    84: "rmdir", 85: "creat", 87: "unlink", 89: "readlink", 90: "chmod", 91: "fchmod",
    93: "fchown", 217: "getdents64", 257: "openat", 258: "mkdirat", 262: "newfstatat",
    263: "unlinkat", 264: "renameat", 267: "readlinkat", 269: "faccessat", 285: "fallocate",
    295: "preadv", 296: "pwritev", 316: "renameat2", 332: "statx", 439: "faccessat2",
}  # fmt: skip
