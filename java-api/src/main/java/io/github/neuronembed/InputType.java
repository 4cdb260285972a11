package io.github.neuronembed;

/**
 * The role of a text for a retrieval model. A model may have been trained with a prefix for one of
 * the roles (bge: for queries). The prefix is read from the model directory and put before the
 * text.
 */
public enum InputType {
  /** A text to search for. */
  QUERY,

  /** A text to be found; also the right type for clustering, classification and similarity. */
  PASSAGE
}
