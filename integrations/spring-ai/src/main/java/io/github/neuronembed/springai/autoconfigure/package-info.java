/** Auto-configuration from the properties {@code neuronembed.*}. */
@NullMarked
package io.github.neuronembed.springai.autoconfigure;

import org.jspecify.annotations.NullMarked;
