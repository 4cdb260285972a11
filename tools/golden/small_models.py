"""Makes or checks the small models with random weights for the Java tests, and their expected results; see README.md.

Each is a model directory with an ONNX file and a tokenizer, whose vocabulary comes from the texts in this folder. Its
`golden.jsonl` has texts or pairs with their token ids and results from this folder's tokenizers and float64 encoder.
"""

import argparse
import base64
import json
import pathlib
import sys
from typing import NamedTuple, Optional

import numpy

import bert
import bytelevel
import charsmap
import encoders
import exporters
import texts
import texts_zh
import unigram
import vocabularies
import wordpiece

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "java-api/src/test/resources/io/github/neuronembed/small"
MAX_TOKENS = 512
XLM_R_TOKENS = ["<s>", "<pad>", "</s>", "<unk>"]
BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
BERT_HEAD = ("pooler.dense", "classifier", "Tanh")
ROBERTA_HEAD = ("classifier.dense", "classifier.out_proj", "Tanh")
DISTILBERT_HEAD = ("pre_classifier", "classifier", "Relu")

_ENGLISH = tuple(t for t in texts.english("query: ", MAX_TOKENS) if t.id != "over-long-3000-tokens")
CORPUS = [t.text for t in (*_ENGLISH, *texts_zh.TEXTS)]
# Only some of the Chinese texts, so that the vocabulary lacks some characters of the others.
TEXTS = (*_ENGLISH, *[t._replace(id="zh-" + t.id, text=t.text[:80]) for t in texts_zh.TEXTS[:12]])


class Model(NamedTuple):
    """One small model. head: None for an encoder of texts; exporter: writes a second ONNX file with the same weights;
    embedding, relative: as in encoders.weights."""

    name: str
    model_type: str
    architecture: str
    tokenizer: str
    seed: int
    padding: Optional[int] = None
    table_of_types: int = 0
    takes_types: bool = False
    pooling: str = ""
    prefix: str = ""
    head: Optional[tuple] = None
    config: dict = {}
    exporter: Optional[type] = None
    embedding: Optional[int] = None
    relative: bool = False


MODELS = {
    model.name: model
    for model in (
        Model("xlm-roberta", "xlm-roberta", "XLMRobertaModel", "unigram", 1, 1, 1, pooling="mean", prefix="query: ",
              exporter=exporters.Dynamo),
        Model("roberta", "roberta", "RobertaModel", "bytelevel", 2, 1, 1, pooling="cls", exporter=exporters.OlderDynamo),
        Model("distilbert", "distilbert", "DistilBertModel", "wordpiece", 3, pooling="mean", exporter=exporters.WrittenNorms),
        Model("camembert", "camembert", "CamembertModel", "unigram", 6, 1, 1, pooling="mean"),
        Model("electra", "electra", "ElectraModel", "wordpiece", 7, None, 2, True, pooling="cls", embedding=8),
        Model("mpnet", "mpnet", "MPNetModel", "unigram", 8, 1, pooling="mean", relative=True),
        Model(
            "bert-reranker", "bert", "BertForSequenceClassification", "wordpiece", 4, None, 2, True, head=BERT_HEAD,
            config={"sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"},
            exporter=exporters.NewestDynamo,
        ),
        Model(
            "xlm-roberta-reranker", "xlm-roberta", "XLMRobertaForSequenceClassification", "unigram", 5, 1, 1,
            head=ROBERTA_HEAD,
            config={"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid", "version": "5.1.0"}},
            exporter=exporters.ScaledDotProduct,
        ),
    )
}


def _added(tokens, vocabulary, **flags):
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True, **flags}
    return [
        {"id": vocabulary[token], "content": token, **flags, "lstrip": token == "<mask>"} for token in tokens
    ]


def _template(cls, sep, ids, second_type, doubled):
    special = lambda token, type_id: {"SpecialToken": {"id": token, "type_id": type_id}}
    text = lambda name, type_id: {"Sequence": {"id": name, "type_id": type_id}}
    between = [special(sep, 0)] * (2 if doubled else 1)
    return {
        "type": "TemplateProcessing",
        "single": [special(cls, 0), text("A", 0), special(sep, 0)],
        "pair": [special(cls, 0), text("A", 0), *between, text("B", second_type), special(sep, second_type)],
        "special_tokens": {token: {"id": token, "ids": [ids[token]], "tokens": [token]} for token in (cls, sep)},
    }


