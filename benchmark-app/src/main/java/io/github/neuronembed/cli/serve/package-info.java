/** The HTTP server: the embeddings APIs of OpenAI and of text-embeddings-inference. */
@NullMarked
package io.github.neuronembed.cli.serve;

import org.jspecify.annotations.NullMarked;
