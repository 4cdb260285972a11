package io.github.neuronembed.model;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The folder for files that can be made again at any time. */
public final class CacheFolder {

  private CacheFolder() {}

  /**
   * {@code NEURON_EMBED_CACHE}, else {@code XDG_CACHE_HOME/neuron-embed}, else {@code
   * ~/.cache/neuron-embed}; absolute. It need not exist, nor be writable.
   */
  public static Path path() {
    return path(
        System.getenv("NEURON_EMBED_CACHE"),
        System.getenv("XDG_CACHE_HOME"),
        System.getProperty("user.home"));
  }

  static Path path(@Nullable String own, @Nullable String xdg, String home) {
    if (own != null && !own.isEmpty()) {
      return Path.of(own).toAbsolutePath();
    }
    Path caches = xdg != null && !xdg.isEmpty() ? Path.of(xdg) : Path.of(home, ".cache");
    return caches.resolve("neuron-embed").toAbsolutePath();
  }
}
