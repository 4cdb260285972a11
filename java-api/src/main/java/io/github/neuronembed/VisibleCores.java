package io.github.neuronembed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * NeuronCores of an instance that a process owns.
 *
 * @param text as libnrt takes it, an index or a range; empty for no restriction
 * @param end the index after the last of them; 0 for no restriction
 */
record VisibleCores(String text, int end) {

  static final VisibleCores ANY = new VisibleCores("", 0);

  private static final Pattern INDEX_OR_RANGE = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?");

  /**
   * Reads an index, a range, or a list of them.
   *
   * @throws IllegalArgumentException if it is none, or its indexes do not ascend without gaps
   */
  static VisibleCores parse(String cores) {
    if (cores.isBlank()) {
      return ANY;
    }
    int begin = -1;
    int end = -1;
    for (String part : cores.split(",", -1)) {
      Matcher matcher = INDEX_OR_RANGE.matcher(part.strip());
      if (!matcher.matches()) {
        throw refused(cores);
      }
      int first = Integer.parseInt(matcher.group(1));
      int last = matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (last < first || (end >= 0 && first != end)) {
        throw refused(cores);
      }
      begin = begin < 0 ? first : begin;
      end = last + 1;
    }
    return new VisibleCores(end - begin == 1 ? "" + begin : begin + "-" + (end - 1), end);
  }

  private static IllegalArgumentException refused(String cores) {
    return new IllegalArgumentException(
        "Visible cores are an index, a range or a list of ascending indexes without"
            + " gaps, for example 3, 0-1 or 4,5,6; not \"%s\".".formatted(cores));
  }
}
