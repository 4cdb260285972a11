/**
 * Texts in, vectors out. {@link io.github.neuronembed.TextEmbedder} is where an application begins;
 * {@link io.github.neuronembed.EmbeddingException} and its subclasses are what it may have to
 * handle.
 */
@NullMarked
package io.github.neuronembed;

import org.jspecify.annotations.NullMarked;
