package io.github.neuronembed.vectors;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header of a NumPy file ({@code numpy.lib.format}, version 1.0) with an array of two
 * dimensions, row after row.
 *
 * @param type the element type as NumPy names it, for example {@code <f4}
 * @param rows vectors
 * @param columns numbers of each
 */
public record NpyHeader(String type, long rows, int columns) {

  /** Of every header that is written, whatever the number of rows. */
  public static final int BYTES = 128;

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  private static final int PREFIX_BYTES = MAGIC.length + Short.BYTES;
  private static final Pattern DICTIONARY =
      Pattern.compile(
          "\\{'descr': '([^']*)', 'fortran_order': False, 'shape': \\((\\d{1,18}), (\\d{1,9})\\),"
              + " \\}\\s*");

  /** The header's bytes. */
  public byte[] toBytes() {
    String dictionary =
        String.format(
            Locale.ROOT,
            "{'descr': '%s', 'fortran_order': False, 'shape': (%d, %d), }",
            type,
            rows,
            columns);
    byte[] header = new byte[BYTES];
    Arrays.fill(header, (byte) ' ');
    ByteBuffer buffer = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
    buffer.put(MAGIC).putShort((short) (BYTES - PREFIX_BYTES));
    buffer.put(dictionary.getBytes(StandardCharsets.US_ASCII));
    header[BYTES - 1] = '\n';
    return header;
  }

  /**
   * Reads a header and stops after it.
   *
   * @throws IOException if it cannot be read, or is another kind of file or array
   */
  static NpyHeader read(InputStream in) throws IOException {
    byte[] prefix = in.readNBytes(PREFIX_BYTES);
    if (prefix.length < PREFIX_BYTES || !Arrays.equals(prefix, 0, MAGIC.length, MAGIC, 0, 8)) {
      throw new IOException("it is not a NumPy file of version 1.0");
    }
    int length =
        Short.toUnsignedInt(
            ByteBuffer.wrap(prefix).order(ByteOrder.LITTLE_ENDIAN).getShort(MAGIC.length));
    byte[] dictionary = in.readNBytes(length);
    if (dictionary.length < length) {
      throw new EOFException("it ends within its header");
    }
    Matcher matcher =
        DICTIONARY.matcher(new String(dictionary, StandardCharsets.US_ASCII).stripTrailing());
    if (!matcher.matches()) {
      throw new IOException("it does not hold an array of two dimensions in C order");
    }
    return new NpyHeader(
        matcher.group(1), Long.parseLong(matcher.group(2)), Integer.parseInt(matcher.group(3)));
  }
}
