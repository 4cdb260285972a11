"""Writes the manifest that the Java API's NeuronManifestTest reads. Run it after a change of the manifest's format.

  cd native/neff && PYTHONPATH=.:tests /usr/bin/python3 tests/sample_manifest.py
"""

import contextlib
import io
import pathlib
import tempfile

import compile_neff
import golden
import tiny

FILE = golden.ROOT / "java-api/src/test/resources/io/github/neuronembed/model/compiled-manifest.json"
REVISION = "0123456789abcdef0123456789abcdef01234567"


def make(folder):
    """Compiles the tiny model with the stand-in, pooled; returns the manifest's text."""
    model = tiny.lay_out(folder / "tiny-bert")
    arguments = [str(model), "--shapes", "4x16,1x8", "--precision", "fp32", "--revision", REVISION]
    with contextlib.redirect_stdout(io.StringIO()):
        code = compile_neff.main(arguments, trace=tiny.StandIn(), versions=lambda: tiny.VERSIONS, device=lambda: True)
    if code != 0:
        raise AssertionError(f"exit code {code}")
    return (model / "neuron/manifest.json").read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temp:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(make(pathlib.Path(temp)), encoding="utf-8")
