package io.github.neuronembed.tokenizer;

import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.TextTooLongException;
import io.github.neuronembed.TokenizedPair;
import io.github.neuronembed.TruncationPolicy;
import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.model.CrossEncoderDirectory;
import org.jspecify.annotations.Nullable;

/**
 * A cross-encoder's tokenizer: from a query and a text to the token ids of the pair, with the
 * special tokens of the file's pair template ({@code [CLS] query [SEP] text [SEP]}, {@code <s>
 * query </s></s> text </s>}) and, where the model has token types, those of the template.
 *
 * <p>A pair that is too long is truncated by the usual rule, which Hugging Face's tokenizers call
 * {@code longest_first} ({@code src/utils/truncation.rs}, 0.21) and which sentence-transformers and
 * text-embeddings-inference use: the longer side is truncated if the shorter one fits into half of
 * the limit; if neither does, each side gets half, and the longer one (the text, if they are equal)
 * gets the odd token.
 *
 * <p>Guarantees for what is in a text are those of {@link TextTokenizer}. Thread-safe.
 */
public final class PairTokenizer implements AutoCloseable {

  private final NativeTokenizer tokenizer;
  private final int[] before;
  private final int[] between;
  private final int[] after;
  private final boolean typed;
  private final boolean betweenIsFirst;
  private final int maxTokens;
  private final int room;
  private final boolean cutsLeft;

  private PairTokenizer(
      CrossEncoderDirectory model,
      TokenizerDefinition definition,
      SpecialTokens.Template pair,
      int maxTokens) {
    this.before = SpecialTokens.ints(pair.parts().get(0));
    this.between = SpecialTokens.ints(pair.parts().get(1));
    this.after = SpecialTokens.ints(pair.parts().get(2));
    this.typed = model.transformer().tokenTypes() > 1 && pair.textTypes().get(1) == 1;
    this.betweenIsFirst = pair.types().get(1).stream().allMatch(type -> type == 0);
    this.maxTokens = maxTokens;
    this.room = maxTokens - before.length - between.length - after.length;
    this.cutsLeft = definition.cutsLeft();
    if (room < 2) {
      throw new ModelLoadException(
          "%s takes %s tokens a pair, %s of which are special: no token is left for two texts."
              .formatted(model, maxTokens, maxTokens - room));
    }
    this.tokenizer = NativeTokenizer.open(definition);
  }

  /**
   * Loads a model's tokenizer.
   *
   * @return a new tokenizer, owned by the caller
   * @throws ModelLoadException as {@link TextTokenizer#open}; and if its file has no template for
   *     pairs, or the token types in it are not in the order 0 and 1
   */
  public static PairTokenizer open(CrossEncoderDirectory model) {
    return open(model, model.maxTokens());
  }

  /**
   * Loads a model's tokenizer, see {@link #open(CrossEncoderDirectory)}.
   *
   * @param maxTokens the most tokens of a pair, special tokens included; not more than the model's
   */
  public static PairTokenizer open(CrossEncoderDirectory model, int maxTokens) {
    TokenizerDefinition definition = new TokenizerDefinition(model.transformer());
    SpecialTokens.Template pair = definition.specialTokens().pair();
    if (pair == null) {
      throw definition.misfit("states no template for a pair of texts (\"post_processor.pair\")");
    }
    requireOrder(definition, pair);
    return new PairTokenizer(model, definition, pair, maxTokens);
  }

  /** Types are 0 up to somewhere between the texts, and the same from there on. */
  private static void requireOrder(TokenizerDefinition definition, SpecialTokens.Template pair) {
    int second = pair.textTypes().get(1);
    boolean even = pair.types().get(1).stream().distinct().count() <= 1;
    boolean begins =
        pair.textTypes().get(0) == 0 && pair.types().get(0).stream().allMatch(type -> type == 0);
    boolean ends = pair.types().get(2).stream().allMatch(type -> type == second);
    if (!even || !begins || !ends) {
      throw definition.misfit("mixes the token types of a pair, which have to be 0 and then 1");
    }
  }

