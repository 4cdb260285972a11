package io.github.neuronembed.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.neuronembed.InputType;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.cli.models.ModelArgument;
import io.github.neuronembed.model.ModelDirectory;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Bytes as a text: ids of the vocabulary between the special tokens, as many as were counted. */
public final class TokenizerFuzz {

  private static final ModelDirectory MODEL = ModelArgument.resolve(ModelArgument.AT_HAND);
  private static final TextTokenizer TOKENIZER = TextTokenizer.open(MODEL);
  private static final int CLS = 101;
  private static final int SEP = 102;

  private TokenizerFuzz() {}

  /** Tokenizes the text by every way; the first byte says how the others are characters. */
  public static void fuzzerTestOneInput(byte[] data) {
    String text = text(data);
    for (InputType type : InputType.values()) {
      int[] ids = TOKENIZER.encode(text, type, TruncationPolicy.TRUNCATE);
      int count = TOKENIZER.countTokens(text, type);
      require(ids.length == Math.min(count, MODEL.maxTokens()), "Other tokens than were counted.");
      require(ids.length >= 2 && ids[0] == CLS && ids[ids.length - 1] == SEP, "No special tokens.");
      for (int id : ids) {
        require(id >= 0 && id < MODEL.vocabularySize(), "An id that is none.");
      }
      try {
        int[] strict = TOKENIZER.encode(text, type, TruncationPolicy.STRICT);
        require(Arrays.equals(ids, strict), "Other tokens where nothing is cut.");
        require(count <= MODEL.maxTokens(), "Too long, and not refused.");
      } catch (TextTooLongException e) {
        require(e.tokenCount() == count && count > MODEL.maxTokens(), "Refused, and not too long.");
      }
    }
  }

  private static String text(byte[] data) {
    if (data.length == 0) {
      return "";
    }
    ByteBuffer rest = ByteBuffer.wrap(data, 1, data.length - 1);
    if (data[0] % 2 == 0) {
      return UTF_8.decode(rest).toString();
    }
    // As they are, halves of surrogate pairs too.
    char[] characters = new char[rest.remaining() / 2];
    rest.asCharBuffer().get(characters);
    return new String(characters);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }
}
