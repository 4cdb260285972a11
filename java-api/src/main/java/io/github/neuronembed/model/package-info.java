/** The model directory: a model's files, and the facts that they state. */
@NullMarked
package io.github.neuronembed.model;

import org.jspecify.annotations.NullMarked;
