/** The model directory: a model's files, and what they say about it. */
@NullMarked
package io.github.neuronembed.model;

import org.jspecify.annotations.NullMarked;
