/**
 * What waits in an engine, and the rules by which it is admitted and served. Internal: it is public
 * for the engine alone. Knows no thread, no clock and no callback.
 */
@NullMarked
package io.github.neuronembed.engine.queue;

import org.jspecify.annotations.NullMarked;
