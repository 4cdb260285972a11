/** Chooses the shapes to compile for the texts of a service. */
@NullMarked
package io.github.neuronembed.advice;

import org.jspecify.annotations.NullMarked;
