"""Reads what a NEFF file states: names and sizes of its tensors, and the version of its compiler.

AWS describes the container ("Work with NEFF files"): a header of 1024 bytes, then a tar, usually gzipped. The form of
the members is not documented. It was taken from two NEFFs in AWS's nkipy repository (spike/tests/artifacts, compiler
2.23): sg00/def.json lists a core's variables with type and bytes, info.json has the compiler's version.
"""

import json
import re
import struct
import tarfile
from dataclasses import dataclass

from failure import Failure

_HEADER_BYTES = 1024
_MEMBER = re.compile(r"(?:\./)?(?:sgLnk/)?(info\.json|sg00/def\.json)")


@dataclass(frozen=True)
class Neff:
    """inputs and outputs: bytes by tensor name, or None if the file does not list its tensors in the known form."""

    inputs: "dict[str, int] | None"
    outputs: "dict[str, int] | None"
    compiler_version: "str | None"


def read(path):
    """Reads the file. Fails if it is not a complete NEFF container."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        header = file.read(_HEADER_BYTES)
        header_bytes, payload_bytes = struct.unpack_from("<QQ", header, 8) if len(header) == _HEADER_BYTES else (0, 0)
        if header_bytes != _HEADER_BYTES or _HEADER_BYTES + payload_bytes > size:
            raise Failure(
                f"{path} is not a complete NEFF file: look for errors in the compiler's output, and compile again."
            )
        members = _members(path, file)
    variables = members.get("sg00/def.json", {}).get("var")
    inputs = outputs = None
    if isinstance(variables, dict):
        inputs, outputs = _sizes(variables, "input"), _sizes(variables, "output")
    return Neff(
        inputs=inputs,
        outputs=outputs,
        compiler_version=members.get("info.json", {}).get("tool_version"),
    )


def _members(path, file):
    members = {}
    try:
        # Read as a stream, so that the padding at the end of the payload is not read as gzip.
        with tarfile.open(fileobj=file, mode="r|*") as tar:
            for entry in tar:
                match = _MEMBER.fullmatch(entry.name)
                if match and entry.isfile():
                    value = json.loads(tar.extractfile(entry).read())
                    members[match.group(1)] = value if isinstance(value, dict) else {}
    except (tarfile.TarError, EOFError, OSError, ValueError) as e:
        raise Failure(f"{path} has a payload that is not a complete tar file: compile it again ({e}).") from e
    return members


def _sizes(variables, kind):
    return {
        name: variable.get("size")
        for name, variable in variables.items()
        if isinstance(variable, dict) and variable.get("type") == kind
    }
