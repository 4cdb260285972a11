/**
 * The forms of vectors that vector stores accept: shorter ones ({@link
 * io.github.neuronembed.vectors.Matryoshka}) and smaller elements ({@link
 * io.github.neuronembed.vectors.VectorType}, {@link io.github.neuronembed.vectors.VectorEncoder}).
 * Works on plain arrays and does not depend on a model, backend or engine.
 */
@NullMarked
package io.github.neuronembed.vectors;

import org.jspecify.annotations.NullMarked;