def unigram_json():
    table = charsmap.compatibility_table()
    pieces = [*vocabularies.unigram_pieces(CORPUS, table, XLM_R_TOKENS, 699), ("<mask>", 0.0)]
    ids = {piece: number for number, (piece, _) in enumerate(pieces)}
    metaspace = {"type": "Metaspace", "replacement": unigram.SPACE, "add_prefix_space": True}
    return {
        "version": "1.0",
        # These two have no effect: the model's limit applies, and the engine pads rows.
        "truncation": {"direction": "Right", "max_length": 20, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": 30}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 1,
                    "pad_type_id": 0, "pad_token": "<pad>"},
        "added_tokens": _added([*XLM_R_TOKENS, "<mask>"], ids),
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": charsmap.encode(table)},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": _template("<s>", "</s>", ids, 1, True),
        "decoder": metaspace,
        "model": {"type": "Unigram", "unk_id": 3, "vocab": pieces},
    }


def bytelevel_json():
    vocabulary, merges = vocabularies.byte_pairs(CORPUS, XLM_R_TOKENS, 699)
    vocabulary["<mask>"] = len(vocabulary)
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added([*XLM_R_TOKENS, "<mask>"], vocabulary, normalized=True),
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", vocabulary["</s>"]],
                           "cls": ["<s>", vocabulary["<s>"]], "trim_offsets": True, "add_prefix_space": False},
        "decoder": level,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "",
                  "end_of_word_suffix": "", "fuse_unk": False, "byte_fallback": False, "vocab": vocabulary,
                  "merges": [" ".join(pair) for pair in merges]},
    }


def wordpiece_json():
    vocabulary = vocabularies.word_pieces(CORPUS, BERT_TOKENS, 700)
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": _added(BERT_TOKENS, vocabulary),
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None,
                       "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": _template("[CLS]", "[SEP]", vocabulary, 1, False),
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 100, "vocab": vocabulary},
    }


class _WordPieces:
    """The WordPiece tokenizer with the same methods as the other tokenizers."""

    def __init__(self, data):
        self._tokenizer = wordpiece.WordPieceTokenizer.from_json(data)
        self._vocabulary = json.loads(data)["model"]["vocab"]

    def content(self, text):
        return [self._vocabulary[token] for token in self._tokenizer.tokenize(text)]


TOKENIZERS = {
    "unigram": (unigram_json, lambda data: unigram.UnigramTokenizer.from_json(data, charsmap.compatibility_table())),
    "bytelevel": (bytelevel_json, bytelevel.ByteLevelTokenizer.from_json),
    "wordpiece": (wordpiece_json, _WordPieces),
}


def pairs():
    """Pairs of texts: each text with one of some queries, and pairs with one or both sides too long."""
    queries = [t.text for t in TEXTS if t.type == texts.QUERY and t.text][:6]
    long = " ".join(t.text for t in _ENGLISH[:30])
    made = [(f"{t.id}", queries[n % len(queries)], t.text) for n, t in enumerate(TEXTS)]
    return [
        *made,
        ("no-query", "", TEXTS[0].text),
        ("nothing", "", ""),
        ("long-text", queries[0], long),
        ("long-query", long, TEXTS[0].text),
        ("both-long", long, long[7:]),
        ("query-longer", long + " " + long, long),
        ("query-over-half", long[:1200], long),
    ]


def longest_first(first, second, room):
    """The lengths of the two sides after truncation, as in the tokenizers library. The shorter side stays whole if it fits
    into half of the limit. If it does not, each side gets half, and the longer side also the remainder."""
    if first + second <= room:
        return first, second
    shorter, longer = sorted((first, second))
    if shorter <= room // 2:
        longer = room - shorter
    else:
        shorter, longer = room // 2, room - room // 2
    return (longer, shorter) if first > second else (shorter, longer)


def golden(model, tokenizer, encoder):
    """Yields the expected result of each text or pair."""
    # [CLS] text [SEP] and [CLS] query [SEP] text [SEP], or <s> text </s> and <s> query </s></s> text </s>
    cls, sep = (2, 3) if model.tokenizer == "wordpiece" else (0, 2)
    between = [sep] if model.tokenizer == "wordpiece" else [sep, sep]
    if model.head:
        for name, query, text in pairs():
            first, second = tokenizer.content(query), tokenizer.content(text)
            kept = longest_first(len(first), len(second), MAX_TOKENS - 2 - len(between))
            start = [cls, *first[: kept[0]], *between]
            end = [*second[: kept[1]], sep]
            types = [0] * len(start) + [1 if model.takes_types else 0] * len(end)
            yield {"id": name, "query": query, "text": text, "tokens": 2 + len(between) + len(first) + len(second),
                   "token_ids": start + end, "first": len(start), "logit": encoder.logit(start + end, types, model.head)}
        return
    for entry in TEXTS:
        content = tokenizer.content((model.prefix if entry.type == texts.QUERY else "") + entry.text)
        ids = [cls, *content[: MAX_TOKENS - 2], sep]
        vector = encoder.embed(ids, mean=model.pooling == "mean")
        yield {"id": entry.id, "type": entry.type, "text": entry.text, "tokens": len(content) + 2, "token_ids": ids,
               "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")}


