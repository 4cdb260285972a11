package io.github.neuronembed;

/**
 * What a text is to a retrieval model. A model may have been trained with a prefix for one of them
 * (bge: for queries); the prefix is read from the model directory and put before the text.
 */
public enum InputType {
  /** What is searched for. */
  QUERY,

  /** What is found; also the right type for clustering, classification and similarity. */
  PASSAGE
}
