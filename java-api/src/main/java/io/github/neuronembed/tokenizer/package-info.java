/** From a text to token ids. The only package that knows the tokenizer library. */
@NullMarked
package io.github.neuronembed.tokenizer;

import org.jspecify.annotations.NullMarked;
