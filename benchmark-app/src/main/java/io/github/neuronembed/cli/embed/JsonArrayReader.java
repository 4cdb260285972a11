package io.github.neuronembed.cli.embed;

import com.google.gson.JsonPrimitive;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.github.neuronembed.InputType;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Texts of one JSON array, as pandas and jq write it; one item is in memory at a time. */
final class JsonArrayReader implements TextSource {

  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final String source;
  private final JsonReader json;
  private final InputType defaultType;
  private final long countBefore;
  private long count;
  private boolean begun;
  private boolean ended;

  /**
   * @param source its name, for messages
   * @param countBefore texts of earlier sources
   */
  JsonArrayReader(String source, BufferedInputStream in, InputType defaultType, long countBefore)
      throws IOException {
    this.source = source;
    this.defaultType = defaultType;
    this.countBefore = countBefore;
    in.mark(BYTE_ORDER_MARK.length);
    if (!Arrays.equals(in.readNBytes(BYTE_ORDER_MARK.length), BYTE_ORDER_MARK)) {
      in.reset();
    }
    this.json =
        JsonText.reader(
            new InputStreamReader(
                in,
                StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)));
  }

  @Override
  public @Nullable TextLine next() throws IOException {
    if (ended) {
      return null;
    }
    try {
      return read();
    } catch (CharacterCodingException e) {
      throw broken("not valid UTF-8");
    } catch (IOException e) {
      throw broken(JsonText.whatIsWrong(json, e, "JSON"));
    }
  }

  private @Nullable TextLine read() throws IOException {
    if (!begun) {
      if (json.peek() != JsonToken.BEGIN_ARRAY) {
        throw broken("not a JSON array");
      }
      json.beginArray();
      begun = true;
    }
    if (!json.hasNext()) {
      json.endArray();
      ended = true;
      // Throws if anything follows.
      JsonToken unusedEnd = json.peek();
      return null;
    }
    count++;
    String where = "%s, item %s".formatted(source, count);
    JsonPrimitive id = new JsonPrimitive(countBefore + count);
    if (json.peek() == JsonToken.BEGIN_OBJECT) {
      return JsonText.read(json, where, id, defaultType);
    }
    String text = JsonText.string(json);
    if (text == null) {
      throw new BadLineException(where + ": neither an object nor a string");
    }
    return new TextLine(id, text, defaultType, where);
  }

  /** An error in the array itself, after which the beginning of the next item is not known. */
  private BadLineException broken(String why) {
    ended = true;
    return new BadLineException(
        "%s, %s: %s".formatted(source, count == 0 ? "at its beginning" : "item " + count, why));
  }

  /** An array is not interactive. */
  @Override
  public boolean wouldBlock() {
    return false;
  }

  @Override
  public long count() {
    return count;
  }

  @Override
  public void close() throws IOException {
    json.close();
  }
}
