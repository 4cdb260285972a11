package io.github.neuronembed.model.graph;

/**
 * A model's graph is not the BERT encoder that can be rewritten; the message says where it differs.
 * The model itself may be fine: run the original file.
 */
public final class UnsupportedGraphException extends Exception {

  private static final long serialVersionUID = 1L;

  UnsupportedGraphException(String message) {
    super(message);
  }
}
