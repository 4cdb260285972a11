package io.github.neuronembed.tokenizer;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.neuronembed.InferenceException;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.Token;
import io.github.neuronembed.TruncationPolicy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;

/**
 * The library's tokenizer of one definition: from a text to token ids without special tokens around
 * them, and back. A long text is tokenized in pieces if the definition allows it.
 *
 * <p>Thread-safe.
 */
final class NativeTokenizer implements AutoCloseable {

  private static final TokenizersLibrary NATIVE = TokenizersLibrary.LIB;

  private final ReadWriteLock gate = new ReentrantReadWriteLock();
  private final String name;
  private final @Nullable TextPieces pieces;

  /** Address of the native tokenizer, which this object owns; 0 once closed. */
  private long handle;

  private NativeTokenizer(TokenizerDefinition definition, long handle) {
    this.name = definition.model().toString();
    this.pieces = definition.pieces();
    this.handle = handle;
  }

  /**
   * Makes the tokenizer of a definition.
   *
   * @return a new tokenizer, owned by the caller
   * @throws ModelLoadException if the library rejects the definition, or cannot be loaded
   */
  static NativeTokenizer open(TokenizerDefinition definition) {
    TokenizerLibrary.ensureLoaded();
    long handle;
    try {
      handle = NATIVE.createTokenizerFromString(definition.json());
    } catch (RuntimeException e) {
      throw new ModelLoadException(
          "%s is not a tokenizer definition (%s): copy it from the model's repository again."
              .formatted(definition.model().tokenizerFile(), e.getMessage()),
          e);
    }
    NativeTokenizer tokenizer = new NativeTokenizer(definition, handle);
    try {
      tokenizer.requireAddedTokens(definition);
      return tokenizer;
    } catch (RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** The native tokenizer assigns new ids to tokens that are not in the vocabulary. */
  private void requireAddedTokens(TokenizerDefinition definition) {
    definition
        .addedTokens()
        .forEach(
            (token, id) -> {
              long[] ids = content(token);
              if (ids.length != 1 || ids[0] != id) {
                throw definition.misfit(
                    "gives the added token %s the ids %s, not %s"
                        .formatted(token, Arrays.toString(ids), id));
              }
            });
  }

  /**
   * Whether a text that is too long loses its first tokens.
   *
   * @param byDefault the setting of the model's files
   */
  static boolean cutsLeft(TruncationPolicy policy, boolean byDefault) {
    return switch (policy) {
      case TRUNCATE, STRICT -> byDefault;
      case TRUNCATE_LEFT -> true;
      case TRUNCATE_RIGHT -> false;
    };
  }

  /**
   * Tokenizes a text.
   *
   * @param kept filled with the first ids, or the last ones if a text is truncated on the left
   * @param enough the text is read until there are more tokens than this; at least the length of
   *     {@code kept}
   * @param left whether it is truncated on the left
   * @return tokens of the text, or of the part that was read
   * @throws IllegalStateException if this tokenizer is closed
   */
  long tokenize(String text, int[] kept, long enough, boolean left) {
    String input = wellFormed(text);
    gate.readLock().lock();
    try {
      requireOpen();
      if (pieces == null) {
        return inOrder(kept, append(content(input), kept, 0, left), left);
      }
      long count = 0;
      TextPieces.Iterator rest = pieces.of(input);
      for (String piece = rest.next();
          piece != null && (left || count <= enough);
          piece = rest.next()) {
        count = append(content(piece), kept, count, left);
      }
      return inOrder(kept, count, left);
    } finally {
      gate.readLock().unlock();
    }
  }

  /** Keeps ids, the first ones or, as in a ring, the last ones; returns how many there were. */
  private static long append(long[] ids, int[] kept, long count, boolean left) {
    for (int i = 0; i < ids.length; i++) {
      long place = count + i;
      if (place < kept.length) {
        kept[(int) place] = (int) ids[i];
      } else if (left && kept.length > 0) {
        kept[(int) (place % kept.length)] = (int) ids[i];
      }
    }
    return count + ids.length;
  }

  /** Puts a ring that went round into order. */
  private static long inOrder(int[] kept, long count, boolean left) {
    if (left && count > kept.length && kept.length > 0) {
      int oldest = (int) (count % kept.length);
      int[] ring = kept.clone();
      System.arraycopy(ring, oldest, kept, 0, kept.length - oldest);
      System.arraycopy(ring, 0, kept, kept.length - oldest, oldest);
    }
    return count;
  }

  /**
   * The tokens of a text one by one, tokenized as a whole.
   *
   * @throws IllegalStateException if this tokenizer is closed
   */
  List<Token> tokens(String text) {
    String input = wellFormed(text);
    int[] indexes = indexes(input);
    List<Token> tokens = new ArrayList<>();
    gate.readLock().lock();
    try {
      requireOpen();
      long encoding = encoding(input);
      try {
        long[] ids = NATIVE.getTokenIds(encoding);
        CharSpan[] spans = NATIVE.getTokenCharSpans(encoding);
        for (int i = 0; i < ids.length; i++) {
          int start = indexes[spans[i].getStart()];
          int end = indexes[spans[i].getEnd()];
          tokens.add(new Token((int) ids[i], input.substring(start, end), false, start, end));
        }
      } finally {
        NATIVE.deleteEncoding(encoding);
      }
    } finally {
      gate.readLock().unlock();
    }
    return tokens;
  }

  /**
   * A text of ids of the vocabulary.
   *
   * @throws IllegalStateException if this tokenizer is closed
   */
  String decode(long[] ids, boolean skipSpecialTokens) {
    gate.readLock().lock();
    try {
      requireOpen();
      return decoded(ids, skipSpecialTokens);
    } finally {
      gate.readLock().unlock();
    }
  }

  /**
   * The index of each code point of a text, and its end: the native tokenizer counts code points
   * (findings/djl-char-spans.sh).
   */
  private static int[] indexes(String text) {
    int[] indexes = new int[text.codePointCount(0, text.length()) + 1];
    for (int i = 1; i < indexes.length; i++) {
      indexes[i] = text.offsetByCodePoints(indexes[i - 1], 1);
    }
    return indexes;
  }

  /**
   * Replaces surrogates without their other half: over JNI, a string with such a surrogate arrives
   * changed.
   */
  private static String wellFormed(String text) {
    StringBuilder repaired = null;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!Character.isSurrogate(c)) {
        continue;
      }
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else {
        repaired = repaired == null ? new StringBuilder(text) : repaired;
        repaired.setCharAt(i, '\uFFFD');
      }
    }
    return repaired == null ? text : repaired.toString();
  }

