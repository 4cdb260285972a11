package io.github.neuronembed.cli.serve;

import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * What there is at a path.
 *
 * @param path as metrics name it
 * @param errors how its clients are told of an error
 * @param open whether it asks for no token, for {@code GET}
 * @param page what {@code GET} gets; null if it is refused
 * @param posted reads what {@code POST} sends; null if it is refused
 */
record Route(
    String path,
    ErrorFormat errors,
    boolean open,
    @Nullable Page page,
    @Nullable RequestReader posted) {

  /** What {@code GET} gets. */
  interface Page {
    /** The answer for now. */
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

  /** The same with something for {@code POST} as well. */
  Route with(RequestReader reader) {
    return new Route(path, errors, open, page, reader);
  }

  /** Reads what {@code POST} sends. */
  RequestReader reader() {
    if (posted == null) {
      throw new IllegalStateException("%s does not accept POST.".formatted(path));
    }
    return posted;
  }

  /** The methods that it takes, for {@code Allow}. */
  String methods() {
    if (posted == null) {
      return "GET, HEAD";
    }
    return page == null ? "POST" : "GET, HEAD, POST";
  }
}
