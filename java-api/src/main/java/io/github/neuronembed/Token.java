package io.github.neuronembed;

/**
 * A token of a text.
 *
 * @param id in the model's vocabulary
 * @param text the part of the text that it represents; the name of a special token
 * @param special whether it is a special token around the text
 * @param start where it begins, as an index of the text with the input type's prefix before it; -1
 *     if it is special
 * @param end the index after its last character; -1 if it is special
 */
public record Token(int id, String text, boolean special, int start, int end) {}
