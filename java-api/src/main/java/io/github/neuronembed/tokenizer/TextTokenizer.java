package io.github.neuronembed.tokenizer;

import ai.djl.engine.EngineException;
import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.github.neuronembed.BackendUnavailableException;
import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.ModelDirectory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * A model's own tokenizer, Hugging Face's, through DJL. DJL's usage reporting and its downloads are
 * switched off. Its native library comes out of the jar and is unpacked below {@code
 * ~/.djl.ai/tokenizers} at first use ({@code ENGINE_CACHE_DIR} names another folder, {@code
 * RUST_LIBRARY_PATH} an unpacked library).
 *
 * <p>Thread-safe. A literal special token in a text, such as {@code [SEP]}, is that token, as it is
 * for the reference implementation.
 */
public final class TextTokenizer implements AutoCloseable {

  private final HuggingFaceTokenizer tokenizer;
  private final ModelDirectory model;
  private final TextCutter cutter;
  private final int[] before;
  private final int[] after;
  private final ReentrantReadWriteLock gate = new ReentrantReadWriteLock();
  private boolean closed;

  private TextTokenizer(HuggingFaceTokenizer tokenizer, ModelDirectory model, JsonObject settings) {
    this.tokenizer = tokenizer;
    this.model = model;
    this.cutter = TextCutter.of(settings);
    int[] content = ids("a", false);
    int[] whole = ids("a", true);
    int at = indexOf(whole, content);
    if (content.length == 0 || at < 0) {
      throw new ModelLoadException(
          "%s adds its special tokens in a way that is not known here."
              .formatted(model.tokenizerFile()));
    }
    this.before = Arrays.copyOfRange(whole, 0, at);
    this.after = Arrays.copyOfRange(whole, at + content.length, whole.length);
    if (before.length + after.length >= model.maxTokens()) {
      throw new ModelLoadException(
          "%s adds %d special tokens, the model takes %d tokens in all."
              .formatted(model.tokenizerFile(), before.length + after.length, model.maxTokens()));
    }
  }

