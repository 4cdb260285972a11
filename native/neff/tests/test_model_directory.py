import pathlib
import tempfile
import unittest

import model_directory
import tiny
from failure import Failure

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class ModelDirectoryTest(unittest.TestCase):
    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.folder = tiny.lay_out(pathlib.Path(temp.name) / "tiny")

    def open(self, **stated):
        return model_directory.open_directory(self.folder, **stated)

    def assert_refused(self, pattern, **stated):
        with self.assertRaisesRegex(Failure, pattern) as refused:
            self.open(**stated)
        self.assertNotIn("\n", str(refused.exception))

    def test_reads_what_the_files_say(self):
        model = self.open()
        self.assertEqual(model.name, "tiny")
        self.assertEqual(model.config, tiny.CONFIG)
        self.assertEqual((model.pooling, model.normalize), ("cls", True))
        self.assertEqual(model.weights, self.folder / "model.safetensors")
        self.assertIsNone(model.revision)

    def test_only_berts_family_is_compiled(self):
        for change, pattern in (
            ({"model_type": "mpnet"}, 'model_type "mpnet"'),
            ({"model_type": None}, "model_type null"),
            ({"hidden_act": "gelu_new"}, 'hidden_act "gelu_new"'),
            ({"position_embedding_type": "relative_key"}, 'position_embedding_type "relative_key"'),
            ({"is_decoder": True}, "is_decoder true"),
        ):
            with self.subTest(change=change):
                tiny.lay_out(self.folder, **change)
                self.assert_refused(pattern)

    def test_positions_begin_behind_padding(self):
        for model_type in ("xlm-roberta", "roberta", "camembert"):
            tiny.lay_out(self.folder, model_type=model_type, pad_token_id=1, max_position_embeddings=514)
            config = model_directory.open_directory(self.folder).config
            self.assertEqual((config.padding, config.first_position, config.positions), (1, 2, 512))
            self.assertFalse(config.takes_types)
        tiny.lay_out(self.folder, model_type="roberta", pad_token_id=None)
        self.assert_refused('"pad_token_id"')
        tiny.lay_out(self.folder, model_type="roberta", pad_token_id=1, max_position_embeddings=2)
        self.assert_refused("leaves no position")

    def test_distilbert_names_its_sizes_otherwise(self):
        tiny.lay_out(
            self.folder, model_type="distilbert", dim=16, n_layers=3, n_heads=2, hidden_dim=24, activation="gelu",
            hidden_size=None, type_vocab_size=None, hidden_act=None,
        )
        config = model_directory.open_directory(self.folder).config
        self.assertEqual((config.hidden_size, config.layers, config.heads), (16, 3, 2))
        self.assertEqual((config.intermediate_size, config.token_types, config.padding), (24, 0, None))
        tiny.lay_out(
            self.folder, model_type="distilbert", dim=16, n_layers=3, n_heads=2, hidden_dim=24, activation="relu"
        )
        self.assert_refused('activation "relu"')

    def test_a_cross_encoder_states_one_class_and_no_pooling(self):
        head = {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}
        tiny.lay_out(self.folder, **head)
        (self.folder / "modules.json").unlink()
        model = model_directory.open_directory(self.folder)
        self.assertEqual((model.pooling, model.normalize, model.config.head), ("scores", False, "bert"))
        self.assertTrue(model.config.takes_types)
        self.assert_refused("do not use --pooling", pooling="cls")
        tiny.lay_out(self.folder, **{**head, "id2label": None})
        self.assert_refused("2 classes")

    def test_sizes_are_checked(self):
        for change, pattern in (
            ({"hidden_size": 18}, "not a multiple of its 4 attention heads"),
            ({"num_hidden_layers": 0}, '"num_hidden_layers" of .* above zero, not 0'),
            ({"vocab_size": "40"}, '"vocab_size" of .* not "40"'),
            ({"intermediate_size": None}, '"intermediate_size" of .* not null'),
            ({"layer_norm_eps": 0}, '"layer_norm_eps" of .* not 0'),
        ):
            with self.subTest(change=change):
                tiny.lay_out(self.folder, **change)
                self.assert_refused(pattern)

    def test_pooling_is_never_guessed(self):
        pooling = self.folder / "1_Pooling/config.json"
        for modes, pattern in (
            ({}, "states no pooling mode"),
            ({"pooling_mode_cls_token": False}, "states no pooling mode"),
            ({"pooling_mode": []}, "states no pooling mode"),
            ({"pooling_mode": "first"}, '"pooling_mode" of .* must be one of cls, max'),
            ({"pooling_mode": ["mean", 3]}, "or a list of them, not"),
            ({"pooling_mode": {"cls": True}}, "or a list of them, not"),
            ({"pooling_mode": "mean", "include_prompt": False}, "include_prompt"),
            ({"pooling_mode": "mean", "embedding_dimension": 384}, '"embedding_dimension" of .* must be 16'),
            ({"pooling_mode_mean_tokens": True, "word_embedding_dimension": 8}, "word_embedding_dimension"),
        ):
            with self.subTest(modes=modes):
                tiny.write_json(pooling, modes)
                self.assert_refused(pattern)
        self.assertEqual(self.open(pooling="mean").pooling, "mean")

    def test_pooling_is_stated_under_old_and_new_keys(self):
        pooling = self.folder / "1_Pooling/config.json"
        for modes, expected in (
            ({"pooling_mode_mean_tokens": True}, "mean"),
            ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "cls+mean"),
            ({"embedding_dimension": 16, "pooling_mode": "cls", "include_prompt": True}, "cls"),
            ({"pooling_mode": ["max", "cls"]}, "max+cls"),
            ({"pooling_mode": "lasttoken", "pooling_mode_cls_token": True}, "lasttoken"),
        ):
            with self.subTest(modes=modes):
                tiny.write_json(pooling, modes)
                self.assertEqual(self.open().pooling, expected)
        (self.folder / "modules.json").unlink()
        self.assert_refused("modules.json is missing", pooling="cls")

    def test_modules_say_whether_vectors_are_normalised(self):
        tiny.write_modules(self.folder, "Transformer", "Pooling")
        self.assertFalse(self.open().normalize)
        tiny.write_modules(self.folder, "Transformer", "Pooling", "Dense")
        self.assert_refused("it lists Transformer, Pooling, Dense")
        tiny.write_modules(self.folder, "Transformer")
        self.assert_refused("it lists Transformer")
        self.assertEqual(self.open(pooling="cls").pooling, "cls")

    def test_modules_are_inside_of_the_folder(self):
        for path in ("..", "/tmp", "1_Pooling/../../other"):
            with self.subTest(path=path):
                tiny.write_json(
                    self.folder / "modules.json",
                    [{"type": "Transformer", "path": ""}, {"type": "Pooling", "path": path}],
                )
                self.assert_refused("must be inside the model directory")

    def test_the_name_is_the_folders_own(self):
        link = self.folder.parent / "link"
        link.symlink_to(self.folder)
        self.assertEqual(model_directory.open_directory(link).name, "link")
        self.assertEqual(model_directory.open_directory(self.folder / "1_Pooling/..").name, "tiny")

    def test_weights_are_looked_for_in_order(self):
        (self.folder / "model.safetensors").unlink()
        self.assert_refused("has no weights: copy one of model.safetensors, pytorch_model.bin, onnx/model.onnx")
        for name in ("onnx/model.onnx", "pytorch_model.bin", "model.safetensors"):
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.touch()
            self.assertEqual(self.open().weights, path)
        self.assertEqual(self.open(weights=self.folder / "onnx/model.onnx").weights, self.folder / "onnx/model.onnx")
        self.assert_refused("is not a file: --weights", weights=self.folder / "none.bin")

    def test_the_revision_is_where_the_hub_leaves_it(self):
        metadata = self.folder / ".cache/huggingface/download/config.json.metadata"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"{COMMIT}\nabc\n1700000000.0\n", encoding="utf-8")
        self.assertEqual(self.open().revision, COMMIT)
        self.assertEqual(self.open(revision="v1.5").revision, "v1.5")
        metadata.write_text("no commit\n", encoding="utf-8")
        self.assertIsNone(self.open().revision)
        self.folder = tiny.lay_out(self.folder.parent / "snapshots" / COMMIT)
        self.assertEqual(self.open().revision, COMMIT)

    def test_files_that_cannot_be_read(self):
        (self.folder / "modules.json").write_text("[{", encoding="utf-8")
        self.assert_refused("modules.json cannot be read as JSON")
        (self.folder / "modules.json").write_text("{}", encoding="utf-8")
        self.assert_refused("modules.json is not a JSON list")
        (self.folder / "modules.json").write_text("[1]", encoding="utf-8")
        self.assert_refused("must list Transformer, Pooling")
        (self.folder / "config.json").unlink()
        tiny.write_modules(self.folder, "Transformer", "Pooling")
        self.assert_refused("config.json is missing")
        self.folder = self.folder / "none"
        self.assert_refused("is not a folder")


if __name__ == "__main__":
    unittest.main()
