"""Reads what a model directory (Hugging Face layout) states about its model, by the rules of the Java API's
ModelDirectory.

A wrong pooling gives plausible but wrong vectors, and nothing fails. So nothing is guessed: a directory that does not
state its pooling is refused, unless the caller states it.
"""

import json
import os
import pathlib
import re
from dataclasses import dataclass

from failure import Failure

# The architectures that can be compiled, with their heads. The positions of some begin after the padding token's id.
_POSITIONS_AFTER_PADDING = ("xlm-roberta", "roberta", "camembert")
_HEADS = {"bert": "bert", "distilbert": "distilbert", **{name: "roberta" for name in _POSITIONS_AFTER_PADDING}}
_CROSS_ENCODER = "ForSequenceClassification"
# A cross-encoder has this instead of a pooling.
SCORES = "scores"
# DistilBERT's names for the settings in BERT's config.json.
_DISTILBERT_KEYS = {
    "num_hidden_layers": "n_layers",
    "num_attention_heads": "n_heads",
    "hidden_size": "dim",
    "intermediate_size": "hidden_dim",
    "hidden_act": "activation",
}

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class BertConfig:
    """What config.json states about the encoder. positions: the most tokens of a text; token_types: 0 if there are
    none; padding: the padding token's id if positions begin after it, else None; head: a key of encoder.HEADS, or
    None."""

    layers: int
    heads: int
    hidden_size: int
    intermediate_size: int
    vocabulary_size: int
    positions: int
    token_types: int
    epsilon: float
    padding: "int | None" = None
    head: "str | None" = None

    @property
    def first_position(self):
        return 0 if self.padding is None else self.padding + 1

    @property
    def takes_types(self):
        """Whether token types are an input of the graph. They distinguish the sides of a pair; in a single text all
        tokens have the first type."""
        return self.head is not None and self.token_types > 1


@dataclass(frozen=True)
class ModelDirectory:
    """pooling: a mode of sentence-transformers, or several joined by "+", or "scores" for a cross-encoder; weights: the
    file that contains them; revision: the commit of the repository, if known."""

    folder: pathlib.Path
    name: str
    config: BertConfig
    pooling: str
    normalize: bool
    weights: pathlib.Path
    revision: "str | None"


