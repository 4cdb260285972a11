/** Configuration of the binding generator; used at build time only. */
@NullMarked
package io.github.neuronembed.nrt.presets;

import org.jspecify.annotations.NullMarked;
