/**
 * The {@code pull} command: a model directory from the Hugging Face hub, pinned to a commit and
 * verified.
 *
 * <p>This package relies on the following paths of the hub: {@code GET
 * /api/models/REPO/revision/REV?blobs=true} gives the commit ({@code sha}) and its files ({@code
 * siblings}) with size, git blob id and, of large files, SHA-256; {@code /REPO/resolve/COMMIT/PATH}
 * gives a file, large ones by a redirect to a content network, with the checksum as {@code
 * X-Linked-Etag} or {@code ETag}; {@code X-Error-Code} states why a request was rejected. The
 * environment variables are those of the {@code huggingface_hub} library, and so is the layout of
 * its cache.
 */
@NullMarked
package io.github.neuronembed.cli.pull;

import org.jspecify.annotations.NullMarked;
