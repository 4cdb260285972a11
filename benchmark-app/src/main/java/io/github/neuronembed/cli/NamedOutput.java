package io.github.neuronembed.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Adds the name of an output to a write error, because the operating system's message does not
 * contain it.
 */
public final class NamedOutput extends FilterOutputStream {

  private final String name;

  /**
   * @param name what the output is called in messages
   * @param out closed with this one
   */
  public NamedOutput(String name, OutputStream out) {
    super(out);
    this.name = name;
  }

  @Override
  public void write(int b) throws IOException {
    try {
      out.write(b);
    } catch (IOException e) {
      throw named(e);
    }
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      out.write(bytes, offset, length);
    } catch (IOException e) {
      throw named(e);
    }
  }

  private IOException named(IOException e) {
    return NeuronEmbed.isClosedPipe(e)
        ? e
        : new IOException("%s: %s".formatted(name, e.getMessage()), e);
  }
}
