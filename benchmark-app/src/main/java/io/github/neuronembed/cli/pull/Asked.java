package io.github.neuronembed.cli.pull;

import org.jspecify.annotations.Nullable;

/**
 * What a request asks the hub for.
 *
 * @param repository the repository
 * @param file a file of it; null for the list of its files
 */
record Asked(Repository repository, @Nullable String file) {}
