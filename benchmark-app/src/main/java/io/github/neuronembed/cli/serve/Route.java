package io.github.neuronembed.cli.serve;

import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * What the server does at a path.
 *
 * @param path as metrics name it
 * @param errors the format of its error answers
 * @param open whether {@code GET} needs no token
 * @param page answers {@code GET}; null if the path refuses it
 * @param posted reads the body of {@code POST}; null if the path refuses it
 */
record Route(
    String path,
    ErrorFormat errors,
    boolean open,
    @Nullable Page page,
    @Nullable RequestReader posted) {

  /** Answers {@code GET}. */
  interface Page {
    /** The current answer. */
    Content content(HttpServerRequest request);
  }

  /**
   * An answer.
   *
   * @param type the media type
   */
  record Content(int status, String type, String body) {}

  static Route ofPage(String path, ErrorFormat errors, Page page) {
    return new Route(path, errors, false, page, null);
  }

  static Route ofOpenPage(String path, Page page) {
    return new Route(path, ErrorFormat.INFERENCE, true, page, null);
  }

  static Route ofPosts(String path, ErrorFormat errors, RequestReader posted) {
    return new Route(path, errors, false, null, posted);
  }

  /** The same route, which also accepts {@code POST}. */
  Route with(RequestReader reader) {
    return new Route(path, errors, open, page, reader);
  }

  /** The reader of the body of {@code POST}. */
  RequestReader reader() {
    if (posted == null) {
      throw new IllegalStateException("%s does not accept POST.".formatted(path));
    }
    return posted;
  }

  /** The methods that it accepts, for {@code Allow}. */
  String methods() {
    if (posted == null) {
      return "GET, HEAD";
    }
    return page == null ? "POST" : "GET, HEAD, POST";
  }
}
