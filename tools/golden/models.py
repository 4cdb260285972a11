"""The real models of the golden vectors: the settings of their repositories, and their artifacts on Maven Central."""

from typing import NamedTuple

import texts
import texts_zh

CLS = "CLS"
MEAN = "mean"


class Model(NamedTuple):
    """One model. Its vectors have length 1."""

    repository: str
    # The artifact's name after "langchain4j-embeddings-", which is also the beginning of its files' names.
    artifact: str
    files: str
    pooling: str
    max_tokens: int
    query_prefix: str
    passage_prefix: str
    texts: tuple
    # The format of components: numbers of 8 significant digits, or base64 of little-endian float32.
    base64: bool = True

    @property
    def name(self):
        return self.repository.split("/")[1]

    def prefix(self, type):
        return self.query_prefix if type == texts.QUERY else self.passage_prefix


MODELS = {
    model.name: model
    for model in (
        Model(
            "BAAI/bge-small-en-v1.5",
            "bge-small-en-v15",
            "bge-small-en-v1.5",
            CLS,
            512,
            texts.BGE_PREFIX,
            "",
            texts.english(texts.BGE_PREFIX, 512),
            base64=False,
        ),
        Model(
            "BAAI/bge-small-zh-v1.5",
            "bge-small-zh-v15",
            "bge-small-zh-v1.5",
            CLS,
            512,
            texts_zh.PREFIX,
            "",
            texts_zh.TEXTS,
        ),
        Model(
            "intfloat/e5-small-v2",
            "e5-small-v2",
            "e5-small-v2",
            MEAN,
            512,
            "query: ",
            "passage: ",
            texts.short(texts.english("query: ", 512, passage_tokens=2)),
        ),
        # sentence_bert_config.json states 256, and no prompts.
        Model(
            "sentence-transformers/all-MiniLM-L6-v2",
            "all-minilm-l6-v2",
            "all-minilm-l6-v2",
            MEAN,
            256,
            "",
            "",
            texts.short(texts.english("", 256)),
        ),
    )
}
