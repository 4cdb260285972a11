package io.github.neuronembed.model;

import io.github.neuronembed.fuzz.TemporaryFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Bytes as a NEFF, and as the payload of one: read, with problems or without, and no exception. */
public final class NeffFileFuzz {

  private static final TemporaryFile FILE = TemporaryFile.named("model.neff");
  private static final int HEADER_BYTES = 1024;

  private NeffFileFuzz() {}

  /** Reads the bytes. */
  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    NeffFile unused = NeffFile.read(FILE.with(data));
    unused = NeffFile.read(FILE.with(behindHeader(data)));
  }

  private static byte[] behindHeader(byte[] payload) {
    ByteBuffer file =
        ByteBuffer.allocate(HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(0, 2).putLong(8, HEADER_BYTES).putLong(16, payload.length).putLong(24, 2);
    file.putInt(168, 1).putInt(476, 1).putInt(552, 1);
    file.position(HEADER_BYTES).put(payload);
    return file.array();
  }
}
