"""Writes a cross-encoder of MiniLM-L6's size with random weights, for timing: make_reranker.py DIRECTORY TOKENIZER.JSON"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tools/golden"))
import encoders
import small_models

SIZE = encoders.Size(hidden=384, inner=1536, heads=12, layers=6)
VOCABULARY, POSITIONS, TOKEN_TYPES = 30522, 512, 2


def main():
    directory, tokenizer = (pathlib.Path(argument) for argument in sys.argv[1:3])
    (directory / "onnx").mkdir(parents=True, exist_ok=True)
    values = encoders.weights(1, VOCABULARY, POSITIONS, TOKEN_TYPES, small_models.BERT_HEAD, SIZE)
    model = encoders.onnx_file(values, None, True, small_models.BERT_HEAD, SIZE)
    (directory / "onnx/model.onnx").write_bytes(model)
    (directory / "tokenizer.json").write_bytes(tokenizer.read_bytes())
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "hidden_size": SIZE.hidden,
        "num_hidden_layers": SIZE.layers,
        "vocab_size": VOCABULARY,
        "max_position_embeddings": POSITIONS,
        "pad_token_id": 0,
        "id2label": {"0": "LABEL_0"},
        "sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity",
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="ascii")


if __name__ == "__main__":
    main()
