package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TokenizedText;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the head of an answer says about the texts: text-embeddings-inference's {@code
 * X-Compute-Tokens} and {@code X-Compute-Characters}, and which texts were cut.
 */
final class TokenHeaders {

  /** Many clients and proxies accept at most 8 KiB for a head. */
  private static final int LONGEST = 4000;

  private TokenHeaders() {}

  /**
   * The headers.
   *
   * @param tokens that are computed
   * @param characters of the texts
   */
  static Map<String, String> of(List<TokenizedText> texts, long tokens, long characters) {
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("X-Compute-Tokens", Long.toString(tokens));
    headers.put("X-Compute-Characters", Long.toString(characters));
    StringBuilder cut = new StringBuilder();
    int count = 0;
    for (int i = 0; i < texts.size(); i++) {
      TokenizedText text = texts.get(i);
      if (text.isCut()) {
        count++;
        String item = "%s:%s".formatted(i, text.tokenCount());
        if (cut.length() + item.length() < LONGEST) {
          cut.append(cut.isEmpty() ? "" : ",").append(item);
        }
      }
    }
    if (count > 0) {
      headers.put("X-Truncated-Count", Integer.toString(count));
      headers.put("X-Truncated-Inputs", cut.toString());
    }
    return headers;
  }
}
