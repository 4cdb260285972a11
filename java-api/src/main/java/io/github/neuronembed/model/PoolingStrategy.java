package io.github.neuronembed.model;

/** How the vectors of a text's tokens become the text's vector. */
public enum PoolingStrategy {
  /** The vector of the first token. */
  CLS,

  /** The average of the vectors of all tokens that are not padding. */
  MEAN
}
