package io.github.neuronembed;

import io.github.neuronembed.engine.EmbeddingEngine;
import io.github.neuronembed.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;

/**
 * The tokens of an embedder's texts; the engine counts their time, and the texts that were cut.
 * Thread-safe.
 */
final class EngineTokenizer {

  private final TextTokenizer tokenizer;
  private final EmbeddingEngine engine;

  EngineTokenizer(TextTokenizer tokenizer, EmbeddingEngine engine) {
    this.tokenizer = tokenizer;
    this.engine = engine;
  }

  /**
   * Tokenizes one text.
   *
   * @param index of the text in its call, for the exception
   * @param countAll whether all tokens of a truncated text are counted
   */
  TokenizedText text(
      int index, String text, InputType type, TruncationPolicy policy, boolean countAll) {
    long start = System.nanoTime();
    TokenizedText tokens = tokenizer.encode(index, text, type, policy, countAll);
    engine.tokenized(System.nanoTime() - start);
    return counted(tokens);
  }

  /** Tokenizes texts. */
  List<TokenizedText> texts(
      List<String> texts, InputType type, TruncationPolicy policy, boolean countAll) {
    List<TokenizedText> tokens = new ArrayList<>(texts.size());
    for (String text : texts) {
      tokens.add(text(tokens.size(), text, type, policy, countAll));
    }
    return tokens;
  }

  /**
   * Tokenizes each text when its ids are asked for.
   *
   * @param drawn receives the tokens of each text before its ids are returned
   */
  Iterator<int[]> ids(
      Iterator<String> texts,
      InputType type,
      TruncationPolicy policy,
      boolean countAll,
      Consumer<TokenizedText> drawn) {
    return new Iterator<>() {
      private int index;

      @Override
      public boolean hasNext() {
        return texts.hasNext();
      }

      @Override
      public int[] next() {
        TokenizedText tokens = text(index++, texts.next(), type, policy, countAll);
        drawn.accept(tokens);
        return tokens.ids();
      }
    };
  }

  /** See {@link TextEmbedder#withSpecialTokens}. */
  TokenizedText withSpecialTokens(int[] tokenIds, TruncationPolicy policy) {
    return counted(tokenizer.withSpecialTokens(tokenIds, policy));
  }

  private TokenizedText counted(TokenizedText tokens) {
    if (tokens.isCut()) {
      engine.truncated();
    }
    return tokens;
  }
}