  /**
   * Opens the tokenizer of a model.
   *
   * @throws ModelLoadException if its file is damaged, or it does not fit the model
   * @throws BackendUnavailableException if its native library cannot be loaded
   */
  public static TextTokenizer open(ModelDirectory model) {
    switchOffSideEffects();
    Path file = model.tokenizerFile();
    byte[] json;
    try {
      json = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ModelLoadException("%s cannot be read: %s.".formatted(file, e), e);
    }
    JsonObject settings = parse(file, json);
    checkVocabulary(file, settings, model.vocabularySize());
    HuggingFaceTokenizer tokenizer = open(file, json);
    try {
      return new TextTokenizer(tokenizer, model, settings);
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** DJL reports its use from EC2 instances, and fetches what it misses, unless told not to. */
  private static void switchOffSideEffects() {
    System.setProperty("OPT_OUT_TRACKING", "true");
    System.setProperty("ai.djl.offline", "true");
  }

  private static JsonObject parse(Path file, byte[] json) {
    try {
      JsonElement element = JsonParser.parseString(new String(json, StandardCharsets.UTF_8));
      if (element instanceof JsonObject object) {
        return object;
      }
    } catch (JsonParseException e) {
      throw new ModelLoadException(
          "%s is not valid JSON, perhaps cut short. Fetch it again.".formatted(file), e);
    }
    throw new ModelLoadException("%s is not a tokenizer.".formatted(file));
  }

  /** A token id past the model's vocabulary reads memory that is no embedding. */
  private static void checkVocabulary(Path file, JsonObject settings, int vocabularySize) {
    JsonElement vocabulary =
        settings.get("model") instanceof JsonObject tokenModel ? tokenModel.get("vocab") : null;
    if (vocabulary == null) {
      throw new ModelLoadException("%s has no vocabulary: it is not a tokenizer.".formatted(file));
    }
    int tokens = 0;
    if (vocabulary instanceof JsonObject byToken) {
      for (Map.Entry<String, JsonElement> token : byToken.entrySet()) {
        tokens = Math.max(tokens, id(file, token.getValue()) + 1);
      }
    } else if (vocabulary.isJsonArray()) {
      tokens = vocabulary.getAsJsonArray().size();
    }
    if (settings.get("added_tokens") != null && settings.get("added_tokens").isJsonArray()) {
      for (JsonElement added : settings.getAsJsonArray("added_tokens")) {
        if (added instanceof JsonObject token && token.has("id")) {
          tokens = Math.max(tokens, id(file, token.get("id")) + 1);
        }
      }
    }
    if (tokens > vocabularySize) {
      throw new ModelLoadException(
          "%s has token ids up to %d, but the model's vocab_size is %d: they do not belong together."
              .formatted(file, tokens - 1, vocabularySize));
    }
  }

  private static int id(Path file, JsonElement element) {
    try {
      return element.getAsInt();
    } catch (RuntimeException e) {
      throw new ModelLoadException("%s: a token's id is not a number.".formatted(file), e);
    }
  }

  private static HuggingFaceTokenizer open(Path file, byte[] json) {
    // What the file says of truncation and padding, and DJL's own defaults, are switched off: the
    // limit is the model directory's, and padding is the batch's.
    Map<String, String> options = Map.of("truncation", "do_not_truncate", "padding", "do_not_pad");
    try {
      return HuggingFaceTokenizer.newInstance(new ByteArrayInputStream(json), options);
    } catch (EngineException | LinkageError e) {
      throw new BackendUnavailableException(
          ("The tokenizer's native library cannot be loaded: %s. It is unpacked below ~/.djl.ai;"
                  + " ENGINE_CACHE_DIR names another folder, which must be writable and not"
                  + " mounted noexec.")
              .formatted(rootMessage(e)),
          e);
    } catch (IOException | RuntimeException e) {
      throw new ModelLoadException(
          "%s is not a tokenizer that can be read (%s).".formatted(file, rootMessage(e)), e);
    }
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return String.valueOf(root.getMessage());
  }

  /**
   * Tokenizes a text: the type's prefix, then the text; cut at the model's limit, with the special
   * tokens kept. A long text is tokenized only as far as it is used.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public Tokens encode(String text, InputType type) {
    String whole = withPrefix(text, type);
    int room = model.maxTokens() - before.length - after.length;
    int[] ids = new int[0];
    boolean truncated = false;
    for (int from = 0; from < whole.length() && !truncated; ) {
      int to = cutter.next(whole, from);
      int[] part = ids(whole.substring(from, to), false);
      truncated = ids.length + part.length > room;
      int taken = Math.min(part.length, room - ids.length);
      int had = ids.length;
      ids = Arrays.copyOf(ids, had + taken);
      System.arraycopy(part, 0, ids, had, taken);
      from = to;
    }
    int[] all = new int[before.length + ids.length + after.length];
    System.arraycopy(before, 0, all, 0, before.length);
    System.arraycopy(ids, 0, all, before.length, ids.length);
    System.arraycopy(after, 0, all, before.length + ids.length, after.length);
    return new Tokens(all, truncated);
  }

  /**
   * Counts the tokens of a text, prefix and special tokens included, before any truncation.
   *
   * @throws IllegalStateException after {@link #close()}
   */
  public int countTokens(String text, InputType type) {
    String whole = withPrefix(text, type);
    int count = before.length + after.length;
    for (int from = 0; from < whole.length(); ) {
      int to = cutter.next(whole, from);
      count += ids(whole.substring(from, to), false).length;
      from = to;
    }
    return count;
  }

  private String withPrefix(String text, InputType type) {
    return withoutLoneSurrogates(model.prefix(type) + text);
  }

  /** Half a surrogate pair is no character, and the native side takes none. */
  private static String withoutLoneSurrogates(String text) {
    int length = text.length();
    for (int i = 0; i < length; i++) {
      if (!Character.isSurrogate(text.charAt(i))) {
        continue;
      }
      if (i + 1 < length && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
        i++;
        continue;
      }
      return replaceLoneSurrogates(text);
    }
    return text;
  }

  private static String replaceLoneSurrogates(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c ->
                whole.appendCodePoint(
                    c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c));
    return whole.toString();
  }

  private int[] ids(String text, boolean special) {
    gate.readLock().lock();
    try {
      if (closed) {
        throw new IllegalStateException("The tokenizer is closed.");
      }
      Encoding encoding = tokenizer.encode(text, special, false);
      long[] wide = encoding.getIds();
      int[] ids = new int[wide.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) wide[i];
      }
      return ids;
    } finally {
      gate.readLock().unlock();
    }
  }

  private static int indexOf(int[] whole, int[] part) {
    for (int at = 0; at + part.length <= whole.length; at++) {
      if (Arrays.equals(whole, at, at + part.length, part, 0, part.length)) {
        return at;
      }
    }
    return -1;
  }

  /**
   * Waits for calls under way, then frees the tokenizer. Does nothing when it is closed already.
   */
  @Override
  public void close() {
    gate.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        tokenizer.close();
      }
    } finally {
      gate.writeLock().unlock();
    }
  }
}
