/** Measurements of this library, alone and beside others. */
@NullMarked
package io.github.neuronembed.measurements;

import org.jspecify.annotations.NullMarked;
