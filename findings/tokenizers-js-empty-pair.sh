#!/usr/bin/env bash
# A cross-encoder's pair with an empty second text has two separators (102) in the Rust library, and with it in Python.
# Hugging Face's JavaScript tokenizer takes an empty second text for none: one separator, so other ids than the model was
# trained with, and another score for an empty document.
work=$(mktemp -d)
. "$(dirname "$0")/two-tokenizers"
ids "how tides work" ""
[ "$rust" = "101 2129 22487 2147 102 102" ] && [ "$js" = "101 2129 22487 2147 102" ] || exit 1
