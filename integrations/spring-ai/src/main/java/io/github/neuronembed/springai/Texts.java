package io.github.neuronembed.springai;

import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;

/** What of a document a model reads. */
final class Texts {

  private Texts() {}

  /**
   * A document's text, with its metadata as the mode says.
   *
   * @throws IllegalArgumentException if the document has no text
   */
  static String of(Document document, MetadataMode mode) {
    String text = document.getText();
    if (text == null) {
      throw new IllegalArgumentException(
          "Document %s has no text, and only texts can be read.".formatted(document.getId()));
    }
    return mode == MetadataMode.NONE ? text : document.getFormattedContent(mode);
  }
}
