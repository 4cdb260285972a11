/** Shows a run: as CSV, JSON, Markdown, a table, a page and a latency log. */
@NullMarked
package io.github.neuronembed.cli.bench.report;

import org.jspecify.annotations.NullMarked;
