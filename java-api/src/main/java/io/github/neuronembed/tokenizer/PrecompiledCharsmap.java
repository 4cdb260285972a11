package io.github.neuronembed.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.JsonValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.BitSet;
import java.util.Deque;

/**
 * Checks the table with which a SentencePiece model normalizes characters: the native tokenizer
 * ends the process if the table points outside itself.
 *
 * <p>The table, in base64: the bytes of a trie (uint32, little-endian), the trie as a double array
 * of units of uint32 (darts-clone), then strings that end with a zero byte, UTF-8. A unit has the
 * offset to its children, a byte's label, and whether it has a value, which is the position of a
 * string (SentencePiece's normalizer.cc and darts.h).
 */
final class PrecompiledCharsmap {

  private static final int CHILDREN = 256;

  private final JsonValue stated;
  private final int[] units;
  private final byte[] strings;

  private PrecompiledCharsmap(JsonValue stated, int[] units, byte[] strings) {
    this.stated = stated;
    this.units = units;
    this.strings = strings;
  }

  /**
   * Checks a table.
   *
   * @throws ModelLoadException if it is not a complete table
   */
  static void check(JsonValue stated) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(stated.string());
    } catch (IllegalArgumentException e) {
      throw stated.wrong("base64");
    }
    ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int trieBytes = table.remaining() < Integer.BYTES ? -1 : table.getInt();
    // Children lie within an aligned block of the array.
    int block = CHILDREN * Integer.BYTES;
    if (trieBytes < block || trieBytes % block != 0 || trieBytes > table.remaining()) {
      throw broken(stated);
    }
    int[] units = new int[trieBytes / Integer.BYTES];
    table.asIntBuffer().get(units);
    table.position(table.position() + trieBytes);
    byte[] strings = new byte[table.remaining()];
    table.get(strings);
    try {
      UTF_8.newDecoder().decode(ByteBuffer.wrap(strings));
    } catch (CharacterCodingException e) {
      throw broken(stated);
    }
    new PrecompiledCharsmap(stated, units, strings).walk();
  }

  private static ModelLoadException broken(JsonValue stated) {
    return stated.wrong("a whole table of characters (a trie and its strings)");
  }

  /** Visits every reachable unit. */
  private void walk() {
    BitSet seen = new BitSet(units.length);
    Deque<Integer> nodes = new ArrayDeque<>();
    nodes.add(place(offset(units[0])));
    while (!nodes.isEmpty()) {
      int node = nodes.remove();
      for (int label = 1; label < CHILDREN; label++) {
        int child = node ^ label;
        if (label(units[child]) != label || seen.get(child)) {
          continue;
        }
        seen.set(child);
        int children = place(child ^ offset(units[child]));
        if (hasValue(units[child])) {
          requireString(units[children] & Integer.MAX_VALUE);
        }
        nodes.add(children);
      }
    }
  }

  private int place(long unit) {
    if (unit < 0 || unit >= units.length) {
      throw broken(stated);
    }
    return (int) unit;
  }

  /** A string must begin within the strings, and not inside a character. */
  private void requireString(int at) {
    if (at > strings.length || (at < strings.length && (strings[at] & 0xC0) == 0x80)) {
      throw broken(stated);
    }
  }

  private static long offset(int unit) {
    return (long) (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
  }

  private static boolean hasValue(int unit) {
    return (unit >>> 8 & 1) == 1;
  }

  /** A byte; no byte for the unit of a value. */
  private static int label(int unit) {
    return unit & (1 << 31 | 0xFF);
  }
}
