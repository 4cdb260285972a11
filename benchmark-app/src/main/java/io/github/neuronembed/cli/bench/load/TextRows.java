package io.github.neuronembed.cli.bench.load;

import io.github.neuronembed.backend.TokenRow;
import io.github.neuronembed.cli.UsageException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** Rows of real texts. Every call tokenizes them again, as an application must. */
public final class TextRows implements Inputs {

  private final String name;
  private final List<String> texts;
  private final Function<String, TokenRow> tokenizer;
  private final int sequenceLength;
  private final boolean onePass;
  private final AtomicLong cutRows = new AtomicLong();

  /**
   * @param name where the texts are from, for the reports
   * @param tokenizer the model's, special tokens included; thread-safe
   * @param sequenceLength a longer row loses its last tokens, and keeps its last special one
   * @param onePass whether each text is used once; else the calls start again from the first text
   */
  public TextRows(
      String name,
      List<String> texts,
      Function<String, TokenRow> tokenizer,
      int sequenceLength,
      boolean onePass) {
    this.name = name;
    this.texts = texts;
    this.tokenizer = tokenizer;
    this.sequenceLength = sequenceLength;
    this.onePass = onePass;
  }

  /**
   * Reads a file of texts, one on each line; it skips empty lines.
   *
   * @throws UsageException if there is no text in it, or it is not UTF-8
   * @throws IOException if it cannot be read
   */
  public static List<String> read(Path file) throws IOException {
    List<String> texts;
    try {
      texts = Files.readAllLines(file).stream().filter(line -> !line.isBlank()).toList();
    } catch (CharacterCodingException e) {
      throw new UsageException("--texts %s is not UTF-8.".formatted(file));
    }
    if (texts.isEmpty()) {
      throw new UsageException("--texts %s has no text: write one text per line.".formatted(file));
    }
    return texts;
  }

  /** How many calls one pass over all texts takes. */
  public static long calls(int texts, int batchSize) {
    return (texts + batchSize - 1L) / batchSize;
  }

  @Override
  public int rows(long call, int batchSize) {
    if (!onePass) {
      return batchSize;
    }
    // Warming up may need more texts than a short file has; then it starts again.
    long first = call % calls(texts.size(), batchSize) * batchSize;
    return (int) Math.min(batchSize, texts.size() - first);
  }

  @Override
  public TokenRow row(long row) {
    TokenRow tokens = tokenizer.apply(texts.get((int) (row % texts.size())));
    if (tokens.length() <= sequenceLength) {
      return tokens;
    }
    cutRows.incrementAndGet();
    int[] cut = Arrays.copyOf(tokens.ids(), sequenceLength);
    cut[sequenceLength - 1] = tokens.ids()[tokens.length() - 1];
    return TokenRow.ofPair(cut, Math.min(sequenceLength, tokens.firstLength()));
  }

  @Override
  public boolean tokenizes() {
    return true;
  }

  @Override
  public long cutRows() {
    return cutRows.get();
  }

  @Override
  public String description() {
    return "%s texts of %s, tokenized in the call".formatted(texts.size(), name);
  }
}
