package io.github.neuronembed.cli.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LineReaderTest {

  private static LineReader reader(String text, int maxLineBytes) {
    return new LineReader(
        new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), maxLineBytes);
  }

  private static List<String> lines(String text) throws IOException {
    LineReader reader = reader(text, 1 << 20);
    List<String> lines = new ArrayList<>();
    for (String line = reader.next(); line != null; line = reader.next()) {
      lines.add(line);
    }
    return lines;
  }

  @Test
  void splitsAtLineFeedsOnly() throws Exception {
    assertThat(lines("a\r\nb\u2028c\u0085d\re\n\nf"))
        .containsExactly("a", "b\u2028c\u0085d\re", "", "f");
    assertThat(lines("")).isEmpty();
    assertThat(lines("\n")).containsExactly("");
  }

  @Test
  void dropsAByteOrderMark() throws Exception {
    assertThat(lines("\uFEFFa\n\uFEFFb")).containsExactly("a", "\uFEFFb");
  }

  @Test
  void longLinesCrossBuffers() throws Exception {
    String line = "äöü".repeat(50_000);

    assertThat(lines(line + "\n" + line)).containsExactly(line, line);
  }

  @Test
  void aLineThatIsTooLongIsSkippedWhole() throws Exception {
    LineReader reader = reader("ok\n" + "x".repeat(200_000) + "\nafter", 1000);

    assertThat(reader.next()).isEqualTo("ok");
    assertThatExceptionOfType(BadLineException.class)
        .isThrownBy(reader::next)
        .withMessageContaining("1000 bytes");
    assertThat(reader.next()).isEqualTo("after");
    assertThat(reader.number()).isEqualTo(3);
    assertThat(reader.next()).isNull();
  }
}
