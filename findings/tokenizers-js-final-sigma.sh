#!/usr/bin/env bash
# Hugging Face's JavaScript tokenizer lower-cases a whole text, so that a capital sigma at the end of a word becomes the
# final sigma (U+03C2). The Rust library, and with it Python, lower-cases character by character: U+03C3. Queries that a
# browser embeds and passages that a server embeds differ for Greek in capitals.
work=$(mktemp -d)
. "$(dirname "$0")/two-tokenizers"
ids "$(printf '\316\233\316\237\316\223\316\237\316\243')" # logos
[ "$rust" = "101 1165 29730 29721 29730 29733 102" ] && [ "$js" = "101 1165 29730 29721 15297 102" ] || exit 1
