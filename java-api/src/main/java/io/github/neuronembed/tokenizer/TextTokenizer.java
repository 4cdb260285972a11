package io.github.neuronembed.tokenizer;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.Token;
import io.github.neuronembed.TokenizedText;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.model.ModelDirectory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model's own tokenizer: converts a text to the token ids that the model was trained with,
 * including special tokens, without padding. Results are those of the Hugging Face tokenizer for
 * the same {@code tokenizer.json}, with truncation at the model's limit and without padding,
 * whatever the file says about these two. In particular
 *
 * <ul>
 *   <li>the input type's prefix is put before the text and counts as part of it;
 *   <li>a text that is too long loses its last tokens, but keeps the special tokens;
 *   <li>an empty text is the special tokens alone;
 *   <li>control characters, including NUL, are dropped;
 *   <li>a special token's name in a text, for example {@code [SEP]}, is that special token.
 * </ul>
 *
 * <p>A surrogate without its other half, which is not valid text and which the reference rejects,
 * is read as U+FFFD, which the tokenizer drops.
 *
 * <p>A long text is tokenized in pieces, up to the first token beyond the model's limit, so its
 * cost is bounded. There are three exceptions. Counting tokens ({@link #countTokens}, {@link
 * TruncationPolicy#STRICT}) takes time in proportion to the length, but no memory. A {@code
 * tokenizer.json} with unusual added tokens or without cleaning of the text allows no cut. With
 * Unigram and byte-level BPE, a stretch without a space is one piece (a million ideographs: 6 s).
 *
 * <p>Thread-safe. No text is logged, nothing is sent or downloaded.
 */
public final class TextTokenizer implements AutoCloseable {

  private final ModelDirectory model;
  private final int maxTokens;
  private final NativeTokenizer tokenizer;
  private final int[] leading;
  private final int[] trailing;
  private final boolean cutsLeft;

  private TextTokenizer(
      ModelDirectory model,
      int maxTokens,
      TokenizerDefinition definition,
      NativeTokenizer tokenizer) {
    this.model = model;
    this.maxTokens = maxTokens;
    this.tokenizer = tokenizer;
    this.leading = definition.specialTokens().leading();
    this.trailing = definition.specialTokens().trailing();
    this.cutsLeft = definition.cutsLeft();
  }

  /**
   * Loads a model's tokenizer.
   *
   * @return a new tokenizer, owned by the caller
   * @throws ModelLoadException if its file is missing or corrupt, is not of a known kind ({@link
   *     TokenizerDefinition}), or does not fit the model; or if the native library cannot be loaded
   *     on this machine
   */
  public static TextTokenizer open(ModelDirectory model) {
    return open(model, model.maxTokens());
  }

  /**
   * Loads a model's tokenizer, for texts that must be shorter than the model's limit.
   *
   * @param maxTokens the value of {@link #maxTokens()}
   * @return a new tokenizer, owned by the caller
   * @throws ModelLoadException as {@link #open(ModelDirectory)}
   */
  public static TextTokenizer open(ModelDirectory model, int maxTokens) {
    TokenizerDefinition definition = new TokenizerDefinition(model.transformer());
    int special =
        definition.specialTokens().leading().length + definition.specialTokens().trailing().length;
    if (maxTokens <= special) {
      throw new ModelLoadException(
          "%s takes %s tokens a text, %s of which are special: no token is left for a text."
              .formatted(model, maxTokens, special));
    }
    return new TextTokenizer(model, maxTokens, definition, NativeTokenizer.open(definition));
  }

  /**
   * The maximum number of tokens of a text, including special tokens and the input type's prefix.
   */
  public int maxTokens() {
    return maxTokens;
  }

  /**
   * The token ids of a text, truncated at {@link #maxTokens()}.
   *
   * @return a new array, special tokens included
   * @throws IllegalStateException if this tokenizer is closed
   */
  public int[] encode(String text, InputType type) {
    return encode(0, text, type, TruncationPolicy.TRUNCATE);
  }

  /**
   * The token ids of a text.
   *
   * @return a new array of at most {@link #maxTokens()} ids, special tokens included
   * @throws TextTooLongException if it has more tokens, and the policy is strict
   * @throws IllegalStateException if this tokenizer is closed
   */
  public int[] encode(String text, InputType type, TruncationPolicy policy) {
    return encode(0, text, type, policy);
  }

  /**
   * The token ids of one of many texts.
   *
   * @param index the text's index among them, which an exception names
   * @return a new array of at most {@link #maxTokens()} ids, special tokens included
   * @throws TextTooLongException if it has more tokens, and the policy is strict
   * @throws NullPointerException if the text is null
   * @throws IllegalStateException if this tokenizer is closed
   */
  public int[] encode(int index, String text, InputType type, TruncationPolicy policy) {
    return encode(index, text, type, policy, false).ids();
  }

  /**
   * One of many texts, and its number of tokens.
   *
   * @param index the text's index among them, which an exception names
   * @param countAll whether all tokens of a text that is cut are counted, which takes time in
   *     proportion to its length; if not, its count is one more than the ids
   * @return at most {@link #maxTokens()} ids, special tokens included
   * @throws TextTooLongException if it has more tokens, and the policy is strict
   * @throws NullPointerException if the text is null
   * @throws IllegalStateException if this tokenizer is closed
   */
  public TokenizedText encode(
      int index, String text, InputType type, TruncationPolicy policy, boolean countAll) {
    String input = input(index, text, type);
    int[] kept = new int[maxTokens - leading.length - trailing.length];
    boolean counts = countAll || policy == TruncationPolicy.STRICT;
    long count =
        tokenizer.tokenize(input, kept, counts ? Long.MAX_VALUE : kept.length, cutsLeft(policy));
    if (count > kept.length && policy == TruncationPolicy.STRICT) {
      throw new TextTooLongException(index, total(count), maxTokens);
    }
    int[] ids = between(kept, 0, (int) Math.min(count, kept.length));
    return new TokenizedText(ids, countAll ? total(count) : Math.min(total(count), maxTokens + 1));
  }

  /**
   * Prepares the ids of a text for the model: puts the special tokens around them unless they are
   * present, and truncates or rejects too many ids as {@link #encode} does with a text. Does not
   * check whether an id is in the vocabulary.
   *
   * @param tokenIds ids of this tokenizer; only read
   * @return at most {@link #maxTokens()} ids, special tokens included
   * @throws TextTooLongException if there are more tokens, and the policy is strict
   */
  public TokenizedText withSpecialTokens(int[] tokenIds, TruncationPolicy policy) {
    int from = 0;
    int to = tokenIds.length;
    if (to >= leading.length + trailing.length
        && Arrays.equals(leading, 0, leading.length, tokenIds, 0, leading.length)
        && Arrays.equals(trailing, 0, trailing.length, tokenIds, to - trailing.length, to)) {
      from = leading.length;
      to -= trailing.length;
    }
    int room = maxTokens() - leading.length - trailing.length;
    if (to - from > room && policy == TruncationPolicy.STRICT) {
      throw new TextTooLongException(0, total(to - from), maxTokens());
    }
    return new TokenizedText(
        between(
            tokenIds,
            cutsLeft(policy) ? Math.max(from, to - room) : from,
            Math.min(to - from, room)),
        total(to - from));
  }

  private boolean cutsLeft(TruncationPolicy policy) {
    return NativeTokenizer.cutsLeft(policy, cutsLeft);
  }

  /** Puts the special tokens around a part of an array. */
  private int[] between(int[] content, int from, int length) {
    int[] ids = Arrays.copyOf(leading, leading.length + length + trailing.length);
    System.arraycopy(content, from, ids, leading.length, length);
    System.arraycopy(trailing, 0, ids, leading.length + length, trailing.length);
    return ids;
  }

  /**
   * The tokens of a text before any truncation, special tokens and the input type's prefix
   * included.
   *
   * @throws IllegalStateException if this tokenizer is closed
   */
  public int countTokens(String text, InputType type) {
    return total(tokenizer.tokenize(input(0, text, type), new int[0], Long.MAX_VALUE, false));
  }

  /**
   * The tokens of a text one by one, before any truncation. The text is tokenized as a whole; time
   * and memory grow faster than the text: 128,000 characters take a quarter of a second.
   *
   * @param specialTokens whether those that the model sees around the text are among them
   * @return a new list, in the text's order
   * @throws NullPointerException if the text is null
   * @throws IllegalStateException if this tokenizer is closed
   */
  public List<Token> tokens(String text, InputType type, boolean specialTokens) {
    String input = input(0, text, type);
    List<Token> tokens = new ArrayList<>();
    addSpecial(tokens, specialTokens ? leading : new int[0]);
    tokens.addAll(tokenizer.tokens(input));
    addSpecial(tokens, specialTokens ? trailing : new int[0]);
    return tokens;
  }

  private void addSpecial(List<Token> tokens, int[] ids) {
    for (int id : ids) {
      tokens.add(new Token(id, decode(new int[] {id}, false), true, -1, -1));
    }
  }

  /**
   * Makes a text from token ids with the rules of the file's WordPiece decoder: pieces of a word
   * are joined, and words are separated by a space. Parts of a text that tokenizing drops are lost.
   * Ids that the vocabulary does not use give no text.
   *
   * @param tokenIds only read
   * @param skipSpecialTokens whether tokens that the file calls special are left out
   * @throws IllegalArgumentException if an id is negative, or not below the model's vocabulary size
   * @throws IllegalStateException if this tokenizer is closed
   */
  public String decode(int[] tokenIds, boolean skipSpecialTokens) {
    long[] ids = new long[tokenIds.length];
    for (int i = 0; i < ids.length; i++) {
      if (tokenIds[i] < 0 || tokenIds[i] >= model.vocabularySize()) {
        throw new IllegalArgumentException(
            "Token id %s at %s is not one of %s, whose ids are below %s."
                .formatted(tokenIds[i], i, model, model.vocabularySize()));
      }
      ids[i] = tokenIds[i];
    }
    return tokenizer.decode(ids, skipSpecialTokens);
  }

  private int total(long contentTokens) {
    return (int) Math.min(leading.length + contentTokens + trailing.length, Integer.MAX_VALUE);
  }

  private String input(int index, @Nullable String text, InputType type) {
    if (text == null) {
      throw new NullPointerException("Text %s is null.".formatted(index));
    }
    String prefix = model.prefix(type);
    return prefix.isEmpty() ? text : prefix.concat(text);
  }

  /** Frees the native tokenizer; waits for running calls. Does nothing when closed already. */
  @Override
  public void close() {
    tokenizer.close();
  }
}
