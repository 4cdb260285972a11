package io.github.neuronembed.cli.serve;

import io.vertx.core.buffer.Buffer;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The part of a request's body that has arrived. It is stored in blocks, so that it takes little
 * more memory than it has bytes, in whatever pieces it arrives. The blocks count in a budget until
 * the body is closed.
 *
 * <p>Used by one thread at a time.
 */
final class RequestBody implements AutoCloseable {

  /** The first block's size; later ones double up to {@link #LARGEST_BLOCK}. */
  private static final int FIRST_BLOCK = 1024;

  private static final int LARGEST_BLOCK = 64 * 1024;

  private final MemoryBudget.Part memory;
  private List<byte[]> blocks = new ArrayList<>();
  private byte[] last = {};
  private int usedOfLast;
  private int length;

  RequestBody(MemoryBudget budget) {
    this.memory = budget.part();
  }

  /** A complete body that counts in no budget. */
  static RequestBody of(byte[] bytes) {
    RequestBody body = new RequestBody(new MemoryBudget(Long.MAX_VALUE));
    if (!body.append(
        bytes.length,
        (from, to, target, at) -> System.arraycopy(bytes, from, target, at, to - from))) {
      throw new AssertionError("There is always room.");
    }
    return body;
  }

  /** The number of bytes that have arrived. */
  int length() {
    return length;
  }

  /** Appends a part; returns false if there is not enough memory for it. */
  boolean append(Buffer chunk) {
    return append(chunk.length(), chunk::getBytes);
  }

  /** Bytes that can be copied in parts. */
  @FunctionalInterface
  private interface Source {
    void copy(int from, int to, byte[] target, int at);
  }

  private boolean append(int bytes, Source source) {
    int from = 0;
    while (from < bytes) {
      if (usedOfLast == last.length) {
        int size = Math.min(Math.max(FIRST_BLOCK, 2 * last.length), LARGEST_BLOCK);
        if (!memory.extend(size)) {
          return false;
        }
        last = new byte[size];
        blocks.add(last);
        usedOfLast = 0;
      }
      int count = Math.min(bytes - from, last.length - usedOfLast);
      source.copy(from, from + count, last, usedOfLast);
      usedOfLast += count;
      from += count;
    }
    length += bytes;
    return true;
  }

  /** Reads it from its start. */
  InputStream stream() {
    return new Blocks(blocks, length);
  }

  /** A copy of all of it. */
  byte[] bytes() {
    byte[] all = new byte[length];
    int at = 0;
    for (byte[] block : blocks) {
      int count = Math.min(block.length, length - at);
      System.arraycopy(block, 0, all, at, count);
      at += count;
    }
    return all;
  }

  /** Drops the bytes, which still count in the budget: the texts made from them are as large. */
  void drop() {
    blocks = List.of();
    last = new byte[0];
    usedOfLast = 0;
    length = 0;
  }

  /** Drops the body, which then no longer counts. */
  @Override
  public void close() {
    drop();
    memory.close();
  }

  private static final class Blocks extends InputStream {
    private final List<byte[]> blocks;
    private int block;
    private int at;
    private int left;

    Blocks(List<byte[]> blocks, int length) {
      this.blocks = blocks;
      this.left = length;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) {
      Objects.checkFromIndexSize(offset, count, bytes.length);
      if (left == 0) {
        return count == 0 ? 0 : -1;
      }
      byte[] current = blocks.get(block);
      int read = Math.min(count, Math.min(left, current.length - at));
      System.arraycopy(current, at, bytes, offset, read);
      at += read;
      left -= read;
      if (at == current.length) {
        block++;
        at = 0;
      }
      return read;
    }
  }
}
