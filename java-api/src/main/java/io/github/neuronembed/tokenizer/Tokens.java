package io.github.neuronembed.tokenizer;

/**
 * A text as the model takes it.
 *
 * @param ids token ids, special tokens included; not copied
 * @param truncated whether tokens were dropped to fit the limit
 */
@SuppressWarnings("ArrayRecordComponent") // made once, read once, never compared
public record Tokens(int[] ids, boolean truncated) {}
