package com.example.rerank;

import java.util.List;
import java.util.Locale;

/** What both ways search, and how they show what they found. */
final class HelpDesk {

  static final String QUESTION = "I cannot log in any more, I forgot my secret word";

  static final List<String> PASSAGES =
      List.of(
          "Hold the power button for ten seconds to restore the factory settings.",
          "Your invoice is sent by mail on the first working day of every month.",
          "To choose a new password, follow the link on the sign-in page.",
          "The warranty covers defects of material for two years.",
          "A parcel that was damaged on its way is replaced free of charge.",
          "Two-step verification asks for a code that is sent to your telephone.",
          "Your account is locked after five wrong passwords, for half an hour.",
          "Batteries belong into the collection box, not into the household rubbish.",
          "The update is installed at night while the device is charging.",
          "We delete your account and all its data within thirty days of your request.");

  /** Passages that retrieval finds: fast, over all of them. */
  static final int RETRIEVED = 6;

  /** Passages that reranking keeps: slower, over these few. */
  static final int KEPT = 3;

  private HelpDesk() {}

  static void show(String step, double score, String passage) {
    System.out.printf(Locale.ROOT, "%s: %.3f %s%n", step, score, passage);
  }
}
