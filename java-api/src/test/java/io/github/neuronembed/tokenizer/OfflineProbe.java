package io.github.neuronembed.tokenizer;

import io.github.neuronembed.InputType;
import io.github.neuronembed.ModelLoadException;
import io.github.neuronembed.model.ModelDirectory;
import java.io.IOException;
import java.net.URL;
import java.net.URLConnection;
import java.net.URLStreamHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The main program of a process of its own, in which nothing is loaded yet: opens the model
 * directory that is its argument, tokenizes, and prints what became of it, a line each.
 */
final class OfflineProbe {

  private static final List<String> CONNECTIONS = Collections.synchronizedList(new ArrayList<>());

  private OfflineProbe() {}

  public static void main(String[] args) throws IOException {
    URL.setURLStreamHandlerFactory(protocol -> protocol.startsWith("http") ? new Refusing() : null);
    // A thread of an application server may have a class loader that sees no jar of ours.
    Thread.currentThread().setContextClassLoader(ClassLoader.getPlatformClassLoader());
    Properties before = (Properties) System.getProperties().clone();
    try (TextTokenizer tokenizer = TextTokenizer.open(ModelDirectory.open(Path.of(args[0])))) {
      System.out.println("ids " + Arrays.toString(tokenizer.encode("the fox", InputType.QUERY)));
    } catch (ModelLoadException e) {
      System.out.println("refused " + e.getMessage());
      try {
        TokenizerLibrary.ensureLoaded();
      } catch (ModelLoadException again) {
        System.out.println("again " + again.getMessage());
      }
    }
    System.out.println("connections " + CONNECTIONS);
    System.out.println("sockets " + sockets());
    Set<Object> changed = System.getProperties().keySet();
    System.out.println(
        "switches "
            + changed.stream()
                .map(Object::toString)
                .filter(key -> key.contains("djl") || key.contains("RUST"))
                .filter(key -> !before.containsKey(key))
                .toList());
    System.out.println(
        "loader "
            + (Thread.currentThread().getContextClassLoader()
                == ClassLoader.getPlatformClassLoader()));
  }

  /** Open network sockets of this process, as Linux lists them; none elsewhere. */
  private static long sockets() throws IOException {
    Path descriptors = Path.of("/proc/self/fd");
    if (!Files.isDirectory(descriptors)) {
      return 0;
    }
    StringBuilder network = new StringBuilder();
    for (String protocol : List.of("tcp", "tcp6", "udp", "udp6")) {
      Path list = Path.of("/proc/self/net", protocol);
      network.append(Files.exists(list) ? Files.readString(list) : "");
    }
    try (Stream<Path> open = Files.list(descriptors)) {
      return open.map(OfflineProbe::target)
          .filter(target -> target.startsWith("socket:["))
          .map(target -> target.substring("socket:[".length(), target.length() - 1))
          .filter(inode -> network.indexOf(" " + inode + " ") >= 0)
          .count();
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** Notes whatever would be connected to, and refuses it. */
  private static final class Refusing extends URLStreamHandler {
    @Override
    protected URLConnection openConnection(URL url) throws IOException {
      CONNECTIONS.add(url.toString());
      throw new IOException("no connection is made in this test");
    }

    @Override
    protected URLConnection openConnection(URL url, java.net.Proxy proxy) throws IOException {
      return openConnection(url);
    }
  }
}
