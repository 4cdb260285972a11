package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import io.github.neuronembed.InputType;

/**
 * One text of the input.
 *
 * @param id what the output names it by: the input's own id, or its number
 * @param text the text
 * @param type whether it is a query or a passage
 * @param where for messages: the source, and the line or the item
 */
public record TextLine(JsonPrimitive id, String text, InputType type, String where) {}
