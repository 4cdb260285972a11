"""Reads and writes neuron/manifest.json, which lists the compiled models of a model directory."""

import json

import files
import model_directory
from failure import Failure
from recipe import Shape

# A manifest with a packed shape has its own format number, so a loader that does not support packed shapes refuses it.
FORMAT, PACKED_FORMAT = 1, 2


def usable_entries(folder, recipe):
    """The entries of the manifest that this recipe would produce again and whose files are undamaged, by shape."""
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        models = model_directory.read_json(path, dict)["models"]
        usable = {}
        for entry in models:
            texts = entry["packing"]["texts"] if "packing" in entry else 0
            shape = Shape(batch=entry["batch"], length=entry["sequenceLength"], texts=texts)
            file = folder / recipe.file_name(shape)
            if (
                entry.get("key") == recipe.key(shape)
                and entry["file"] == file.name
                and file.is_file()
                and entry["sha256"] == files.sha256(file)
            ):
                usable[shape] = entry
    except (Failure, KeyError, TypeError, AttributeError):
        print(f"{path} is damaged and will be replaced")
        return {}
    if len(usable) < len(models):
        print(
            f"{path}: removed {len(models) - len(usable)} of {len(models)} models, which have other weights, options or"
            " versions, or are damaged"
        )
    return usable


def write(folder, recipe, entries):
    model = recipe.model
    weights_file = model.weights
    if weights_file.is_relative_to(model.folder):
        weights_file = weights_file.relative_to(model.folder)
    content = {
        "format": PACKED_FORMAT if any(shape.texts for shape in entries) else FORMAT,
        "emulated": False,
        "model": model.name,
        "source": {
            "revision": model.revision,
            "weights": str(weights_file),
            "sha256": recipe.weights_sha256,
            "pooling": model.pooling,
            "normalize": model.normalize,
        },
        "precision": recipe.precision,
        "compiler": recipe.compiler,
        "models": [entries[shape] for shape in sorted(entries)],
    }
    text = json.dumps(content, indent=2) + "\n"
    files.place(folder / "manifest.json", lambda file: file.write_text(text, encoding="utf-8"))
