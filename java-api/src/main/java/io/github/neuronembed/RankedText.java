package io.github.neuronembed;

/**
 * A text's place in a ranking.
 *
 * @param index where the text was among those that were ranked, from 0
 * @param score how well it answers the query; the higher, the better
 */
public record RankedText(int index, float score) {}
