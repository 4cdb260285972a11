/**
 * Embeds texts. Applications start with {@link io.github.neuronembed.TextEmbedder} and handle
 * {@link io.github.neuronembed.EmbeddingException} and its subclasses.
 */
@NullMarked
package io.github.neuronembed;

import org.jspecify.annotations.NullMarked;