  // DJL's own HuggingFaceTokenizer is not used: it copies seven unused arrays of an encoding (a
  // quarter to a third of the time), reports usage, frees the native tokenizer in a finalizer while
  // a call may be running, and its close does not wait for calls.
  private long[] content(String text) {
    long encoding = encoding(text);
    try {
      return NATIVE.getTokenIds(encoding);
    } finally {
      NATIVE.deleteEncoding(encoding);
    }
  }

  /** A new native encoding, without special tokens, which the caller deletes. */
  private long encoding(String text) {
    try {
      return NATIVE.encode(handle, text, false);
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private String decoded(long[] ids, boolean skipSpecialTokens) {
    try {
      return NATIVE.decode(handle, ids, skipSpecialTokens);
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private InferenceException failed(RuntimeException cause) {
    return new InferenceException("The tokenizer of %s failed.".formatted(name), false, cause);
  }

  private void requireOpen() {
    if (handle == 0) {
      throw new IllegalStateException("The tokenizer of %s is closed.".formatted(name));
    }
  }

  /** Frees the native tokenizer; waits for running calls. Does nothing when closed already. */
  @Override
  public void close() {
    gate.writeLock().lock();
    try {
      long owned = handle;
      handle = 0;
      if (owned != 0) {
        NATIVE.deleteTokenizer(owned);
      }
    } finally {
      gate.writeLock().unlock();
    }
  }
}
