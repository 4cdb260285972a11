"""Hashes files, and writes files so that they appear complete."""

import hashlib
import os
import pathlib
import tempfile


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def place(path, write):
    """Writes a file that appears under its name only when it is complete and on the disk."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", suffix=".partial", dir=path.parent)
    os.close(handle)
    partial = pathlib.Path(name)
    try:
        write(partial)
        with open(partial, "rb") as file:
            os.fsync(file.fileno())
        # A temporary file has a mode with which no other user can read it.
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
