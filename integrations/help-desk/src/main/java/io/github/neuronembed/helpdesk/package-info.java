/** Shared code for the tests of all integrations: a small corpus, and the check of their pages. */
@NullMarked
package io.github.neuronembed.helpdesk;

import org.jspecify.annotations.NullMarked;
