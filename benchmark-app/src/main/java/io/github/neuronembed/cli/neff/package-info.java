/** Compiled models as files: making emulated ones, and looking into any. */
@NullMarked
package io.github.neuronembed.cli.neff;

import org.jspecify.annotations.NullMarked;