def dump(value):
    return json.dumps(value, separators=(",", ":"))


def files(model):
    """The directory's files, by name."""
    make, reference = TOKENIZERS[model.tokenizer]
    tokenizer = dump(make())
    size = 700
    positions = MAX_TOKENS + (0 if model.padding is None else model.padding + 1)
    values = encoders.weights(
        model.seed, size, positions, model.table_of_types, model.head, embedding=model.embedding, relative=model.relative
    )
    encoder = encoders.Encoder(values, model.padding, model.takes_types, model.head)
    distilled = model.model_type == "distilbert"
    config = {
        "architectures": [model.architecture],
        "model_type": model.model_type,
        "dim" if distilled else "hidden_size": encoders.SMALL.hidden,
        "n_layers" if distilled else "num_hidden_layers": encoders.SMALL.layers,
        "n_heads" if distilled else "num_attention_heads": encoders.SMALL.heads,
        "hidden_dim" if distilled else "intermediate_size": encoders.SMALL.inner,
        "activation" if distilled else "hidden_act": "gelu",
        "layer_norm_eps": encoders.EPSILON,
        "max_position_embeddings": positions,
        "pad_token_id": model.padding or 0,
        "vocab_size": size,
        **({"embedding_size": model.embedding} if model.embedding else {}),
        **({"type_vocab_size": model.table_of_types} if model.table_of_types else {}),
        **({"id2label": {"0": "LABEL_0"}} if model.head else {}),
        **model.config,
    }
    made = {
        "config.json": dump(config),
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": dump(
            {"model_max_length": MAX_TOKENS, "pad_token": "[PAD]" if model.tokenizer == "wordpiece" else "<pad>"}
        ),
        "onnx/model.onnx": encoders.Export(encoder).file(),
    }
    if model.exporter:
        made["onnx/model_exported.onnx"] = model.exporter(encoder).file()
    if not model.head:
        module = lambda n, path, name: {"idx": n, "name": str(n), "path": path, "type": "sentence_transformers.models." + name}
        made["modules.json"] = dump(
            [module(0, "", "Transformer"), module(1, "1_Pooling", "Pooling"), module(2, "2_Normalize", "Normalize")]
        )
        made["1_Pooling/config.json"] = dump(
            {"word_embedding_dimension": encoders.SMALL.hidden, "pooling_mode_cls_token": model.pooling == "cls",
             "pooling_mode_mean_tokens": model.pooling == "mean"}
        )
        made["config_sentence_transformers.json"] = dump({"prompts": {"query": model.prefix, "document": ""}})
    reference_encoder = bert.BertEncoder(
        values, encoders.SMALL.heads, encoders.EPSILON, 0 if model.padding is None else model.padding + 1
    )
    lines = [dump(line) for line in golden(model, reference(tokenizer), reference_encoder)]
    made["golden.jsonl"] = "\n".join(lines)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare the files with a recomputation; write nothing")
    arguments = parser.parse_args()
    faults = 0
    for model in MODELS.values():
        for name, content in files(model).items():
            path = FOLDER / model.name / name
            data = content if isinstance(content, bytes) else (content + "\n").encode("ascii")
            if arguments.check:
                if not same(path, data):
                    print(f"{path} differs")
                    faults += 1
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        print(f"{model.name}: {sum(1 for _ in (FOLDER / model.name).rglob('*'))} files")
    return 1 if faults else 0


def same(path, data):
    """Whether a file has the expected content, except for the last digits of numbers, which depend on the processor."""
    if not path.is_file() or path.suffix != ".jsonl":
        return path.is_file() and path.read_bytes() == data
    stored, made = ([json.loads(line) for line in text.split(b"\n") if line] for text in (path.read_bytes(), data))
    for one, other in zip(stored, made):
        for key in other:
            if key == "vector":
                numbers = [numpy.frombuffer(base64.b64decode(line[key]), "<f4") for line in (one, other)]
                if numpy.abs(numbers[0] - numbers[1]).max() > 1e-6:
                    return False
            elif key == "logit":
                if abs(one[key] - other[key]) > 1e-9:
                    return False
            elif one.get(key) != other[key]:
                return False
    return len(stored) == len(made)


if __name__ == "__main__":
    sys.exit(main())
