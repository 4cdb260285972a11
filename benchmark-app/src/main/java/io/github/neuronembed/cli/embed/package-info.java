/** The {@code embed} command: a stream of texts in, a stream of vectors out, in order. */
@NullMarked
package io.github.neuronembed.cli.embed;

import org.jspecify.annotations.NullMarked;
