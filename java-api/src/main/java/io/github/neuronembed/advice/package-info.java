/** Which shapes to compile for the texts that a service sees. */
@NullMarked
package io.github.neuronembed.advice;

import org.jspecify.annotations.NullMarked;
