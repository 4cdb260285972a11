/**
 * Golden vectors: what a model's vectors have to be, made by a reference that shares no code with
 * this project's backends ({@code tools/golden} says how).
 */
@NullMarked
package io.github.neuronembed.golden;

import org.jspecify.annotations.NullMarked;
