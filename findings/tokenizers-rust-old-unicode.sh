#!/usr/bin/env bash
# BERT's normalizer removes combining marks, by tables of Unicode in Hugging Face's Rust library that end with version 8
# (2015). Marks that came later stay: a word in Adlam, the script of Fulani, with a vowel mark (U+1E944) keeps it, and is
# another word than without. The JavaScript library knows the newer marks. No [UNK] shows it where a vocabulary has Adlam.
work=$(mktemp -d)
. "$(dirname "$0")/two-tokenizers"
ids "e$(printf '\314\201')at" # a combining acute accent, which both remove
[ "$rust" = "$js" ] || exit 1
ids "e$(printf '\360\236\245\204')at"
[ "$rust" = "101 100 102" ] && [ "$js" = "101 4521 102" ] || exit 1
