#!/usr/bin/env bash
# BERT's tokenizer makes each ideograph a word of its own. Hugging Face's JavaScript tokenizer does so for the ideographs
# of the first Unicode plane only: the rare ones (U+20000 and above, in names) stay joined to the letters beside them, and
# the whole becomes one [UNK] (100). The Rust library, and with it Python, keeps the letters.
work=$(mktemp -d)
. "$(dirname "$0")/two-tokenizers"
ids "mr $(printf '\360\240\256\267')field"
[ "$rust" = "101 2720 100 2492 102" ] && [ "$js" = "101 2720 100 102" ] || exit 1
