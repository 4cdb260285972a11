package io.github.neuronembed.cli.pull;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Explains an error answer, and says what to do. */
final class Refusals {

  /** A longer wait that the server asks for is not done here: the user decides. */
  private static final Duration LONGEST_ASKED = Duration.ofMinutes(5);

  private final HubSettings settings;

  Refusals(HubSettings settings) {
    this.settings = settings;
  }

  /** A {@link TransferException} if another try may succeed, else a {@link HubException}. */
  IOException of(HttpResponse<?> response, Asked asked) {
    int status = response.statusCode();
    String host = response.uri().getHost();
    if (status == 408 || status == 429 || status >= 500) {
      return busy(response);
    }
    if (status == 407) {
      return new HubException(
          ("The proxy %s requires a user name and password (HTTP 407): give them in"
                  + " HTTPS_PROXY and HTTP_PROXY, http://USER:PASSWORD@HOST:PORT.")
              .formatted(settings.proxies().proxyOf(response.uri()).orElse("in between")));
    }
    if (!settings.isEndpoint(response.uri())) {
      // The address on a content network is signed and expires; the hub gives out a new one.
      return TransferException.refused(
          "%s, to which the hub redirected, answers HTTP %s".formatted(host, status), null);
    }
    return new HubException(meaning(response, asked));
  }

  private IOException busy(HttpResponse<?> response) {
    int status = response.statusCode();
    String host = response.uri().getHost();
    Duration asked = response.headers().firstValue("Retry-After").map(Refusals::wait).orElse(null);
    if (asked != null && asked.compareTo(LONGEST_ASKED) > 0) {
      return new HubException(
          "%s asks to try again in %s minutes (HTTP %s): run it again then; received data is kept."
              .formatted(host, asked.toMinutes(), status));
    }
    return TransferException.refused("%s answers HTTP %s".formatted(host, status), asked);
  }

  private String meaning(HttpResponse<?> response, Asked asked) {
    int status = response.statusCode();
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    Repository repository = asked.repository();
    String token =
        settings.token() == null
            ? "set HF_TOKEN to a token"
            : "the token in %s is not enough".formatted(settings.tokenSource());
    if (code.equals("GatedRepo") || (status == 403 && !code.equals("RepoNotFound"))) {
      return "%s is gated or closed to you (HTTP %s): accept its terms at %s/%s, and use a token of that account (%s)."
          .formatted(repository, status, settings.endpoint(), repository, token);
    }
    if (status == 401) {
      return settings.token() == null
          ? "%s is private, or there is no such repository (HTTP 401, the hub does not say which): check the name, or set HF_TOKEN to a token that may read it."
              .formatted(repository)
          : ("The hub does not accept the token in %s for %s (HTTP 401): it is wrong or"
                  + " expired, or there is no such repository.")
              .formatted(settings.tokenSource(), repository);
    }
    if (status == 404 && asked.file() != null) {
      return "%s has no file %s at revision %s (HTTP 404)."
          .formatted(repository, asked.file(), repository.revision());
    }
    if (status == 404 && code.equals("RevisionNotFound")) {
      return "%s has no revision %s (HTTP 404): name a branch, tag or commit of it."
          .formatted(repository, repository.revision());
    }
    if (status == 404) {
      return "There is no model repository %s with a revision %s at %s (HTTP 404)."
          .formatted(repository, repository.revision(), settings.endpoint());
    }
    return "%s refuses %s (HTTP %s)."
        .formatted(settings.endpoint(), asked.file() == null ? repository : asked.file(), status);
  }

  /** Seconds or a date; null for other values. */
  private static @Nullable Duration wait(String retryAfter) {
    String value = retryAfter.strip();
    try {
      return Duration.ofSeconds(Math.max(0, Long.parseLong(value)));
    } catch (NumberFormatException | ArithmeticException e) {
      // Then it is a date.
    }
    try {
      ZonedDateTime then = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME);
      Duration left = Duration.between(ZonedDateTime.now(then.getZone()), then);
      return left.isNegative() ? Duration.ZERO : left;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
