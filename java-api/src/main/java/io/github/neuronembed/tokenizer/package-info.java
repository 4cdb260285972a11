/** Converts texts to token ids. The only package that uses the tokenizer library. */
@NullMarked
package io.github.neuronembed.tokenizer;

import org.jspecify.annotations.NullMarked;