def open_directory(folder, pooling=None, weights=None, revision=None):
    """Reads and checks everything except the weights themselves. Arguments replace what the files state."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        raise Failure(f"{folder} is not a folder: name the folder that contains the model's config.json.")
    # The name of the folder itself, as in the Java API, not the name of the target of a link.
    folder = pathlib.Path(os.path.abspath(folder))
    cross_encoder = (folder / "config.json").is_file() and _is_cross_encoder(folder / "config.json")
    transformer, pooling_config, normalize = (folder, None, False) if cross_encoder else _modules(folder, pooling)
    config = _config(transformer / "config.json")
    if config.head:
        if pooling:
            raise Failure(f"{folder} is a cross-encoder, which has no pooling: do not use --pooling.")
        pooling = SCORES
    return ModelDirectory(
        folder=folder,
        name=folder.name,
        config=config,
        pooling=pooling or _pooling(pooling_config, config.hidden_size),
        normalize=normalize,
        weights=_weights(transformer, weights),
        revision=revision or _revision(folder),
    )


def read_json(path, kind):
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Failure(f"{path} is missing: copy it from the model's repository.") from None
    except (OSError, ValueError) as e:
        raise Failure(f"{path} cannot be read as JSON: copy it from the model's repository again ({e}).") from e
    if not isinstance(value, kind):
        raise Failure(
            f"{path} is not a JSON {'object' if kind is dict else 'list'}: copy it from the repository again."
        )
    return value


def _is_cross_encoder(path):
    architectures = read_json(path, dict).get("architectures")
    return isinstance(architectures, list) and any(str(name).endswith(_CROSS_ENCODER) for name in architectures)


def _config(path):
    values = read_json(path, dict)
    model_type = values.get("model_type")
    if model_type not in _HEADS:
        raise Failure(
            f"{path} has the model_type {json.dumps(model_type)}, but this program compiles only"
            f" {', '.join(sorted(_HEADS))}: use the ONNX Runtime backend for this model."
        )
    distilled = model_type == "distilbert"
    key = lambda name: _DISTILBERT_KEYS.get(name, name) if distilled else name
    for name, expected, default in (
        (key("hidden_act"), "gelu", "gelu"),
        ("position_embedding_type", "absolute", "absolute"),
        ("is_decoder", False, False),
        ("add_cross_attention", False, False),
    ):
        if values.get(name, default) != expected:
            raise Failure(
                f"{path} has {name} {json.dumps(values[name])}, but this program compiles only {json.dumps(expected)}:"
                " use the ONNX Runtime backend for this model."
            )

    def integer(name, least):
        value = values.get(key(name))
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise Failure(
                f'"{key(name)}" of {path} must be an integer {"above zero" if least else "of 0 or more"}, not'
                f" {json.dumps(value)}."
            )
        return value

    epsilon = values.get("layer_norm_eps", 1e-12)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise Failure(f'"layer_norm_eps" of {path} must be a number between 0 and 1, not {json.dumps(epsilon)}.')
    padding = integer("pad_token_id", 0) if model_type in _POSITIONS_AFTER_PADDING else None
    config = BertConfig(
        layers=integer("num_hidden_layers", 1),
        heads=integer("num_attention_heads", 1),
        hidden_size=integer("hidden_size", 1),
        intermediate_size=integer("intermediate_size", 1),
        vocabulary_size=integer("vocab_size", 1),
        positions=integer("max_position_embeddings", 1) - (0 if padding is None else padding + 1),
        token_types=0 if distilled else integer("type_vocab_size", 1),
        epsilon=epsilon,
        padding=padding,
        head=_HEADS[model_type] if _is_cross_encoder(path) else None,
    )
    if config.head:
        _require_one_class(path, values)
    if config.positions < 1:
        raise Failure(f'"max_position_embeddings" of {path} leaves no position after the padding token {padding}.')
    if config.hidden_size % config.heads:
        raise Failure(
            f'"{key("hidden_size")}" of {path} is {config.hidden_size}, which is not a multiple of its {config.heads}'
            " attention heads."
        )
    return config


def _require_one_class(path, values):
    # Transformers assumes two classes if neither key is present, and writes neither key for two.
    labels = values.get("id2label")
    classes = len(labels) if isinstance(labels, dict) else values.get("num_labels", 2)
    if classes != 1:
        raise Failure(
            f'{path} states {classes} classes ("id2label"), but a reranker has one: this model is a classifier, which'
            " cannot rank texts."
        )


def _modules(folder, pooling):
    """Reads modules.json: (folder of the encoder's files, file of the pooling, whether vectors are normalised)."""
    path = folder / "modules.json"
    if not path.exists():
        raise Failure(
            f"{path} is missing, so the model's pooling and normalisation are not stated: copy it from the model's"
            " repository."
        )
    places = {}
    for module in read_json(path, list):
        values = module if isinstance(module, dict) else {}
        name = str(values.get("type")).rpartition(".")[2]
        places[name] = pathlib.Path(os.path.abspath(folder / str(values.get("path", ""))))
        if not places[name].is_relative_to(folder):
            raise Failure(
                f"{path} has the path {json.dumps(values['path'])}, which must be inside the model directory."
            )
    order = list(places)
    expected = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
    if order not in expected and not (pooling and order == ["Transformer"]):
        raise Failure(
            f"{path} must list Transformer, Pooling and, if vectors have length 1, Normalize, in this order, but it"
            f" lists {', '.join(order) or 'nothing'}."
        )
    pooling_config = places["Pooling"] / "config.json" if "Pooling" in places else None
    return places["Transformer"], pooling_config, "Normalize" in order


# The modes of sentence-transformers' Pooling, and the booleans that selected them before its release 5.4. With several
# of them, it concatenated their vectors in this order.
_LEGACY_MODES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def _pooling(path, hidden_size):
    """The mode, or several modes joined by "+", whose vectors are concatenated."""
    values = read_json(path, dict)
    modes = values.get("pooling_mode")
    if modes is None:
        modes = [mode for key, mode in _LEGACY_MODES.items() if values.get(key) is True]
    elif isinstance(modes, str):
        modes = [modes]
    known = ", ".join(_LEGACY_MODES.values())
    if not isinstance(modes, list) or any(mode not in _LEGACY_MODES.values() for mode in modes):
        raise Failure(f'"pooling_mode" of {path} must be one of {known}, or a list of them, not {json.dumps(modes)}.')
    if not modes:
        raise Failure(f"{path} states no pooling mode ({known}): state it with --pooling.")
    for key in ("embedding_dimension", "word_embedding_dimension"):
        if values.get(key, hidden_size) != hidden_size:
            raise Failure(f'"{key}" of {path} must be {hidden_size}, the model\'s hidden_size, not {values[key]}.')
    if values.get("include_prompt", True) is not True:
        raise Failure(
            f'{path} excludes the prefix of a text from the pooling ("include_prompt": false), which is not supported:'
            " if you use the model without prefixes, state its pooling with --pooling."
        )
    return "+".join(modes)


def _weights(transformer, file):
    if file is not None:
        if not file.is_file():
            raise Failure(f"{file} is not a file: --weights must name the model's safetensors, bin or ONNX file.")
        return file.absolute()
    candidates = [transformer / name for name in ("model.safetensors", "pytorch_model.bin", "onnx/model.onnx")]
    for path in candidates:
        if path.is_file():
            return path
    raise Failure(
        f"{transformer} has no weights: copy one of {', '.join(str(c.relative_to(transformer)) for c in candidates)}"
        " from the model's repository to this folder."
    )


def _revision(folder):
    """The commit of the hub's repository. The hub's tools store it in one of two places; None if it is in neither."""
    metadata = folder / ".cache/huggingface/download/config.json.metadata"
    if metadata.is_file():
        first = metadata.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
        if _COMMIT.fullmatch(first):
            return first
    if folder.parent.name == "snapshots" and _COMMIT.fullmatch(folder.name):
        return folder.name
    return None
