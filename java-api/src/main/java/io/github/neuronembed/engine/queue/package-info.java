/**
 * The requests that wait in an engine, and the rules by which the engine admits and serves them.
 * Internal: it is public only for the engine. It uses no thread, no clock and no callback.
 */
@NullMarked
package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.NullMarked;
