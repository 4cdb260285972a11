/** Measurements of this library, by itself and in comparison with others. */
@NullMarked
package io.github.neuronembed.measurements;

import org.jspecify.annotations.NullMarked;