  /** The maximum number of tokens of a pair, including special tokens. */
  public int maxTokens() {
    return maxTokens;
  }

  /** The tokens of a query, to be paired with texts. Immutable. */
  public static final class Query {
    private final int[] kept;
    private final long count;
    private final TruncationPolicy policy;

    private Query(int[] kept, long count, TruncationPolicy policy) {
      this.kept = kept;
      this.count = count;
      this.policy = policy;
    }
  }

  /**
   * Tokenizes a query, once for all of its pairs.
   *
   * @param policy for a pair that is too long
   * @throws NullPointerException if it is null
   * @throws IllegalStateException if this tokenizer is closed
   */
  public Query query(@Nullable String text, TruncationPolicy policy) {
    if (text == null) {
      throw new NullPointerException("The query is null.");
    }
    int[] kept = new int[room];
    // The whole text: which side is the longer one may depend on it.
    return new Query(
        kept, tokenizer.tokenize(text, kept, Long.MAX_VALUE, cutsLeft(policy)), policy);
  }

  /**
   * The tokens of a pair.
   *
   * @param index the text's index among others, which an exception names
   * @param countAll whether all tokens of a pair that is cut are counted, which takes time in
   *     proportion to its length; if not, its count is only more than the ids
   * @throws TextTooLongException if it has more tokens, and the policy is strict
   * @throws NullPointerException if the text is null
   * @throws IllegalStateException if this tokenizer is closed
   */
  public TokenizedPair pair(int index, Query query, @Nullable String text, boolean countAll) {
    if (text == null) {
      throw new NullPointerException("Text %s is null.".formatted(index));
    }
    int[] kept = new int[room];
    boolean strict = query.policy == TruncationPolicy.STRICT;
    boolean counts = countAll || strict;
    boolean left = cutsLeft(query.policy);
    long count =
        tokenizer.tokenize(text, kept, counts ? Long.MAX_VALUE : Math.max(room, query.count), left);
    int total = (int) Math.min(maxTokens - room + query.count + count, Integer.MAX_VALUE);
    if (total > maxTokens && strict) {
      throw new TextTooLongException(index, total, maxTokens);
    }
    int first = first(query.count, count);
    int second = (int) Math.min(count, room - first);
    int[] ids = new int[before.length + first + between.length + second + after.length];
    int at = put(before, 0, before.length, ids, 0);
    at = put(query.kept, start(query.count, first, left), first, ids, at);
    int betweenAt = at;
    at = put(between, 0, between.length, ids, at);
    int secondAt = at;
    at = put(kept, start(count, second, left), second, ids, at);
    put(after, 0, after.length, ids, at);
    return new TokenizedPair(
        typed ? TokenRow.ofPair(ids, betweenIsFirst ? secondAt : betweenAt) : TokenRow.of(ids),
        total);
  }

  /** How many tokens of the first side are kept. */
  private int first(long first, long second) {
    if (first + second <= room) {
      return (int) first;
    }
    int half = room / 2;
    if (Math.min(first, second) > half) {
      return first > second ? room - half : half;
    }
    return (int) (first <= half ? first : room - second);
  }

  /** The index of the first kept token. */
  private int start(long count, int kept, boolean left) {
    return left ? (int) Math.min(count, room) - kept : 0;
  }

  private boolean cutsLeft(TruncationPolicy policy) {
    return NativeTokenizer.cutsLeft(policy, cutsLeft);
  }

  private static int put(int[] from, int start, int length, int[] to, int at) {
    System.arraycopy(from, start, to, at, length);
    return at + length;
  }

  /** Frees the native tokenizer; waits for running calls. Does nothing when closed already. */
  @Override
  public void close() {
    tokenizer.close();
  }
}
