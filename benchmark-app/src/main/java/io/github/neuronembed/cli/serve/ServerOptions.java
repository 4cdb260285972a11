package io.github.neuronembed.cli.serve;

import io.github.neuronembed.TruncationPolicy;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a server serves.
 *
 * @param host the address to listen on
 * @param port the port, 0 for a free one
 * @param token what clients prove themselves with; null if everybody may ask
 * @param modelAliases names that a request may give the model beside its own
 * @param truncation what happens to a long text when the request does not say
 * @param maxBodyBytes most bytes of a request's body
 * @param maxBufferedBytes most bytes of all the bodies that are held at a time
 * @param maxTexts most texts of a request
 * @param maxRequests most requests under way
 * @param requestTimeout how long a request may take, from its head to the begin of its answer
 * @param drainTimeout how long requests under way may go on when the server is told to end
 */
record ServerOptions(
    String host,
    int port,
    @Nullable BearerToken token,
    Set<String> modelAliases,
    TruncationPolicy truncation,
    int maxBodyBytes,
    long maxBufferedBytes,
    int maxTexts,
    int maxRequests,
    Duration requestTimeout,
    Duration drainTimeout) {

  ServerOptions {
    modelAliases = Set.copyOf(modelAliases);
  }
}
